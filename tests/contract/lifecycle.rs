//! Actors that restart, panic, close and leave, and what becomes of their connections.

use actix::prelude::*;
use netchan::channel::{Origin, Reason};
use netchan::net::{Config, ConnectionEnd, ExportError, ImportError, RecvSettings};
use netchan_actix::messages::ExportSender;
use netchan_actix::messages::{Close, Connections, Disconnected, Errors, ExportReceiver};
use netchan_actix::messages::{Hangup, ImportReceiver, ImportSender, ListenAndServe, Sync};
use netchan_actix::{ConnectionActor, ExporterActor, ImporterActor};

use crate::support::{LONG, Link, Number, Pair, Relay, Stop, TestResult, closed, end_of, exporter};
use crate::support::{guarded, joined, numbers, take};

over_each_link!(
    closing_the_importer_ends_the_channels_on_both_sides,
    closing_the_exporter_ends_the_channels_on_both_sides,
    an_exporter_counts_the_connections_that_last,
    a_connection_s_own_actor_closes_it_alone,
    a_connection_lives_on_with_its_channels_alone,
);

#[actix::test]
async fn a_supervised_exporter_restarts_with_all_it_had() -> TestResult {
    guarded(async {
        let exporter = Supervisor::start(|_| ExporterActor::new(Config::default()));
        let sender = exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut receiver = exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
        let importer = ImporterActor::connect(&address, Config::default()).await?;
        let mut out = importer.send(ImportReceiver::<Number>::new("out").size(1)).await??;
        let into = importer.send(ImportSender::<Number>::new("in")).await??;
        for round in 0..3 {
            exporter.send(Stop).await?;
            // Channels and connections.
            sender.send(Number(round)).await?;
            assert_eq!(out.recv().await?, Number(round));
            into.send(Number(round)).await?;
            assert_eq!(receiver.recv().await?, Number(round));
            let again = exporter.send(ExportSender::<Number>::new("out")).await?;
            assert!(matches!(again, Err(ExportError::DuplicateName { .. })));
            assert_eq!(exporter.send(Connections).await?.len(), 1);
            exporter.send(Sync { timeout: LONG }).await??;
            // Listeners.
            let other = ImporterActor::connect(&address, Config::default()).await?;
            let late = other.send(ImportSender::<Number>::new("in")).await??;
            late.send(Number(100)).await?;
            assert_eq!(receiver.recv().await?, Number(100));
            let connections = exporter.send(Connections).await?;
            assert_eq!(connections.len(), 2);
            other.send(Close).await?;
            one_ends(&connections).await?;
        }
        Ok(())
    })
    .await
}

