//! What stands before the payload on channels of requests and of answers.

use crate::channel::{AskError, CodecError, Origin};

/// A message on a channel of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::channel) enum Message<'a> {
    /// Nobody waits for an answer.
    Tell(&'a [u8]),
    /// The asker waits for an answer.
    Ask {
        /// The number that the asker gave it.
        number: u64,
        /// Until when it is worth while to begin, by the asker's clock.
        deadline_ms: Option<u64>,
        payload: &'a [u8],
    },
    /// A request that was cancelled before it was sent.
    Void,
}

const TELL: u8 = 0;
const ASK: u8 = 1;
const VOID: u8 = 2;

/// A whole message that says nothing.
pub(in crate::channel) const VOID_MESSAGE: [u8; 1] = [VOID];

/// Puts what stands before the payload of a message that wants no answer.
pub(in crate::channel) fn put_tell(output: &mut Vec<u8>) {
    output.push(TELL);
}

/// Puts what stands before the payload of a request.
pub(in crate::channel) fn put_ask(output: &mut Vec<u8>, number: u64, deadline_ms: Option<u64>) {
    output.push(ASK);
    put_number(output, number);
    // A deadline at the very first moment of a clock is one a moment later.
    put_number(output, deadline_ms.map_or(0, |deadline| deadline.max(1)));
}

/// Reads a message.
///
/// # Errors
///
/// When the bytes are none.
pub(in crate::channel) fn read_message(bytes: &[u8]) -> Result<Message<'_>, CodecError> {
    let refused = || CodecError::Refused("it is no message of a channel of requests".to_owned());
    let (kind, mut rest) = bytes.split_first().ok_or_else(refused)?;
    match *kind {
        TELL => Ok(Message::Tell(rest)),
        ASK => {
            let number = take_number(&mut rest).ok_or_else(refused)?;
            let deadline_ms = match take_number(&mut rest).ok_or_else(refused)? {
                0 => None,
                deadline => Some(deadline),
            };
            Ok(Message::Ask { number, deadline_ms, payload: rest })
        }
        VOID => Ok(Message::Void),
        _ => Err(refused()),
    }
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::channel) enum Verdict {
    /// The payload is the answer.
    Answered,
    /// Whoever had the request dropped it.
    Dropped,
    /// Its time was up before it was begun.
    Expired,
    /// It does not decode; the payload says so to people.
    Undecodable,
    /// The answer does not encode; the payload says so to people.
    Unencodable,
}

const VERDICTS: [Verdict; 5] = [
    Verdict::Answered,
    Verdict::Dropped,
    Verdict::Expired,
    Verdict::Undecodable,
    Verdict::Unencodable,
];

/// Puts what stands before the payload of an answer.
pub(in crate::channel) fn put_verdict(output: &mut Vec<u8>, number: u64, verdict: Verdict) {
    put_number(output, number);
    let position = VERDICTS.iter().position(|known| *known == verdict);
    output.extend(position.map(|position| position as u8));
}

/// Reads an answer: the number of its request, and what became of that. `None` if it is none.
pub(in crate::channel) fn read_answer(mut bytes: &[u8]) -> Option<(u64, Result<&[u8], AskError>)> {
    let number = take_number(&mut bytes)?;
    let (verdict, payload) = bytes.split_first()?;
    let text = || String::from_utf8_lossy(payload).into_owned();
    let outcome = match VERDICTS.get(usize::from(*verdict))? {
        Verdict::Answered => Ok(payload),
        Verdict::Dropped => Err(AskError::NotAnswered),
        Verdict::Expired => Err(AskError::DeadlineExceeded { by: Origin::Peer }),
        Verdict::Undecodable => Err(AskError::RequestRefused(text())),
        Verdict::Unencodable => Err(AskError::AnswerRefused(text())),
    };
    Some((number, outcome))
}

/// Seven bits in a byte, the lowest first; the top bit says that more follow (LEB128).
fn put_number(output: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        output.push(number as u8 | 0x80);
        number >>= 7;
    }
    output.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_their_bytes() {
        for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::MAX - 1, u64::MAX] {
            for deadline_ms in [None, Some(1), Some(number.max(1))] {
                let mut bytes = Vec::new();
                put_ask(&mut bytes, number, deadline_ms);
                bytes.extend_from_slice(b"payload");
                let payload = &b"payload"[..];
                let expected = Message::Ask { number, deadline_ms, payload };
                assert_eq!(read_message(&bytes), Ok(expected));
            }
        }
        let mut bytes = Vec::new();
        put_tell(&mut bytes);
        assert_eq!(read_message(&bytes), Ok(Message::Tell(b"")));
        assert_eq!(read_message(&VOID_MESSAGE), Ok(Message::Void));
    }

    #[test]
    fn answers_survive_their_bytes() {
        for verdict in VERDICTS {
            let mut bytes = Vec::new();
            put_verdict(&mut bytes, 300, verdict);
            bytes.extend_from_slice(b"why");
            let (number, outcome) = read_answer(&bytes).unwrap();
            assert_eq!(number, 300);
            assert_eq!(outcome.is_ok(), verdict == Verdict::Answered);
        }
    }

    #[test]
    fn what_is_cut_or_unknown_is_refused() {
        assert!(read_message(&[]).is_err());
        assert!(read_message(&[3]).is_err());
        assert!(read_message(&[ASK, 0x80]).is_err());
        assert!(read_message(&[ASK, 1]).is_err());
        assert!(
            read_message(&[ASK, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0])
                .is_err()
        );
        assert!(read_answer(&[5]).is_none());
        assert!(read_answer(&[5, 5]).is_none());
    }
}
