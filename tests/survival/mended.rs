//! Faults of sessions that were found by reading, each with the test that shows it.

use std::sync::atomic::{AtomicBool, Ordering};

use actix::prelude::*;
use netchan::Exporter;
use netchan::channel::Reason;
use netchan::net::{
    Connection, ConnectionEnd, Dial, FlushError, ImportError, ImportSettings, Pause, RecvSettings,
    Report, SendSettings, Stream, UnreadReports,
};
use netchan_actix::messages::{
    Drain, ExportReceiver, ExportSender, Hangup, ImportReceiver, ImportSender, Sync,
};

use crate::support::{
    LONG, Number, Proxy, Restarting, SHORT, Scene, TestResult, guarded, guarded_by_paused_clock,
    is_waiting, numbers, quick, quick_config, take, take_all,
};

#[actix::test]
async fn a_sync_does_not_wait_for_a_receiver_that_waits_to_be_imported_again() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let exporter = &scene.process.exporter;
        let _in = exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let _out = exporter.send(ExportSender::<Number>::new("out")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        let _outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        let scene = scene.restart().await?;
        // The next exporter has one of the two.
        let export = ExportReceiver::<Number>::new("in");
        let mut inward = scene.process.exporter.send(export).await??;
        scene.up();
        into.send(Number(1)).await?;
        assert_eq!(take(&mut inward, 1).await?, numbers(1..2));
        scene.importer.send(Sync { timeout: LONG }).await??;
        scene.importer.send(Drain { timeout: LONG }).await??;
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_drain_fails_when_the_import_that_it_waits_for_is_hung_up() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let _in = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let _out = scene.process.exporter.send(ExportSender::<Number>::new("out")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        let scene = scene.restart().await?;
        let mut errors = scene.process.exporter.send(netchan_actix::messages::Errors).await?;
        let out = scene.process.exporter.send(ExportSender::<Number>::new("out")).await??;
        into.send_all(numbers(0..5)).await?;
        scene.up();
        // Nobody exports it yet.
        while !matches!(errors.next_report().await, Some(Report::ImportRefused { .. })) {}
        // What comes behind the refusal shows that it has come: the import waits now.
        out.send(Number(0)).await?;
        outward.recv().await?;
        let mut drain = Box::pin(scene.importer.send(Drain { timeout: LONG }));
        assert!(is_waiting(&mut drain).await);
        // It has begun when a later message has been answered.
        let later = scene.importer.send(Sync { timeout: SHORT }).await?;
        assert!(matches!(later, Err(FlushError::TimedOut { outstanding_values: 5 })), "{later:?}");
        assert_eq!(scene.importer.send(Hangup::new("in")).await??.discarded_values, 5);
        match drain.await? {
            Err(FlushError::Discarded { discarded_values: 5 }) => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    })
    .await
}

#[actix::test]
async fn an_import_that_was_never_answered_is_refused_when_its_session_is_lost() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        scene.proxy.cut_off();
        let mut import = Box::pin(scene.importer.send(ImportSender::<Number>::new("typo")));
        assert!(is_waiting(&mut import).await);
        let scene = scene.restart().await?;
        scene.up();
        assert!(matches!(import.await?, Err(ImportError::UnknownName { name }) if name == "typo"));
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_end_that_was_lost_with_its_session_is_told_in_the_next_one() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let export = ExportReceiver::<Number>::new("in");
        let mut inward = scene.process.exporter.send(export).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in").size(3)).await??;
        into.send_all(numbers(0..3)).await?;
        assert_eq!(take(&mut inward, 3).await?, numbers(0..3));
        // All slots are free again when all was taken, as far as the sender knows.
        let slots = (into.reserve().await?, into.reserve().await?, into.reserve().await?);
        drop(slots);
        let scene = scene.restart().await?;
        drop(into);
        let export = ExportReceiver::<Number>::new("in");
        let mut inward = scene.process.exporter.send(export).await??;
        scene.up();
        let (values, closed) = take_all(&mut inward).await?;
        assert_eq!((values, closed.reason), (vec![], Reason::Finished));
        Ok(())
    })
    .await
}

/// An importer of an exporter in memory, over links of its own.
async fn importer_of(exporter: &Exporter, node: u8) -> TestResult<(Connection, Proxy, Killer)> {
    let proxy = Proxy::new();
    proxy.point_to_exporter(exporter);
    let config = quick().node(netchan::id::NodeId([node; 16])).build()?;
    let (connection, driver) =
        Connection::dial(proxy.dial(), &config, UnreadReports::DropOldest).await?;
    Ok((connection, proxy, Killer(tokio::spawn(driver.run()).abort_handle())))
}

