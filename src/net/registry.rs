//! The published names of an exporter, and what stands behind each.

mod listing;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::channel::Strictness;
use crate::channel::read_answers;
use crate::channel::{Asks, Caller, Closed, Coding, EndsWith, Incoming, LaneWindow, Origin};
use crate::channel::{Outgoing, OutgoingBounds, Reason, Receiver, Requests, Sender, Shape, Slots};
use crate::dir::Dir;
use crate::limits::{QUEUE_VALUES_DEFAULT, WINDOW_VALUES_GROWN_MAX};
use crate::net::error::NameError;
use crate::net::event::Events;
use crate::net::mismatch::{Agreed, Mismatch, Refusal, Types, check_codec, check_same_codec};
use crate::net::offers::Offers;
use crate::net::{ConfigError, ExportError, RecvSettings, SendSettings, Unconfirmed};
use crate::wire::{Code, Content, Open, Subject};

/// The exported channels by name.
#[derive(Debug)]
pub(super) struct Registry {
    state: Mutex<State>,
    /// Ends of channels in messages, to whichever importer they go.
    pub(super) offers: Arc<Offers>,
    /// Importers may ask which channels there are.
    lists_channels: bool,
}

#[derive(Debug, Default)]
struct State {
    /// In order, because they are listed page by page.
    exports: BTreeMap<String, Export>,
    is_closed: bool,
}

#[derive(Debug)]
struct Export {
    types: Types,
    codec: Cow<'static, str>,
    end: ExportEnd,
}

impl Export {
    /// Compares the types with those of an importer.
    fn agree(&self, open: &Open) -> Result<Agreed, Refusal> {
        let Types { values, answers } = &self.types;
        let (outgoing, incoming) = (Mismatch::outgoing, Mismatch::incoming);
        let mut agreed = Agreed::EQUAL;
        match &self.end {
            ExportEnd::Out(_) if values.suits(open.identity, &open.also_accepts) => {
                agreed.identity = values.description.identity().0;
            }
            ExportEnd::Out(_) => return Err(outgoing(Subject::Values, values).into()),
            ExportEnd::In(..) => {
                let form = values.form_of(open.identity);
                agreed.values = form.ok_or_else(|| incoming(Subject::Values, values))?;
            }
        }
        let answers = answers.as_ref().filter(|_| open.content == Content::Requests);
        match (&self.end, answers) {
            (_, None) => {}
            (ExportEnd::In(..), Some(answers))
                if answers.suits(open.answer_identity, &open.also_accepts) =>
            {
                agreed.identity = answers.description.identity().0;
            }
            (ExportEnd::In(..), Some(answers)) => {
                return Err(outgoing(Subject::Answers, answers).into());
            }
            (ExportEnd::Out(_), Some(answers)) => {
                let form = answers.form_of(open.answer_identity);
                agreed.answers = form.ok_or_else(|| incoming(Subject::Answers, answers))?;
            }
        }
        Ok(agreed)
    }
}

/// What an importer asks for, and may have.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) end: ExportEnd,
    /// What the channel then carries.
    pub(super) content: Content,
    pub(super) agreed: Agreed,
}

/// The queue of an exported channel.
#[derive(Clone, Debug)]
pub(super) enum ExportEnd {
    Out(Arc<Outgoing>),
    In(Arc<Incoming>, LaneWindow),
}

impl ExportEnd {
    fn dir(&self) -> Dir {
        match self {
            ExportEnd::Out(_) => Dir::Send,
            ExportEnd::In(..) => Dir::Recv,
        }
    }

    /// What one importer may have in flight or buffered, if it sends.
    pub(super) fn window(&self) -> Option<LaneWindow> {
        match self {
            ExportEnd::Out(_) => None,
            ExportEnd::In(_, window) => Some(*window),
        }
    }

    /// The same for an importer that asks for a smaller window.
    pub(super) fn with_window(self, values: u32) -> ExportEnd {
        match self {
            ExportEnd::In(queue, window) => ExportEnd::In(queue, LaneWindow { values, ..window }),
            out => out,
        }
    }

    /// Whether the name is free for another channel, although importers of this one may still hold
    /// values that they have not taken.
    fn is_free(&self) -> bool {
        match self {
            ExportEnd::Out(queue) => queue.is_exhausted(),
            ExportEnd::In(queue, _) => queue.is_over(),
        }
    }

    /// Whether the channel has come to its end.
    fn is_over(&self) -> bool {
        match self {
            ExportEnd::Out(queue) => queue.is_over(),
            ExportEnd::In(queue, _) => queue.is_over(),
        }
    }

