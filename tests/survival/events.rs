//! What an operator is told: events in their order, on both sides, and a status that adds up.

use actix::prelude::*;
use netchan::channel::{Origin, Reason};
use netchan::limits::EVENTS_MAX;
use netchan::net::{ChannelStatus, ConnectionEnd, Event, EventStream};
use netchan::{Dir, Exporter};
use netchan_actix::messages::{
    Close, Drain, EventReport, Events, ExportReceiver, ExportSender, Hangup, ImportReceiver,
    ImportSender, ListenAndServe, Shutdown, Status, SubscribeEvents, Sync,
};
use netchan_actix::{ExporterActor, ImporterActor};

use crate::support::{
    Collector, LONG, Number, Proxy, Scene, TestResult, guarded, loopback, next_of, numbers,
    quick_config, take,
};

/// An event in a word or two.
fn word(event: &Event) -> String {
    match event {
        Event::Connected { .. } => "connected".into(),
        Event::LinkLost { .. } => "link lost".into(),
        Event::Resumed { .. } => "resumed".into(),
        Event::ChannelOpened { name, dir, .. } => format!("{name} {dir} opened"),
        Event::ChannelEnded { name, closed, .. } => {
            format!("{name} ended by {:?}: {:?}", closed.origin, closed.reason)
        }
        Event::Draining { outstanding_values, .. } => format!("draining {outstanding_values}"),
        Event::Ended { end, .. } => format!("ended: {end:?}"),
        other => format!("{other:?}"),
    }
}

/// The words of all events up to the end of the connection.
async fn words(events: &mut EventStream) -> TestResult<Vec<String>> {
    let mut words = Vec::new();
    loop {
        let event = events.next_event().await.ok_or("no more events")?;
        words.push(word(&event));
        if matches!(event, Event::Ended { .. }) {
            return Ok(words);
        }
    }
}

#[actix::test]
async fn a_connections_life_is_told_on_both_sides_to_streams_and_subscribers() -> TestResult {
    guarded(async {
        let exporter = ExporterActor::new(quick_config()).start();
        let address = exporter.send(ListenAndServe(loopback())).await??;
        let proxy = Proxy::new();
        proxy.point_to(&address);
        let dial = proxy.listen().await?;
        let importer = ImporterActor::new(dial, "exporter", quick_config()).start();
        let mut theirs = exporter.send(Events).await?;
        let mut ours = importer.send(Events).await?;
        let (collector, mut told) = Collector::<EventReport>::start();
        importer.send(SubscribeEvents(collector.recipient())).await?;
        let (collector, mut told_there) = Collector::<EventReport>::start();
        exporter.send(SubscribeEvents(collector.recipient())).await?;

        let mut inward = exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let _out = exporter.send(ExportSender::<Number>::new("out")).await??;
        let into = importer.send(ImportSender::<Number>::new("in")).await??;
        let outward = importer.send(ImportReceiver::<Number>::new("out")).await??;
        let resumed = async |events: &mut EventStream| {
            crate::support::event(events, |event| {
                matches!(event, Event::Resumed { .. }).then_some(())
            })
            .await
        };
        let (mut they, mut we) = (exporter.send(Events).await?, importer.send(Events).await?);
        proxy.cut();
        resumed(&mut they).await?;
        resumed(&mut we).await?;
        drop(into);
        assert!(inward.recv().await.is_err());
        importer.send(Hangup::new("out")).await??;
        drop(outward);
        importer.send(Shutdown { timeout: LONG }).await?;

        let finished = format!("{:?}", Reason::Finished);
        let hung_up = format!("{:?}", Reason::HungUp);
        let expected = [
            "connected".into(),
            format!("in {} opened", Dir::Send),
            format!("out {} opened", Dir::Recv),
            "link lost".into(),
            "resumed".into(),
            format!("in ended by {:?}: {finished}", Origin::Local),
            format!("out ended by {:?}: {hung_up}", Origin::Local),
            "draining 0".into(),
            format!("ended: {:?}", ConnectionEnd::ClosedHere),
        ];
        assert_eq!(words(&mut ours).await?, expected);
        let expected_there = [
            "connected".into(),
            format!("in {} opened", Dir::Recv),
            format!("out {} opened", Dir::Send),
            "link lost".into(),
            "resumed".into(),
            format!("in ended by {:?}: {finished}", Origin::Peer),
            format!("out ended by {:?}: {hung_up}", Origin::Peer),
            format!("ended: {:?}", ConnectionEnd::ClosedByPeer),
        ];
        assert_eq!(words(&mut theirs).await?, expected_there);
        let told = next_of(&mut told, expected.len()).await?;
        let told: Vec<String> = told.iter().map(|EventReport(event)| word(event)).collect();
        assert_eq!(told, expected);
        let told = next_of(&mut told_there, expected_there.len()).await?;
        let told: Vec<String> = told.iter().map(|EventReport(event)| word(event)).collect();
        assert_eq!(told, expected_there);
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_slow_reader_misses_the_oldest_events_and_knows_how_many() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (_, mut slow) = scene.events().await?;
        let _out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let rounds = EVENTS_MAX;
        for _ in 0..rounds {
            scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
            scene.importer.send(Hangup::new("out")).await??;
        }
        let (_, mut later) = scene.events().await?;
        scene.importer.send(Close).await?;
        assert_eq!(words(&mut later).await?.len(), 1);
        let read = words(&mut slow).await?.len();
        // An opening and an end each round, and the end of all.
        assert_eq!(read, EVENTS_MAX);
        assert_eq!(slow.missed(), (2 * rounds + 1 - read) as u64);
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_stream_of_events_ends_when_its_exporter_or_importer_is_gone() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (mut theirs, mut ours) = scene.events().await?;
        scene.importer.send(Close).await?;
        words(&mut ours).await?;
        scene.exporter.send(Close).await?;
        words(&mut theirs).await?;
        drop(scene);
        assert!(ours.next_event().await.is_none());
        assert!(theirs.next_event().await.is_none());
        let exporter = Exporter::new(quick_config());
        let mut events = exporter.events();
        drop(exporter);
        assert!(events.next_event().await.is_none());
        Ok(())
    })
    .await
}

