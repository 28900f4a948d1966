//! Channels for ends that travel in messages: those that this side claims, and those that the peer
//! does.

use std::task::Context;

use crate::channel::{Closed, Origin, Reason};
use crate::dir::Dir;
use crate::limits::WINDOW_VALUES_DEFAULT;
use crate::net::desk::Pending;
use crate::net::driver::Driver;
use crate::net::offers;
use crate::session::{OpenError, OpenRequest};
use crate::wire::{Code, Open};

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
        let Pending { token, identity, codec, queue } = pending;
        let request = OpenRequest {
            dir: Dir::Send,
            name: offers::name_of(token),
            codec: codec.to_owned(),
            identity,
            window_values: WINDOW_VALUES_DEFAULT,
            window_bytes: 0,
            limit: None,
            redelivers: false,
        };
        match self.session.open(request.clone()) {
            Ok(channel) => self.endpoints.attach_claim(channel, queue, request),
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
                let (values, bytes) = end.window();
                self.session.accept(&open, values, bytes, false);
                let end = end.with_window(values.min(open.window_values));
                self.endpoints.attach_export(channel, String::new(), end, Some(claim));
                self.session.ready(channel);
            }
            Err((code, text)) => {
                tracing::debug!(%code, "claim refused");
                self.session.refuse(channel, code, text);
            }
        }
    }
}
