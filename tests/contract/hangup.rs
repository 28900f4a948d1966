//! Hanging up: a channel is dissociated and ends on both sides, whoever asks.

use actix::dev::ToEnvelope;
use actix::prelude::*;
use netchan::channel::{Origin, Reason, TryRecvError};
use netchan::net::{HangupError, HangupReport, ImportError, SendSettings};
use netchan::{Receiver, Sender};
use netchan_actix::messages::{ExportReceiver, ExportSender, Hangup, ImportReceiver};
use netchan_actix::messages::{ImportSender, Sync};

use crate::support::{LONG, Link, Number, Pair, Relay, TestResult, closed, end_of, guarded};
use crate::support::{numbers, take};

over_each_link!(
    an_exporter_hangs_up_on_a_channel_that_sends,
    an_exporter_hangs_up_on_a_channel_that_receives,
    an_importer_hangs_up_on_a_channel_that_sends,
    an_importer_hangs_up_on_a_channel_that_receives,
    an_exporter_hangs_up_on_all_importers,
    an_importer_hangs_up_for_itself_alone,
    after_a_hangup_the_name_is_free,
    other_channels_live_on_after_a_hangup,
    a_hangup_says_how_many_values_it_discards,
);

/// From the exporter to the importer.
async fn outward(pair: &Pair) -> TestResult<(Sender<Number>, Receiver<Number>)> {
    let sender = pair.exporter.send(ExportSender::<Number>::new("numbers")).await??;
    let mut receiver = pair.importer.send(ImportReceiver::<Number>::new("numbers")).await??;
    sender.send_all(numbers(0..3)).await?;
    assert_eq!(take(&mut receiver, 3).await?, numbers(0..3));
    Ok((sender, receiver))
}

/// From the importer to the exporter.
async fn inward(pair: &Pair) -> TestResult<(Sender<Number>, Receiver<Number>)> {
    let mut receiver = pair.exporter.send(ExportReceiver::<Number>::new("numbers")).await??;
    let sender = pair.importer.send(ImportSender::<Number>::new("numbers")).await??;
    sender.send_all(numbers(0..3)).await?;
    assert_eq!(take(&mut receiver, 3).await?, numbers(0..3));
    Ok((sender, receiver))
}

/// Hangs up twice: the second time there is nothing to hang up on.
async fn hang_up_twice<A>(actor: &Addr<A>) -> TestResult<HangupReport>
where
    A: Actor + Handler<Hangup>,
    A::Context: ToEnvelope<A, Hangup>,
{
    let report = actor.send(Hangup::new("numbers")).await??;
    let again = actor.send(Hangup::new("numbers")).await?;
    assert!(matches!(again, Err(HangupError::UnknownName { name }) if name == "numbers"));
    Ok(report)
}

fn hung_up(by: Origin) -> netchan::channel::Closed {
    closed(by, Reason::HungUp)
}

async fn an_exporter_hangs_up_on_a_channel_that_sends(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, mut receiver) = outward(&pair).await?;
    assert_eq!(hang_up_twice(&pair.exporter).await?.discarded_values, 0);
    assert_eq!(sender.closed_by(), Some(hung_up(Origin::Local)));
    assert!(sender.send(Number(4)).await.is_err());
    assert_eq!(end_of(&mut receiver).await?, hung_up(Origin::Peer));
    Ok(())
}

async fn an_exporter_hangs_up_on_a_channel_that_receives(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, mut receiver) = inward(&pair).await?;
    assert_eq!(hang_up_twice(&pair.exporter).await?.discarded_values, 0);
    assert_eq!(receiver.closed_by(), Some(hung_up(Origin::Local)));
    assert_eq!(end_of(&mut receiver).await?, hung_up(Origin::Local));
    assert_eq!(sender.closed().await, hung_up(Origin::Peer));
    assert!(sender.send(Number(4)).await.is_err());
    Ok(())
}

async fn an_importer_hangs_up_on_a_channel_that_sends(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, mut receiver) = inward(&pair).await?;
    assert_eq!(hang_up_twice(&pair.importer).await?.discarded_values, 0);
    assert_eq!(sender.closed_by(), Some(hung_up(Origin::Local)));
    assert!(sender.send(Number(4)).await.is_err());
    // An exporter may have other importers, and this one may come again.
    let sender = pair.importer.send(ImportSender::<Number>::new("numbers")).await??;
    sender.send(Number(5)).await?;
    assert_eq!(receiver.recv().await?, Number(5));
    Ok(())
}

async fn an_importer_hangs_up_on_a_channel_that_receives(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, mut receiver) = outward(&pair).await?;
    assert_eq!(hang_up_twice(&pair.importer).await?.discarded_values, 0);
    assert_eq!(receiver.closed_by(), Some(hung_up(Origin::Local)));
    assert_eq!(end_of(&mut receiver).await?, hung_up(Origin::Local));
    let mut again = pair.importer.send(ImportReceiver::<Number>::new("numbers")).await??;
    sender.send(Number(5)).await?;
    assert_eq!(again.recv().await?, Number(5));
    Ok(())
}

async fn an_exporter_hangs_up_on_all_importers(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (_sender, mut first) = outward(&pair).await?;
    let other = link.importer_of(&pair.exporter).await?;
    let mut second: Receiver<Number> =
        other.send(ImportReceiver::<Number>::new("numbers")).await??;
    pair.exporter.send(Hangup::new("numbers")).await??;
    assert_eq!(end_of(&mut first).await?, hung_up(Origin::Peer));
    assert_eq!(end_of(&mut second).await?, hung_up(Origin::Peer));
    Ok(())
}

