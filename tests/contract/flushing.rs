//! Sync and Drain: both really wait, on both sides, and say how much is outstanding.

use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::prelude::*;
use netchan::net::FlushError;
use netchan::{Receiver, Sender};
use netchan_actix::messages::{
    Close, Disconnected, Drain, ExportReceiver, ExportSender, ImportReceiver,
};
use netchan_actix::messages::{ImportSender, Sync};

use crate::support::{LONG, Link, Number, Pair, Relay, SHORT, TestResult, guarded, is_waiting};
use crate::support::{numbers, take};

over_each_link!(
    after_a_sync_of_the_importer_all_values_are_there,
    after_a_sync_of_the_exporter_all_values_are_there,
    after_a_drain_of_the_importer_all_values_are_there,
    after_a_drain_of_the_exporter_all_values_are_there,
    a_sync_of_the_exporter_leaves_out_what_nobody_imports,
    a_drain_waits_for_values_without_an_importer,
    a_sync_says_how_many_values_the_window_holds_back,
    a_drain_waits_for_values_that_are_sent_meanwhile,
    nothing_to_wait_for_is_done_at_once,
    after_the_connection_was_closed_a_flush_is_an_error,
);

pub(crate) const SYNC: Sync = Sync { timeout: LONG };
pub(crate) const DRAIN: Drain = Drain { timeout: LONG };

pub(crate) fn outstanding(result: Result<(), FlushError>) -> TestResult<u64> {
    match result {
        Err(FlushError::TimedOut { outstanding_values }) => Ok(outstanding_values),
        other => Err(format!("not timed out: {other:?}").into()),
    }
}

pub(crate) async fn outward(
    pair: &Pair,
    size: u32,
) -> TestResult<(Sender<Number>, Receiver<Number>)> {
    let sender = pair.exporter.send(ExportSender::<Number>::new("out")).await??;
    let receiver = pair.importer.send(ImportReceiver::<Number>::new("out").size(size)).await??;
    Ok((sender, receiver))
}

pub(crate) async fn inward(
    pair: &Pair,
    size: u32,
) -> TestResult<(Sender<Number>, Receiver<Number>)> {
    let receiver = pair.exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let sender = pair.importer.send(ImportSender::<Number>::new("in").size(size)).await??;
    Ok((sender, receiver))
}

async fn after_a_sync_of_the_importer_all_values_are_there(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, receiver) = inward(&pair, 100).await?;
    sender.send_all(numbers(0..100)).await?;
    pair.importer.send(SYNC).await??;
    assert_eq!(receiver.len(), 100);
    Ok(())
}

async fn after_a_sync_of_the_exporter_all_values_are_there(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, receiver) = outward(&pair, 100).await?;
    sender.send_all(numbers(0..100)).await?;
    pair.exporter.send(SYNC).await??;
    assert_eq!(receiver.len(), 100);
    Ok(())
}

async fn after_a_drain_of_the_importer_all_values_are_there(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, receiver) = inward(&pair, 100).await?;
    sender.send_all(numbers(0..100)).await?;
    pair.importer.send(DRAIN).await??;
    assert_eq!(receiver.len(), 100);
    Ok(())
}

async fn after_a_drain_of_the_exporter_all_values_are_there(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, receiver) = outward(&pair, 100).await?;
    sender.send_all(numbers(0..100)).await?;
    pair.exporter.send(DRAIN).await??;
    assert_eq!(receiver.len(), 100);
    Ok(())
}

async fn a_sync_of_the_exporter_leaves_out_what_nobody_imports(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let waiting = pair.exporter.send(ExportSender::<Number>::new("waiting")).await??;
    waiting.send_all(numbers(0..3)).await?;
    let (sender, receiver) = outward(&pair, 10).await?;
    sender.send_all(numbers(0..10)).await?;
    pair.exporter.send(SYNC).await??;
    assert_eq!(receiver.len(), 10);
    Ok(())
}

