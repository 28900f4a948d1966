//! A session goes on over another link: what its channels carry arrives once and in order.

use actix::prelude::*;
use netchan::net::{Event, SendSettings, UnreadReports};
use netchan_actix::messages::{
    Connections, ExportReceiver, ExportSender, ImportReceiver, ImportSender, ListenAndServe, Sync,
};
use netchan_actix::{ExporterActor, ImporterActor, SenderExt};

use crate::support::{
    Collector, LONG, Number, Proxy, Scene, TestResult, guarded, is_waiting, loopback, next_of,
    numbers, quick_config, take, take_all, wait_for,
};

/// Values that each direction carries in the tests with many cuts.
const MANY: u64 = 2000;

/// Values between two cuts.
const BETWEEN_CUTS: usize = 100;

#[actix::test]
async fn every_value_arrives_once_and_in_order_over_many_cuts() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let settings = SendSettings::default().capacity_values(32);
        let out =
            scene.exporter.send(ExportSender::<Number>::new("out").settings(settings)).await??;
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let mut outward =
            scene.importer.send(ImportReceiver::<Number>::new("out").size(32)).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in").size(32)).await??;
        let sending = actix::spawn(async move { out.send_all(numbers(0..MANY)).await });
        let sending_back = actix::spawn(async move { into.send_all(numbers(0..MANY)).await });

        let (mut there, mut back) = (Vec::new(), Vec::new());
        while there.len() < MANY as usize {
            there.extend(take(&mut outward, BETWEEN_CUTS).await?);
            scene.proxy.cut();
            back.extend(take(&mut inward, BETWEEN_CUTS).await?);
            scene.proxy.cut();
        }
        assert_eq!(there, numbers(0..MANY));
        assert_eq!(back, numbers(0..MANY));
        sending.await??;
        sending_back.await??;
        let status = scene.importers_status().await?;
        assert!(status.resumes >= 10, "{status:?}");
        assert_eq!(status.lost_sessions, 0);
        Ok(())
    })
    .await
}

#[actix::test]
async fn recipients_on_both_sides_get_every_message_once_and_in_order_over_many_cuts() -> TestResult
{
    guarded(async {
        let scene = Scene::new().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let (collector, mut inward) = Collector::<Number>::start();
        let export = ExportReceiver::<Number>::new("in").deliver_to(collector.recipient());
        scene.exporter.send(export).await??;
        let (collector, mut outward) = Collector::<Number>::start();
        let import =
            ImportReceiver::<Number>::new("out").size(32).deliver_to(collector.recipient());
        scene.importer.send(import).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in").size(32)).await??;
        for recipient in [out.recipient(), into.recipient()] {
            actix::spawn(async move {
                for number in numbers(0..MANY) {
                    recipient.send(number).await.expect("the channel lasts");
                }
            });
        }

        let (mut there, mut back) = (Vec::new(), Vec::new());
        while there.len() < MANY as usize {
            there.extend(next_of(&mut outward, BETWEEN_CUTS).await?);
            scene.proxy.cut();
            back.extend(next_of(&mut inward, BETWEEN_CUTS).await?);
        }
        assert_eq!(there, numbers(0..MANY));
        assert_eq!(back, numbers(0..MANY));
        Ok(())
    })
    .await
}

#[actix::test]
async fn values_that_were_under_way_are_sent_again_and_both_sides_are_told() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (mut theirs, mut ours) = scene.events().await?;
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        scene.proxy.hold();
        into.send_all(numbers(0..5)).await?;
        scene.proxy.wait_held().await;
        scene.proxy.cut();
        scene.proxy.let_go();

        let lost = wait_for!(ours, Event::LinkLost { session, .. } => session);
        let (session, repeated_frames) = wait_for!(
            ours,
            Event::Resumed { session, repeated_frames, .. } => (session, repeated_frames)
        );
        assert_eq!(session, lost);
        assert!(repeated_frames > 0);
        wait_for!(theirs, Event::LinkLost { session, .. } if session == lost);
        wait_for!(theirs, Event::Resumed { session, .. } if session == lost);
        assert_eq!(take(&mut inward, 5).await?, numbers(0..5));

        scene.importer.send(Sync { timeout: LONG }).await??;
        let status = scene.importers_status().await?;
        assert_eq!((status.resumes, status.lost_sessions), (1, 0));
        assert_eq!(status.repeated_frames, repeated_frames as u64);
        let [channel] = &status.channels[..] else { panic!("{status:?}") };
        assert_eq!((channel.sent_values, channel.repeated_values), (5, 5));
        assert_eq!((channel.received_values, channel.outstanding_values), (5, 0));
        let status = scene.exporters_status().await?;
        assert_eq!(status.resumes, 1);
        assert_eq!(status.session, Some(session));
        Ok(())
    })
    .await
}

