//! What both sides are told when the types of a channel differ.
//!
//! The exporter compares identities, which says that types differ, and not where. So it shows the
//! importer its schema with the refusal, and the importer shows its own in return. Each side compares
//! both, and names the first difference in the same words.

use crate::channel::identity::Difference;
use crate::channel::{Accepted, Coding, Form, decode_schema};
use crate::limits::{CODEC_BYTES_MAX, OLDER_TYPES_MAX};
use crate::net::ConfigError;
use crate::session::Document;
use crate::wire::{Code, Subject};

/// The types of a channel, as one side has them.
#[derive(Clone, Debug)]
pub(super) struct Types {
    /// Of values, or of messages.
    pub(super) values: Accepted,
    /// Of answers, if there are any.
    pub(super) answers: Option<Accepted>,
}

impl Types {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let is_too_long = |accepted: &Accepted| accepted.older.len() > OLDER_TYPES_MAX;
        if is_too_long(&self.values) || self.answers.as_ref().is_some_and(is_too_long) {
            let must_be = "at most 15 older types";
            return Err(ConfigError { setting: "also_accepts", must_be });
        }
        Ok(())
    }

    pub(super) fn of(&self, subject: Subject) -> Option<&Accepted> {
        match subject {
            Subject::Values => Some(&self.values),
            Subject::Answers => self.answers.as_ref(),
        }
    }
}

/// Whether a codec can be named to a peer.
pub(super) fn check_codec(codec: &str) -> Result<(), ConfigError> {
    if (1..=CODEC_BYTES_MAX).contains(&codec.len()) {
        return Ok(());
    }
    Err(ConfigError { setting: "codec", must_be: "a name of 1 to 32 bytes" })
}

/// Whether messages and answers have the same codec, which is named once.
pub(super) fn check_same_codec<Q, R>(
    messages: &Coding<Q>,
    answers: &Coding<R>,
) -> Result<(), ConfigError> {
    if messages.codec == answers.codec {
        return Ok(());
    }
    Err(ConfigError { setting: "codec", must_be: "the same for messages and answers" })
}

/// What both sides mean by the values of a channel that is accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreed {
    /// The type of what this side sends, values or answers; all zero if it is not stated.
    pub(super) identity: [u8; 16],
    /// What comes from the peer, if this side receives values.
    pub(super) values: Form,
    /// The same for answers.
    pub(super) answers: Form,
}

impl Agreed {
    /// Both sides have the same types.
    pub(super) const EQUAL: Agreed =
        Agreed { identity: [0; 16], values: Form::OWN, answers: Form::OWN };
}

/// Why an importer cannot have a channel.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) text: String,
    /// What this side has in the place of what was asked for.
    pub(super) mismatch: Option<Mismatch>,
}

impl Refusal {
    pub(super) fn new(code: Code, text: impl Into<String>) -> Refusal {
        Refusal { code, text: text.into(), mismatch: None }
    }
}

impl From<Mismatch> for Refusal {
    fn from(mismatch: Mismatch) -> Refusal {
        let (code, text) = (Code::TypeMismatch, mismatch.text());
        Refusal { code, text, mismatch: Some(mismatch) }
    }
}

/// A type of this side that is not what the peer has.
#[derive(Clone, Debug)]
pub(super) struct Mismatch {
    subject: Subject,
    accepted: Accepted,
    /// How many older types would do as well: none, if this side sends.
    older_types: u16,
}

/// Where the types of both sides differ.
#[derive(Clone, Debug)]
pub(super) struct Explained {
    pub(super) difference: Difference,
    pub(super) text: String,
}

impl Mismatch {
    /// Of values or answers that this side sends.
    pub(super) fn outgoing(subject: Subject, accepted: &Accepted) -> Mismatch {
        Mismatch { subject, accepted: accepted.clone(), older_types: 0 }
    }

    /// Of values or answers that come in.
    pub(super) fn incoming(subject: Subject, accepted: &Accepted) -> Mismatch {
        let older_types = accepted.older.len() as u16;
        Mismatch { subject, accepted: accepted.clone(), older_types }
    }

    /// What the peer is told at least.
    pub(super) fn text(&self) -> String {
        let of = match self.subject {
            Subject::Values => "type",
            Subject::Answers => "type of answers",
        };
        format!("the exporter's {of} is {}", self.accepted.type_name)
    }

    /// What the peer is shown.
    pub(super) fn document(&self) -> Document {
        let Mismatch { subject, older_types, .. } = *self;
        Document { subject, older_types, bytes: self.accepted.description.schema_bytes() }
    }

    /// Compares what this side, an exporter, has with what the importer shows.
    pub(super) fn at_exporter(&self, importer: &Document) -> Option<Explained> {
        let imported = decode_schema(&importer.bytes).ok()?;
        let difference = self.accepted.description.schema().first_difference(&imported)?;
        self.explained(importer, difference, self.older_types, importer.older_types)
    }

    /// Compares what this side, an importer, has with what the exporter shows.
    pub(super) fn at_importer(&self, exporter: &Document) -> Option<Explained> {
        let exported = decode_schema(&exporter.bytes).ok()?;
        let difference = exported.first_difference(self.accepted.description.schema())?;
        self.explained(exporter, difference, exporter.older_types, self.older_types)
    }

    fn explained(
        &self,
        shown: &Document,
        difference: Difference,
        exporter_older: u16,
        importer_older: u16,
    ) -> Option<Explained> {
        if shown.subject != self.subject {
            return None;
        }
        let mut text = difference.between("exporter", "importer").to_string();
        if self.subject == Subject::Answers {
            text.insert_str(0, "answers: ");
        }
        for (side, older) in [("exporter", exporter_older), ("importer", importer_older)] {
            match older {
                0 => {}
                1 => text.push_str(&format!("; the {side} also accepts an older type")),
                older => text.push_str(&format!("; the {side} also accepts {older} older types")),
            }
        }
        Some(Explained { difference, text })
    }
}