    /// Ends the channel on this side; returns the queued values that are dropped by that.
    fn end(&self, closed: Closed) -> u64 {
        match self {
            ExportEnd::Out(queue) => queue.end(closed),
            ExportEnd::In(queue, _) => {
                queue.end(closed);
                0
            }
        }
    }
}

/// The bounds of an exported channel that sends.
fn bounds(settings: SendSettings) -> OutgoingBounds {
    let capacity_values = settings.capacity_values.unwrap_or(QUEUE_VALUES_DEFAULT);
    OutgoingBounds {
        capacity_values,
        capacity_max: settings.capacity_values.unwrap_or(WINDOW_VALUES_GROWN_MAX),
        queue_bytes: settings.queue_bytes,
        slots: Slots::UntilDispatched,
        limit: None,
        redelivers: settings.unconfirmed == Unconfirmed::Redeliver
            && settings.shape == Shape::Queue,
        shape: settings.shape,
    }
}

/// When an exported channel that receives ends, and what each importer may have in flight.
fn incoming(settings: RecvSettings) -> Result<(EndsWith, LaneWindow), ExportError> {
    settings.check()?;
    let ends_with = if settings.stays_open { EndsWith::Nobody } else { EndsWith::LastImporter };
    Ok((ends_with, settings.window()))
}

impl Registry {
    pub(super) fn new(offers: Arc<Offers>, lists_channels: bool) -> Arc<Registry> {
        Arc::new(Registry { state: Mutex::default(), offers, lists_channels })
    }

    pub(super) fn export_sender<T>(
        &self,
        name: &str,
        settings: SendSettings,
        coding: Coding<T>,
        events: &Events,
    ) -> Result<Sender<T>, ExportError> {
        let queue =
            Outgoing::new(bounds(settings), self.offers.offering_for(&coding.accepted.description));
        queue.on_overflow(events.overflow_teller("", name));
        let sender = Sender::new(queue.clone(), &coding);
        let types = Types { values: coding.accepted, answers: None };
        self.publish(name, coding.codec, types, ExportEnd::Out(queue))?;
        Ok(sender)
    }

    pub(super) fn export_receiver<T>(
        &self,
        name: &str,
        settings: RecvSettings,
        coding: Coding<T>,
    ) -> Result<Receiver<T>, ExportError> {
        let (ends_with, window) = incoming(settings)?;
        let strictness = Strictness::new(name, settings.undecodable);
        let queue = coding.incoming(strictness, ends_with);
        let receiver = Receiver::new(queue.clone(), &coding);
        let types = Types { values: coding.accepted, answers: None };
        self.publish(name, coding.codec, types, ExportEnd::In(queue, window))?;
        Ok(receiver)
    }

    pub(super) fn export_caller<Q, R>(
        &self,
        name: &str,
        settings: SendSettings,
        (messages, answers): (Coding<Q>, Coding<R>),
        events: &Events,
    ) -> Result<Caller<Q, R>, ExportError> {
        if settings.shape != Shape::Queue {
            let must_be = "a queue, if messages ask for answers";
            return Err(ConfigError { setting: "shape", must_be }.into());
        }
        check_same_codec(&messages, &answers)?;
        let asks = Asks::new(settings.redelivers_asks, answers.accepted.carries_ends());
        let offering = self.offers.offering_for(&messages.accepted.description);
        let queue = Outgoing::for_requests(bounds(settings), offering, asks.clone());
        queue.on_overflow(events.overflow_teller("", name));
        let caller =
            Caller::new(queue.clone(), asks.clone(), messages.encoder.clone(), answers.decoder);
        let end = ExportEnd::Out(queue.clone());
        let types = Types { values: messages.accepted, answers: Some(answers.accepted) };
        self.publish(name, messages.codec, types, end)?;
        tokio::spawn(read_answers(queue, asks));
        Ok(caller)
    }

    pub(super) fn export_requests<Q, R>(
        &self,
        name: &str,
        settings: RecvSettings,
        (messages, answers): (Coding<Q>, Coding<R>),
    ) -> Result<Requests<Q, R>, ExportError> {
        let (ends_with, window) = incoming(settings)?;
        check_same_codec(&messages, &answers)?;
        let queue = Incoming::for_requests(
            Strictness::new(name, settings.undecodable),
            ends_with,
            messages.accepted.carries_ends(),
            answers.accepted.description.carries_ends(),
        );
        let requests = Requests::new(queue.clone(), messages.decoder, answers.encoder.clone());
        let end = ExportEnd::In(queue, window);
        let types = Types { values: messages.accepted, answers: Some(answers.accepted) };
        self.publish(name, messages.codec, types, end)?;
        Ok(requests)
    }

