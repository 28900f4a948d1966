//! `Sync`, `Drain` and `Hangup` over a lost link: they wait for the next one. When the session is lost
//! they fail and say how many values have an unknown fate; they never claim success.

use netchan::net::{
    Config, Connection, ConnectionEnd, Event, FlushError, HangupError, ImportSettings,
    RecvSettings, SendSettings, UnreadReports,
};
use netchan::{Exporter, Receiver, Sender};
use netchan_actix::ImporterActor;
use netchan_actix::messages::{
    Drain, ExportReceiver, ExportSender, Hangup, ImportReceiver, ImportSender, Sync,
};

use crate::support::{
    LONG, Number, Process, Proxy, SHORT, Scene, TestResult, guarded, guarded_by_paused_clock,
    is_waiting, ms, numbers, quick, quick_config, take, wait_for,
};

const SYNC: Sync = Sync { timeout: LONG };
const DRAIN: Drain = Drain { timeout: LONG };

/// How many values a failed flush reports, and how the session ended.
fn lost(result: Result<(), FlushError>) -> TestResult<(u64, ConnectionEnd)> {
    match result {
        Err(FlushError::Disconnected { outstanding_values, end }) => Ok((outstanding_values, end)),
        other => Err(format!("{other:?}").into()),
    }
}

/// Five values are on a link to the exporter that is cut.
async fn five_inward(scene: &Scene) -> TestResult<(Sender<Number>, Receiver<Number>)> {
    let (_, mut ours) = scene.events().await?;
    let inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
    scene.proxy.hold();
    into.send_all(numbers(0..5)).await?;
    scene.proxy.wait_held().await;
    scene.proxy.cut_off();
    scene.proxy.let_go();
    wait_for!(ours, Event::LinkLost { .. });
    Ok((into, inward))
}

/// Five values are on a link to the importer that is cut.
async fn five_outward(scene: &Scene) -> TestResult<(Sender<Number>, Receiver<Number>)> {
    let (mut theirs, _) = scene.events().await?;
    let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
    let outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
    scene.proxy.hold();
    out.send_all(numbers(0..5)).await?;
    scene.proxy.wait_held().await;
    scene.proxy.cut_off();
    scene.proxy.let_go();
    wait_for!(theirs, Event::LinkLost { .. });
    Ok((out, outward))
}

#[actix::test]
async fn flushes_of_the_importer_wait_over_a_lost_link() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (_into, mut inward) = five_inward(&scene).await?;
        let mut sync = Box::pin(scene.importer.send(SYNC));
        let mut drain = Box::pin(scene.importer.send(DRAIN));
        assert!(is_waiting(&mut sync).await && is_waiting(&mut drain).await);
        match scene.importer.send(Drain { timeout: SHORT }).await? {
            Err(FlushError::TimedOut { outstanding_values: 5 }) => {}
            other => return Err(format!("{other:?}").into()),
        }
        assert!(is_waiting(&mut sync).await && is_waiting(&mut drain).await);
        scene.proxy.admit();
        sync.await??;
        drain.await??;
        // They were received already, so nobody has to wait for them.
        assert_eq!(inward.try_recv()?, Number(0));
        assert_eq!(take(&mut inward, 4).await?, numbers(1..5));
        Ok(())
    })
    .await
}

#[actix::test]
async fn flushes_of_the_exporter_wait_over_a_lost_link() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (_out, mut outward) = five_outward(&scene).await?;
        let mut sync = Box::pin(scene.exporter.send(SYNC));
        let mut drain = Box::pin(scene.exporter.send(DRAIN));
        assert!(is_waiting(&mut sync).await && is_waiting(&mut drain).await);
        match scene.exporter.send(Sync { timeout: SHORT }).await? {
            Err(FlushError::TimedOut { outstanding_values: 5 }) => {}
            other => return Err(format!("{other:?}").into()),
        }
        scene.proxy.admit();
        sync.await??;
        drain.await??;
        assert_eq!(take(&mut outward, 5).await?, numbers(0..5));
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_hangup_of_either_side_waits_over_a_lost_link() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (into, mut inward) = five_inward(&scene).await?;
        let mut hangup = Box::pin(scene.importer.send(Hangup::new("in")));
        assert!(is_waiting(&mut hangup).await);
        scene.proxy.admit();
        let report = hangup.await??;
        assert!(into.is_closed());
        let mut came = 0;
        while inward.try_recv().is_ok() {
            came += 1;
        }
        assert_eq!(report.discarded_values, 5 - came);

        let scene = Scene::new().await?;
        let (out, _outward) = five_outward(&scene).await?;
        let mut hangup = Box::pin(scene.exporter.send(Hangup::new("out")));
        assert!(is_waiting(&mut hangup).await);
        scene.proxy.admit();
        // The receiver has taken none of them, and never will: the channel was ended here.
        hangup.await??;
        assert!(out.is_closed());
        Ok(())
    })
    .await
}

