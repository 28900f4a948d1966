//! An exporter that dies and comes back: its importers import again, and what they hold goes on.

use netchan::channel::{Origin, Reason};
use netchan::net::{Event, ImportSettings};
use netchan_actix::SenderExt;
use netchan_actix::messages::{
    Drain, ExportReceiver, ExportSender, ImportReceiver, ImportSender, Sync,
};

use crate::support::{
    Collector, LONG, Number, Restarting, TestResult, guarded, next_of, numbers, take, take_all,
    wait_for,
};

#[actix::test]
async fn senders_receivers_and_recipients_go_on_with_the_next_life_of_the_exporter() -> TestResult {
    guarded(async {
        let mut scene = Restarting::new().await?;
        let (collector, mut collected) = Collector::<Number>::start();
        let mut outward = None;
        let mut into = None;
        let mut recipient = None;
        for life in 0..4 {
            let exporter = &scene.process.exporter;
            let out = exporter.send(ExportSender::<Number>::new("out")).await??;
            let told = exporter.send(ExportSender::<Number>::new("told")).await??;
            let mut inward = exporter.send(ExportReceiver::<Number>::new("in")).await??;
            let mut asked = exporter.send(ExportReceiver::<Number>::new("asked")).await??;
            if life == 0 {
                let importer = &scene.importer;
                outward = Some(importer.send(ImportReceiver::<Number>::new("out")).await??);
                into = Some(importer.send(ImportSender::<Number>::new("in")).await??);
                let asking = importer.send(ImportSender::<Number>::new("asked")).await??;
                recipient = Some(asking.recipient());
                let import = ImportReceiver::<Number>::new("told");
                importer.send(import.deliver_to(collector.clone().recipient())).await??;
            } else {
                scene.up();
            }
            let values = numbers(10 * life..10 * life + 10);
            out.send_all(values.clone()).await?;
            told.send_all(values.clone()).await?;
            into.as_ref().ok_or("none")?.send_all(values.clone()).await?;
            for value in &values {
                recipient.as_ref().ok_or("none")?.send(*value).await?;
            }
            assert_eq!(take(outward.as_mut().ok_or("none")?, 10).await?, values);
            assert_eq!(take(&mut inward, 10).await?, values);
            assert_eq!(take(&mut asked, 10).await?, values);
            assert_eq!(next_of(&mut collected, 10).await?, values);
            // All is known to be taken, so nothing of it comes again.
            scene.importer.send(Sync { timeout: LONG }).await??;
            known_to_be_taken(&scene).await?;
            scene = scene.restart().await?;
        }
        Ok(())
    })
    .await
}

/// Waits until the importer knows that all that it sent was taken.
async fn known_to_be_taken(scene: &Restarting) -> TestResult {
    loop {
        let status = scene.importer.send(netchan_actix::messages::Status).await?;
        let channels = status.iter().flat_map(|status| &status.channels);
        if channels.into_iter().all(|channel| channel.taken_values == channel.sent_values) {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

#[actix::test]
async fn a_restart_is_told_and_not_taken_for_a_resumption() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let mut events = scene.importer.send(netchan_actix::messages::Events).await?;
        let scene = scene.restart().await?;
        scene.up();
        let first = wait_for!(events, Event::LinkLost { session, .. } => session);
        let mut since = Vec::new();
        let lost = wait_for!(events, Event::PeerRestarted { session, .. } => session);
        assert_eq!(lost, first);
        while since.is_empty() {
            match events.next_event().await.ok_or("no more events")? {
                Event::Connected { session, .. } => since.push(session),
                Event::Resumed { .. } => return Err("resumed".into()),
                _ => {}
            }
        }
        assert_ne!(since, [first]);
        let status = scene.importer.send(netchan_actix::messages::Status).await?;
        assert_eq!(status[0].lost_sessions, 1);
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_import_that_ends_with_its_session_ends_and_can_be_imported_anew() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let passing = ImportSettings::default().ends_with_session();
        let _out = scene.process.exporter.send(ExportSender::<Number>::new("out")).await??;
        let _in = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let import = ImportReceiver::<Number>::new("out").settings(passing);
        let mut outward = scene.importer.send(import).await??;
        let import = ImportSender::<Number>::new("in").settings(passing);
        let into = scene.importer.send(import).await??;

        let scene = scene.restart().await?;
        let out = scene.process.exporter.send(ExportSender::<Number>::new("out")).await??;
        scene.up();
        let (values, closed) = take_all(&mut outward).await?;
        assert_eq!((values, closed.origin), (vec![], Origin::Link));
        assert!(matches!(closed.reason, Reason::ConnectionLost(_)), "{closed:?}");
        assert_eq!(into.closed().await.origin, Origin::Link);

        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        out.send(Number(1)).await?;
        assert_eq!(outward.recv().await?, Number(1));
        Ok(())
    })
    .await
}

#[actix::test]
async fn values_that_came_before_the_restart_can_still_be_taken_and_come_first() -> TestResult {
    guarded(async {
        let mut scene = Restarting::new().await?;
        let out = scene.process.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        out.send_all(numbers(0..5)).await?;
        scene.process.exporter.send(Sync { timeout: LONG }).await??;
        for life in 1..4 {
            scene = scene.restart().await?;
            let out = scene.process.exporter.send(ExportSender::<Number>::new("out")).await??;
            scene.up();
            out.send_all(numbers(5 * life..5 * life + 5)).await?;
            scene.process.exporter.send(Drain { timeout: LONG }).await??;
        }
        assert_eq!(take(&mut outward, 20).await?, numbers(0..20));
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_part_of_a_value_that_came_before_the_restart_is_forgotten() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let long = vec![7_u8; 300_000];
        let out = scene.process.exporter.send(ExportSender::<Vec<u8>>::new("out")).await??;
        let _in = scene.process.exporter.send(ExportReceiver::<Vec<u8>>::new("in")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Vec<u8>>::new("out")).await??;
        let into = scene.importer.send(ImportSender::<Vec<u8>>::new("in")).await??;
        out.send(vec![1]).await?;
        assert_eq!(outward.recv().await?, [1]);
        let before = scene.proxy.came();
        scene.proxy.cut_next_after([100_000]);
        scene.proxy.cut();
        scene.proxy.wait_came(before + 1).await;
        out.send(long.clone()).await?;
        into.send(long.clone()).await?;
        scene.proxy.wait_came(before + 2).await;

        let scene = scene.restart().await?;
        let out = scene.process.exporter.send(ExportSender::<Vec<u8>>::new("out")).await??;
        let export = ExportReceiver::<Vec<u8>>::new("in");
        let mut inward = scene.process.exporter.send(export).await??;
        scene.up();
        out.send(vec![2]).await?;
        let next = outward.recv().await?;
        assert!(next == [2] || next == long, "{} bytes", next.len());
        // The importer's own is sent again from its first byte.
        assert_eq!(inward.recv().await?, long);
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_sender_that_has_finished_finishes_again_what_is_sent_again() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let _in = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        into.send_all(numbers(0..10)).await?;
        drop(into);
        scene.importer.send(Drain { timeout: LONG }).await??;
        let scene = scene.restart().await?;
        let mut inward = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        scene.up();
        let (values, closed) = take_all(&mut inward).await?;
        assert_eq!(values, numbers(0..10));
        assert!(closed.is_finished(), "{closed:?}");
        Ok(())
    })
    .await
}
