//! Imports that are refused because both sides mean something else, and how both are told.

use std::collections::VecDeque;

use crate::channel::Origin;
use crate::channel::identity::Difference;
use crate::dir::Dir;
use crate::id::ChannelId;
use crate::limits::EXPECTED_SCHEMAS_MAX;
use crate::net::driver::Driver;
use crate::net::mismatch::{Explained, Mismatch, Refusal};
use crate::net::{ConnectionEnd, Event, Report};
use crate::session::Document;
use crate::wire::{Code, Subject};

/// Refusals of which the importer's schema is expected, the oldest first.
#[derive(Default)]
pub(super) struct Expected {
    refusals: VecDeque<Refused>,
}

/// An import that this side has refused.
struct Refused {
    channel: ChannelId,
    name: String,
    text: String,
    mismatch: Mismatch,
}

impl Driver {
    /// Refuses what a peer wants to import.
    pub(super) fn refuse(
        &mut self,
        channel: ChannelId,
        name: String,
        refusal: Refusal,
    ) -> Result<(), ConnectionEnd> {
        let Refusal { code, text, mismatch } = refusal;
        tracing::debug!(name, %code, "import refused");
        let is_shown = match &mismatch {
            Some(mismatch) => {
                let document = mismatch.document();
                self.session.refuse_with(channel, code, text.clone(), &document)
            }
            None => {
                self.session.refuse(channel, code, text.clone());
                false
            }
        };
        match mismatch {
            Some(mismatch) if is_shown => {
                self.expected.refusals.push_back(Refused { channel, name, text, mismatch });
                if self.expected.refusals.len() <= EXPECTED_SCHEMAS_MAX {
                    return Ok(());
                }
                // Whoever does not show its schema at once will not.
                let oldest = self.expected.refusals.pop_front();
                oldest.map_or(Ok(()), |refused| self.tell_unexplained(refused))
            }
            _ => self.tell_refusal(name, code, text, None),
        }
    }

    /// A peer shows what it wanted to import.
    pub(super) fn shown(
        &mut self,
        channel: ChannelId,
        document: &Document,
    ) -> Result<(), ConnectionEnd> {
        let refusals = &mut self.expected.refusals;
        let Some(at) = refusals.iter().position(|refused| refused.channel == channel) else {
            return Ok(());
        };
        let Some(refused) = refusals.remove(at) else { return Ok(()) };
        match refused.mismatch.at_exporter(document) {
            Some(Explained { difference, text }) => {
                self.tell_refusal(refused.name, Code::TypeMismatch, text, Some(difference))
            }
            None => self.tell_unexplained(refused),
        }
    }

    /// The session is over: what was not shown will not be.
    pub(super) fn give_up_schemas(&mut self) {
        for refused in std::mem::take(&mut self.expected.refusals) {
            // The session is over anyway.
            let _unread = self.tell_unexplained(refused);
        }
    }

    fn tell_unexplained(&self, refused: Refused) -> Result<(), ConnectionEnd> {
        let Refused { name, text, .. } = refused;
        self.tell_refusal(name, Code::TypeMismatch, text, None)
    }

    /// Tells the program of an import that it has refused.
    fn tell_refusal(
        &self,
        name: String,
        code: Code,
        text: String,
        difference: Option<Difference>,
    ) -> Result<(), ConnectionEnd> {
        if matches!(code, Code::TypeMismatch | Code::CodecMismatch) {
            let (name, text) = (name.clone(), text.clone());
            self.tell(|peer| Event::ImportRefused { peer, name, code, text, difference });
        }
        self.reports.push(Report::ImportRefused { name, by: Origin::Local, code, text })
    }

    /// Compares what the exporter shows with what this side wanted to import, and shows that in return.
    pub(super) fn explain(&mut self, channel: ChannelId, document: &Document) -> Option<Explained> {
        let endpoint = self.endpoints.find(channel)?;
        let subject = document.subject;
        let wanted = endpoint.wanted_types()?.of(subject)?;
        let mismatch = match (endpoint.dir(), subject) {
            (Dir::Recv, Subject::Values) | (Dir::Send, Subject::Answers) => {
                Mismatch::incoming(subject, wanted)
            }
            (Dir::Send, Subject::Values) | (Dir::Recv, Subject::Answers) => {
                Mismatch::outgoing(subject, wanted)
            }
        };
        let explained = mismatch.at_importer(document);
        self.session.show(channel, &mismatch.document());
        explained
    }
}
