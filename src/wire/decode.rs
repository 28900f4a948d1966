//! Bytes to frames.

use bytes::{Buf, Bytes, BytesMut};

use crate::dir::Dir;
use crate::id::ChannelId;
use crate::limits::{CODEC_BYTES_MAX, CONTROL_BODY_BYTES_MAX, NAME_BYTES_MAX};
use crate::limits::{OLDER_TYPES_MAX, TEXT_BYTES_MAX};
use crate::wire::encode::text_end;
use crate::wire::{
    Code, Content, DATA_PREFIX_BYTES, Data, Frame, HEADER_BYTES, Header, Kind, Open,
    PARTIAL_PREFIX_BYTES, Partial, Piece, Sequenced, Spent, Subject, WireError,
};

/// Takes the next frame from the front of `input`, or nothing if it is not there as a whole.
///
/// `data_bytes_max` is the longest body of a data frame that is accepted. The run of a data frame
/// shares memory with `input`.
///
/// # Errors
///
/// [`WireError`] as soon as the bytes cannot become a frame. The header of a frame is judged
/// before its body has arrived, so a length that is too large never takes memory.
pub fn decode(input: &mut BytesMut, data_bytes_max: usize) -> Result<Option<Sequenced>, WireError> {
    let Some(header) = peek_header(input)? else {
        return Ok(None);
    };
    let length_max = match header.kind {
        Kind::Hello | Kind::Welcome | Kind::Reject => {
            return Err(WireError::Unexpected(header.kind));
        }
        Kind::Data => data_bytes_max,
        _ => CONTROL_BODY_BYTES_MAX,
    };
    let Some(body) = take_body(input, header, length_max)? else {
        return Ok(None);
    };
    let frame = decode_body(header, body)?;
    Ok(Some(Sequenced { sequence: header.sequence, frame }))
}

/// The length of the frame at the front of `input`, as its header claims. `None` when that is not there or
/// makes no sense.
#[must_use]
pub fn frame_bytes(input: &[u8]) -> Option<usize> {
    let header = peek_header(input).ok()??;
    Some(HEADER_BYTES + header.length as usize)
}

pub(super) fn peek_header(input: &[u8]) -> Result<Option<Header>, WireError> {
    input.first_chunk::<HEADER_BYTES>().map(Header::parse).transpose()
}

pub(super) fn take_body(
    input: &mut BytesMut,
    header: Header,
    length_max: usize,
) -> Result<Option<Bytes>, WireError> {
    let Header { kind, length, .. } = header;
    if length as usize > length_max {
        return Err(WireError::TooLong { kind, length, length_max });
    }
    if input.len() < HEADER_BYTES + length as usize {
        return Ok(None);
    }
    let mut frame = input.split_to(HEADER_BYTES + length as usize);
    frame.advance(HEADER_BYTES);
    Ok(Some(frame.freeze()))
}

fn decode_body(header: Header, body: Bytes) -> Result<Frame, WireError> {
    let Header { kind, channel, .. } = header;
    if kind == Kind::Data {
        return decode_data(header, body);
    }
    let mut body = Body { kind, bytes: body };
    let frame = match kind {
        Kind::Ack => Frame::Ack { received: body.u64()? },
        Kind::Ping => Frame::Ping { token: body.u64()? },
        Kind::Pong => Frame::Pong { token: body.u64()? },
        Kind::Goodbye => Frame::Goodbye { code: body.code()?, text: body.text()? },
        Kind::List => Frame::List { token: body.u64()?, after: body.name_or_none()? },
        Kind::Listing => decode_listing(&mut body)?,
        Kind::Grant => {
            let (values, bytes) = (body.u64()?, body.u64()?);
            Frame::Grant { channel, values, bytes, taken: body.u64()?, freed: body.u64()? }
        }
        Kind::Open => Frame::Open(decode_open(channel, &mut body)?),
        Kind::Accept => {
            let window_values = body.u32()?;
            let content = decode_content(&mut body)?;
            body.zero(3)?;
            let (window_bytes, clock_ms) = (body.u64()?, body.u64()?);
            let identity = body.array()?;
            Frame::Accept { channel, content, window_values, window_bytes, clock_ms, identity }
        }
        Kind::Refuse => Frame::Refuse { channel, code: body.code()?, text: body.text()? },
        Kind::End => Frame::End { channel, values: body.u64()? },
        Kind::Hangup => {
            let values = body.u64()?;
            Frame::Hangup { channel, code: body.code()?, values, text: body.text()? }
        }
        Kind::Cancel => Frame::Cancel { channel, request: body.u64()? },
        Kind::Skipped => Frame::Skipped { channel, values: body.u64()? },
        Kind::Document => Frame::Document(decode_document(channel, &mut body)?),
        Kind::Rejected => {
            let (position, values) = (body.u64()?, body.u64()?);
            Frame::Rejected { channel, position, values, text: body.text()? }
        }
        Kind::Hello | Kind::Welcome | Kind::Reject | Kind::Data => {
            return Err(WireError::Unexpected(kind));
        }
    };
    body.finish()?;
    Ok(frame)
}