async fn a_drain_waits_for_values_without_an_importer(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let sender = pair.exporter.send(ExportSender::<Number>::new("out")).await??;
    sender.send_all(numbers(0..3)).await?;
    let short = pair.exporter.send(Drain { timeout: SHORT }).await?;
    assert_eq!(outstanding(short)?, 3);
    let drain = async { Ok::<_, Box<dyn std::error::Error>>(pair.exporter.send(DRAIN).await??) };
    let import = async {
        let receiver: Receiver<Number> =
            pair.importer.send(ImportReceiver::<Number>::new("out")).await??;
        TestResult::Ok(receiver)
    };
    let (drained, receiver) = tokio::join!(drain, import);
    drained?;
    assert_eq!(receiver?.len(), 3);
    Ok(())
}

async fn a_sync_says_how_many_values_the_window_holds_back(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (out, mut out_received) = outward(&pair, 4).await?;
    out.send_all(numbers(0..4)).await?;
    pair.exporter.send(SYNC).await??;
    // Six wait for room.
    out.send_all(numbers(4..10)).await?;
    assert_eq!(outstanding(pair.exporter.send(Sync { timeout: SHORT }).await?)?, 6);
    assert_eq!(outstanding(pair.exporter.send(Drain { timeout: SHORT }).await?)?, 6);
    let (synced, taken) = tokio::join!(pair.exporter.send(SYNC), take(&mut out_received, 10));
    synced??;
    assert_eq!(taken?, numbers(0..10));
    Ok(())
}

async fn a_drain_waits_for_values_that_are_sent_meanwhile(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (out, mut out_received) = outward(&pair, 2).await?;
    out.send_all(numbers(0..2)).await?;
    pair.exporter.send(SYNC).await??;
    out.send_all(numbers(2..4)).await?;
    let mut draining = Box::pin(pair.exporter.send(DRAIN));
    assert!(is_waiting(&mut draining).await);
    // The actor has begun to drain when it answers a later message.
    let begun = pair.exporter.send(Sync { timeout: SHORT }).await?;
    assert_eq!(outstanding(begun)?, 2);
    out.send_all(numbers(4..8)).await?;
    // Room for the two that waited at first is not enough.
    assert_eq!(take(&mut out_received, 2).await?, numbers(0..2));
    let meanwhile = pair.exporter.send(Drain { timeout: SHORT }).await?;
    // Two of them have room, and may have been received.
    assert!((4..=6).contains(&outstanding(meanwhile)?));
    assert!(is_waiting(&mut draining).await);
    let (drained, taken) = tokio::join!(draining, take(&mut out_received, 6));
    drained??;
    assert_eq!(taken?, numbers(2..8));
    Ok(())
}

async fn nothing_to_wait_for_is_done_at_once(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (out, _out_received) = outward(&pair, 4).await?;
    let (_in, _in_received) = inward(&pair, 4).await?;
    pair.exporter.send(SYNC).await??;
    pair.exporter.send(DRAIN).await??;
    pair.importer.send(SYNC).await??;
    pair.importer.send(DRAIN).await??;
    drop(out);
    pair.exporter.send(DRAIN).await??;
    Ok(())
}

async fn after_the_connection_was_closed_a_flush_is_an_error(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (_sender, _receiver) = inward(&pair, 4).await?;
    pair.exporter.send(Close).await?;
    pair.importer.send(Disconnected).await?;
    for result in [pair.importer.send(SYNC).await?, pair.importer.send(DRAIN).await?] {
        assert!(
            matches!(result, Err(FlushError::Disconnected { outstanding_values: 0, .. })),
            "{result:?}"
        );
    }
    Ok(())
}

