//! A graceful shutdown: what was sent is delivered, also over links that are lost meanwhile, and what
//! could not be delivered is listed.

use netchan::channel::{Reason, RecvError};
use netchan::net::{ConnectionEnd, Event, FlushError, SendSettings, ShutdownReport};
use netchan_actix::messages::{
    Disconnected, ExportReceiver, ExportSender, ImportReceiver, ImportSender, Shutdown,
};
use netchan_actix::{ImporterActor, SenderExt};

use crate::support::{
    LONG, Number, SHORT, Scene, TestResult, guarded, is_waiting, numbers, quick_config, take,
    take_all, wait_for,
};

const SHUTDOWN: Shutdown = Shutdown { timeout: LONG };

fn undelivered(report: &ShutdownReport) -> Vec<(&str, u64)> {
    report.undelivered.iter().map(|channel| (channel.name.as_str(), channel.values)).collect()
}

#[actix::test]
async fn a_shutdown_of_the_exporter_delivers_what_was_queued_and_ends_channels_regularly()
-> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let import = ImportReceiver::<Number>::new("out").size(300);
        let mut outward = scene.importer.send(import).await??;
        out.send_all(numbers(0..200)).await?;
        let report = scene.exporter.send(SHUTDOWN).await?;
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(report.undelivered_values(), 0);
        assert!(out.send(Number(200)).await.is_err());
        let (values, closed) = take_all(&mut outward).await?;
        assert_eq!(values, numbers(0..200));
        assert!(closed.is_finished(), "{closed:?}");
        let end = scene.importer.send(Disconnected).await?;
        assert!(matches!(end, ConnectionEnd::ClosedByPeer), "{end}");
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_shutdown_of_the_importer_delivers_what_was_queued_and_ends_channels_regularly()
-> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (mut theirs, _) = scene.events().await?;
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in").size(300)).await??;
        into.send_all(numbers(0..200)).await?;
        let report = scene.importer.send(SHUTDOWN).await?;
        assert!(report.is_complete(), "{report:?}");
        assert!(into.send(Number(200)).await.is_err());
        let (values, closed) = take_all(&mut inward).await?;
        assert_eq!(values, numbers(0..200));
        assert!(closed.is_finished(), "{closed:?}");
        let end = wait_for!(theirs, Event::Ended { end, .. } => end);
        assert!(matches!(end, ConnectionEnd::ClosedByPeer), "{end}");
        Ok(())
    })
    .await
}

#[actix::test]
async fn what_a_receiver_does_not_take_is_listed_by_its_channel() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let slow = scene.exporter.send(ExportSender::<Number>::new("slow")).await??;
        let quick = scene.exporter.send(ExportSender::<Number>::new("quick")).await??;
        let nobodys = scene.exporter.send(ExportSender::<Number>::new("nobody's")).await??;
        let _slow = scene.importer.send(ImportReceiver::<Number>::new("slow").size(4)).await??;
        let mut taken = scene.importer.send(ImportReceiver::<Number>::new("quick")).await??;
        slow.send_all(numbers(0..10)).await?;
        quick.send_all(numbers(0..10)).await?;
        nobodys.send_all(numbers(0..3)).await?;
        let report = scene.exporter.send(Shutdown { timeout: 4 * SHORT }).await?;
        assert!(!report.is_complete());
        assert_eq!(undelivered(&report), [("nobody's", 3), ("slow", 6)]);
        assert!(matches!(report.error, Some(FlushError::TimedOut { outstanding_values: 9 })));
        assert_eq!(take_all(&mut taken).await?.0, numbers(0..10));
        Ok(())
    })
    .await
}

#[actix::test]
async fn what_is_under_way_to_an_importer_that_is_away_is_listed() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (mut theirs, mut ours) = scene.events().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let _outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        scene.proxy.hold();
        out.send_all(numbers(0..5)).await?;
        scene.proxy.wait_held().await;
        scene.proxy.cut_off();
        wait_for!(theirs, Event::LinkLost { .. });
        wait_for!(ours, Event::LinkLost { .. });
        out.send_all(numbers(5..7)).await?;
        let report = scene.exporter.send(Shutdown { timeout: SHORT }).await?;
        assert_eq!(undelivered(&report), [("out", 7)]);
        Ok(())
    })
    .await
}

