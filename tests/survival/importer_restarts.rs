//! Importers that die: what they had not taken goes to another importer, at once when they come back
//! as another incarnation, or when their session expires.

use netchan::channel::Reason;
use netchan::id::NodeId;
use netchan::net::{
    Config, Connection, Event, EventStream, HangupError, ImportSettings, RecvSettings,
    SendSettings, Unconfirmed, UnreadReports,
};
use netchan::{Exporter, Receiver, Sender};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::support::{
    LONG, Number, Proxy, TestResult, guarded_by_paused_clock, ms, numbers, quick, take, wait_for,
};

/// An importer that can die.
struct Importer {
    connection: Connection,
    driver: AbortHandle,
    /// Its links only.
    proxy: Proxy,
}

impl Importer {
    async fn start(exporter: &Exporter, config: &Config) -> TestResult<Importer> {
        let proxy = Proxy::new();
        proxy.point_to_exporter(exporter);
        let (connection, driver) =
            Connection::dial(proxy.dial(), config, UnreadReports::DropOldest).await?;
        let driver = tokio::spawn(driver.run()).abort_handle();
        Ok(Importer { connection, driver, proxy })
    }

    /// Dies without a goodbye; the operating system ends its link.
    fn kill(self) {
        self.driver.abort();
        self.proxy.cut();
    }

    /// Its machine dies: nobody hears anything of its link any more.
    fn kill_machine(self) {
        self.proxy.half_open();
        self.driver.abort();
    }
}

fn node(number: u8) -> Config {
    let config = quick().node(NodeId([number; 16])).session_expiry(ms(2000)).build();
    config.expect("the settings can work")
}

/// An exporter of a queue, of which one importer holds the first ten values untaken.
struct Queue {
    exporter: Exporter,
    out: Sender<Number>,
    events: EventStream,
    dying: Importer,
    untaken: Receiver<Number>,
}

async fn queue(policy: Unconfirmed) -> TestResult<Queue> {
    let exporter = Exporter::new(node(0));
    let events = exporter.events();
    let settings = SendSettings::default().unconfirmed(policy);
    let out = exporter.export_sender("out", settings)?;
    let dying = Importer::start(&exporter, &node(1)).await?;
    let untaken =
        dying.connection.import_receiver("out", ImportSettings::default().size(10)).await?;
    out.send_all(numbers(0..10)).await?;
    exporter.sync(LONG).await?;
    Ok(Queue { exporter, out, events, dying, untaken })
}

async fn import(importer: &Importer) -> TestResult<Receiver<Number>> {
    Ok(importer.connection.import_receiver("out", ImportSettings::default()).await?)
}

