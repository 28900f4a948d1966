//! A channel that nobody reads, and floods of messages to it.

use std::time::Duration;

use actix::dev::SendError;
use actix::prelude::*;
use netchan::channel::{Overflow, Requests};
use netchan::limits::{
    OUTLET_HAND_MESSAGES, OUTLET_MAILBOX_MESSAGES, OUTLET_SWEEP_MESSAGES,
    OUTLET_SWEEP_MESSAGES_EACH, OUTLET_WAITING_MESSAGES_DEFAULT,
};
use netchan::net::ImportSettings;
use netchan_actix::messages::{
    ExportReceiver, ExportRequests, Hangup, ImportCaller, ImportRecipient,
};
use netchan_actix::testing::block_on_paused_clock;

use crate::ALONE;
use crate::load::{Load, PAYLOAD_BYTES, Peak, Sides, TestResult, alive, guarded, pause, until};

const WINDOW: usize = 8;

/// Bytes of a message, its envelope, and what a queue grows by when it doubles.
const MESSAGE_BYTES: usize = 2 * (PAYLOAD_BYTES + 256);

/// What a session takes besides, with its buffers at their largest.
const SESSION_BYTES: usize = 512 * 1024;

/// A channel that nobody reads.
struct Stalled {
    sides: Sides,
    _requests: Requests<Load, u64>,
    recipient: Recipient<Load>,
}

impl Stalled {
    async fn new(overflow: Overflow) -> TestResult<Stalled> {
        let sides = Sides::new().await?;
        let _requests = sides.exporter.send(ExportRequests::new("stalled")).await??;
        let import = ImportRecipient::new("stalled").size(WINDOW as u32).overflow(overflow);
        let recipient = sides.importer.send(import).await??;
        Ok(Stalled { sides, _requests, recipient })
    }

    /// Ends the channel, and with it all that waits.
    async fn hang_up(self) -> TestResult {
        self.sides.importer.send(Hangup::new("stalled")).await??;
        until(|| alive() == 0).await;
        Ok(())
    }
}

fn check(peak: &Peak, messages_max: usize) {
    assert!(peak.messages <= messages_max, "{} of {messages_max} messages", peak.messages);
    let bytes_max = SESSION_BYTES + messages_max * MESSAGE_BYTES;
    assert!(peak.bytes <= bytes_max, "{} of {bytes_max} bytes", peak.bytes);
}

