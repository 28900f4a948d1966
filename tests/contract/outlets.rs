//! A `Recipient` of a channel that sends behaves as that of a local actor.

use actix::dev::SendError;
use actix::prelude::*;
use netchan::channel::{Origin, Reason, TrySendError};
use netchan::{Receiver, Sender};
use netchan_actix::SenderExt;
use netchan_actix::messages::{Close, Disconnected, ExportReceiver, ExportSender, Hangup};
use netchan_actix::messages::{ImportReceiver, ImportSender, Sync};

use crate::support::{LONG, Link, Number, Pair, TestResult, closed, is_waiting, numbers, take};
use crate::support::{guarded, take_all};

over_each_link!(
    a_flood_of_messages_arrives_complete_and_in_order,
    a_flood_arrives_although_its_recipient_is_dropped_at_once,
    try_send_says_full_and_gives_the_message_back,
    send_resolves_when_the_channel_has_taken_the_message,
    after_the_end_of_the_channel_the_recipient_is_closed,
    a_message_that_waits_is_refused_when_the_channel_ends,
    the_channel_ends_with_its_last_recipient_and_sender,
    an_exported_channel_has_a_recipient_too,
    a_recipient_can_be_downgraded,
    several_recipients_of_a_channel_merge,
);

/// A channel from an importer, which has a window of four values.
struct Narrow {
    pair: Pair,
    sender: Sender<Number>,
    receiver: Receiver<Number>,
}

impl Narrow {
    async fn over(link: Link) -> TestResult<Narrow> {
        let pair = link.pair().await?;
        let receiver = pair.exporter.send(ExportReceiver::new("numbers")).await??;
        let sender = pair.importer.send(ImportSender::new("numbers").size(4)).await??;
        Ok(Narrow { pair, sender, receiver })
    }
}

async fn a_flood_of_messages_arrives_complete_and_in_order(link: Link) -> TestResult {
    let Narrow { pair: _pair, sender, mut receiver } = Narrow::over(link).await?;
    let recipient = sender.recipient();
    for number in numbers(0..10_000) {
        recipient.do_send(number);
    }
    assert_eq!(take(&mut receiver, 10_000).await?, numbers(0..10_000));
    assert!(recipient.connected());
    Ok(())
}

async fn a_flood_arrives_although_its_recipient_is_dropped_at_once(link: Link) -> TestResult {
    let Narrow { pair: _pair, sender, mut receiver } = Narrow::over(link).await?;
    let recipient = sender.recipient();
    drop(sender);
    for number in numbers(0..1000) {
        recipient.do_send(number);
    }
    drop(recipient);
    let (values, end) = take_all(&mut receiver).await?;
    assert_eq!(values, numbers(0..1000));
    assert_eq!(end, closed(Origin::Peer, Reason::Finished));
    Ok(())
}

async fn try_send_says_full_and_gives_the_message_back(link: Link) -> TestResult {
    let Narrow { pair: _pair, sender, mut receiver } = Narrow::over(link).await?;
    let recipient = sender.recipient();
    let mut sent = 0;
    // The window and then the mailbox, which has a bound.
    let full = loop {
        match recipient.try_send(Number(sent)) {
            Ok(()) => sent += 1,
            Err(full) => break full,
        }
        assert!(sent < 1000, "it is never full");
        if sent <= 4 {
            // The outlet has handled it when it answers, and so the window fills first.
            recipient.send(Number(sent)).await?;
            sent += 1;
        }
    };
    assert!(matches!(full, SendError::Full(number) if number == Number(sent)), "{full:?}");
    assert!(recipient.connected());
    // Room again.
    assert_eq!(take(&mut receiver, sent as usize).await?, numbers(0..sent));
    recipient.send(Number(sent)).await?;
    recipient.try_send(Number(sent + 1))?;
    assert_eq!(take(&mut receiver, 2).await?, numbers(sent..sent + 2));
    Ok(())
}

async fn send_resolves_when_the_channel_has_taken_the_message(link: Link) -> TestResult {
    let Narrow { pair, sender, mut receiver } = Narrow::over(link).await?;
    let recipient = sender.recipient();
    for number in numbers(0..4) {
        recipient.send(number).await?;
    }
    pair.importer.send(Sync { timeout: LONG }).await??;
    let mut waiting = Box::pin(recipient.send(Number(4)));
    assert!(is_waiting(&mut waiting).await, "the window is full");
    assert_eq!(receiver.recv().await?, Number(0));
    waiting.await?;
    assert_eq!(take(&mut receiver, 4).await?, numbers(1..5));
    Ok(())
}

/// Waits until a recipient knows of the end: the first message that is refused.
async fn refused(recipient: &Recipient<Number>) -> MailboxError {
    loop {
        if let Err(error) = recipient.send(Number(0)).await {
            return error;
        }
    }
}

async fn after_the_end_of_the_channel_the_recipient_is_closed(link: Link) -> TestResult {
    for how in ["receiver dropped", "hung up there", "hung up here", "closed there", "closed here"]
    {
        let Narrow { pair, sender, receiver } = Narrow::over(link).await?;
        let recipient = sender.recipient();
        recipient.send(Number(1)).await?;
        assert!(recipient.connected());
        match how {
            "receiver dropped" => drop(receiver),
            "hung up there" => drop(pair.exporter.send(Hangup::new("numbers")).await??),
            "hung up here" => drop(pair.importer.send(Hangup::new("numbers")).await??),
            "closed there" => pair.exporter.send(Close).await?,
            _ => pair.importer.send(Close).await?,
        }
        sender.closed().await;
        assert_eq!(refused(&recipient).await, MailboxError::Closed, "{how}");
        assert!(!recipient.connected(), "{how}");
        let back = recipient.try_send(Number(2));
        assert!(matches!(back, Err(SendError::Closed(Number(2)))), "{how}: {back:?}");
        recipient.do_send(Number(3));
        // A new recipient of the same channel is no better.
        assert_eq!(refused(&sender.recipient()).await, MailboxError::Closed, "{how}");
    }
    Ok(())
}

