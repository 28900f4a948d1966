//! A `Recipient` that is sent to by `do_send`, which never waits: what is too much is dropped, the
//! oldest first. The actor's handlers are not done before the time is up.

use std::time::Instant;

use actix::{Actor, Context, Handler, Message, ResponseFuture};
use netchan::channel::{Caller, Overflow};
use netchan_actix::CallerExt;
use netchan_actix::messages::{Close, ImportCaller};
use tokio::sync::{oneshot, watch};

use crate::link::Runtime;
use crate::recipient::{Tell, accept, close, export, exporter, open};
use crate::stalled::{Stall, held};
use crate::{Block, Failure, Item, memory};

/// Messages between two turns of other tasks.
const BURST: u64 = 64;

/// What the process holds, in MiB.
///
/// # Errors
///
/// When a value is doubled or swapped, and when one is missing that was not counted as dropped.
pub fn recipient(stall: Stall) -> Result<f64, Failure> {
    let Stall { link, bytes, window, run } = stall;
    let before = memory::held_bytes()?;
    let (near, far) = link.pair()?;
    let (finished, is_finished) = oneshot::channel();
    let importer = async || {
        let flooded = async {
            let importer = open(near).await?;
            let import = ImportCaller::<Tell<Block>, ()>::new("stalled");
            let import = import.settings(netchan::net::ImportSettings::default().size(window));
            let caller: Caller<Tell<Block>, ()> = importer.send(import).await??;
            let (recipient, outlet) = caller.outlet().overflow(Overflow::DropOldest).start();
            let mut sent = 0;
            let began = Instant::now();
            while began.elapsed() < run {
                for number in sent..sent + BURST {
                    recipient.do_send(Tell(Block::new(number, bytes)));
                }
                sent += BURST;
                tokio::task::yield_now().await;
            }
            // Requests are not dropped, so this one is behind all that is left.
            recipient.send(Tell(Block::new(sent, bytes))).await?;
            importer.send(Close).await?;
            Ok(sent + 1 - outlet.dropped_messages())
        };
        let flooded = flooded.await;
        // Also after a failure: the exporter must not wait for ever.
        let _failed_itself = finished.send(());
        flooded
    };
    let exporter = async || {
        let exporter = exporter();
        let (release, released) = watch::channel(false);
        let actor = Stalled { next: 0, values: 0, swapped: 0, released }.start();
        export(&exporter, "stalled", actor.clone().recipient::<Tell<Block>>()).await?;
        accept(&exporter, vec![far]).await?;
        let held = held(before, run).await?;
        release.send_replace(true);
        is_finished.await?;
        let handled = actor.send(Finish).await?;
        close(exporter).await?;
        Ok((held, handled?))
    };
    let (left, (held, handled)) = link.run(Runtime::Actix, importer, exporter)?;
    if left != handled {
        return Err(format!("{left} were not dropped, {handled} came").into());
    }
    Ok(held)
}

/// Does nothing until it is released.
struct Stalled {
    /// The lowest number that may come next.
    next: u64,
    values: u64,
    swapped: u64,
    released: watch::Receiver<bool>,
}

impl Actor for Stalled {
    type Context = Context<Self>;
}

impl Handler<Tell<Block>> for Stalled {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, Tell(block): Tell<Block>, _: &mut Context<Self>) -> Self::Result {
        self.values += 1;
        self.swapped += u64::from(block.number < self.next);
        self.next = block.number + 1;
        let mut released = self.released.clone();
        Box::pin(async move {
            // Held until then, as by a handler that works with it.
            let _over = released.wait_for(|is_released| *is_released).await;
            drop(block);
        })
    }
}

/// How many values have come.
struct Finish;

impl Message for Finish {
    type Result = Result<u64, String>;
}

impl Handler<Finish> for Stalled {
    type Result = Result<u64, String>;

    fn handle(&mut self, Finish: Finish, _: &mut Context<Self>) -> Self::Result {
        match self.swapped {
            0 => Ok(self.values),
            swapped => Err(format!("{swapped} came twice or out of order")),
        }
    }
}
