//! What happens between a connection's session and the queues of its channels.

use std::task::Context;
use std::time::Instant;

use crate::channel::{Closed, Fault, LaneReport, LaneWindow, Origin, Progress, Reason, Taken};
use crate::clock;
use crate::dir::Dir;
use crate::id::ChannelId;
use crate::limits::{DRIVER_STEPS_MAX, WINDOW_BYTES_DEFAULT, WINDOW_BYTES_GROWN_MAX};
use crate::net::driver::{Driver, now};
use crate::net::endpoints::{Endpoint, Queue};
use crate::net::mismatch::{Agreed, Explained, Refusal};
use crate::net::offers::Claim;
use crate::net::registry::{ExportEnd, Found};
use crate::net::{self, ConnectionEnd, ImportError, Report, offers};
use crate::session::{Event, Growth, Rejection, RequestTerms, Session};
use crate::wire::{Code, Content, Open};

impl Driver {
    /// Does what its channels want. `true` if they may want more.
    pub(super) fn take_rings(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        for _ in 0..DRIVER_STEPS_MAX {
            if self.endpoints.ready.poll_rung(cx).is_pending() {
                return false;
            }
            self.take_marked(now);
        }
        true
    }

    fn take_marked(&mut self, now: Instant) {
        let mut marked = std::mem::take(&mut self.marked);
        self.endpoints.ready.take(&mut marked);
        for channel in marked.drain(..) {
            let Some(endpoint) = self.endpoints.find(channel) else { continue };
            match endpoint.queue {
                Queue::Out(..) if endpoint.was_cut_off() => self.cut_off(now, channel),
                Queue::Out(ref queue, key) => {
                    for request in queue.take_cancelled(key) {
                        self.session.cancel(channel, request);
                    }
                    self.session.ready(channel);
                    if self.is_clogged {
                        endpoint.pass_on();
                    }
                }
                Queue::In(..) => {
                    let report = report_taken(&mut self.session, now, channel, endpoint);
                    if let Some(LaneReport { rejection, fault, .. }) = report {
                        self.note_fault(channel, fault, rejection.as_ref());
                        if let Some(rejection) = rejection {
                            self.tell_rejection(channel, Origin::Local, rejection);
                        }
                    }
                }
            }
        }
        self.marked = marked;
    }

    /// Notes how a channel ends that a fault of its peer ends.
    fn note_fault(
        &mut self,
        channel: ChannelId,
        fault: Option<Fault>,
        rejection: Option<&Rejection>,
    ) {
        match (fault, rejection) {
            (Some(Fault::Corrupt), _) => {
                let reason = Reason::Other(Code::Corrupt, String::new());
                self.stop_asking(channel, Closed::new(Origin::Peer, reason));
            }
            (Some(Fault::Undecodable), Some(Rejection { position, text, .. })) => {
                if let Some(endpoint) = self.endpoints.find_mut(channel) {
                    let reason = Reason::Undecodable { position: *position, text: text.clone() };
                    // Also if the peer had come to its regular end behind that value.
                    endpoint.closed = Some(Closed::new(Origin::Local, reason));
                }
            }
            _ => {}
        }
    }

    /// Tells the program of values that their receiver could not decode.
    fn tell_rejection(&self, channel: ChannelId, by: Origin, rejection: Rejection) {
        let Some(Endpoint { name, is_for_answers, .. }) = self.endpoints.find(channel) else {
            return;
        };
        if name.is_empty() {
            return;
        }
        let Rejection { position, values: rejected_values, text } = rejection;
        self.tell(|peer| net::Event::ValueRejected {
            peer,
            name: name.clone(),
            by,
            is_answer: *is_for_answers,
            position,
            rejected_values,
            text,
        });
    }

    /// The peer could not decode values.
    fn rejected(&mut self, channel: ChannelId, rejection: Rejection) {
        let Some(endpoint) = self.endpoints.find_mut(channel) else { return };
        let Rejection { position, text, .. } = &rejection;
        let name = &endpoint.name;
        // A peer may reject any number of them: one is worth a warning.
        if endpoint.rejection.is_none() {
            tracing::warn!(name, position, text, "the peer cannot decode a value");
        } else {
            tracing::debug!(name, position, text, "the peer cannot decode a value");
        }
        endpoint.rejection = Some(rejection.clone());
        self.tell_rejection(channel, Origin::Peer, rejection);
    }

    /// Hangs up a broadcast for a peer that does not keep up with it.
    fn cut_off(&mut self, now: Instant, channel: ChannelId) {
        let Some(endpoint) = self.endpoints.find_mut(channel) else { return };
        endpoint.end(Closed::new(Origin::Local, Reason::TooSlow));
        let name = endpoint.name.clone();
        self.session.hangup(now, channel, Code::TooSlow, "");
        tracing::debug!(name, "an importer is too slow");
        self.tell(|peer| net::Event::TooSlow { peer, name });
    }