fn decode_open(channel: ChannelId, body: &mut Body) -> Result<Open, WireError> {
    let dir = match body.u8()? {
        1 => Dir::Recv,
        2 => Dir::Send,
        _ => return Err(WireError::Field(Kind::Open, "direction")),
    };
    let content = decode_content(body)?;
    body.zero(2)?;
    let window_values = body.u32()?;
    if window_values == 0 {
        return Err(WireError::Field(Kind::Open, "window"));
    }
    let window_bytes = body.u64()?;
    let limit = match body.u64()? {
        0 => None,
        limit => Some(limit),
    };
    let clock_ms = body.u64()?;
    let (identity, answer_identity) = (body.array()?, body.array()?);
    let also_accepts = decode_identities(body)?;
    let codec = body.name("codec", CODEC_BYTES_MAX)?;
    let name = body.name("name", NAME_BYTES_MAX)?;
    Ok(Open {
        channel,
        dir,
        content,
        name,
        codec,
        identity,
        answer_identity,
        also_accepts,
        window_values,
        window_bytes,
        limit,
        clock_ms,
    })
}

/// A list of identities, behind its length in bytes.
fn decode_identities(body: &mut Body) -> Result<Vec<[u8; 16]>, WireError> {
    const FIELD: &str = "list of identities";
    let bytes = body.counted(FIELD, 16 * OLDER_TYPES_MAX)?;
    match bytes.as_chunks() {
        (identities, []) => Ok(identities.to_vec()),
        _ => Err(WireError::Field(body.kind, FIELD)),
    }
}

fn decode_document(channel: ChannelId, body: &mut Body) -> Result<Piece, WireError> {
    let subject = match body.u8()? {
        0 => Subject::Values,
        1 => Subject::Answers,
        _ => return Err(WireError::Field(body.kind, "subject")),
    };
    let is_last = match body.u8()? {
        0 => false,
        1 => true,
        _ => return Err(WireError::Field(body.kind, "mark of the last piece")),
    };
    let older_types = body.u16()?;
    let bytes = std::mem::take(&mut body.bytes);
    if bytes.is_empty() {
        return Err(WireError::BodyLength(body.kind));
    }
    Ok(Piece { channel, subject, is_last, older_types, bytes })
}

fn decode_content(body: &mut Body) -> Result<Content, WireError> {
    match body.u8()? {
        0 => Ok(Content::Values),
        1 => Ok(Content::Requests),
        _ => Err(WireError::Field(body.kind, "content")),
    }
}

fn decode_listing(body: &mut Body) -> Result<Frame, WireError> {
    let token = body.u64()?;
    let is_last = match body.u8()? {
        0 => false,
        1 => true,
        _ => return Err(WireError::Field(Kind::Listing, "mark of the last piece")),
    };
    let piece = std::mem::take(&mut body.bytes);
    // Pieces that bring nothing could go on for ever.
    if piece.is_empty() && !is_last {
        return Err(WireError::Field(Kind::Listing, "piece"));
    }
    Ok(Frame::Listing { token, is_last, piece })
}

fn decode_data(header: Header, mut body: Bytes) -> Result<Frame, WireError> {
    let is_partial = header.flags & Header::PARTIAL != 0;
    let prefix_bytes = if is_partial { PARTIAL_PREFIX_BYTES } else { DATA_PREFIX_BYTES };
    if body.len() <= prefix_bytes {
        return Err(WireError::BodyLength(Kind::Data));
    }
    let values = body.get_u32_le();
    let partial = is_partial.then(|| Partial { tail: body.get_u32_le(), rest: body.get_u32_le() });
    let whole_bytes = match partial {
        None if values == 0 => return Err(WireError::Field(Kind::Data, "number of values")),
        None => body.len(),
        Some(Partial { tail, rest }) => {
            let impossible = tail == 0 || rest == 0 || tail as usize > body.len();
            if impossible || (values == 0 && tail as usize != body.len()) {
                return Err(WireError::Field(Kind::Data, "partial value"));
            }
            body.len() - tail as usize
        }
    };
    // Each value has at least the byte that says its length; one may have begun earlier, but then
    // its last byte is here.
    if values as usize > whole_bytes {
        return Err(WireError::Field(Kind::Data, "number of values"));
    }
    let spent = Spent {
        values: header.flags & Header::VALUES_SPENT != 0,
        bytes: header.flags & Header::BYTES_SPENT != 0,
    };
    Ok(Frame::Data(Data { channel: header.channel, values, partial, spent, run: body }))
}

