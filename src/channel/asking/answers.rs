//! Reads the answers to a channel's requests and gives them to those who ask.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::channel::asking::asks::Asks;
use crate::channel::incoming::{Found, Incoming};
use crate::channel::lane::Batch;
use crate::channel::outgoing::Outgoing;

/// Reads answers until the channel has ended and none can come. One task for each channel: answers are
/// decoded there, and not where a session is driven.
pub(crate) async fn read_answers(queue: Arc<Outgoing>, asks: Arc<Asks>) {
    let mut reader = Reader { incoming: asks.answers().clone(), asks, batch: Batch::default() };
    loop {
        reader.read();
        let listener = reader.incoming.arrived();
        reader.read();
        queue.relieve_askers();
        if queue.is_over() && reader.asks.waiting() == 0 && !reader.asks.has_holders() {
            return;
        }
        listener.await;
    }
}

struct Reader {
    asks: Arc<Asks>,
    incoming: Arc<Incoming>,
    batch: Batch,
}

impl Reader {
    /// Reads all that is here.
    fn read(&mut self) {
        loop {
            self.read_batch();
            match self.incoming.refill(&mut self.batch) {
                Found::Values => {}
                // The peer is cut off, and so is what it holds.
                Found::Corrupt => {}
                Found::Nothing | Found::Ended(_) => break,
            }
        }
        for (lane, closed) in self.incoming.take_gone_lanes() {
            self.guard(|asks| asks.lane_gone(lane, closed));
        }
    }

    fn read_batch(&mut self) {
        let Some(lane) = self.batch.lane() else { return };
        let form = self.batch.form();
        let mut is_corrupt = false;
        // Ends of channels inside of answers are claimed from whoever answers.
        let _scope = self.batch.decode_scope();
        while let Some(answer) = self.batch.next() {
            let Ok(bytes) = answer else {
                is_corrupt = true;
                break;
            };
            // An answer's own code may panic when it is decoded: the asker sees that no answer comes.
            let answer = || self.asks.answer(lane, form, bytes);
            match catch_unwind(AssertUnwindSafe(answer)) {
                Ok(None) => {}
                Ok(Some(text)) => {
                    self.incoming.note_rejected(lane, self.batch.last_place(), &text);
                }
                Err(_) => tracing::error!("decoding an answer panicked"),
            }
            if self.batch.is_report_due() {
                self.incoming.report_taken(&mut self.batch);
            }
        }
        if is_corrupt {
            self.incoming.cut_off(&mut self.batch);
        } else {
            self.incoming.report_taken(&mut self.batch);
        }
    }

    fn guard(&self, work: impl FnOnce(&Asks)) {
        if catch_unwind(AssertUnwindSafe(|| work(&self.asks))).is_err() {
            tracing::error!("telling an asker that no answer comes panicked");
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.incoming.remove_receiver(&mut self.batch);
    }
}