    pub(super) fn handle_events(&mut self) -> Result<(), ConnectionEnd> {
        while let Some(event) = self.session.poll_event() {
            self.handle_event(event)?;
        }
        self.settle_flushes();
        Ok(())
    }

    fn handle_event(&mut self, event: Event) -> Result<(), ConnectionEnd> {
        match event {
            Event::Run { channel, values, tail_bytes, bytes } => {
                if let Some(Endpoint { queue: Queue::In(queue, key), .. }) =
                    self.endpoints.find(channel)
                {
                    queue.deliver(*key, values, tail_bytes, &bytes);
                }
            }
            Event::Skipped { channel, values } => {
                if let Some(Endpoint { queue: Queue::In(queue, key), .. }) =
                    self.endpoints.find(channel)
                {
                    queue.skip(*key, values);
                }
            }
            Event::Taken { channel, values, freed_values, window_values } => {
                if let Some(endpoint) = self.endpoints.find(channel) {
                    endpoint.taken_by_peer(freed_values, values, window_values);
                }
            }
            Event::WindowGrown { channel, window_values, window_bytes } => {
                if let Some(Endpoint { name, queue: Queue::In(queue, key), .. }) =
                    self.endpoints.find(channel)
                {
                    tracing::debug!(name, window_values, window_bytes, "a window has grown");
                    queue.widen(*key, window_values, window_bytes);
                }
            }
            Event::Cancelled { channel, request } => {
                if let Some(Endpoint { queue: Queue::In(queue, key), .. }) =
                    self.endpoints.find(channel)
                {
                    queue.cancel(*key, request);
                }
            }
            Event::Rejected { channel, position, values, text } => {
                self.rejected(channel, Rejection { position, values, text });
            }
            Event::OpenRequested(open) => self.answer(open)?,
            Event::Accepted { channel, content, clock_ms, identity } => {
                self.accepted(channel, content, clock_ms, identity);
            }
            Event::Refused { channel, code, text, document } => {
                let explained = document.and_then(|document| self.explain(channel, &document));
                self.refused(channel, code, text, explained)?;
            }
            Event::Shown { channel, document } => self.shown(channel, &document)?,
            Event::LimitReached { channel } => {
                if let Some(Endpoint { queue: Queue::Out(queue, key), .. }) =
                    self.endpoints.find(channel)
                {
                    queue.retire(*key);
                }
            }
            Event::Ended { channel } => {
                if let Some(endpoint) = self.endpoints.find_mut(channel) {
                    let closed = Closed::new(Origin::Peer, Reason::Finished);
                    endpoint.close(closed.clone());
                    endpoint.complete_claim(&closed);
                }
            }
            Event::HungUp { channel, code, text } => self.hung_up(channel, code, text)?,
            Event::Closed { channel, lost_values } => self.channel_over(channel, lost_values),
            Event::Listed { page } => self.listed(page),
            Event::Goodbye { code: Code::Closed, .. } => return Err(ConnectionEnd::ClosedByPeer),
            Event::Goodbye { code, text } => return Err(ConnectionEnd::Faulted { code, text }),
        }
        Ok(())
    }

    /// Answers a peer that wants to import.
    fn answer(&mut self, open: Open) -> Result<(), ConnectionEnd> {
        let channel = open.channel;
        if offers::is_offered(&open.name) {
            self.answer_claim(open);
            return Ok(());
        }
        let found = match &self.registry {
            Some(registry) => registry.find(&open),
            None => Err(Refusal::new(Code::UnknownName, "")),
        };
        match found {
            Ok(found) => {
                self.accept(open, found, None);
                self.session.ready(channel);
                self.tell_channel_open(channel);
                Ok(())
            }
            Err(refusal) => self.refuse(channel, open.name, refusal),
        }
    }

    /// Attaches what a peer imports or claims. A claim has no name.
    pub(super) fn accept(&mut self, open: Open, found: Found, claim: Option<Claim>) {
        let Found { end, content, agreed } = found;
        let Agreed { identity, values: form, answers: answers_form } = agreed;
        let channel = open.channel;
        let name = if claim.is_some() { String::new() } else { open.name.clone() };
        let window = end.window();
        let (window_values, window_bytes) =
            window.map_or((0, 0), |window| (window.values, window.bytes));
        let redelivers = matches!(&end, ExportEnd::Out(queue) if queue.redelivers());
        let end = end.with_window(window_values.min(open.window_values));
        match content {
            Content::Values => {
                let (values, bytes) = (window_values, window_bytes);
                self.session.accept_as(&open, values, bytes, redelivers, identity);
                if let Some(window) = window {
                    self.session.let_grow(channel, window.growth);
                }
                self.endpoints.attach_export(channel, name, end, form, claim);
            }
            Content::Requests => {
                let terms = RequestTerms {
                    window_values,
                    window_bytes,
                    answers_bytes: WINDOW_BYTES_DEFAULT,
                    redelivers,
                    clock_ms: clock::now_ms(),
                    identity,
                };
                self.session.accept_requests(&open, terms);
                self.endpoints.attach_export(channel, name, end, form, claim);
                // Who answers keeps no more for an asker than it lets in.
                let values = match open.dir {
                    Dir::Send => window_values.min(open.window_values),
                    Dir::Recv => open.window_values,
                };
                // There are no more answers than requests.
                let growth = Growth { values_max: 0, bytes_max: WINDOW_BYTES_GROWN_MAX };
                let window = LaneWindow { values, bytes: terms.answers_bytes, growth };
                self.session.let_grow(channel.answers(), growth);
                self.endpoints.attach_answers(channel, open.clock_ms, window, answers_form);
                self.session.ready(channel.answers());
            }
        }
    }