#[tokio::test(start_paused = true)]
async fn untaken_values_go_to_another_importer_when_the_session_expires() -> TestResult {
    guarded_by_paused_clock(async {
        let Queue { exporter, out, mut events, dying, untaken } =
            queue(Unconfirmed::Redeliver).await?;
        let other = Importer::start(&exporter, &node(2)).await?;
        let mut rest = import(&other).await?;
        dying.kill();
        drop(untaken);
        let begun = Instant::now();
        out.send_all(numbers(10..20)).await?;
        // The new ones do not wait for those whose fate is unknown.
        assert_eq!(take(&mut rest, 10).await?, numbers(10..20));
        assert_eq!(begun.elapsed(), ms(0));
        assert_eq!(take(&mut rest, 10).await?, numbers(0..10));
        // Two seconds, and the exporter's margin.
        assert!((ms(32_000)..ms(33_000)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        let (unconfirmed, redelivered) = wait_for!(
            events,
            Event::Unconfirmed { unconfirmed_values, redelivered_values, .. } =>
                (unconfirmed_values, redelivered_values)
        );
        assert_eq!((unconfirmed, redelivered), (10, 10));
        wait_for!(events, Event::SessionExpired { unconfirmed_values: 10, .. });
        assert_eq!(exporter.connections().len(), 1);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn untaken_values_go_to_another_importer_as_soon_as_the_dead_one_is_back() -> TestResult {
    guarded_by_paused_clock(async {
        let Queue { exporter, out: _out, mut events, dying, untaken } =
            queue(Unconfirmed::Redeliver).await?;
        dying.kill();
        drop(untaken);
        wait_for!(events, Event::LinkLost { .. });
        let begun = Instant::now();
        let back = Importer::start(&exporter, &node(1)).await?;
        let mut again = import(&back).await?;
        assert_eq!(take(&mut again, 10).await?, numbers(0..10));
        assert!(begun.elapsed() < ms(2000), "{:?}", begun.elapsed());
        wait_for!(events, Event::PeerRestarted { unconfirmed_values: 10, .. });
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn an_importer_that_is_back_before_its_old_link_is_known_to_be_dead_waits_for_that_only()
-> TestResult {
    guarded_by_paused_clock(async {
        let Queue { exporter, out: _out, mut events, dying, untaken } =
            queue(Unconfirmed::Redeliver).await?;
        dying.kill_machine();
        drop(untaken);
        let begun = Instant::now();
        let back = Importer::start(&exporter, &node(1)).await?;
        let mut again = import(&back).await?;
        assert_eq!(take(&mut again, 10).await?, numbers(0..10));
        wait_for!(events, Event::PeerRestarted { unconfirmed_values: 10, .. });
        // The exporter's heartbeat finds out after 15 seconds.
        assert!(begun.elapsed() < ms(20_000), "{:?}", begun.elapsed());
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn another_program_with_a_name_of_its_own_takes_nothing_from_a_live_session() -> TestResult {
    guarded_by_paused_clock(async {
        let Queue { exporter, out: _out, mut events, dying, mut untaken } =
            queue(Unconfirmed::Redeliver).await?;
        dying.proxy.cut_off();
        wait_for!(events, Event::LinkLost { .. });
        let _other = Importer::start(&exporter, &node(2)).await?;
        dying.proxy.admit();
        wait_for!(events, Event::Resumed { repeated_frames: 0, .. });
        assert_eq!(take(&mut untaken, 10).await?, numbers(0..10));
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn untaken_values_are_given_up_and_counted_if_so_wanted() -> TestResult {
    guarded_by_paused_clock(async {
        let Queue { exporter, out, mut events, dying, untaken } =
            queue(Unconfirmed::Discard).await?;
        dying.kill();
        drop(untaken);
        let other = Importer::start(&exporter, &node(2)).await?;
        let mut rest = import(&other).await?;
        let (unconfirmed, discarded) = wait_for!(
            events,
            Event::Unconfirmed { unconfirmed_values, discarded_values, .. } =>
                (unconfirmed_values, discarded_values)
        );
        assert_eq!((unconfirmed, discarded), (10, 10));
        out.send(Number(10)).await?;
        assert_eq!(rest.recv().await?, Number(10));
        let [status] = &exporter.status().await[..] else { panic!("one importer is left") };
        assert_eq!(status.channels[0].discarded_values, 10);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn values_of_a_dead_importer_can_still_be_taken_and_its_channel_stays() -> TestResult {
    guarded_by_paused_clock(async {
        let exporter = Exporter::new(node(0));
        let mut events = exporter.events();
        let mut inward = exporter.export_receiver::<Number>("in", RecvSettings::default())?;
        let dying = Importer::start(&exporter, &node(1)).await?;
        let into = dying.connection.import_sender("in", ImportSettings::default()).await?;
        into.send_all(numbers(0..10)).await?;
        dying.connection.drain(LONG).await?;
        dying.kill();
        wait_for!(events, Event::SessionExpired { .. });
        let back = Importer::start(&exporter, &node(1)).await?;
        let into = back.connection.import_sender("in", ImportSettings::default()).await?;
        into.send_all(numbers(10..20)).await?;
        assert_eq!(take(&mut inward, 20).await?, numbers(0..20));
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_takes_back_what_was_not_taken_and_then_goes_on_as_before() -> TestResult {
    guarded_by_paused_clock(async {
        let exporter = Exporter::new(node(0));
        let out = exporter.export_sender("out", SendSettings::default().capacity_values(10))?;
        let dying = Importer::start(&exporter, &node(1)).await?;
        let size = ImportSettings::default().size(10);
        let untaken = dying.connection.import_receiver::<Number>("out", size).await?;
        out.send_all(numbers(0..20)).await?;
        assert!(out.try_send(Number(20)).is_err());
        dying.kill();
        drop(untaken);
        let back = Importer::start(&exporter, &node(1)).await?;
        let mut again = import(&back).await?;
        let sending = tokio::spawn(async move { out.send_all(numbers(20..50)).await });
        assert_eq!(take(&mut again, 50).await?, numbers(0..50));
        sending.await??;
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn an_importer_that_is_back_does_not_find_its_own_place_taken() -> TestResult {
    guarded_by_paused_clock(async {
        let only_one = quick().connections_max(1).build()?;
        let exporter = Exporter::new(only_one);
        let mut events = exporter.events();
        let dying = Importer::start(&exporter, &node(1)).await?;
        dying.kill();
        wait_for!(events, Event::LinkLost { .. });
        let begun = Instant::now();
        let proxy = Proxy::new();
        proxy.point_to_exporter(&exporter);
        let unread = UnreadReports::DropOldest;
        let (_back, driver) = Connection::dial_later(proxy.dial(), "exporter", &node(1), unread);
        tokio::spawn(driver.run());
        wait_for!(events, Event::Connected { .. });
        assert!(begun.elapsed() < ms(2000), "{:?}", begun.elapsed());
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_hangup_fails_when_an_importer_dies_with_values_of_unknown_fate() -> TestResult {
    guarded_by_paused_clock(async {
        let Queue { exporter, out, mut events, dying, untaken } =
            queue(Unconfirmed::Redeliver).await?;
        dying.kill();
        drop(untaken);
        wait_for!(events, Event::LinkLost { .. });
        let hanging_up = exporter.clone();
        let hangup = tokio::spawn(async move { hanging_up.hangup("out").await });
        assert_eq!(out.closed().await.reason, Reason::HungUp);
        let _back = Importer::start(&exporter, &node(1)).await?;
        match hangup.await? {
            Err(HangupError::SessionLost { unknown_values: 10, .. }) => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    })
    .await
}