#[actix::test]
async fn flushes_and_hangups_of_the_importer_fail_when_its_exporter_has_restarted() -> TestResult {
    guarded(async {
        let process = Process::start(quick_config()).await?;
        let _inward = process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let _other = process.exporter.send(ExportReceiver::<Number>::new("other")).await??;
        let proxy = Proxy::new();
        proxy.point_to(&process.address);
        let importer = ImporterActor::connect(&proxy.listen().await?, quick_config()).await?;
        let into = importer.send(ImportSender::<Number>::new("in")).await??;
        let other = importer.send(ImportSender::<Number>::new("other")).await??;
        proxy.hold();
        into.send_all(numbers(0..5)).await?;
        other.send_all(numbers(0..3)).await?;
        proxy.wait_held().await;
        let mut sync = Box::pin(importer.send(SYNC));
        let mut drain = Box::pin(importer.send(DRAIN));
        let mut hangup = Box::pin(importer.send(Hangup::new("other")));
        assert!(is_waiting(&mut sync).await && is_waiting(&mut drain).await);
        assert!(is_waiting(&mut hangup).await);
        // They have begun when a later message has been answered.
        assert!(importer.send(Drain { timeout: SHORT }).await?.is_err());

        proxy.cut_off();
        proxy.let_go();
        process.kill().await?;
        let restarted = Process::start(quick_config()).await?;
        proxy.point_to(&restarted.address);
        proxy.admit();
        for result in [sync.await?, drain.await?] {
            let (outstanding_values, end) = lost(result)?;
            assert!((5..=8).contains(&outstanding_values), "{outstanding_values}");
            assert!(matches!(end, ConnectionEnd::PeerRestarted), "{end}");
        }
        match hangup.await? {
            Err(HangupError::SessionLost { unknown_values: 3, .. }) => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    })
    .await
}

/// An exporter and an importer in memory, whose sessions are kept for two seconds.
struct Pair {
    exporter: Exporter,
    importer: Connection,
    proxy: Proxy,
}

async fn pair() -> TestResult<Pair> {
    let config: Config = quick().session_expiry(ms(2000)).build()?;
    let exporter = Exporter::new(config.clone());
    let proxy = Proxy::new();
    proxy.point_to_exporter(&exporter);
    let (importer, driver) =
        Connection::dial(proxy.dial(), &config, UnreadReports::DropOldest).await?;
    tokio::spawn(driver.run());
    Ok(Pair { exporter, importer, proxy })
}

#[tokio::test(start_paused = true)]
async fn a_drain_of_the_importer_fails_when_its_session_expires() -> TestResult {
    guarded_by_paused_clock(async {
        let Pair { exporter, importer, proxy } = pair().await?;
        let mut events = importer.events();
        let _inward = exporter.export_receiver::<Number>("in", RecvSettings::default())?;
        let into = importer.import_sender("in", ImportSettings::default()).await?;
        proxy.hold();
        into.send_all(numbers(0..5)).await?;
        proxy.wait_held().await;
        proxy.cut_off();
        let (outstanding_values, end) = lost(importer.drain(LONG).await)?;
        assert_eq!(outstanding_values, 5);
        assert!(matches!(end, ConnectionEnd::Expired { away_ms: 2000.. }), "{end}");
        let unconfirmed_values = wait_for!(
            events,
            Event::SessionExpired { unconfirmed_values, .. } => unconfirmed_values
        );
        assert_eq!(unconfirmed_values, 5);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_drain_of_the_exporter_fails_when_its_importer_never_comes_back() -> TestResult {
    guarded_by_paused_clock(async {
        let Pair { exporter, importer, proxy } = pair().await?;
        let out = exporter.export_sender("out", SendSettings::default())?;
        let _outward = importer.import_receiver::<Number>("out", ImportSettings::default()).await?;
        proxy.hold();
        out.send_all(numbers(0..5)).await?;
        proxy.wait_held().await;
        proxy.cut_off();
        let begun = tokio::time::Instant::now();
        let (outstanding_values, end) = lost(exporter.drain(10 * LONG).await)?;
        assert_eq!(outstanding_values, 5);
        assert!(matches!(end, ConnectionEnd::Expired { .. }), "{end}");
        // Two seconds, and the exporter's margin.
        assert!((ms(32_000)..ms(33_000)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_hangup_without_a_link_is_unanswered_and_its_channel_is_closed_here() -> TestResult {
    guarded_by_paused_clock(async {
        let config = quick_config();
        let exporter = Exporter::new(config.clone());
        let proxy = Proxy::new();
        proxy.point_to_exporter(&exporter);
        let (importer, driver) =
            Connection::dial(proxy.dial(), &config, UnreadReports::DropOldest).await?;
        tokio::spawn(driver.run());
        let _inward = exporter.export_receiver::<Number>("in", RecvSettings::default())?;
        let into = importer.import_sender::<Number>("in", ImportSettings::default()).await?;
        into.send_all(numbers(0..3)).await?;
        importer.sync(LONG).await?;
        proxy.cut_off();
        // Three were received and are not known to be taken, and two wait here.
        into.send_all(numbers(3..5)).await?;
        match importer.hangup("in").await {
            Err(HangupError::Unanswered { unknown_values: 5, .. }) => {}
            other => return Err(format!("{other:?}").into()),
        }
        assert!(into.is_closed());
        // The exporter hears of it all the same.
        let mut events = exporter.events();
        proxy.admit();
        wait_for!(events, Event::ChannelEnded { name, .. } if name == "in");
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_importers_flush_fails_when_the_exporter_is_gone_for_good() -> TestResult {
    guarded(async {
        let importers = quick().redial(crate::support::redial().attempts(3)).build()?;
        let scene = Scene::with(quick_config(), importers).await?;
        let (_into, _inward) = five_inward(&scene).await?;
        let (outstanding_values, end) = lost(scene.importer.send(SYNC).await?)?;
        assert_eq!(outstanding_values, 5);
        assert!(matches!(end, ConnectionEnd::GaveUp { attempts: 3, .. }), "{end}");
        // Nor later.
        let (outstanding_values, _) = lost(scene.importer.send(DRAIN).await?)?;
        assert_eq!(outstanding_values, 5);
        Ok(())
    })
    .await
}
