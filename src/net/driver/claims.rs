//! Channels for ends that travel in messages: those that this side claims, and those that the peer
//! does.

use std::task::Context;

use crate::channel::{Closed, EndKind, Origin, Reason, read_answers};
use crate::clock;
use crate::dir::Dir;
use crate::limits::{WINDOW_BYTES_DEFAULT, WINDOW_BYTES_GROWN_MAX};
use crate::limits::{WINDOW_VALUES_DEFAULT, WINDOW_VALUES_GROWN_MAX};
use crate::net::desk::Pending;
use crate::net::driver::Driver;
use crate::net::mismatch::Agreed;
use crate::net::offers;
use crate::net::registry::Found;
use crate::session::{Growth, OpenError, OpenRequest};
use crate::wire::{Code, Content, Open};

impl Driver {
    /// Opens the channels of ends that were taken from messages.
    pub(super) fn take_claims(&mut self, cx: &mut Context<'_>) -> bool {
        self.desk.offers.make_up_for_timer();
        if self.desk.bell.poll_rung(cx).is_pending() {
            return false;
        }
        for pending in self.desk.take_pending() {
            self.claim(pending);
        }
        true
    }

    fn claim(&mut self, pending: Pending) {
        let Pending { token, kind: EndKind { identity, answer_identity, codec }, queue } = pending;
        let asks = queue.asks().cloned();
        // The peer's window, and that of answers here.
        let (values_max, bytes_max) = (WINDOW_VALUES_GROWN_MAX, WINDOW_BYTES_GROWN_MAX);
        let growth = Growth { values_max, bytes_max };
        let request = OpenRequest {
            dir: Dir::Send,
            content: asks.as_ref().map_or(Content::Values, |_| Content::Requests),
            name: offers::name_of(token),
            codec: codec.to_owned(),
            identity,
            answer_identity: answer_identity.unwrap_or_default(),
            also_accepts: Vec::new(),
            window_values: WINDOW_VALUES_DEFAULT,
            // What this side receives is answers.
            window_bytes: WINDOW_BYTES_DEFAULT,
            limit: None,
            clock_ms: clock::now_ms(),
            redelivers: false,
            growth,
        };
        match self.session.open(request.clone()) {
            Ok(channel) => {
                self.endpoints.attach_claim(channel, queue.clone(), request);
                if let Some(asks) = asks {
                    tokio::spawn(read_answers(queue, asks));
                }
            }
            Err(error) => {
                let reason = match error {
                    OpenError::Closing => Reason::ConnectionClosed,
                    error => Reason::Other(Code::TooManyChannels, error.to_string()),
                };
                queue.end(Closed::new(Origin::Local, reason));
                self.desk.release();
            }
        }
    }

    /// Answers a peer that claims what was offered to it. A token that nobody knows is usual: the
    /// offer may just have been released.
    pub(super) fn answer_claim(&mut self, open: Open) {
        let channel = open.channel;
        match self.desk.offers.claim(&open) {
            Ok((end, claim)) => {
                let content = open.content;
                let found = Found { end, content, agreed: Agreed::EQUAL };
                self.accept(open, found, Some(claim));
                self.session.ready(channel);
            }
            Err((code, text)) => {
                tracing::debug!(%code, "claim refused");
                self.session.refuse(channel, code, text);
            }
        }
    }
}