/// A body that is read field by field.
pub(super) struct Body {
    pub(super) kind: Kind,
    pub(super) bytes: Bytes,
}

impl Body {
    fn need(&self, length: usize) -> Result<(), WireError> {
        if self.bytes.len() < length { Err(WireError::BodyLength(self.kind)) } else { Ok(()) }
    }

    pub(super) fn u8(&mut self) -> Result<u8, WireError> {
        self.need(1)?;
        Ok(self.bytes.get_u8())
    }

    pub(super) fn u16(&mut self) -> Result<u16, WireError> {
        self.need(2)?;
        Ok(self.bytes.get_u16_le())
    }

    pub(super) fn u32(&mut self) -> Result<u32, WireError> {
        self.need(4)?;
        Ok(self.bytes.get_u32_le())
    }

    pub(super) fn u64(&mut self) -> Result<u64, WireError> {
        self.need(8)?;
        Ok(self.bytes.get_u64_le())
    }

    pub(super) fn array(&mut self) -> Result<[u8; 16], WireError> {
        self.need(16)?;
        let mut array = [0; 16];
        self.bytes.copy_to_slice(&mut array);
        Ok(array)
    }

    pub(super) fn zero(&mut self, length: usize) -> Result<(), WireError> {
        self.need(length)?;
        if self.bytes.split_to(length).iter().any(|byte| *byte != 0) {
            return Err(WireError::ReservedBits(self.kind));
        }
        Ok(())
    }

    pub(super) fn code(&mut self) -> Result<Code, WireError> {
        self.u16().map(Code::from_number)
    }

    /// A text for people, who may read it in a terminal or in a log: what is not UTF-8 in it is replaced,
    /// and so is what would do something there. That may make it longer than it can be.
    pub(super) fn text(&mut self) -> Result<String, WireError> {
        let bytes = self.counted("text", TEXT_BYTES_MAX)?;
        let printed = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
        let mut text: String = String::from_utf8_lossy(&bytes).chars().map(printed).collect();
        text.truncate(text_end(&text));
        Ok(text)
    }

    /// A name for programs: it must be UTF-8 and not empty.
    fn name(&mut self, field: &'static str, bytes_max: usize) -> Result<String, WireError> {
        let bytes = self.counted(field, bytes_max)?;
        match std::str::from_utf8(&bytes) {
            Ok(name) if !name.is_empty() => Ok(name.to_owned()),
            _ => Err(WireError::Field(self.kind, field)),
        }
    }

    /// A name, or nothing in its place.
    fn name_or_none(&mut self) -> Result<String, WireError> {
        let bytes = self.counted("name", NAME_BYTES_MAX)?;
        let name = std::str::from_utf8(&bytes).map_err(|_| WireError::Field(self.kind, "name"))?;
        Ok(name.to_owned())
    }

    pub(super) fn counted(
        &mut self,
        field: &'static str,
        bytes_max: usize,
    ) -> Result<Bytes, WireError> {
        let length = self.u16()? as usize;
        if length > bytes_max {
            return Err(WireError::Field(self.kind, field));
        }
        self.need(length)?;
        Ok(self.bytes.split_to(length))
    }

