//! Frames to bytes.

use bytes::{BufMut, BytesMut};

use crate::dir::Dir;
use crate::id::ChannelId;
use crate::limits::{CONTROL_BODY_BYTES_MAX, OLDER_TYPES_MAX, TEXT_BYTES_MAX};
use crate::wire::{Content, Data, Frame, Header, Kind, Partial, Spent, Subject};

/// The bytes of a data frame's body before the run, when its last value is whole.
pub const DATA_PREFIX_BYTES: usize = 4;

/// The bytes of a data frame's body before the run, when its last value is not whole.
pub const PARTIAL_PREFIX_BYTES: usize = 12;

/// The bytes of a page that fit into one [`Frame::Listing`].
pub const LISTING_PIECE_BYTES_MAX: usize = CONTROL_BODY_BYTES_MAX - 9;
/// The bytes of a document frame's body before its piece.
pub const DOCUMENT_PREFIX_BYTES: usize = 4;

/// Appends a frame to `output`. `sequence` is ignored on frames that are not counted.
pub fn encode(frame: &Frame, sequence: u32, output: &mut BytesMut) {
    match frame {
        Frame::Ack { received } => link(Kind::Ack, output, |body| body.put_u64_le(*received)),
        Frame::Ping { token } => link(Kind::Ping, output, |body| body.put_u64_le(*token)),
        Frame::Pong { token } => link(Kind::Pong, output, |body| body.put_u64_le(*token)),
        Frame::Goodbye { code, text } => link(Kind::Goodbye, output, |body| {
            body.put_u16_le(code.number());
            put_text(body, text);
        }),
        Frame::List { token, after } => link(Kind::List, output, |body| {
            body.put_u64_le(*token);
            put_text(body, after);
        }),
        Frame::Listing { token, is_last, piece } => link(Kind::Listing, output, |body| {
            body.put_u64_le(*token);
            body.put_u8(u8::from(*is_last));
            body.put_slice(piece);
        }),
        Frame::Grant { channel, values, bytes, taken, freed } => {
            framed(Kind::Grant, *channel, 0, output, |body| {
                body.put_u64_le(*values);
                body.put_u64_le(*bytes);
                body.put_u64_le(*taken);
                body.put_u64_le(*freed);
            });
        }
        Frame::Open(open) => framed(Kind::Open, open.channel, sequence, output, |body| {
            body.put_u8(dir_number(open.dir));
            body.put_u8(content_number(open.content));
            body.put_u16_le(0);
            body.put_u32_le(open.window_values);
            body.put_u64_le(open.window_bytes);
            body.put_u64_le(open.limit.map_or(0, |limit| limit.max(1)));
            body.put_u64_le(open.clock_ms);
            body.put_slice(&open.identity);
            body.put_slice(&open.answer_identity);
            let further = &open.also_accepts[..open.also_accepts.len().min(OLDER_TYPES_MAX)];
            body.put_u16_le((16 * further.len()) as u16);
            body.put_slice(further.as_flattened());
            put_text(body, &open.codec);
            put_text(body, &open.name);
        }),
        Frame::Accept { channel, content, window_values, window_bytes, clock_ms, identity } => {
            framed(Kind::Accept, *channel, sequence, output, |body| {
                body.put_u32_le(*window_values);
                body.put_u8(content_number(*content));
                body.put_slice(&[0; 3]);
                body.put_u64_le(*window_bytes);
                body.put_u64_le(*clock_ms);
                body.put_slice(identity);
            });
        }
        Frame::Refuse { channel, code, text } => {
            framed(Kind::Refuse, *channel, sequence, output, |body| {
                body.put_u16_le(code.number());
                put_text(body, text);
            });
        }
        Frame::Data(data) => {
            let Data { channel, values, partial, spent, run } = data;
            encode_data_head(*channel, sequence, *values, *partial, *spent, run.len(), output);
            output.put_slice(run);
        }
        Frame::End { channel, values } => framed(Kind::End, *channel, sequence, output, |body| {
            body.put_u64_le(*values);
        }),
        Frame::Hangup { channel, code, values, text } => {
            framed(Kind::Hangup, *channel, sequence, output, |body| {
                body.put_u64_le(*values);
                body.put_u16_le(code.number());
                put_text(body, text);
            });
        }
        Frame::Cancel { channel, request } => {
            framed(Kind::Cancel, *channel, sequence, output, |body| body.put_u64_le(*request));
        }
        Frame::Skipped { channel, values } => {
            framed(Kind::Skipped, *channel, sequence, output, |body| body.put_u64_le(*values));
        }
        Frame::Document(piece) => {
            framed(Kind::Document, piece.channel, sequence, output, |body| {
                body.put_u8(subject_number(piece.subject));
                body.put_u8(u8::from(piece.is_last));
                body.put_u16_le(piece.older_types);
                body.put_slice(&piece.bytes);
            });
        }
        Frame::Rejected { channel, position, values, text } => {
            framed(Kind::Rejected, *channel, sequence, output, |body| {
                body.put_u64_le(*position);
                body.put_u64_le(*values);
                put_text(body, text);
            });
        }
    }
}