fn channel<'a>(channels: &'a [ChannelStatus], name: &str) -> TestResult<&'a ChannelStatus> {
    Ok(channels.iter().find(|channel| channel.name == name).ok_or("no such channel")?)
}

#[actix::test]
async fn the_status_of_both_sides_adds_up_after_lost_links() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        for round in 0..5 {
            out.send_all(numbers(4 * round..4 * round + 4)).await?;
            into.send_all(numbers(6 * round..6 * round + 6)).await?;
            take(&mut outward, 3).await?;
            take(&mut inward, 4).await?;
            scene.proxy.cut();
        }
        scene.importer.send(Sync { timeout: LONG }).await??;
        scene.exporter.send(Drain { timeout: LONG }).await??;
        let ours = scene.importers_status().await?;
        let theirs = scene.exporters_status().await?;
        assert_eq!(ours.session, theirs.session);
        assert!(ours.is_linked && theirs.is_linked);
        assert_eq!((ours.outstanding_values, theirs.outstanding_values), (0, 0));
        assert_eq!((ours.channels.len(), theirs.channels.len()), (2, 2));
        for (name, sent) in [("out", 20), ("in", 30)] {
            let (here, there) = (channel(&ours.channels, name)?, channel(&theirs.channels, name)?);
            assert_eq!((here.sent_values, there.sent_values), (sent, sent), "{name}");
            assert_eq!(here.sent_bytes, there.sent_bytes, "{name}");
            assert_eq!((here.received_values, there.received_values), (sent, sent), "{name}");
            assert_eq!(here.dir, there.dir.opposite());
            assert!(here.is_open && there.is_open);
            assert_eq!((here.redelivered_values, here.discarded_values), (0, 0));
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_status_without_a_link_says_so_and_lists_what_waits() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (_, mut ours) = scene.events().await?;
        let _inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        scene.proxy.cut_off();
        crate::support::wait_for!(ours, Event::LinkLost { .. });
        into.send_all(numbers(0..7)).await?;
        let status = scene.importers_status().await?;
        assert!(!status.is_linked);
        assert_eq!(status.outstanding_values, 7);
        assert_eq!(channel(&status.channels, "in")?.outstanding_values, 7);
        // One that has ended is not among them.
        scene.importer.send(Close).await?;
        scene.exporter.send(Close).await?;
        assert!(scene.importer.send(Status).await.is_err());
        Ok(())
    })
    .await
}
