//! The bounded stream of errors, and Go's rule about errors that nobody reads.

use actix::prelude::*;
use futures::StreamExt;
use netchan::limits::REPORTS_MAX;
use netchan::net::{Config, ConnectionEnd, ImportError, Report, UnreadReports};
use netchan_actix::ImporterActor;
use netchan_actix::messages::{Close, Disconnected, Errors, ExportSender, ImportReceiver};
use netchan_actix::messages::{ErrorReport, ServeConnection, Subscribe};

use crate::support::{Collector, Link, Pair, Relay, TestResult, exporter, guarded, next};

over_each_link!(
    too_many_unread_errors_shut_the_importer_down,
    errors_that_are_read_shut_nothing_down,
    with_the_other_rule_the_oldest_errors_are_dropped,
    the_error_stream_ends_with_its_importer,
    the_error_stream_ends_with_its_exporter,
);

/// Has an import refused, which is reported.
async fn be_refused(importer: &Addr<ImporterActor>) -> TestResult {
    let refused = importer.send(ImportReceiver::<u8>::new("unknown")).await?;
    match refused {
        Err(ImportError::UnknownName { .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

async fn too_many_unread_errors_shut_the_importer_down(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    for _ in 0..REPORTS_MAX {
        be_refused(&importer).await?;
    }
    let sender = exporter.send(ExportSender::<u8>::new("bytes")).await??;
    let mut receiver = importer.send(ImportReceiver::<u8>::new("bytes")).await??;
    sender.send(1).await?;
    assert_eq!(receiver.recv().await?, 1, "so many may be unread");

    let _one_too_many = importer.send(ImportReceiver::<u8>::new("unknown")).await?;
    let end = importer.send(Disconnected).await?;
    assert!(matches!(end, ConnectionEnd::UnreadReports { reports: REPORTS_MAX }), "{end}");
    assert!(receiver.recv().await.is_err());
    let refused = importer.send(ImportReceiver::<u8>::new("bytes")).await?;
    assert!(matches!(refused, Err(ImportError::Disconnected(ConnectionEnd::UnreadReports { .. }))));
    // The exporter serves others.
    let other = link.importer_of(&exporter).await?;
    let mut receiver = other.send(ImportReceiver::<u8>::new("bytes")).await??;
    sender.send(2).await?;
    assert_eq!(receiver.recv().await?, 2);
    Ok(())
}

async fn errors_that_are_read_shut_nothing_down(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let mut errors = importer.send(Errors).await?;
    for _ in 0..3 * REPORTS_MAX {
        be_refused(&importer).await?;
        let report = errors.next().await.ok_or("no report")?;
        assert!(matches!(report, Report::ImportRefused { .. }), "{report}");
    }
    assert_eq!(errors.dropped(), 0);
    let _sender = exporter.send(ExportSender::<u8>::new("bytes")).await??;
    importer.send(ImportReceiver::<u8>::new("bytes")).await??;
    Ok(())
}

async fn with_the_other_rule_the_oldest_errors_are_dropped(link: Link) -> TestResult {
    let exporter = exporter();
    let (ours, theirs) = link.streams().await?;
    let (_, importer) = tokio::join!(
        exporter.send(ServeConnection(theirs)),
        ImporterActor::over_with(ours, Config::default(), UnreadReports::DropOldest)
    );
    let importer = importer?;
    for _ in 0..3 * REPORTS_MAX {
        be_refused(&importer).await?;
    }
    let _sender = exporter.send(ExportSender::<u8>::new("bytes")).await??;
    importer.send(ImportReceiver::<u8>::new("bytes")).await??;
    let mut errors = importer.send(Errors).await?;
    assert_eq!(errors.dropped(), 2 * REPORTS_MAX as u64);
    for _ in 0..REPORTS_MAX {
        errors.next_report().await.ok_or("no report")?;
    }
    Ok(())
}

#[actix::test]
async fn a_peer_that_causes_many_errors_ends_nobody_s_connection() -> TestResult {
    guarded(async {
        let exporter = exporter();
        let importer = Link::Tcp.importer_of(&exporter).await?;
        let mut errors = importer.send(Errors).await?;
        for _ in 0..3 * REPORTS_MAX {
            be_refused(&importer).await?;
            errors.next_report().await.ok_or("no report")?;
        }
        let sender = exporter.send(ExportSender::<u8>::new("bytes")).await??;
        let mut receiver = importer.send(ImportReceiver::<u8>::new("bytes")).await??;
        sender.send(7).await?;
        assert_eq!(receiver.recv().await?, 7);
        let dropped = exporter.send(Errors).await?.dropped();
        assert_eq!(dropped, 2 * REPORTS_MAX as u64);
        Ok(())
    })
    .await
}

async fn the_error_stream_ends_with_its_importer(link: Link) -> TestResult {
    let Pair { exporter: _exporter, importer } = link.pair().await?;
    let mut errors = importer.send(Errors).await?;
    be_refused(&importer).await?;
    importer.send(Close).await?;
    assert!(matches!(errors.next_report().await, Some(Report::ImportRefused { .. })));
    assert!(errors.next_report().await.is_none(), "no more errors come");
    Ok(())
}

async fn the_error_stream_ends_with_its_exporter(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let mut errors = exporter.send(Errors).await?;
    be_refused(&importer).await?;
    exporter.send(Close).await?;
    assert!(matches!(errors.next_report().await, Some(Report::ImportRefused { .. })));
    assert!(errors.next_report().await.is_none(), "no more errors come");
    Ok(())
}

#[actix::test]
async fn a_lost_link_is_reported_on_both_sides_with_what_is_unconfirmed() -> TestResult {
    guarded(async {
        let (Pair { exporter, importer }, mut relay) = Relay::pair().await?;
        let sender = exporter.send(ExportSender::<u8>::new("bytes")).await??;
        let _receiver = importer.send(ImportReceiver::<u8>::new("bytes")).await??;
        let (there, mut at_exporter) = Collector::<ErrorReport>::start();
        let (here, mut at_importer) = Collector::<ErrorReport>::start();
        exporter.send(Subscribe(there.recipient())).await?;
        importer.send(Subscribe(here.recipient())).await?;
        relay.to_importer.shut();
        sender.send_all([1, 2, 3]).await?;
        relay.to_importer.holds_something().await?;
        relay.cut();
        let ErrorReport(report) = next(&mut at_exporter).await?;
        assert!(matches!(report, Report::Disconnected { unconfirmed_values: 3, .. }), "{report:?}");
        let ErrorReport(report) = next(&mut at_importer).await?;
        assert!(matches!(report, Report::Disconnected { unconfirmed_values: 0, .. }), "{report:?}");
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_failed_handshake_is_reported() -> TestResult {
    guarded(async {
        let exporter = exporter();
        let mut errors = exporter.send(Errors).await?;
        let (ours, theirs) = Link::Tcp.streams().await?;
        drop(ours);
        let refused = exporter.send(ServeConnection(theirs)).await?;
        assert!(refused.is_err());
        let report = errors.next_report().await.ok_or("no report")?;
        assert!(matches!(report, Report::HandshakeFailed { .. }), "{report}");
        Ok(())
    })
    .await
}

/// A subscriber that never gets done with the first error.
struct Stuck;

impl Actor for Stuck {
    type Context = Context<Self>;
}

impl Handler<ErrorReport> for Stuck {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: ErrorReport, _: &mut Context<Self>) -> Self::Result {
        Box::pin(std::future::pending())
    }
}

#[actix::test]
async fn a_subscriber_that_does_not_handle_its_errors_does_not_read_them() -> TestResult {
    guarded(async {
        let Pair { exporter: _exporter, importer } = Link::Tcp.pair().await?;
        importer.send(Subscribe(Stuck.start().recipient())).await?;
        // One is in its hands, the others wait.
        for _ in 0..=REPORTS_MAX {
            be_refused(&importer).await?;
        }
        let _one_too_many = importer.send(ImportReceiver::<u8>::new("unknown")).await?;
        let end = importer.send(Disconnected).await?;
        assert!(matches!(end, ConnectionEnd::UnreadReports { .. }), "{end}");
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_subscriber_that_is_gone_leaves_the_errors_to_the_others() -> TestResult {
    guarded(async {
        let Pair { exporter: _exporter, importer } = Link::Tcp.pair().await?;
        let (leaves, first) = Collector::<ErrorReport>::start();
        importer.send(Subscribe(leaves.recipient())).await?;
        let (stays, mut received) = Collector::<ErrorReport>::start();
        importer.send(Subscribe(stays.recipient())).await?;
        // Its next message ends the first one.
        drop(first);
        for _ in 0..3 * REPORTS_MAX {
            be_refused(&importer).await?;
            next(&mut received).await?;
        }
        Ok(())
    })
    .await
}
