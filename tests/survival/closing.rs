//! Ends and corners: closing without a link, peers that were closed meanwhile, two programs that dial
//! each other, and sessions that nobody keeps.

use std::time::Duration;

use actix::prelude::*;
use netchan::Exporter;
use netchan::net::{
    Connection, ConnectionEnd, Event, ImportSettings, RecvSettings, SendSettings, UnreadReports,
};
use netchan_actix::messages::{
    Close, Connections, Disconnected, ExportReceiver, ExportSender, ImportReceiver, ImportSender,
    Status,
};
use netchan_actix::{ExporterActor, ImporterActor};

use crate::support::{
    Number, Proxy, Scene, TestResult, guarded, guarded_by_paused_clock, ms, numbers, quick,
    quick_config, take, take_all, wait_for,
};

#[actix::test]
async fn an_importer_without_a_link_closes_at_once() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (_, mut ours) = scene.events().await?;
        let _out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        scene.proxy.cut_off();
        wait_for!(ours, Event::LinkLost { .. });
        let begun = std::time::Instant::now();
        scene.importer.send(Close).await?;
        // No goodbye can be said, so none is waited for.
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        let (values, _) = take_all(&mut outward).await?;
        assert!(values.is_empty());
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn the_session_of_an_importer_that_was_closed_without_a_link_expires_at_the_exporter()
-> TestResult {
    guarded_by_paused_clock(async {
        let config = quick().session_expiry(ms(2000)).build()?;
        let exporter = Exporter::new(config.clone());
        let mut events = exporter.events();
        let proxy = Proxy::new();
        proxy.point_to_exporter(&exporter);
        let (importer, driver) =
            Connection::dial(proxy.dial(), &config, UnreadReports::DropOldest).await?;
        tokio::spawn(driver.run());
        let out = exporter.export_sender::<Number>("out", SendSettings::default())?;
        let _outward = importer.import_receiver::<Number>("out", ImportSettings::default()).await?;
        proxy.hold();
        out.send_all(numbers(0..5)).await?;
        proxy.wait_held().await;
        proxy.cut_off();
        assert!(matches!(importer.close().await, ConnectionEnd::ClosedHere));
        wait_for!(events, Event::SessionExpired { unconfirmed_values: 5, .. });
        assert!(exporter.connections().is_empty());
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_importer_whose_connection_was_closed_while_it_was_away_is_told_when_it_comes_back()
-> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (mut theirs, _) = scene.events().await?;
        let _out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        let [actor] = &scene.exporter.send(Connections).await?[..] else { panic!("one") };
        scene.proxy.cut_off();
        wait_for!(theirs, Event::LinkLost { .. });
        actor.send(Close).await?;
        scene.proxy.admit();
        let end = scene.importer.send(Disconnected).await?;
        assert!(matches!(end, ConnectionEnd::ClosedByPeer), "{end}");
        assert!(take_all(&mut outward).await?.0.is_empty());
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn an_importer_whose_exporter_was_closed_while_it_was_away_is_told_when_it_comes_back()
-> TestResult {
    guarded_by_paused_clock(async {
        let exporter = Exporter::new(quick_config());
        let mut events = exporter.events();
        let proxy = Proxy::new();
        proxy.point_to_exporter(&exporter);
        let (importer, driver) =
            Connection::dial(proxy.dial(), &quick_config(), UnreadReports::DropOldest).await?;
        tokio::spawn(driver.run());
        proxy.cut_off();
        wait_for!(events, Event::LinkLost { .. });
        exporter.close().await;
        // Whoever listens has not stopped yet.
        proxy.admit();
        let end = importer.closed().await;
        assert!(matches!(end, ConnectionEnd::ClosedByPeer), "{end}");
        Ok(())
    })
    .await
}

#[actix::test]
async fn two_programs_that_import_from_each_other_both_go_on_over_cuts() -> TestResult {
    guarded(async {
        let (ours, theirs) = (quick_config(), quick_config());
        // Each program has one name for both of its sides.
        let here = Scene::with(ours.clone(), theirs.clone()).await?;
        let there = Scene::with(theirs, ours).await?;
        let mut ends = Vec::new();
        for scene in [&here, &there] {
            let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
            let inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
            let outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
            let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
            ends.push((out, outward));
            ends.push((into, inward));
        }
        for round in 0..20 {
            let values = numbers(10 * round..10 * round + 10);
            for (sender, _) in &ends {
                sender.send_all(values.clone()).await?;
            }
            here.proxy.cut();
            there.proxy.cut();
            for (_, receiver) in &mut ends {
                assert_eq!(take(receiver, 10).await?, values);
            }
        }
        for scene in [&here, &there] {
            let status = scene.importers_status().await?;
            assert_eq!(status.lost_sessions, 0);
            assert!(status.resumes > 5, "{status:?}");
        }
        Ok(())
    })
    .await
}

/// A side that keeps no sessions.
async fn without_resumption(exporter_keeps: bool, importer_keeps: bool) -> TestResult {
    let fleeting = quick().session_expiry(Duration::ZERO).build()?;
    let config = |keeps| if keeps { quick_config() } else { fleeting.clone() };
    let scene = Scene::with(config(exporter_keeps), config(importer_keeps)).await?;
    let (_, mut ours) = scene.events().await?;
    let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
    let export = ExportReceiver::<Number>::new("in").settings(RecvSettings::default().stays_open());
    let mut inward = scene.exporter.send(export).await??;
    let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
    let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
    let first = scene.importers_status().await?.session;
    for round in 0..3 {
        scene.proxy.cut();
        wait_for!(ours, Event::LinkLost { .. });
        wait_for!(ours, Event::Connected { .. });
        let values = numbers(5 * round..5 * round + 5);
        out.send_all(values.clone()).await?;
        into.send_all(values.clone()).await?;
        assert_eq!(take(&mut outward, 5).await?, values);
        assert_eq!(take(&mut inward, 5).await?, values);
        settled(&scene).await?;
    }
    let status = scene.importers_status().await?;
    assert_ne!(status.session, first);
    assert_eq!((status.resumes, status.lost_sessions), (0, 3));
    Ok(())
}

/// Waits until both sides know that all was taken, so that nothing is sent again.
async fn settled(scene: &Scene) -> TestResult {
    loop {
        let mut all = scene.importer.send(Status).await?;
        all.extend(scene.exporter.send(Status).await?);
        let mut channels = all.iter().flat_map(|status| &status.channels);
        if channels.all(|channel| channel.taken_values == channel.sent_values) {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

#[actix::test]
async fn imports_are_imported_again_when_either_side_keeps_no_sessions() -> TestResult {
    guarded(async {
        without_resumption(true, false).await?;
        without_resumption(false, true).await?;
        without_resumption(false, false).await
    })
    .await
}

#[actix::test]
async fn an_importer_that_is_dropped_without_a_link_ends_when_nobody_uses_its_channels()
-> TestResult {
    guarded(async {
        let exporter = ExporterActor::new(quick_config()).start();
        let proxy = Proxy::new();
        let importer = ImporterActor::new(proxy.dial(), "nobody", quick_config()).start();
        let mut events = importer.send(netchan_actix::messages::Events).await?;
        proxy.wait_came(2).await;
        drop(importer);
        let end = wait_for!(events, Event::Ended { end, .. } => end);
        assert!(matches!(end, ConnectionEnd::ClosedHere), "{end}");
        drop(exporter);
        Ok(())
    })
    .await
}
