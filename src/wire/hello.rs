//! The handshake: the first frame of each side on a new link.
//!
//! Later versions may append fields to these bodies; what follows the known fields is skipped.

use bytes::{BufMut, Bytes, BytesMut};

use crate::id::{Incarnation, NodeId, SessionId, SessionToken};
use crate::limits::{CREDENTIALS_BYTES_MAX, HANDSHAKE_BODY_BYTES_MAX};
use crate::wire::decode::{Body, peek_header, take_body};
use crate::wire::encode::{link, put_text};
use crate::wire::{Code, Kind, PREAMBLE, WireError};

/// What the importer says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The oldest version of the protocol that it speaks.
    pub version_min: u16,
    /// The newest version of the protocol that it speaks.
    pub version_max: u16,
    /// Its lasting name.
    pub node: NodeId,
    /// Its present life.
    pub incarnation: Incarnation,
    /// The session to continue; `None` for a new one.
    pub resume: Option<Resume>,
    /// Counted frames of the session that it has received.
    pub received: u64,
    /// The longest body of a data frame that it accepts, in bytes.
    pub frame_bytes_max: u32,
    /// How long it keeps a session without a link, in milliseconds. Zero: not at all.
    pub expiry_ms: u32,
    /// Optional parts of the protocol that it knows, a bit each. None are defined in version 1.
    pub features: u64,
    /// What proves who it is; empty in version 1 unless both sides agreed on something.
    pub credentials: Bytes,
}

/// A request to continue a session on this link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The session.
    pub session: SessionId,
    /// The secret that the exporter gave with the session.
    pub token: SessionToken,
    /// Which link of the session this is; the highest one wins.
    pub epoch: u64,
}

/// The exporter's yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The version of the protocol that is spoken from now on.
    pub version: u16,
    /// The exporter's lasting name.
    pub node: NodeId,
    /// The exporter's present life.
    pub incarnation: Incarnation,
    /// The session that this link carries.
    pub session: SessionId,
    /// The secret for the next resumption.
    pub token: SessionToken,
    /// Which link of the session this is.
    pub epoch: u64,
    /// Counted frames of the session that the exporter has received.
    pub received: u64,
    /// The longest body of a data frame that it accepts, in bytes.
    pub frame_bytes_max: u32,
    /// How many channels the session may have open.
    pub channels_max: u32,
    /// How long the exporter keeps the session without a link, in milliseconds.
    pub expiry_ms: u32,
    /// The optional parts of the protocol that both sides use.
    pub features: u64,
}

/// The exporter's no. The link ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Why.
    pub code: Code,
    /// The same for people.
    pub text: String,
}

/// The exporter's answer to a hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The link carries a session now.
    Welcome(Welcome),
    /// The link ends.
    Reject(Reject),
}

/// Takes the preamble from the front of `input`. `false` if it is not there as a whole yet.
///
/// # Errors
///
/// [`WireError::NotNetchan`] at the first byte that differs.
pub fn check_preamble(input: &mut BytesMut) -> Result<bool, WireError> {
    let present = input.len().min(PREAMBLE.len());
    if input[..present] != PREAMBLE[..present] {
        return Err(WireError::NotNetchan);
    }
    if present < PREAMBLE.len() {
        return Ok(false);
    }
    let _preamble = input.split_to(PREAMBLE.len());
    Ok(true)
}

impl Hello {
    /// Appends the frame to `output`.
    pub fn encode(&self, output: &mut BytesMut) {
        link(Kind::Hello, output, |body| {
            body.put_u16_le(self.version_min);
            body.put_u16_le(self.version_max);
            body.put_u32_le(self.frame_bytes_max);
            body.put_slice(&self.node.0);
            body.put_slice(&self.incarnation.0);
            let none =
                Resume { session: SessionId([0; 16]), token: SessionToken([0; 16]), epoch: 0 };
            let resume = self.resume.as_ref().unwrap_or(&none);
            body.put_slice(&resume.session.0);
            body.put_slice(&resume.token.0);
            body.put_u64_le(resume.epoch);
            body.put_u64_le(self.received);
            body.put_u64_le(self.features);
            body.put_u32_le(self.expiry_ms);
            body.put_u16_le(self.credentials.len().min(CREDENTIALS_BYTES_MAX) as u16);
            body.put_slice(&self.credentials[..self.credentials.len().min(CREDENTIALS_BYTES_MAX)]);
        });
    }

    /// Takes a hello from the front of `input`, or nothing if it is not there as a whole.
    ///
    /// # Errors
    ///
    /// [`WireError`] if it cannot become a hello.
    pub fn decode(input: &mut BytesMut) -> Result<Option<Hello>, WireError> {
        let Some(mut body) = handshake_body(input, &[Kind::Hello])? else {
            return Ok(None);
        };
        let version_min = body.u16()?;
        let version_max = body.u16()?;
        if version_min > version_max {
            return Err(WireError::Field(Kind::Hello, "version range"));
        }
        let frame_bytes_max = body.u32()?;
        let node = NodeId(body.array()?);
        let incarnation = Incarnation(body.array()?);
        let resume = Resume {
            session: SessionId(body.array()?),
            token: SessionToken(body.array()?),
            epoch: body.u64()?,
        };
        Ok(Some(Hello {
            version_min,
            version_max,
            node,
            incarnation,
            resume: (resume.epoch != 0).then_some(resume),
            received: body.u64()?,
            features: body.u64()?,
            frame_bytes_max,
            expiry_ms: body.u32()?,
            credentials: body.counted("credentials", CREDENTIALS_BYTES_MAX)?,
        }))
    }
}

