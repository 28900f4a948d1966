//! The sixteen bytes before each frame's body.

use crate::id::ChannelId;
use crate::wire::WireError;

/// The length of a frame's header.
pub const HEADER_BYTES: usize = 16;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        /// What a frame is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $($(#[$doc])* $name = $number,)*
        }

        impl Kind {
            /// Every kind, in the order of their numbers.
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)*];

            fn from_number(number: u8) -> Option<Kind> {
                match number {
                    $($number => Some(Kind::$name),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// First frame of the importer.
    Hello = 0x01;
    /// The exporter's yes.
    Welcome = 0x02;
    /// The exporter's no.
    Reject = 0x03;
    /// How many counted frames were received.
    Ack = 0x10;
    /// How much a channel may send in all.
    Grant = 0x11;
    /// Are you there?
    Ping = 0x12;
    /// I am.
    Pong = 0x13;
    /// The session is over.
    Goodbye = 0x14;
    /// Which channels have you?
    List = 0x15;
    /// These, and what can be done with them.
    Listing = 0x16;
    /// A request to import a channel.
    Open = 0x20;
    /// The import is accepted.
    Accept = 0x21;
    /// The import is refused.
    Refuse = 0x22;
    /// Values of a channel.
    Data = 0x23;
    /// The sender has sent its last value.
    End = 0x24;
    /// The channel is dissociated, or all of its values were taken.
    Hangup = 0x25;
    /// The sender has left values out.
    Skipped = 0x26;
    /// The asker of a request wants no answer any more.
    Cancel = 0x27;
    /// A piece of the schema of a type that was not what the other side wants.
    Document = 0x28;
    /// The receiver could not decode values.
    Rejected = 0x29;
}

impl Kind {
    /// Whether both sides count frames of this kind: those that must neither be lost nor seen
    /// twice when a session continues on another link.
    #[must_use]
    pub fn is_counted(self) -> bool {
        self as u8 >= Kind::Open as u8
    }

    /// Whether frames of this kind belong to a channel.
    #[must_use]
    pub fn has_channel(self) -> bool {
        self.is_counted() || self == Kind::Grant
    }
}

/// A frame's header.
///
/// ```text
///  0      1       2            4            8              12           16
/// | kind | flags | reserved=0 | channel u32 | sequence u32 | length u32 | body ...
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the frame is.
    pub kind: Kind,
    /// What else is to be known of the frame; only data frames have any.
    pub flags: u8,
    /// The channel, or [`ChannelId::NONE`].
    pub channel: ChannelId,
    /// The low 32 bits of a counted frame's number, from 1; zero on the others.
    pub sequence: u32,
    /// The length of the body, in bytes.
    pub length: u32,
}

impl Header {
    /// On a data frame: its last value goes on in the channel's next data frame.
    pub const PARTIAL: u8 = 0x01;

    /// On a data frame: its sender has used up its credit for values with it.
    pub const VALUES_SPENT: u8 = 0x02;

    /// On a data frame: its sender has used up its credit for bytes with it, but for what may be too
    /// little for another value.
    pub const BYTES_SPENT: u8 = 0x04;

    /// The flags of data frames.
    const DATA_FLAGS: u8 = Header::PARTIAL | Header::VALUES_SPENT | Header::BYTES_SPENT;

    /// The bytes of this header.
    #[must_use]
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0] = self.kind as u8;
        bytes[1] = self.flags;
        bytes[4..8].copy_from_slice(&self.channel.0.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    /// Reads a header and checks what can be checked without the session.
    ///
    /// # Errors
    ///
    /// [`WireError`] when the kind is unknown, a reserved bit is set, or a channel or sequence
    /// number is missing or superfluous.
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Header, WireError> {
        let [kind, flags, reserved_a, reserved_b, rest @ ..] = *bytes;
        let word =
            |at: usize| u32::from_le_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
        let kind = Kind::from_number(kind).ok_or(WireError::UnknownKind(kind))?;
        let header =
            Header { kind, flags, channel: ChannelId(word(0)), sequence: word(4), length: word(8) };
        let known_flags = if kind == Kind::Data { Header::DATA_FLAGS } else { 0 };
        if flags & !known_flags != 0 || reserved_a != 0 || reserved_b != 0 {
            return Err(WireError::ReservedBits(kind));
        }
        if kind.has_channel() != (header.channel != ChannelId::NONE) {
            return Err(WireError::Channel(kind, header.channel));
        }
        if !kind.is_counted() && header.sequence != 0 {
            return Err(WireError::Sequence(kind));
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: Kind) -> Header {
        Header {
            kind,
            flags: 0,
            channel: if kind.has_channel() { ChannelId(0x0403_0201) } else { ChannelId::NONE },
            sequence: if kind.is_counted() { 0x0807_0605 } else { 0 },
            length: 0x0c0b_0a09,
        }
    }

    #[test]
    fn every_kind_survives_its_bytes() {
        for kind in Kind::ALL {
            let header = header(*kind);
            assert_eq!(Header::parse(&header.to_bytes()), Ok(header));
        }
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let bytes = header(Kind::Data).to_bytes();
        assert_eq!(bytes, [0x23, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }

    #[test]
    fn what_is_reserved_must_be_zero() {
        let good = header(Kind::Open).to_bytes();
        for (at, value) in [(0, 0x77), (1, 1), (2, 1), (3, 0x80)] {
            let mut bad = good;
            bad[at] = value;
            assert!(Header::parse(&bad).is_err(), "byte {at}");
        }
        let mut without_channel = good;
        without_channel[4..8].fill(0);
        assert_eq!(
            Header::parse(&without_channel),
            Err(WireError::Channel(Kind::Open, ChannelId::NONE))
        );
        let mut ping = header(Kind::Ping).to_bytes();
        ping[8] = 1;
        assert_eq!(Header::parse(&ping), Err(WireError::Sequence(Kind::Ping)));
    }
}
