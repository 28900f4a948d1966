//! The numbers that say why something ended or was refused.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        /// Why a channel, an import or a link ended, as a number on the wire.
        ///
        /// A number that this version does not know is kept, so that it can be reported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// A number that a later version of the protocol gave a meaning.
            Other(u16),
        }

        impl Code {
            /// Every code of this version, in the order of their numbers.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The number on the wire.
            #[must_use]
            pub fn number(self) -> u16 {
                match self {
                    $(Code::$name => $number,)*
                    Code::Other(number) => number,
                }
            }

            /// The code with a number.
            #[must_use]
            pub fn from_number(number: u16) -> Code {
                match number {
                    $($number => Code::$name,)*
                    other => Code::Other(other),
                }
            }
        }

        impl fmt::Display for Code {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Code::$name => f.write_str($text),)*
                    Code::Other(number) => write!(f, "code {number}"),
                }
            }
        }
    };
}

codes! {
    /// All values were received and taken.
    Complete = 0x0000, "complete";
    /// Somebody asked for it.
    HungUp = 0x0001, "hung up";
    /// Nobody is left to receive the values.
    ReceiverDropped = 0x0002, "the receiver was dropped";
    /// What arrived on the channel is not a sequence of values.
    Corrupt = 0x0003, "the channel's bytes are corrupt";
    /// A value does not decode as the channel's type.
    Undecodable = 0x0004, "a value could not be decoded";
    /// The receiver does not keep up with a broadcast.
    TooSlow = 0x0005, "too slow";

    /// No channel of that name is exported.
    UnknownName = 0x0100, "no channel of that name is exported";
    /// The channel goes the other way.
    WrongDirection = 0x0101, "the channel has the other direction";
    /// The channel carries another type.
    TypeMismatch = 0x0102, "the channel carries another type";
    /// The channel uses another codec.
    CodecMismatch = 0x0103, "the channel uses another codec";
    /// The session has as many channels as it may have.
    TooManyChannels = 0x0104, "too many channels";
    /// The channel has ended.
    Ended = 0x0105, "the channel has ended";
    /// Too much waits to be taken from importers that have left.
    Busy = 0x0106, "too much waits to be taken from importers that have left";
    /// One side asks, and the other one gives no answers.
    NoAnswers = 0x0107, "one side asks, and the other one gives no answers";

    /// The session was closed on purpose.
    Closed = 0x0200, "closed";
    /// The link does not start with netchan's preamble.
    NotNetchan = 0x0201, "not a netchan peer";
    /// No version of the protocol is known to both sides.
    UnsupportedVersion = 0x0202, "no common protocol version";
    /// The handshake took too long.
    HandshakeTimeout = 0x0203, "the handshake took too long";
    /// The peer's credentials were not accepted.
    Unauthorized = 0x0204, "not authorized";
    /// There is no such session to resume.
    UnknownSession = 0x0205, "no such session";
    /// The exporter has as many connections as it may have.
    TooManyConnections = 0x0206, "too many connections";
    /// A frame has a wrong form.
    Malformed = 0x0207, "malformed frame";
    /// A frame does not fit the state of the session.
    Violation = 0x0208, "protocol violation";
    /// A frame is missing.
    SequenceGap = 0x0209, "frames are missing";
    /// The peer sent more than it was granted.
    CreditExceeded = 0x020a, "more was sent than granted";
    /// A value or a frame is longer than allowed.
    TooLarge = 0x020b, "longer than allowed";
    /// The peer was silent for too long.
    Silent = 0x020c, "silent for too long";
    /// A fault of the side that says it.
    Internal = 0x020d, "internal fault";
    /// A newer link carries the session.
    Superseded = 0x020e, "a newer link carries the session";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_its_number() {
        for code in Code::ALL {
            assert_eq!(Code::from_number(code.number()), *code);
        }
        assert_eq!(Code::from_number(0xfffe), Code::Other(0xfffe));
        assert_eq!(Code::Other(0xfffe).number(), 0xfffe);
    }
}