    fn finish(self) -> Result<(), WireError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(WireError::BodyLength(self.kind)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode;

    #[test]
    fn texts_for_people_do_nothing_to_a_terminal() {
        let text = "ä\u{1b}[2J\nb".to_owned();
        let mut bytes = BytesMut::new();
        encode(&Frame::Goodbye { code: Code::Internal, text }, 0, &mut bytes);
        let decoded = decode(&mut bytes, 1024).unwrap().unwrap().frame;
        let text = "ä\u{fffd}[2J\u{fffd}b".to_owned();
        assert_eq!(decoded, Frame::Goodbye { code: Code::Internal, text });
    }

    fn samples() -> Vec<Frame> {
        let channel = ChannelId(3);
        vec![
            Frame::Ack { received: 1 << 40 },
            Frame::Grant { channel, values: 9, bytes: 10, taken: 5, freed: 7 },
            Frame::Ping { token: 7 },
            Frame::Pong { token: 7 },
            Frame::Goodbye { code: Code::Closed, text: "bye".into() },
            Frame::List { token: 1 << 40, after: String::new() },
            Frame::List { token: 8, after: "lines".into() },
            Frame::Listing { token: 8, is_last: false, piece: Bytes::from_static(b"page") },
            Frame::Listing { token: 8, is_last: true, piece: Bytes::new() },
            Frame::Open(Open {
                channel,
                dir: Dir::Recv,
                content: Content::Requests,
                name: "lines".into(),
                codec: "bincode2".into(),
                identity: [7; 16],
                answer_identity: [8; 16],
                also_accepts: vec![[9; 16], [10; 16]],
                window_values: 3,
                window_bytes: 70_000,
                limit: Some(10),
                clock_ms: 1 << 33,
            }),
            Frame::Accept {
                channel,
                content: Content::Requests,
                window_values: 3,
                window_bytes: 70_000,
                clock_ms: 12,
                identity: [7; 16],
            },
            Frame::Cancel { channel, request: 1 << 50 },
            Frame::Rejected { channel, position: 1 << 40, values: 3, text: "no".into() },
            Frame::Refuse { channel, code: Code::UnknownName, text: "no".into() },
            Frame::Data(Data {
                channel,
                values: 2,
                partial: None,
                spent: Spent { values: true, bytes: false },
                run: Bytes::from_static(&[4, 42, 4, 43]),
            }),
            Frame::Data(Data {
                channel,
                values: 1,
                partial: Some(Partial { tail: 2, rest: 2 }),
                spent: Spent { values: false, bytes: true },
                run: Bytes::from_static(&[4, 42, 12, 1]),
            }),
            Frame::End { channel, values: 2 },
            Frame::Hangup { channel, code: Code::HungUp, values: 2, text: String::new() },
            Frame::Skipped { channel, values: 1 << 40 },
            Frame::Document(Piece {
                channel,
                subject: Subject::Answers,
                is_last: true,
                older_types: 2,
                bytes: Bytes::from_static(&[1]),
            }),
        ]
    }

    fn encoded(frame: &Frame) -> BytesMut {
        let mut bytes = BytesMut::new();
        encode(frame, 77, &mut bytes);
        bytes
    }

    #[test]
    fn every_frame_survives_its_bytes_in_any_pieces() {
        for frame in samples() {
            let bytes = encoded(&frame);
            for cut in 0..bytes.len() {
                let mut input = BytesMut::from(&bytes[..cut]);
                assert_eq!(decode(&mut input, 1024), Ok(None), "{frame:?} cut at {cut}");
                input.extend_from_slice(&bytes[cut..]);
                let decoded = decode(&mut input, 1024).unwrap().unwrap();
                assert_eq!(decoded.frame, frame);
                assert!(input.is_empty());
            }
        }
    }

    #[test]
    fn a_body_that_is_longer_or_shorter_than_its_content_is_refused() {
        for frame in samples() {
            let is_data =
                matches!(frame, Frame::Data(_) | Frame::Listing { .. } | Frame::Document(_));
            let good = encoded(&frame);
            let mut long = good.clone();
            long.extend_from_slice(&[0]);
            let mut short = BytesMut::from(&good[..good.len() - 1]);
            for bytes in [&mut long, &mut short] {
                let length = (bytes.len() - HEADER_BYTES) as u32;
                bytes[12..16].copy_from_slice(&length.to_le_bytes());
            }
            // A run and a piece may have any length; their content is checked by who reads it.
            assert!(is_data || decode(&mut long, 1024).is_err(), "{frame:?}");
            assert!(is_data || decode(&mut short, 1024).is_err(), "{frame:?}");
        }
    }

    #[test]
    fn a_length_is_refused_before_its_body_has_arrived() {
        let header = Header {
            kind: Kind::Data,
            flags: 0,
            channel: ChannelId(1),
            sequence: 1,
            length: u32::MAX,
        };
        let mut input = BytesMut::from(&header.to_bytes()[..]);
        assert_eq!(
            decode(&mut input, 1024),
            Err(WireError::TooLong { kind: Kind::Data, length: u32::MAX, length_max: 1024 })
        );
    }

    #[test]
    fn a_text_that_is_none_becomes_no_longer_than_a_text() {
        let length = (TEXT_BYTES_MAX as u16).to_le_bytes();
        let bytes = Bytes::from([&length[..], &[0xff; TEXT_BYTES_MAX]].concat());
        let text = Body { kind: Kind::Reject, bytes }.text().unwrap();
        assert_eq!(text, "\u{fffd}".repeat(TEXT_BYTES_MAX / 3));
    }

    #[test]
    fn a_data_frame_cannot_claim_more_values_than_bytes() {
        let mut input = BytesMut::new();
        crate::wire::encode_data_head(ChannelId(1), 1, 5, None, Spent::default(), 4, &mut input);
        input.extend_from_slice(&[0; 4]);
        assert_eq!(decode(&mut input, 1024), Err(WireError::Field(Kind::Data, "number of values")));
    }
}
