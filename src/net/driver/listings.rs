//! Questions for the peer's channels, and answers to those of the peer.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::net::driver::Driver;
use crate::net::{ConnectionEnd, ListError};

/// Those who wait for a page of the peer's channels. The session asks for one at a time: that of the
/// first.
#[derive(Default)]
pub(super) struct Listings {
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    after: String,
    reply: oneshot::Sender<Result<Bytes, ListError>>,
}

impl Driver {
    pub(super) fn list(&mut self, after: String, reply: oneshot::Sender<Result<Bytes, ListError>>) {
        if self.registry.is_some() {
            let _nobody_waits = reply.send(Err(ListError::NotImporter));
            return;
        }
        let waiting = &mut self.listings.waiting;
        let is_asked = waiting.front().is_some_and(|first| !first.reply.is_closed());
        // Those whose time is up have nobody who waits.
        waiting.retain(|waiting| !waiting.reply.is_closed());
        waiting.push_back(Waiting { after, reply });
        if !is_asked {
            self.list_next();
        }
    }

    /// Asks for the page of the first who still waits.
    fn list_next(&mut self) {
        let waiting = &mut self.listings.waiting;
        while waiting.front().is_some_and(|first| first.reply.is_closed()) {
            waiting.pop_front();
        }
        if let Some(first) = waiting.front() {
            self.session.list(&first.after);
        }
    }

    /// The page of the first is there.
    pub(super) fn listed(&mut self, page: Bytes) {
        if let Some(first) = self.listings.waiting.pop_front() {
            let _nobody_waits = first.reply.send(Ok(page));
        }
        self.list_next();
    }

    /// Another session is asked, unless the last one was lost because the peer did something wrong: it may
    /// have been the question.
    pub(super) fn list_again(&mut self, end: &ConnectionEnd) {
        if end.is_fault() {
            for Waiting { reply, .. } in self.listings.waiting.drain(..) {
                let _nobody_waits = reply.send(Err(ListError::Disconnected(end.clone())));
            }
        }
        self.list_next();
    }

    /// Answers the peer's question, if the link has room for that.
    pub(super) fn answer_list(&mut self) {
        let Some(registry) = &self.registry else { return };
        if let Some(question) = self.session.poll_question() {
            let page = registry.page(&question.after);
            tracing::debug!(after = question.after, bytes = page.len(), "channels are listed");
            self.session.answer_list(&question, &page);
        }
    }
}