    fn publish(
        &self,
        name: &str,
        codec: Cow<'static, str>,
        types: Types,
        end: ExportEnd,
    ) -> Result<(), ExportError> {
        NameError::check(name)?;
        types.check()?;
        check_codec(&codec)?;
        let export = Export { types, codec, end };
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(ExportError::ExporterClosed);
        }
        if state.exports.get(name).is_some_and(|export| !export.end.is_free()) {
            return Err(ExportError::DuplicateName { name: name.to_owned() });
        }
        if let Some(former) = state.exports.insert(name.to_owned(), export) {
            // What its importers have not taken has nowhere to come back to.
            former.end.end(Closed::new(Origin::Local, Reason::HungUp));
        }
        Ok(())
    }

    /// Finds what an importer asks for, or says why it cannot have it.
    pub(super) fn find(&self, open: &Open) -> Result<Found, Refusal> {
        let state = self.state.lock();
        let refusal = |code: Code, text: String| Err(Refusal::new(code, text));
        let Some(export) = state.exports.get(&open.name) else {
            return refusal(Code::UnknownName, String::new());
        };
        if export.end.dir() != open.dir.opposite() {
            return refusal(
                Code::WrongDirection,
                format!("it is exported to {}", export.end.dir()),
            );
        }
        if export.codec != open.codec {
            // It goes into logs, and a peer may have any name for a codec.
            let importer = open.codec.escape_debug();
            let text = format!("exporter {}, importer {importer}", export.codec);
            return refusal(Code::CodecMismatch, text);
        }
        let agreed = export.agree(open)?;
        let content = match (&export.end, open.content, &export.types.answers) {
            (_, Content::Requests, Some(_)) => Content::Requests,
            // An importer that could answer need not; one that asks needs answers.
            (ExportEnd::Out(_), Content::Requests, None) => Content::Values,
            (ExportEnd::In(..), Content::Values, _) => Content::Values,
            (ExportEnd::Out(_), Content::Values, None) => Content::Values,
            (ExportEnd::Out(_), Content::Values, Some(_))
            | (ExportEnd::In(..), Content::Requests, None) => {
                return refusal(Code::NoAnswers, String::new());
            }
        };
        if export.end.is_over() {
            return refusal(Code::Ended, String::new());
        }
        if let ExportEnd::In(queue, _) = &export.end
            && queue.is_clogged()
        {
            return refusal(Code::Busy, String::new());
        }
        Ok(Found { end: export.end.clone(), content, agreed })
    }

    /// Takes a name back and ends its channel. Returns the queued values that are dropped by that,
    /// or nothing if there is no such name.
    pub(super) fn withdraw(&self, name: &str) -> Option<u64> {
        let export = self.state.lock().exports.remove(name)?;
        if export.end.is_over() {
            return None;
        }
        Some(export.end.end(Closed::new(Origin::Local, Reason::HungUp)))
    }

    /// Values that no session has taken, by the name of their channel.
    pub(super) fn queued_values(&self) -> Vec<(String, u64)> {
        let state = self.state.lock();
        let queued = state.exports.iter().filter_map(|(name, export)| match &export.end {
            ExportEnd::Out(queue) => Some((name.clone(), queue.queued_values())),
            ExportEnd::In(..) => None,
        });
        queued.collect()
    }

    /// Takes no more values from the program on any channel that sends; those that are queued are
    /// still sent.
    pub(super) fn finish(&self) {
        for queue in self.sending_queues() {
            queue.finish();
        }
    }

    /// Ends all channels; no more can be exported.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        let closed = Closed::new(Origin::Local, Reason::ConnectionClosed);
        for export in std::mem::take(&mut state.exports).into_values() {
            export.end.end(closed.clone());
        }
        drop(state);
        self.offers.close(&closed);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().is_closed
    }

    /// The queues of all channels that send.
    pub(super) fn sending_queues(&self) -> Vec<Arc<Outgoing>> {
        let state = self.state.lock();
        let queues = state.exports.values().filter_map(|export| match &export.end {
            ExportEnd::Out(queue) => Some(queue.clone()),
            ExportEnd::In(..) => None,
        });
        queues.collect()
    }

    pub(super) fn names(&self) -> usize {
        self.state.lock().exports.values().filter(|export| !export.end.is_over()).count()
    }
}