/// Appends the part of a data frame that stands before its run of `run_bytes` bytes.
pub fn encode_data_head(
    channel: ChannelId,
    sequence: u32,
    values: u32,
    partial: Option<Partial>,
    spent: Spent,
    run_bytes: usize,
    output: &mut BytesMut,
) {
    let prefix_bytes = if partial.is_some() { PARTIAL_PREFIX_BYTES } else { DATA_PREFIX_BYTES };
    let header = Header {
        kind: Kind::Data,
        flags: data_flags(partial.is_some(), spent),
        channel,
        sequence,
        length: length_u32(prefix_bytes + run_bytes),
    };
    output.put_slice(&header.to_bytes());
    output.put_u32_le(values);
    if let Some(Partial { tail, rest }) = partial {
        output.put_u32_le(tail);
        output.put_u32_le(rest);
    }
}

fn data_flags(is_partial: bool, spent: Spent) -> u8 {
    let flag = |is_set: bool, flag: u8| u8::from(is_set) * flag;
    flag(is_partial, Header::PARTIAL)
        | flag(spent.values, Header::VALUES_SPENT)
        | flag(spent.bytes, Header::BYTES_SPENT)
}

pub(super) fn dir_number(dir: Dir) -> u8 {
    match dir {
        Dir::Recv => 1,
        Dir::Send => 2,
    }
}

fn content_number(content: Content) -> u8 {
    match content {
        Content::Values => 0,
        Content::Requests => 1,
    }
}

fn subject_number(subject: Subject) -> u8 {
    match subject {
        Subject::Values => 0,
        Subject::Answers => 1,
    }
}

pub(super) fn link(kind: Kind, output: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    framed(kind, ChannelId::NONE, 0, output, body);
}

fn framed(
    kind: Kind,
    channel: ChannelId,
    sequence: u32,
    output: &mut BytesMut,
    body: impl FnOnce(&mut BytesMut),
) {
    let start = output.len();
    let mut header = Header { kind, flags: 0, channel, sequence, length: 0 };
    output.put_slice(&header.to_bytes());
    let body_start = output.len();
    body(output);
    header.length = length_u32(output.len() - body_start);
    output[start..body_start].copy_from_slice(&header.to_bytes());
}

/// Names are checked before they come here; texts for people are cut.
pub(super) fn put_text(body: &mut BytesMut, text: &str) {
    let text = &text[..text_end(text)];
    body.put_u16_le(text.len() as u16);
    body.put_slice(text.as_bytes());
}

/// Where a text for people is cut.
pub(super) fn text_end(text: &str) -> usize {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

fn length_u32(length: usize) -> u32 {
    // INVARIANT: bodies are bounded by `FRAME_BYTES_MAX` and `CONTROL_BODY_BYTES_MAX`.
    u32::try_from(length).expect("a frame's body is shorter than 4 GiB")
}