#[actix::test]
async fn the_time_without_a_link_is_told() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (mut theirs, mut ours) = scene.events().await?;
        let before = scene.proxy.came();
        scene.proxy.cut_off();
        // Attempts in vain take time.
        scene.proxy.wait_came(before + 3).await;
        scene.proxy.admit();
        for events in [&mut theirs, &mut ours] {
            let away = wait_for!(*events, Event::Resumed { away, .. } => away);
            assert!(!away.is_zero());
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_connections_actor_answers_after_a_restart_what_it_was_sent_while_there_was_no_link()
-> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (mut theirs, _) = scene.events().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        let [actor] = &scene.exporter.send(Connections).await?[..] else { panic!("one") };
        scene.proxy.hold();
        out.send_all(numbers(0..3)).await?;
        scene.proxy.wait_held().await;
        scene.proxy.cut_off();
        scene.proxy.let_go();
        wait_for!(theirs, Event::LinkLost { .. });

        let mut synced = Box::pin(actor.send(Sync { timeout: LONG }));
        assert!(is_waiting(&mut synced).await);
        assert_eq!(scene.exporters_status().await?.outstanding_values, 3);
        scene.proxy.admit();
        synced.await??;
        assert!(actor.connected());
        assert!(scene.exporter.send(Connections).await?.contains(actor));
        assert_eq!(take(&mut outward, 3).await?, numbers(0..3));
        actor.send(Sync { timeout: LONG }).await??;
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_import_that_is_asked_for_while_there_is_no_link_is_answered_with_the_next_one()
-> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (_, mut ours) = scene.events().await?;
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        scene.proxy.cut_off();
        wait_for!(ours, Event::LinkLost { .. });
        let mut importing = Box::pin(scene.importer.send(ImportSender::<Number>::new("in")));
        assert!(is_waiting(&mut importing).await);
        scene.proxy.admit();
        let into = importing.await??;
        into.send(Number(1)).await?;
        assert_eq!(inward.recv().await?, Number(1));
        Ok(())
    })
    .await
}

/// The link is cut after each number of bytes from the first to well behind the handshake: in the
/// preamble, in the Welcome, in the answer to the import, and in the values.
#[actix::test]
async fn a_cut_at_any_byte_of_the_handshake_or_behind_it_loses_and_repeats_nothing() -> TestResult {
    guarded(async {
        let exporter = ExporterActor::new(quick_config()).start();
        let address = exporter.send(ListenAndServe(loopback())).await??;
        let out = exporter.send(ExportSender::<Number>::new("out")).await??;
        let sending = actix::spawn(async move { out.send_all(numbers(0..MANY)).await });
        let proxy = Proxy::new();
        proxy.point_to(&address);
        proxy.cut_next_after(0..450);
        let importer =
            ImporterActor::new(proxy.listen().await?, "exporter", quick_config()).start();
        let mut outward = importer.send(ImportReceiver::<Number>::new("out").size(8)).await??;
        assert_eq!(take(&mut outward, MANY as usize).await?, numbers(0..MANY));
        sending.await??;
        // So many that some links were there and carried nothing, and others only a part.
        assert!(proxy.came() > 100, "{}", proxy.came());
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_value_in_many_frames_is_put_together_over_many_links() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let out = scene.exporter.send(ExportSender::<Vec<u8>>::new("out")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Vec<u8>>::new("out")).await??;
        let long: Vec<u8> = (0..2_000_000_u32).map(|at| (at / 7) as u8).collect();
        scene.proxy.cut();
        // Each link carries a part of it.
        scene.proxy.cut_next_after((0..12).map(|link| 50_000 + 40_000 * link));
        out.send(long.clone()).await?;
        out.send(vec![1]).await?;
        assert_eq!(outward.recv().await?, long);
        assert_eq!(outward.recv().await?, vec![1]);
        assert!(scene.importers_status().await?.resumes > 5);
        Ok(())
    })
    .await
}

#[actix::test]
async fn errors_that_nobody_reads_are_not_made_by_lost_links() -> TestResult {
    guarded(async {
        // An importer that shuts down when errors are not read.
        let scene = Scene::new().await?;
        let dial = scene.proxy.dial();
        let importer = ImporterActor::dial(dial, quick_config(), UnreadReports::ShutDown).await?;
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = importer.send(ImportSender::<Number>::new("in")).await??;
        for number in numbers(0..30) {
            scene.proxy.cut();
            into.send(number).await?;
            assert_eq!(inward.recv().await?, number);
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_thousand_channels_go_on_over_many_cuts() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let mut tasks = Vec::new();
        for number in 0..500 {
            let (out, into) = (format!("out {number}"), format!("in {number}"));
            let sender = scene.exporter.send(ExportSender::<Number>::new(&out)).await??;
            let mut inward = scene.exporter.send(ExportReceiver::<Number>::new(&into)).await??;
            let import = ImportReceiver::<Number>::new(&out).size(4);
            let mut outward = scene.importer.send(import).await??;
            let import = ImportSender::<Number>::new(&into).size(4);
            let returner = scene.importer.send(import).await??;
            tasks.push(actix::spawn(async move { sender.send_all(numbers(0..40)).await.is_ok() }));
            tasks
                .push(actix::spawn(async move { returner.send_all(numbers(0..40)).await.is_ok() }));
            tasks.push(actix::spawn(async move {
                take_all(&mut outward).await.is_ok_and(|(all, _)| all == numbers(0..40))
            }));
            tasks.push(actix::spawn(async move {
                take_all(&mut inward).await.is_ok_and(|(all, _)| all == numbers(0..40))
            }));
        }
        let (_, mut events) = scene.events().await?;
        for _ in 0..5 {
            scene.proxy.cut();
            wait_for!(events, Event::Resumed { .. });
        }
        for task in tasks {
            assert!(task.await?, "a channel has lost, repeated or reordered something");
        }
        Ok(())
    })
    .await
}