async fn an_importer_hangs_up_for_itself_alone(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, mut first) = outward(&pair).await?;
    let other = link.importer_of(&pair.exporter).await?;
    let mut second = other.send(ImportReceiver::<Number>::new("numbers")).await??;
    pair.importer.send(Hangup::new("numbers")).await??;
    assert_eq!(end_of(&mut first).await?, hung_up(Origin::Local));
    assert!(!sender.is_closed());
    sender.send_all(numbers(3..6)).await?;
    assert_eq!(take(&mut second, 3).await?, numbers(3..6));
    Ok(())
}

async fn after_a_hangup_the_name_is_free(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (_old_sender, _old_receiver) = outward(&pair).await?;
    pair.exporter.send(Hangup::new("numbers")).await??;
    let refused = pair.importer.send(ImportReceiver::<Number>::new("numbers")).await?;
    assert!(matches!(refused, Err(ImportError::UnknownName { .. })), "{refused:?}");
    // With the other direction, and another type.
    let mut receiver = pair.exporter.send(ExportReceiver::<String>::new("numbers")).await??;
    let sender = pair.importer.send(ImportSender::<String>::new("numbers")).await??;
    sender.send("seven".into()).await?;
    assert_eq!(receiver.recv().await?, "seven");
    Ok(())
}

async fn other_channels_live_on_after_a_hangup(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (_sender, _receiver) = outward(&pair).await?;
    let other = pair.exporter.send(ExportSender::<u8>::new("other")).await??;
    let mut received = pair.importer.send(ImportReceiver::<u8>::new("other")).await??;
    pair.importer.send(Hangup::new("numbers")).await??;
    pair.exporter.send(Hangup::new("numbers")).await??;
    other.send(1).await?;
    assert_eq!(received.recv().await?, 1);
    let unknown = pair.exporter.send(Hangup::new("unknown")).await?;
    assert!(matches!(unknown, Err(HangupError::UnknownName { .. })));
    let unknown = pair.importer.send(Hangup::new("unknown")).await?;
    assert!(matches!(unknown, Err(HangupError::UnknownName { .. })));
    Ok(())
}

async fn a_hangup_says_how_many_values_it_discards(link: Link) -> TestResult {
    let pair = link.pair().await?;
    // Six values that nobody imports.
    let sender = pair.exporter.send(ExportSender::<Number>::new("queued")).await??;
    sender.send_all(numbers(0..6)).await?;
    let report = pair.exporter.send(Hangup::new("queued")).await??;
    assert_eq!(report.discarded_values, 6);

    // Four values have been received there, and were not taken when this side hung up.
    let mut receiver = pair.exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let sender = pair.importer.send(ImportSender::<Number>::new("in").size(4)).await??;
    sender.send_all(numbers(0..4)).await?;
    pair.importer.send(Sync { timeout: LONG }).await??;
    let report = pair.importer.send(Hangup::new("in")).await??;
    let left = receiver.len() as u64;
    assert_eq!(report.discarded_values + left, 4, "{left} can be taken still");
    let taken = take(&mut receiver, left as usize).await?;
    assert_eq!(taken, numbers(0..left));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    Ok(())
}

#[actix::test]
async fn values_that_a_hangup_overtakes_are_counted_once() -> TestResult {
    guarded(async {
        let (Pair { exporter, importer }, mut relay) = Relay::pair().await?;
        let settings = SendSettings::default().capacity_values(100);
        let sender =
            exporter.send(ExportSender::<Number>::new("numbers").settings(settings)).await??;
        let mut receiver =
            importer.send(ImportReceiver::<Number>::new("numbers").size(4)).await??;
        relay.to_importer.shut();
        // Four are on their way and six wait for the window.
        sender.send_all(numbers(0..10)).await?;
        relay.to_importer.holds_something().await?;
        let hangup = exporter.send(Hangup::new("numbers"));
        let opened = async { relay.to_importer.open() };
        let (report, ()) = tokio::join!(hangup, opened);
        let (values, end) = crate::support::take_all(&mut receiver).await?;
        assert_eq!(end, hung_up(Origin::Peer));
        let received = values.len() as u64;
        assert_eq!(values, numbers(0..received), "what is received is in order");
        assert_eq!(report??.discarded_values, 10 - received);
        Ok(())
    })
    .await
}

#[actix::test]
async fn both_sides_may_hang_up_at_once() -> TestResult {
    guarded(async {
        for link in [Link::Tcp, Link::Unix, Link::Memory] {
            let pair = link.pair().await?;
            let (sender, mut receiver) = inward(&pair).await?;
            let (there, here) = tokio::join!(
                pair.exporter.send(Hangup::new("numbers")),
                pair.importer.send(Hangup::new("numbers"))
            );
            there??;
            // The other side may have been faster.
            let here = here?;
            assert!(matches!(here, Ok(_) | Err(HangupError::UnknownName { .. })), "{here:?}");
            assert_eq!(sender.closed().await.reason, Reason::HungUp);
            assert_eq!(end_of(&mut receiver).await?.reason, Reason::HungUp);
        }
        Ok(())
    })
    .await
}