impl Opening {
    /// Appends the frame to `output`.
    pub fn encode(&self, output: &mut BytesMut) {
        match self {
            Opening::Welcome(welcome) => link(Kind::Welcome, output, |body| {
                body.put_u16_le(welcome.version);
                body.put_u16_le(0);
                body.put_u32_le(welcome.frame_bytes_max);
                body.put_slice(&welcome.node.0);
                body.put_slice(&welcome.incarnation.0);
                body.put_slice(&welcome.session.0);
                body.put_slice(&welcome.token.0);
                body.put_u64_le(welcome.epoch);
                body.put_u64_le(welcome.received);
                body.put_u64_le(welcome.features);
                body.put_u32_le(welcome.expiry_ms);
                body.put_u32_le(welcome.channels_max);
            }),
            Opening::Reject(reject) => link(Kind::Reject, output, |body| {
                body.put_u16_le(reject.code.number());
                put_text(body, &reject.text);
            }),
        }
    }

    /// Takes a welcome or a reject from the front of `input`, or nothing if it is not there as a
    /// whole.
    ///
    /// # Errors
    ///
    /// [`WireError`] if it cannot become either.
    pub fn decode(input: &mut BytesMut) -> Result<Option<Opening>, WireError> {
        let Some(mut body) = handshake_body(input, &[Kind::Welcome, Kind::Reject])? else {
            return Ok(None);
        };
        if body.kind == Kind::Reject {
            return Ok(Some(Opening::Reject(Reject { code: body.code()?, text: body.text()? })));
        }
        let version = body.u16()?;
        body.zero(2)?;
        let frame_bytes_max = body.u32()?;
        Ok(Some(Opening::Welcome(Welcome {
            version,
            node: NodeId(body.array()?),
            incarnation: Incarnation(body.array()?),
            session: SessionId(body.array()?),
            token: SessionToken(body.array()?),
            epoch: body.u64()?,
            received: body.u64()?,
            features: body.u64()?,
            frame_bytes_max,
            expiry_ms: body.u32()?,
            channels_max: body.u32()?,
        })))
    }
}

fn handshake_body(input: &mut BytesMut, expected: &[Kind]) -> Result<Option<Body>, WireError> {
    let Some(header) = peek_header(input)? else {
        return Ok(None);
    };
    if !expected.contains(&header.kind) {
        return Err(WireError::Unexpected(header.kind));
    }
    let body = take_body(input, header, HANDSHAKE_BODY_BYTES_MAX)?;
    Ok(body.map(|bytes| Body { kind: header.kind, bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Hello {
        Hello {
            version_min: 1,
            version_max: 3,
            node: NodeId([1; 16]),
            incarnation: Incarnation([2; 16]),
            resume: Some(Resume {
                session: SessionId([3; 16]),
                token: SessionToken([4; 16]),
                epoch: 5,
            }),
            received: 6,
            frame_bytes_max: 7,
            expiry_ms: 8,
            features: 9,
            credentials: Bytes::from_static(b"secret"),
        }
    }

    fn welcome() -> Opening {
        Opening::Welcome(Welcome {
            version: 1,
            node: NodeId([1; 16]),
            incarnation: Incarnation([2; 16]),
            session: SessionId([3; 16]),
            token: SessionToken([4; 16]),
            epoch: 1,
            received: 0,
            frame_bytes_max: 7,
            channels_max: 8,
            expiry_ms: 9,
            features: 0,
        })
    }

    #[test]
    fn the_handshake_survives_its_bytes_in_any_pieces() {
        let mut bytes = BytesMut::new();
        hello().encode(&mut bytes);
        for cut in 0..bytes.len() {
            let mut input = BytesMut::from(&bytes[..cut]);
            assert_eq!(Hello::decode(&mut input), Ok(None));
            input.extend_from_slice(&bytes[cut..]);
            assert_eq!(Hello::decode(&mut input), Ok(Some(hello())));
        }
        let reject = Opening::Reject(Reject { code: Code::Unauthorized, text: "no".into() });
        for opening in [welcome(), reject] {
            let mut bytes = BytesMut::new();
            opening.encode(&mut bytes);
            assert_eq!(Opening::decode(&mut bytes), Ok(Some(opening)));
        }
    }

    #[test]
    fn fields_of_later_versions_are_skipped() {
        let mut bytes = BytesMut::new();
        hello().encode(&mut bytes);
        bytes.extend_from_slice(b"later");
        let length = (bytes.len() - crate::wire::HEADER_BYTES) as u32;
        bytes[12..16].copy_from_slice(&length.to_le_bytes());
        assert_eq!(Hello::decode(&mut bytes), Ok(Some(hello())));
        assert!(bytes.is_empty());
    }

    #[test]
    fn a_stranger_is_known_by_its_first_byte() {
        let mut input = BytesMut::from(&b"G"[..]);
        assert_eq!(check_preamble(&mut input), Err(WireError::NotNetchan));
        let mut input = BytesMut::from(&PREAMBLE[..7]);
        assert_eq!(check_preamble(&mut input), Ok(false));
        input.extend_from_slice(&PREAMBLE[7..]);
        assert_eq!(check_preamble(&mut input), Ok(true));
    }
}
