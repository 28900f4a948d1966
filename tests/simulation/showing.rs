//! What the two sides show each other of a channel that was refused: their schemas, which are any
//! bytes.

use bytes::Bytes;
use netchan::limits::SCHEMA_BYTES_MAX;
use netchan::session::{Document, Role};
use netchan::wire::Subject;

use crate::both::{Both, opposite};
use crate::dice::Dice;

/// What both sides have in the place of one channel, and who was shown it.
#[derive(Debug, Default)]
pub(crate) struct Showing {
    /// From which both schemas follow.
    seed: u64,
    /// To whom the other side has shown its schema.
    is_due_to: Both<bool>,
    /// Who has seen it.
    has_come_to: Both<bool>,
}

impl Showing {
    /// The channel is refused: its sides have schemas that follow from a number.
    pub(crate) fn from_seed(seed: u64) -> Showing {
        Showing { seed, ..Showing::default() }
    }

    /// What a side has in the place of the channel. Most are short, some take many frames.
    pub(crate) fn document(&self, author: Role) -> Document {
        let mut dice = Dice::seeded(2 * self.seed + u64::from(author == Role::Exporter));
        let ends = [50, 50, 3000, 3000, SCHEMA_BYTES_MAX];
        let end = dice.pick(&ends);
        let length = if dice.one_in(10) { end } else { 1 + dice.index(end) };
        let bytes: Bytes = (0..length).map(|_| dice.below(256) as u8).collect();
        Document {
            subject: dice.pick(&[Subject::Values, Subject::Answers]),
            older_types: dice.below(1 << 16) as u16,
            bytes,
        }
    }

    /// A side has shown the other one what it has, if the session has taken it on.
    pub(crate) fn note_shown(&mut self, author: Role, is_shown: bool) {
        self.is_due_to[opposite(author)] = is_shown;
    }

    /// A side hears of the refusal: what was shown before it comes with it.
    pub(crate) fn come_with_refusal(&mut self, channel: usize, to: Role, shown: Option<&Document>) {
        assert_eq!(
            shown.is_some(),
            self.is_due_to[to],
            "channel {channel}: shown with its refusal"
        );
        if let Some(shown) = shown {
            self.come(channel, to, shown);
        }
    }

    /// A side sees what the other one has.
    pub(crate) fn come(&mut self, channel: usize, to: Role, shown: &Document) {
        assert!(self.is_due_to[to], "channel {channel}: somebody has shown it");
        let is_same = *shown == self.document(opposite(to));
        assert!(is_same, "channel {channel}: the {to:?} sees what was shown");
        let is_again = std::mem::replace(&mut self.has_come_to[to], true);
        assert!(!is_again, "channel {channel}: shown once to the {to:?}");
    }

    /// Whether all that was shown has been seen.
    pub(crate) fn is_over(&self) -> bool {
        self.is_due_to == self.has_come_to
    }

    /// Whether both sides have seen what the other has.
    pub(crate) fn is_mutual(&self) -> bool {
        self.has_come_to == Both::new(|_| true)
    }
}