/// Five values are held back on the link: a sync that returned at once would say that they have
/// been received. Then acknowledgements are held back: it cannot know.
async fn a_sync_is_not_done_before<A, M>(
    actor: &Addr<A>,
    message: impl Fn(Duration) -> M,
    receiver: &mut Receiver<Number>,
    values: &mut crate::support::Valve,
    acknowledgements: &crate::support::Valve,
) -> TestResult
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message<Result = Result<(), FlushError>> + Send + 'static,
{
    values.holds_something().await?;
    assert_eq!(outstanding(actor.send(message(SHORT)).await?)?, 5);
    assert_eq!(receiver.len(), 0);
    acknowledgements.shut();
    values.open();
    assert_eq!(take(receiver, 5).await?, numbers(0..5));
    // They were there, but that is not known here.
    assert_eq!(outstanding(actor.send(message(SHORT)).await?)?, 5);
    acknowledgements.open();
    actor.send(message(LONG)).await??;
    Ok(())
}

#[actix::test]
async fn a_sync_of_the_importer_waits_for_a_stalled_link() -> TestResult {
    guarded(async {
        let (pair, mut relay) = Relay::pair().await?;
        let (sender, mut receiver) = inward(&pair, 5).await?;
        relay.to_exporter.shut();
        sender.send_all(numbers(0..5)).await?;
        let (values, acks) = (&mut relay.to_exporter, &relay.to_importer);
        let sync = |timeout| Sync { timeout };
        a_sync_is_not_done_before(&pair.importer, sync, &mut receiver, values, acks).await
    })
    .await
}

#[actix::test]
async fn a_sync_of_the_exporter_waits_for_a_stalled_link() -> TestResult {
    guarded(async {
        let (pair, mut relay) = Relay::pair().await?;
        let (sender, mut receiver) = outward(&pair, 5).await?;
        relay.to_importer.shut();
        sender.send_all(numbers(0..5)).await?;
        let (values, acks) = (&mut relay.to_importer, &relay.to_exporter);
        let sync = |timeout| Sync { timeout };
        a_sync_is_not_done_before(&pair.exporter, sync, &mut receiver, values, acks).await
    })
    .await
}

#[actix::test]
async fn a_drain_of_the_importer_waits_for_a_stalled_link() -> TestResult {
    guarded(async {
        let (pair, mut relay) = Relay::pair().await?;
        let (sender, mut receiver) = inward(&pair, 5).await?;
        relay.to_exporter.shut();
        sender.send_all(numbers(0..5)).await?;
        let (values, acks) = (&mut relay.to_exporter, &relay.to_importer);
        let drain = |timeout| Drain { timeout };
        a_sync_is_not_done_before(&pair.importer, drain, &mut receiver, values, acks).await
    })
    .await
}

#[actix::test]
async fn a_drain_of_the_exporter_waits_for_a_stalled_link() -> TestResult {
    guarded(async {
        let (pair, mut relay) = Relay::pair().await?;
        let (sender, mut receiver) = outward(&pair, 5).await?;
        relay.to_importer.shut();
        sender.send_all(numbers(0..5)).await?;
        let (values, acks) = (&mut relay.to_importer, &relay.to_exporter);
        let drain = |timeout| Drain { timeout };
        a_sync_is_not_done_before(&pair.exporter, drain, &mut receiver, values, acks).await
    })
    .await
}

#[actix::test]
async fn a_sync_does_not_wait_for_values_that_are_sent_later() -> TestResult {
    guarded(async {
        let (pair, mut relay) = Relay::pair().await?;
        let (sender, receiver) = inward(&pair, 4).await?;
        relay.to_importer.shut();
        sender.send_all(numbers(0..2)).await?;
        let syncing = actix::spawn(pair.importer.send(SYNC));
        // It has begun when a later message has been handled.
        assert_eq!(outstanding(pair.importer.send(Sync { timeout: SHORT }).await?)?, 2);
        relay.to_exporter.shut();
        sender.send_all(numbers(2..4)).await?;
        relay.to_exporter.holds_something().await?;
        relay.to_importer.open();
        syncing.await???;
        assert_eq!(receiver.len(), 2);
        assert_eq!(outstanding(pair.importer.send(Sync { timeout: SHORT }).await?)?, 2);
        Ok(())
    })
    .await
}