struct Killer(tokio::task::AbortHandle);

#[tokio::test(start_paused = true)]
async fn a_finished_channel_is_there_for_the_next_life_of_an_importer_that_had_not_taken_all()
-> TestResult {
    guarded_by_paused_clock(async {
        let exporter = Exporter::new(quick_config());
        let out = exporter.export_sender("out", SendSettings::default())?;
        let (dying, links, killer) = importer_of(&exporter, 1).await?;
        let settings = ImportSettings::default();
        let mut untaken = dying.import_receiver::<Number>("out", settings).await?;
        out.send_all(numbers(0..5)).await?;
        drop(out);
        exporter.sync(LONG).await?;
        assert_eq!(untaken.recv().await?, Number(0));
        killer.0.abort();
        links.cut();
        // It may have told that the first one was taken, or not.
        let (next, _links, _killer) = importer_of(&exporter, 1).await?;
        let mut rest = next.import_receiver::<Number>("out", settings).await?;
        let (values, closed) = take_all(&mut rest).await?;
        assert!(values.ends_with(&numbers(1..5)) && values.len() <= 5, "{values:?}");
        assert!(closed.is_finished(), "{closed}");
        Ok(())
    })
    .await
}

#[actix::test]
async fn what_is_asked_before_the_first_link_survives_an_attempt_that_panics() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let (proxy, is_first) = (scene.proxy.clone(), AtomicBool::new(true));
        let dial = move || {
            assert!(!is_first.swap(false, Ordering::Relaxed), "a panic, as the test wants it");
            Dial::dial(&proxy.dial())
        };
        let importer = netchan_actix::ImporterActor::new(dial, "later", quick_config()).start();
        let into = importer.send(ImportSender::<Number>::new("in")).await??;
        into.send(Number(1)).await?;
        assert_eq!(inward.recv().await?, Number(1));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_connection_whose_goodbye_is_interrupted_is_over_all_the_same() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config());
        let _in = exporter.export_receiver::<Number>("in", RecvSettings::default())?;
        let (near, far) = Stream::in_memory(1024);
        let serving = async { exporter.accept(far).await };
        let config = quick_config();
        let dialling = Connection::open(near, &config, UnreadReports::DropOldest);
        let (served, opened) = tokio::join!(serving, dialling);
        // The peer is there, and does nothing: it does not close its side either.
        let (_peer, _idle) = served?.into_new().ok_or("a new session")?;
        let (connection, mut driver) = opened?;
        let mut closing = Box::pin(connection.close());
        assert!(is_waiting(&mut closing).await);
        assert!(is_waiting(&mut Box::pin(driver.drive())).await, "the goodbye is on its way");
        assert!(matches!(driver.drive().await, Pause::Over(ConnectionEnd::ClosedHere)));
        assert!(matches!(closing.await, ConnectionEnd::ClosedHere));
        // The driver is still held, and everybody is told all the same.
        assert!(connection.status().await.is_err());
        assert!(connection.sync(LONG).await.is_err());
        assert!(matches!(driver.drive().await, Pause::Over(ConnectionEnd::ClosedHere)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn whoever_only_shakes_hands_and_leaves_keeps_nobody_out() -> TestResult {
    guarded(async {
        let config = quick().connections_max(1).build()?;
        let exporter = Exporter::new(config);
        let _in = exporter.export_receiver::<Number>("in", RecvSettings::default())?;
        let settings = ImportSettings::default();
        for number in 1..4 {
            let mut events = exporter.events();
            let (idle, links, _killer) = importer_of(&exporter, number).await?;
            links.cut_off();
            crate::support::wait_for!(events, netchan::net::Event::LinkLost { .. });
            drop(idle);
        }
        let (busy, links, _killer) = importer_of(&exporter, 9).await?;
        let sender = busy.import_sender::<Number>("in", settings).await?;
        // One that has imported something keeps its place while it is away.
        let mut events = exporter.events();
        links.cut_off();
        crate::support::wait_for!(events, netchan::net::Event::LinkLost { .. });
        assert!(importer_of(&exporter, 10).await.is_err());
        links.admit();
        sender.send(Number(1)).await?;
        busy.sync(LONG).await?;
        Ok(())
    })
    .await
}
