//! Schemas that travel about refused imports, in pieces. To the session they are bytes.

use bytes::{Bytes, BytesMut};

use crate::id::ChannelId;
use crate::limits::{CONTROL_BODY_BYTES_MAX, SCHEMA_BYTES_MAX};
use crate::session::link::Link;
use crate::session::{Event, Session, SessionError};
use crate::wire::{Code, DOCUMENT_PREFIX_BYTES, Frame, Piece, Subject};

/// The longest piece, in bytes.
const PIECE_BYTES_MAX: usize = CONTROL_BODY_BYTES_MAX - DOCUMENT_PREFIX_BYTES;

/// The schema of a type of a channel that was refused, as one side has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Which of the channel's types it is about.
    pub subject: Subject,
    /// How many older types that side accepts in its place.
    pub older_types: u16,
    /// The schema.
    pub bytes: Bytes,
}

/// A document that the peer is sending, or has sent. There is one at a time.
#[derive(Debug)]
pub(super) struct Arriving {
    channel: ChannelId,
    subject: Subject,
    older_types: u16,
    bytes: BytesMut,
    is_whole: bool,
}

impl Arriving {
    fn new(piece: &Piece) -> Arriving {
        let Piece { channel, subject, older_types, .. } = *piece;
        Arriving { channel, subject, older_types, bytes: BytesMut::new(), is_whole: false }
    }

    fn into_document(self) -> Document {
        let Arriving { subject, older_types, bytes, .. } = self;
        Document { subject, older_types, bytes: bytes.freeze() }
    }
}

impl Session {
    /// Refuses what [`Event::OpenRequested`] asked for, and shows the peer what this side has in its
    /// place. Returns whether it was shown: not if it is too long, or if the peer has not acknowledged
    /// much.
    pub fn refuse_with(
        &mut self,
        id: ChannelId,
        code: Code,
        text: impl Into<String>,
        document: &Document,
    ) -> bool {
        let is_asked = self.table.find(id).is_some();
        let is_shown = is_asked && push(&mut self.link, id, document);
        self.refuse(id, code, text);
        is_shown
    }

    /// Shows the peer what this side has in the place of what it was [refused](Event::Refused) for.
    /// Returns whether it is shown: not if it is too long, if the peer has not acknowledged much, behind a
    /// goodbye, or if this side has not asked for that channel, or still has it: the peer would end the
    /// session.
    pub fn show(&mut self, refused: ChannelId, document: &Document) -> bool {
        let may_show = !self.is_closing && self.may_be_refused(refused);
        may_show && push(&mut self.link, refused, document)
    }

    fn may_be_refused(&self, id: ChannelId) -> bool {
        let is_number = id != ChannelId::NONE && !id.is_for_answers();
        let is_gone = self.table.was_used(id) && self.table.find(id).is_none();
        is_number && self.has_opened(id) && is_gone
    }

    pub(super) fn handle_document(&mut self, piece: Piece) -> Result<(), SessionError> {
        let id = piece.channel;
        let violation = |what| Err(SessionError::violation(id, what));
        let is_own = self.has_opened(id);
        match self.table.find(id) {
            // The refusal follows.
            Some(channel) if is_own && !channel.is_accepted => {}
            Some(_) => return violation("a document about what is not refused"),
            // Given up meanwhile, or nothing that this side could have asked about.
            None if is_own => return self.late(id),
            // It answers a refusal.
            None => self.late(id)?,
        }
        match &self.arriving {
            Some(arriving) if !arriving.is_whole => {
                let is_next = (arriving.channel, arriving.subject) == (id, piece.subject);
                if !is_next || arriving.older_types != piece.older_types {
                    return violation("a document within another one");
                }
            }
            _ => self.arriving = Some(Arriving::new(&piece)),
        }
        let Some(arriving) = &mut self.arriving else { return Ok(()) };
        if arriving.bytes.len() + piece.bytes.len() > SCHEMA_BYTES_MAX {
            return Err(SessionError::DocumentTooLong(id));
        }
        arriving.bytes.extend_from_slice(&piece.bytes);
        arriving.is_whole = piece.is_last;
        if piece.is_last
            && !is_own
            && let Some(document) = self.take_document(id)
        {
            self.events.push_back(Event::Shown { channel: id, document });
        }
        Ok(())
    }

    /// What the peer has shown about a channel, as a whole.
    pub(super) fn take_document(&mut self, id: ChannelId) -> Option<Document> {
        let is_it = |arriving: &mut Arriving| arriving.is_whole && arriving.channel == id;
        self.arriving.take_if(is_it).map(Arriving::into_document)
    }
}

/// Composes a document, if there is room for it.
fn push(link: &mut Link, channel: ChannelId, document: &Document) -> bool {
    let Document { subject, older_types, bytes } = document;
    if bytes.is_empty() || bytes.len() > SCHEMA_BYTES_MAX || !link.has_room_for_documents() {
        return false;
    }
    let (subject, older_types) = (*subject, *older_types);
    let mut rest = bytes.clone();
    while !rest.is_empty() {
        let bytes = rest.split_to(rest.len().min(PIECE_BYTES_MAX));
        let is_last = rest.is_empty();
        link.push(&Frame::Document(Piece { channel, subject, is_last, older_types, bytes }));
    }
    true
}