#[actix::test]
async fn what_an_importer_cannot_deliver_without_a_link_is_listed() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (_, mut ours) = scene.events().await?;
        let _inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        scene.proxy.cut_off();
        wait_for!(ours, Event::LinkLost { .. });
        into.send_all(numbers(0..5)).await?;
        let report = scene.importer.send(Shutdown { timeout: SHORT }).await?;
        assert_eq!(undelivered(&report), [("in", 5)]);
        assert!(matches!(report.error, Some(FlushError::TimedOut { outstanding_values: 5 })));
        assert!(into.is_closed());
        Ok(())
    })
    .await
}

/// Each of many links is cut soon after it came, while a shutdown waits for what is left.
async fn over_many_cuts(of_exporter: bool) -> TestResult {
    let scene = Scene::new().await?;
    let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
    let inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let outward = scene.importer.send(ImportReceiver::<Number>::new("out").size(16)).await??;
    let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
    let (mut receiver, sender) = if of_exporter { (outward, out) } else { (inward, into) };
    scene.proxy.cut_off();
    sender.send_all(numbers(0..200)).await?;
    let mut report = Box::pin(async {
        if of_exporter {
            scene.exporter.send(SHUTDOWN).await
        } else {
            scene.importer.send(SHUTDOWN).await
        }
    });
    assert!(is_waiting(&mut report).await);
    scene.proxy.cut_next_after((1..20).map(|link| 100 + 20 * link));
    scene.proxy.admit();
    let (report, taken) = tokio::join!(report, take_all(&mut receiver));
    let (values, closed) = taken?;
    assert_eq!(values, numbers(0..200));
    assert!(closed.is_finished(), "{closed:?}");
    assert!(report?.is_complete());
    Ok(())
}

#[actix::test]
async fn a_shutdown_of_the_exporter_goes_on_over_links_that_are_cut() -> TestResult {
    guarded(over_many_cuts(true)).await
}

#[actix::test]
async fn a_shutdown_of_the_importer_goes_on_over_links_that_are_cut() -> TestResult {
    guarded(over_many_cuts(false)).await
}

#[actix::test]
async fn a_shutdown_before_there_ever_was_an_exporter_lists_nothing_and_ends() -> TestResult {
    guarded(async {
        let proxy = crate::support::Proxy::new();
        let importer =
            actix::Actor::start(ImporterActor::new(proxy.dial(), "nobody", quick_config()));
        let importing = actix::spawn(importer.send(ImportReceiver::<Number>::new("out")));
        proxy.wait_came(1).await;
        let report = importer.send(Shutdown { timeout: SHORT }).await?;
        assert!(undelivered(&report).is_empty(), "{report:?}");
        assert!(importing.await??.is_err());
        Ok(())
    })
    .await
}

#[actix::test]
async fn receivers_keep_what_has_come_when_their_own_side_shuts_down() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        out.send(Number(1)).await?;
        assert_eq!(outward.recv().await?, Number(1));
        let report = scene.importer.send(SHUTDOWN).await?;
        assert!(report.is_complete(), "{report:?}");
        match outward.recv().await {
            Err(RecvError::Closed(closed)) if closed.reason == Reason::ConnectionClosed => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    })
    .await
}

#[actix::test]
async fn messages_that_wait_in_a_recipients_mailbox_are_delivered() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let settings = SendSettings::default().capacity_values(2);
        let export = ExportSender::<Number>::new("out").settings(settings);
        let out = scene.exporter.send(export).await??.recipient();
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let mut outward =
            scene.importer.send(ImportReceiver::<Number>::new("out").size(2)).await??;
        let import = ImportSender::<Number>::new("in").size(2);
        let into = scene.importer.send(import).await??.recipient();
        for number in numbers(0..20) {
            out.do_send(number);
            into.do_send(number);
        }
        let importers = scene.importer.send(SHUTDOWN);
        let (report, taken) = tokio::join!(importers, take(&mut inward, 20));
        assert_eq!(taken?, numbers(0..20));
        assert!(report?.is_complete());

        // The exporter's go to the next importer.
        drop(outward);
        let next = ImporterActor::connect(&scene.address, quick_config()).await?;
        outward = next.send(ImportReceiver::<Number>::new("out")).await??;
        let exporters = scene.exporter.send(SHUTDOWN);
        let (report, taken) = tokio::join!(exporters, take_all(&mut outward));
        assert_eq!(taken?.0.last(), Some(&Number(19)));
        assert!(report?.is_complete());
        Ok(())
    })
    .await
}
