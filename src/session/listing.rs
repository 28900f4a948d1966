//! Which channels an exporter has: the question, and the answer, which comes as a page in pieces.
//!
//! Neither is counted, so a lost link loses them. The importer asks again on the next link, with another
//! token, so that what is left of an earlier answer is not taken for the new one. The exporter remembers
//! one question and no answer: it is asked for the page when the link has room for it.

use bytes::{Bytes, BytesMut};

use crate::id::ChannelId;
use crate::limits::LISTING_PAGE_BYTES_MAX;
use crate::session::{Event, Role, Session, SessionError};
use crate::wire::{Frame, LISTING_PIECE_BYTES_MAX};

/// What the peer wants to know. Answer with [`Session::answer_list`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Goes back with the answer.
    token: u64,
    /// Only the channels whose names come after this one; empty for all.
    pub after: String,
}

/// Both roles of a session: at an importer what it has asked, at an exporter what it was asked.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Questions that this side has asked. The token of the last one.
    token: u64,
    wanted: Option<Wanted>,
    asked: Option<Question>,
}

/// A page that this side has asked for.
#[derive(Debug)]
struct Wanted {
    after: String,
    /// The question must be put, or put again.
    is_due: bool,
    page: BytesMut,
}

impl Listing {
    /// There is another link: what has come over the last one counts no more.
    pub(super) fn ask_again(&mut self) {
        if let Some(wanted) = &mut self.wanted {
            wanted.is_due = true;
            wanted.page = BytesMut::new();
        }
    }

    /// The link is lost, and with it the peer's question.
    pub(super) fn forget_question(&mut self) {
        self.asked = None;
    }

    pub(super) fn is_due(&self) -> bool {
        self.wanted.as_ref().is_some_and(|wanted| wanted.is_due)
    }

    /// The question, if it is to be put now.
    pub(super) fn ask(&mut self) -> Option<Frame> {
        let wanted = self.wanted.as_mut().filter(|wanted| wanted.is_due)?;
        wanted.is_due = false;
        self.token += 1;
        Some(Frame::List { token: self.token, after: wanted.after.clone() })
    }
}

impl Session {
    /// As an importer: asks for the channels whose names come after this one, over as many links as it
    /// takes. [`Event::Listed`] brings the answer. A question that waits for its answer is given up for
    /// this one.
    pub fn list(&mut self, after: impl Into<String>) {
        let after = after.into();
        self.listing.wanted = Some(Wanted { after, is_due: true, page: BytesMut::new() });
    }

    /// As an exporter: what the peer wants to know, if the link has room for the answer.
    #[must_use]
    pub fn poll_question(&mut self) -> Option<Question> {
        if self.is_away() || self.is_closing || self.link.is_stuffed() {
            return None;
        }
        self.listing.asked.take()
    }

    /// Answers a [question](Session::poll_question) with a page of at most
    /// [`LISTING_PAGE_BYTES_MAX`] bytes.
    ///
    /// # Panics
    ///
    /// If the page is longer.
    pub fn answer_list(&mut self, question: &Question, page: &Bytes) {
        assert!(page.len() <= LISTING_PAGE_BYTES_MAX, "a page has a bound");
        let token = question.token;
        let mut rest = page.clone();
        loop {
            let piece = rest.split_to(rest.len().min(LISTING_PIECE_BYTES_MAX));
            let is_last = rest.is_empty();
            self.link.push_uncounted(&Frame::Listing { token, is_last, piece });
            if is_last {
                return;
            }
        }
    }

    pub(super) fn handle_list(&mut self, token: u64, after: String) -> Result<(), SessionError> {
        if self.parameters.role == Role::Importer {
            return Err(SessionError::violation(
                ChannelId::NONE,
                "an importer is asked for a list",
            ));
        }
        self.listing.asked = Some(Question { token, after });
        Ok(())
    }

    pub(super) fn handle_listing(
        &mut self,
        token: u64,
        is_last: bool,
        piece: &[u8],
    ) -> Result<(), SessionError> {
        if self.parameters.role == Role::Exporter {
            return Err(SessionError::violation(ChannelId::NONE, "a listing from an importer"));
        }
        let Listing { token: expected, wanted, .. } = &mut self.listing;
        let Some(answered) = wanted.as_mut().filter(|wanted| !wanted.is_due) else {
            // The answer to a question that was given up.
            return Ok(());
        };
        if token != *expected {
            return Ok(());
        }
        let bytes = answered.page.len() + piece.len();
        if bytes > LISTING_PAGE_BYTES_MAX {
            return Err(SessionError::PageTooLong { bytes });
        }
        answered.page.extend_from_slice(piece);
        if is_last {
            let page = std::mem::take(&mut answered.page).freeze();
            *wanted = None;
            self.events.push_back(Event::Listed { page });
        }
        Ok(())
    }
}
