//! Bytes to frames and back: the wire format of `docs/protocol.md`.
//!
//! This room exists so that the format has one home. It checks the form of what it reads, above
//! all every length before memory is taken, but not its meaning: it knows no channel's state, no
//! clock and no socket. All integers are little-endian.

mod code;
mod decode;
mod encode;
mod error;
mod frame;
mod header;
mod hello;

pub use code::Code;
pub use decode::{decode, frame_bytes};
pub use encode::{
    DATA_PREFIX_BYTES, DOCUMENT_PREFIX_BYTES, LISTING_PIECE_BYTES_MAX, PARTIAL_PREFIX_BYTES,
    encode, encode_data_head,
};
pub use error::WireError;
pub use frame::{Content, Data, Frame, Open, Partial, Piece, Sequenced, Spent, Subject};
pub use header::{HEADER_BYTES, Header, Kind};
pub use hello::{Hello, Opening, Reject, Resume, Welcome, check_preamble};

/// The first bytes of a link, in both directions.
pub const PREAMBLE: [u8; 8] = *b"netchan\n";

/// The version of the protocol that this crate speaks.
pub const VERSION: u16 = 1;