    fn accepted(
        &mut self,
        channel: ChannelId,
        content: Content,
        clock_ms: u64,
        identity: [u8; 16],
    ) {
        let agreed = self.endpoints.find(channel).map(|endpoint| endpoint.agree(identity));
        let Some(agreed) = agreed.unwrap_or(Some(Agreed::EQUAL)) else {
            self.reject(channel);
            return;
        };
        let mut window = None;
        if let Some(endpoint) = self.endpoints.find_mut(channel) {
            endpoint.is_open = true;
            endpoint.expect_form(agreed.values);
            window = endpoint.import.as_ref().map(|wanted| LaneWindow::of(&wanted.request));
        }
        if let (Content::Requests, Some(window)) = (content, window) {
            let growth = Growth { values_max: 0, ..window.growth };
            self.session.let_grow(channel.answers(), growth);
            self.endpoints.attach_answers(channel, clock_ms, window, agreed.answers);
            self.session.ready(channel.answers());
        }
        self.tell_channel_open(channel);
        if let Some(endpoint) = self.endpoints.find_mut(channel)
            && let Some(reply) = endpoint.opening.take()
            && reply.send(Ok(())).is_err()
        {
            // Given up meanwhile. To end the channel would tell the exporter that this importer
            // has finished, but it may try again.
            self.session.hangup(now(), channel, Code::HungUp, "");
            return;
        }
        self.session.ready(channel);
    }

    fn refused(
        &mut self,
        channel: ChannelId,
        code: Code,
        text: String,
        explained: Option<Explained>,
    ) -> Result<(), ConnectionEnd> {
        let (difference, text) = match explained {
            Some(Explained { difference, text }) => (Some(difference), text),
            None => (None, text),
        };
        self.settle_hangups(channel, 0);
        let is_told = |endpoint: &Endpoint| endpoint.is_imported_again() && endpoint.is_over();
        if self.endpoints.find(channel).is_some_and(is_told) {
            // It had nothing left but its end to tell, and nobody wants to hear that.
            self.channel_over(channel, 0);
            return Ok(());
        }
        if self.postpone(channel, code) {
            return Ok(());
        }
        let Some(endpoint) = self.endpoints.find_mut(channel) else { return Ok(()) };
        let closed = match code {
            Code::UnknownName | Code::Ended if endpoint.is_claim() => {
                Closed::new(Origin::Peer, Reason::NotOffered)
            }
            code => Closed::by_peer(code, text.clone()),
        };
        endpoint.close(closed);
        let dir = endpoint.dir();
        let discarded_values = endpoint.discarded_values;
        self.give_up_flushes(channel, discarded_values);
        let Some(Endpoint { name, opening, .. }) = self.endpoints.detach(channel) else {
            return Ok(());
        };
        if name.is_empty() {
            return Ok(());
        }
        if let Some(reply) = opening {
            let error = ImportError::refused(name.clone(), dir, code, text.clone(), difference);
            let _nobody_waits = reply.send(Err(error));
        }
        self.reports.push(Report::ImportRefused { name, by: Origin::Peer, code, text })
    }

    /// Wants no channel whose exporter says that it sends what was not asked for.
    fn reject(&mut self, channel: ChannelId) {
        let (code, text) = (Code::TypeMismatch, "it sends a type that was not asked for");
        if let Some(endpoint) = self.endpoints.find_mut(channel) {
            endpoint.end(Closed::new(Origin::Local, Reason::Other(code, text.to_owned())));
            if let Some(reply) = endpoint.opening.take() {
                let (name, dir) = (endpoint.name.clone(), endpoint.dir());
                let error = ImportError::refused(name, dir, code, text.to_owned(), None);
                let _nobody_waits = reply.send(Err(error));
            }
        }
        self.session.hangup(now(), channel, code, text);
    }