async fn a_message_that_waits_is_refused_when_the_channel_ends(link: Link) -> TestResult {
    let Narrow { pair, sender, receiver } = Narrow::over(link).await?;
    let recipient = sender.recipient();
    for number in numbers(0..4) {
        recipient.send(number).await?;
    }
    let first = recipient.send(Number(4));
    let second = recipient.send(Number(5));
    let ending = async {
        drop(receiver);
        sender.closed().await
    };
    let (first, second, end) = tokio::join!(first, second, ending);
    assert_eq!(end, closed(Origin::Peer, Reason::ReceiverDropped));
    assert_eq!((first, second), (Err(MailboxError::Closed), Err(MailboxError::Closed)));
    drop(pair);
    Ok(())
}

async fn the_channel_ends_with_its_last_recipient_and_sender(link: Link) -> TestResult {
    let Narrow { pair: _pair, sender, mut receiver } = Narrow::over(link).await?;
    let recipient = sender.recipient();
    let (clone, other) = (recipient.clone(), sender.recipient());
    recipient.send(Number(0)).await?;
    drop((recipient, sender));
    clone.send(Number(1)).await?;
    drop(clone);
    other.send(Number(2)).await?;
    assert_eq!(take(&mut receiver, 3).await?, numbers(0..3));
    drop(other);
    let (values, end) = take_all(&mut receiver).await?;
    assert_eq!(values, []);
    assert_eq!(end, closed(Origin::Peer, Reason::Finished));
    Ok(())
}

async fn an_exported_channel_has_a_recipient_too(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let sender = pair.exporter.send(ExportSender::<Number>::new("numbers")).await??;
    let recipient = sender.recipient();
    drop(sender);
    let import = ImportReceiver::<Number>::new("numbers").size(4);
    let mut receiver = pair.importer.send(import).await??;
    for number in numbers(0..10_000) {
        recipient.do_send(number);
    }
    assert_eq!(take(&mut receiver, 10_000).await?, numbers(0..10_000));
    drop(recipient);
    let (values, end) = take_all(&mut receiver).await?;
    assert_eq!((values, end), (Vec::new(), closed(Origin::Peer, Reason::Finished)));
    Ok(())
}

async fn a_recipient_can_be_downgraded(link: Link) -> TestResult {
    let Narrow { pair: _pair, sender, mut receiver } = Narrow::over(link).await?;
    let recipient = sender.recipient();
    drop(sender);
    let weak = recipient.downgrade();
    let again = weak.upgrade().ok_or("the recipient is there")?;
    again.send(Number(1)).await?;
    drop((again, recipient));
    assert_eq!(receiver.recv().await?, Number(1));
    let (_, end) = take_all(&mut receiver).await?;
    assert!(end.is_finished(), "a weak recipient keeps no channel open");
    assert!(weak.upgrade().is_none());
    Ok(())
}

async fn several_recipients_of_a_channel_merge(link: Link) -> TestResult {
    let Narrow { pair: _pair, sender, mut receiver } = Narrow::over(link).await?;
    for first in [0, 1000, 2000] {
        let recipient = sender.recipient();
        for number in numbers(first..first + 1000) {
            recipient.do_send(number);
        }
    }
    let mut values = take(&mut receiver, 3000).await?;
    for first in [0, 1000, 2000] {
        let of_one = values.iter().filter(|value| (first..first + 1000).contains(&value.0));
        assert!(of_one.is_sorted(), "each keeps its order");
    }
    values.sort();
    assert_eq!(values, numbers(0..3000));
    Ok(())
}

#[actix::test]
async fn a_recipient_lives_in_the_arbiter_of_choice() -> TestResult {
    guarded(async {
        let Narrow { pair, sender, mut receiver } = Narrow::over(Link::Tcp).await?;
        let arbiter = Arbiter::new();
        let recipient = sender.recipient_in(&arbiter.handle());
        for number in numbers(0..10_000) {
            recipient.do_send(number);
        }
        assert_eq!(take(&mut receiver, 10_000).await?, numbers(0..10_000));
        // It works from there as from here: it is the arbiter that ends it.
        arbiter.stop();
        tokio::task::spawn_blocking(move || arbiter.join()).await?.map_err(|_| "it panicked")?;
        assert!(!recipient.connected());
        sender.send(Number(1)).await?;
        assert_eq!(receiver.recv().await?, Number(1));
        drop(pair);
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_recipient_does_not_keep_a_connection_that_its_peer_closes() -> TestResult {
    guarded(async {
        let Narrow { pair, sender, receiver: _receiver } = Narrow::over(Link::Tcp).await?;
        let recipient = sender.recipient();
        pair.exporter.send(Close).await?;
        pair.importer.send(Disconnected).await?;
        assert_eq!(refused(&recipient).await, MailboxError::Closed);
        let end = closed(Origin::Peer, Reason::ConnectionClosed);
        assert_eq!(sender.closed().await, end);
        assert!(
            matches!(sender.try_send(Number(1)), Err(TrySendError::Closed(_, by)) if by == end)
        );
        Ok(())
    })
    .await
}