/// Waits until one of an exporter's connections has ended because its importer left.
async fn one_ends(connections: &[Addr<ConnectionActor>]) -> TestResult {
    let ends = connections.iter().map(|connection| Box::pin(connection.send(Disconnected)));
    match futures::future::select_all(ends).await.0 {
        Ok(ConnectionEnd::ClosedByPeer) | Err(MailboxError::Closed) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// A user's actor that panics when it is told to.
struct Fragile;

impl Actor for Fragile {
    type Context = Context<Self>;
}

impl Handler<Number> for Fragile {
    type Result = ();

    fn handle(&mut self, number: Number, _: &mut Context<Self>) {
        assert!(number.0 < 13, "a handler that panics, as the test wants");
    }
}

#[actix::test]
async fn a_handler_that_panics_in_another_arbiter_ends_its_channel_alone() -> TestResult {
    guarded(async {
        let Pair { exporter, importer } = Link::Tcp.pair().await?;
        let arbiter = Arbiter::new();
        let fragile = Fragile::start_in_arbiter(&arbiter.handle(), |_| Fragile);
        let export = ExportReceiver::<Number>::new("fragile").deliver_to(fragile.recipient());
        exporter.send(export).await??;
        let sender = importer.send(ImportSender::<Number>::new("fragile")).await??;
        let other = exporter.send(ExportSender::<Number>::new("other")).await??;
        let mut received = importer.send(ImportReceiver::<Number>::new("other")).await??;
        sender.send_all(numbers(0..14)).await?;
        assert_eq!(sender.closed().await, closed(Origin::Peer, Reason::ReceiverDropped));
        other.send(Number(1)).await?;
        assert_eq!(received.recv().await?, Number(1));
        importer.send(Sync { timeout: LONG }).await??;
        Ok(())
    })
    .await
}

async fn closing_the_importer_ends_the_channels_on_both_sides(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let out = exporter.send(ExportSender::<Number>::new("out")).await??;
    let stays = RecvSettings::default().stays_open();
    let export = ExportReceiver::<Number>::new("in").settings(stays);
    let mut into = exporter.send(export).await??;
    let mut out_received = importer.send(ImportReceiver::<Number>::new("out")).await??;
    let in_sender = importer.send(ImportSender::<Number>::new("in")).await??;
    let waiting = importer.send(Disconnected);
    let (end, done) = tokio::join!(waiting, importer.send(Close));
    assert!(matches!(end?, ConnectionEnd::ClosedHere));
    done?;
    let here = closed(Origin::Local, Reason::ConnectionClosed);
    assert_eq!(in_sender.closed().await, here);
    assert_eq!(end_of(&mut out_received).await?, here);
    assert!(importer.send(Hangup::new("out")).await.is_err(), "it has stopped");
    // What an exporter sends, and what it keeps open, is there for whoever comes next.
    assert!(!out.is_closed());
    assert!(!into.is_closed());
    let next = link.importer_of(&exporter).await?;
    let again = next.send(ImportSender::<Number>::new("in")).await??;
    again.send(Number(1)).await?;
    assert_eq!(into.recv().await?, Number(1));
    Ok(())
}

async fn closing_the_exporter_ends_the_channels_on_both_sides(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let out = exporter.send(ExportSender::<Number>::new("out")).await??;
    let mut into = exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let mut out_received = importer.send(ImportReceiver::<Number>::new("out")).await??;
    let in_sender = importer.send(ImportSender::<Number>::new("in")).await??;
    let (end, done) = tokio::join!(importer.send(Disconnected), exporter.send(Close));
    assert!(matches!(end?, ConnectionEnd::ClosedByPeer));
    done?;
    let there = closed(Origin::Peer, Reason::ConnectionClosed);
    assert_eq!(in_sender.closed().await, there);
    assert_eq!(end_of(&mut out_received).await?, there);
    let here = closed(Origin::Local, Reason::ConnectionClosed);
    assert_eq!(out.closed().await, here);
    assert_eq!(end_of(&mut into).await?, here);
    let refused = importer.send(ImportReceiver::<Number>::new("out")).await?;
    assert!(matches!(refused, Err(ImportError::Disconnected(ConnectionEnd::ClosedByPeer))));
    Ok(())
}

async fn an_exporter_counts_the_connections_that_last(link: Link) -> TestResult {
    let exporter = exporter();
    let mut importers = Vec::new();
    for _ in 0..3 {
        importers.push(link.importer_of(&exporter).await?);
    }
    let connections = exporter.send(Connections).await?;
    assert_eq!(connections.len(), 3);
    let leaves = importers.pop().ok_or("there are three")?;
    leaves.send(Close).await?;
    one_ends(&connections).await?;
    assert_eq!(exporter.send(Connections).await?.len(), 2);
    Ok(())
}

async fn a_connection_s_own_actor_closes_it_alone(link: Link) -> TestResult {
    let exporter = exporter();
    let sender = exporter.send(ExportSender::<Number>::new("out")).await??;
    let (near, far) = link.streams().await?;
    let (closes, connection) = joined(&exporter, far, near).await?;
    let stays = link.importer_of(&exporter).await?;
    let mut ends = closes.send(ImportReceiver::<Number>::new("out")).await??;
    let waiting = connection.send(Disconnected);
    let (done, end) = tokio::join!(connection.send(Close), waiting);
    assert!(matches!(done, Ok(()) | Err(MailboxError::Closed)), "{done:?}");
    assert!(matches!(end, Ok(ConnectionEnd::ClosedHere) | Err(MailboxError::Closed)), "{end:?}");
    assert!(matches!(closes.send(Disconnected).await?, ConnectionEnd::ClosedByPeer));
    assert_eq!(end_of(&mut ends).await?, closed(Origin::Peer, Reason::ConnectionClosed));
    let mut goes_on = stays.send(ImportReceiver::<Number>::new("out")).await??;
    sender.send(Number(1)).await?;
    assert_eq!(goes_on.recv().await?, Number(1));
    Ok(())
}

async fn a_connection_lives_on_with_its_channels_alone(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let sender = exporter.send(ExportSender::<Number>::new("out")).await??;
    let mut receiver = importer.send(ImportReceiver::<Number>::new("out")).await??;
    let connections = exporter.send(Connections).await?;
    drop(importer);
    sender.send_all(numbers(0..3)).await?;
    assert_eq!(take(&mut receiver, 3).await?, numbers(0..3));
    drop(receiver);
    // Nobody has a use for it any more.
    one_ends(&connections).await
}

#[actix::test]
async fn a_cut_link_ends_its_channels_and_no_others() -> TestResult {
    guarded(async {
        let (Pair { exporter, importer }, relay) = Relay::pair().await?;
        let stays = Link::Tcp.importer_of(&exporter).await?;
        let sender = exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut receiver = exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let mut lost = importer.send(ImportReceiver::<Number>::new("out").size(1)).await??;
        let in_lost = importer.send(ImportSender::<Number>::new("in")).await??;
        let in_stays = stays.send(ImportSender::<Number>::new("in")).await??;
        let mut errors = exporter.send(Errors).await?;
        relay.cut();
        errors.next_report().await.ok_or("no report")?;
        let end = importer.send(Disconnected).await?;
        assert!(!end.is_regular(), "{end}");
        assert_eq!(end_of(&mut lost).await?.origin, Origin::Link);
        assert!(matches!(in_lost.closed().await.reason, Reason::ConnectionLost(_)));
        in_stays.send(Number(1)).await?;
        assert_eq!(receiver.recv().await?, Number(1));
        let mut other = stays.send(ImportReceiver::<Number>::new("out")).await??;
        sender.send(Number(2)).await?;
        assert_eq!(other.recv().await?, Number(2));
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_exporter_s_connection_has_messages_of_its_own() -> TestResult {
    guarded(async {
        let exporter = exporter();
        let (near, far) = Link::Tcp.streams().await?;
        let (importer, connection) = joined(&exporter, far, near).await?;
        let other = Link::Tcp.importer_of(&exporter).await?;
        let sender = exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut receiver = importer.send(ImportReceiver::<Number>::new("out")).await??;
        sender.send(Number(0)).await?;
        connection.send(Sync { timeout: LONG }).await??;
        assert_eq!(receiver.len(), 1);
        assert_eq!(receiver.recv().await?, Number(0));
        // There is nothing to import from an importer, and nothing is hurt by that.
        let none = connection.send(ImportReceiver::<Number>::new("out")).await?;
        assert!(none.is_err(), "{none:?}");
        sender.send(Number(1)).await?;
        assert_eq!(receiver.recv().await?, Number(1));
        // Hangs up on this importer alone.
        connection.send(Hangup::new("out")).await??;
        assert_eq!(end_of(&mut receiver).await?, closed(Origin::Peer, Reason::HungUp));
        assert!(!sender.is_closed());
        let mut receiver = other.send(ImportReceiver::<Number>::new("out")).await??;
        sender.send(Number(2)).await?;
        assert_eq!(receiver.recv().await?, Number(2));
        Ok(())
    })
    .await
}