#[actix::test]
async fn a_flood_by_try_send_finds_it_full() -> TestResult {
    let _alone = ALONE.lock().await;
    guarded(async {
        for policy in [Overflow::Wait, Overflow::DropNewest, Overflow::DropOldest] {
            let mut peak = Peak::watch();
            let stalled = Stalled::new(policy).await?;
            let mut taken = 0;
            for number in 0..100_000 {
                match stalled.recipient.try_send(Load::new(number)) {
                    Ok(()) => taken += 1,
                    Err(SendError::Full(load)) => assert_eq!(load.number, number),
                    Err(SendError::Closed(_)) => return Err("it is closed".into()),
                }
                peak.look();
                if number % 10 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            let messages_max = 2 * OUTLET_MAILBOX_MESSAGES + OUTLET_HAND_MESSAGES;
            check(&peak, messages_max);
            assert!(taken <= WINDOW + messages_max, "{taken} were taken");
            stalled.hang_up().await?;
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_flood_by_do_send_is_bounded_by_policy() -> TestResult {
    let _alone = ALONE.lock().await;
    guarded(async {
        for policy in [Overflow::DropNewest, Overflow::DropOldest] {
            let mut peak = Peak::watch();
            let stalled = Stalled::new(policy).await?;
            for number in 0..100_000 {
                stalled.recipient.do_send(Load::new(number));
                peak.look();
                if number % 5000 == 0 {
                    pause().await;
                }
            }
            check(
                &peak,
                WINDOW
                    + OUTLET_WAITING_MESSAGES_DEFAULT
                    + OUTLET_HAND_MESSAGES
                    + OUTLET_SWEEP_MESSAGES
                    + 2 * OUTLET_SWEEP_MESSAGES_EACH,
            );
            stalled.hang_up().await?;
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_flood_by_do_send_that_waits_grows_with_each_message_and_is_freed() -> TestResult {
    let _alone = ALONE.lock().await;
    guarded(async {
        let mut peak = Peak::watch();
        let stalled = Stalled::new(Overflow::Wait).await?;
        let messages = 20_000;
        for number in 0..messages {
            stalled.recipient.do_send(Load::new(number));
        }
        pause().await;
        peak.look();
        let encoded = WINDOW + 1;
        assert!(alive() + encoded >= messages as usize, "{} wait", alive());
        check(&peak, messages as usize);
        stalled.hang_up().await
    })
    .await
}

#[actix::test]
async fn asks_take_as_much_as_there_are_futures() -> TestResult {
    let _alone = ALONE.lock().await;
    guarded(async {
        for policy in [Overflow::Wait, Overflow::DropNewest, Overflow::DropOldest] {
            let mut peak = Peak::watch();
            let stalled = Stalled::new(policy).await?;
            let mut asked = Vec::new();
            for number in 0..10_000 {
                asked.push(Box::pin(stalled.recipient.send(Load::new(number))));
            }
            pause().await;
            peak.look();
            check(&peak, asked.len());
            drop(asked);
            // What was given up is let go when the next message comes by, or the channel ends.
            stalled.hang_up().await?;
        }
        Ok(())
    })
    .await
}

/// Has no time for what it is sent.
struct Busy;

impl Actor for Busy {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.wait(std::future::pending::<()>().into_actor(self));
    }
}

impl Handler<Load> for Busy {
    type Result = u64;

    fn handle(&mut self, load: Load, _: &mut Context<Self>) -> u64 {
        load.number
    }
}

/// What is given up stays in the actor's mailbox, where it can only be passed over.
#[actix::test]
async fn requests_that_are_given_up_do_not_pile_up_before_a_busy_actor() -> TestResult {
    let _alone = ALONE.lock().await;
    guarded(async {
        let mut peak = Peak::watch();
        let sides = Sides::new().await?;
        let in_hand_max = 16;
        let export = ExportReceiver::<Load>::new("busy").deliver_to(Busy.start().recipient());
        sides.exporter.send(export.in_hand_max(in_hand_max)).await??;
        let settings = ImportSettings::default().size(WINDOW as u32);
        let import = ImportCaller::<Load, u64>::new("busy").settings(settings);
        let caller = sides.importer.send(import).await??;
        for number in 0..2000 {
            let asked = caller.try_ask(Load::new(number));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            drop(asked);
            peak.look();
        }
        // One more is the sign that the others are gone, and one is being made.
        check(&peak, in_hand_max + 2);
        Ok(())
    })
    .await
}

/// Minutes pass on this clock, and more than one heartbeat would be missed in them.
#[test]
fn a_stalled_channel_delays_neither_another_one_nor_heartbeats() -> TestResult {
    let _alone = ALONE.blocking_lock();
    block_on_paused_clock(guarded(async {
        let stalled = Stalled::new(Overflow::Wait).await?;
        let echo = Echo.start().recipient();
        let export = ExportReceiver::<Load>::new("quick").deliver_to(echo);
        stalled.sides.exporter.send(export).await??;
        let quick = stalled.sides.importer.send(ImportRecipient::<Load>::new("quick")).await??;
        for round in 0..100 {
            for number in 0..100 {
                stalled.recipient.do_send(Load::new(number));
            }
            let asked = std::time::Instant::now();
            assert_eq!(quick.send(Load::new(round)).await?, round);
            assert!(asked.elapsed() < Duration::from_secs(5));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(stalled.sides.network.traffic().links_made, 1, "no heartbeat was missed");
        stalled.hang_up().await
    }))
}

struct Echo;

impl Actor for Echo {
    type Context = Context<Self>;
}

impl Handler<Load> for Echo {
    type Result = u64;

    fn handle(&mut self, load: Load, _: &mut Context<Self>) -> u64 {
        load.number
    }
}