    /// Whether an import that was open in an earlier session is to be asked for again later.
    fn postpone(&mut self, channel: ChannelId, code: Code) -> bool {
        let may_pass = matches!(code, Code::UnknownName | Code::TooManyChannels | Code::Busy);
        if !may_pass || !self.endpoints.find(channel).is_some_and(Endpoint::is_imported_again) {
            return false;
        }
        let closed = Closed::by_peer(code, String::new());
        let Some(endpoint) = self.endpoints.remove(channel) else { return false };
        let base_values = endpoint.base_values;
        match endpoint.into_import(0, &closed) {
            Ok(import) => {
                tracing::debug!(name = import.request.name, %code, "an import waits");
                // Whoever waits for its values waits on.
                self.postpone_flushes(channel, &import, base_values);
                self.postponed.add(now(), import);
                true
            }
            Err(endpoint) => {
                self.endpoints.insert(channel, *endpoint);
                false
            }
        }
    }

    fn hung_up(
        &mut self,
        channel: ChannelId,
        code: Code,
        text: String,
    ) -> Result<(), ConnectionEnd> {
        let Some(endpoint) = self.endpoints.find_mut(channel) else { return Ok(()) };
        let closed = match (code, &endpoint.rejection) {
            (Code::Undecodable, Some(Rejection { position, text, .. })) => {
                let (position, text) = (*position, text.clone());
                Closed::new(Origin::Peer, Reason::Undecodable { position, text })
            }
            (code, _) => Closed::by_peer(code, text.clone()),
        };
        endpoint.close(closed.clone());
        endpoint.complete_claim(&closed);
        match code {
            Code::Complete | Code::HungUp | Code::ReceiverDropped | Code::TooSlow => Ok(()),
            code => {
                let name = endpoint.name.clone();
                self.reports.push(Report::ChannelFault { name, by: Origin::Peer, code, text })
            }
        }
    }

    fn channel_over(&mut self, channel: ChannelId, lost_values: u64) {
        let mut discarded_values = 0;
        if let Some(endpoint) = self.endpoints.detach(channel) {
            let gone = || Closed::new(Origin::Peer, Reason::HungUp);
            self.stop_asking(channel, endpoint.closed.clone().unwrap_or_else(gone));
            self.tell_channel_end(&endpoint, lost_values);
            let Endpoint { name, opening, .. } = endpoint;
            discarded_values = endpoint.discarded_values;
            // Hung up before the answer.
            if let Some(reply) = opening {
                let (code, text) = (Code::HungUp, String::new());
                let _nobody_waits = reply.send(Err(ImportError::Refused { name, code, text }));
            }
        }
        self.give_up_flushes(channel, lost_values + discarded_values);
        self.settle_hangups(channel, lost_values);
    }

    /// If no more answers come on a channel, no more requests go to a peer that cannot answer them.
    /// Usually their channel has ended before.
    fn stop_asking(&mut self, channel: ChannelId, closed: Closed) {
        if !channel.is_for_answers() {
            return;
        }
        let requests = channel.opened();
        if let Some(endpoint) = self.endpoints.find_mut(requests)
            && let Queue::Out(..) = endpoint.queue
        {
            endpoint.end(closed);
            self.session.hangup(now(), requests, Code::HungUp, "");
        }
    }
}

impl Driver {
    fn tell_channel_open(&self, channel: ChannelId) {
        if let Some(endpoint) = self.endpoints.find(channel)
            && !endpoint.name.is_empty()
        {
            let (name, dir) = (endpoint.name.clone(), endpoint.dir());
            self.tell(|peer| net::Event::ChannelOpened { peer, name, dir });
        }
    }
}

/// Tells the session what was taken from a receiving channel, what could not be decoded, and that its
/// users want no more.
pub(super) fn report_taken(
    session: &mut Session,
    now: Instant,
    channel: ChannelId,
    endpoint: &Endpoint,
) -> Option<LaneReport> {
    let report = endpoint.taken()?;
    // First: that all was taken may be the last word on the channel.
    if let Some(rejection) = &report.rejection {
        session.reject(now, channel, rejection.clone());
    }
    let Progress { taken: Taken { values, bytes }, leading_values } = report.progress;
    if report.fault == Some(Fault::Undecodable) {
        let text = match &report.rejection {
            Some(Rejection { position, text, .. }) => format!("value {position}: {text}"),
            None => "a value of an earlier session".to_owned(),
        };
        session.end_with_rejected(now, channel, (values, bytes, leading_values), text);
        return Some(report);
    }
    session.taken_in_any_order(now, channel, values, bytes, leading_values);
    match report.fault {
        None | Some(Fault::Undecodable) => {}
        Some(Fault::Abandoned) => session.hangup(now, channel, Code::ReceiverDropped, ""),
        Some(Fault::Corrupt) => session.hangup(now, channel, Code::Corrupt, ""),
    }
    Some(report)
}
