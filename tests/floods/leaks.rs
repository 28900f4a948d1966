//! Requests that are given up at every stage, while links are cut: nothing is left of them.

use actix::prelude::*;
use netchan::channel::Caller;
use netchan_actix::CallerExt;
use netchan_actix::messages::{ExportReceiver, ImportCaller};

use crate::ALONE;
use crate::load::{Load, Sides, TestResult, alive, allocated, guarded, until};

/// Requests that are given up in a round.
const REQUESTS: u64 = 10_000;

const ROUNDS: usize = 10;

/// Bytes by which the last round may differ from the second. Buffers come to their largest size, which
/// is a megabyte in all, at different times. What is left of a request would be there 80,000 times.
const ROUNDS_DIFFER_BYTES: usize = 1024 * 1024;

/// Takes a few turns for each message.
struct Slow;

impl Actor for Slow {
    type Context = Context<Self>;
}

impl Handler<Load> for Slow {
    type Result = ResponseFuture<u64>;

    fn handle(&mut self, load: Load, _: &mut Context<Self>) -> Self::Result {
        Box::pin(async move {
            for _ in 0..load.number % 7 {
                tokio::task::yield_now().await;
            }
            load.number
        })
    }
}

/// Asks, and gives up after a number of turns that differs from one request to the next.
async fn ask_and_give_up(sides: &Sides, recipient: &Recipient<Load>) -> TestResult {
    let mut waiting = std::collections::VecDeque::new();
    for number in 0..REQUESTS {
        // Given up when so many others have been asked: in the mailbox, in the channel's queue, on
        // the way, in hand, or with the answer on its way.
        waiting.push_back(Box::pin(recipient.send(Load::new(number))));
        let keep = (number % 97) as usize;
        while waiting.len() > keep {
            waiting.pop_front();
        }
        if number % 5 == 0 {
            tokio::task::yield_now().await;
        }
        if number % 500 == 250 {
            sides.network.cut();
        }
    }
    drop(waiting);
    // Behind them all.
    assert_eq!(recipient.send(Load::new(3)).await?, 3);
    Ok(())
}

async fn nothing_is_left(sides: &Sides, caller: &Caller<Load, u64>) -> TestResult {
    until(|| {
        alive() == 0 && caller.unanswered() == 0 && caller.capacity() == caller.max_capacity()
    })
    .await;
    loop {
        let open = sides.open().await?;
        assert!(open.iter().all(|(channels, _)| *channels <= 1), "{open:?}");
        if open.iter().all(|(_, outstanding)| *outstanding == 0) {
            return Ok(());
        }
    }
}

#[actix::test]
async fn nothing_is_left_of_requests_that_are_given_up() -> TestResult {
    let _alone = ALONE.lock().await;
    guarded(async {
        let sides = Sides::new().await?;
        let slow = Slow.start().recipient();
        sides.exporter.send(ExportReceiver::<Load>::new("slow").deliver_to(slow)).await??;
        let caller = sides.importer.send(ImportCaller::<Load, u64>::new("slow")).await??;
        let recipient = caller.recipient();
        let mut after = Vec::new();
        for _ in 0..ROUNDS {
            ask_and_give_up(&sides, &recipient).await?;
            nothing_is_left(&sides, &caller).await?;
            after.push(allocated());
        }
        assert!(sides.network.traffic().links_made > 50);
        let (second, last) = (after[1], after[ROUNDS - 1]);
        assert!(last <= second + ROUNDS_DIFFER_BYTES, "bytes after each round: {after:?}");
        Ok(())
    })
    .await
}
