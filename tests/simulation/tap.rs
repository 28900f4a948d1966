//! Reads along on a link: which frames come, and whether each counted one comes once.

use netchan::wire::{HEADER_BYTES, Header, Kind};

use crate::statistics::Statistics;

/// A reader beside the session at one end of a link.
#[derive(Debug)]
pub(crate) struct Tap {
    header: Vec<u8>,
    body_rest: usize,
    /// The counted frame that comes next, if none is repeated.
    expected: u64,
    /// How many frames may be repeated, because this end has stated fewer than it had.
    repeated_max: u64,
    repeated: u64,
}

impl Tap {
    pub(crate) fn new(received: u64, repeated_max: u64) -> Tap {
        Tap { header: Vec::new(), body_rest: 0, expected: received + 1, repeated_max, repeated: 0 }
    }

    /// Sees the next bytes and counts the frames that begin in them.
    pub(crate) fn see(&mut self, mut bytes: &[u8], statistics: &mut Statistics) {
        while !bytes.is_empty() {
            let skipped = self.body_rest.min(bytes.len());
            self.body_rest -= skipped;
            bytes = &bytes[skipped..];
            let missing = (HEADER_BYTES - self.header.len()).min(bytes.len());
            self.header.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if let Some(header) = self.header.first_chunk::<HEADER_BYTES>() {
                let header = Header::parse(header).expect("a side sends frames");
                self.header.clear();
                self.body_rest = header.length as usize;
                *statistics.kinds.entry(header.kind as u8).or_default() += 1;
                statistics.frames_partial += u64::from(header.flags & Header::PARTIAL);
                self.count(header);
            }
        }
    }

    fn count(&mut self, header: Header) {
        let Header { kind, sequence, .. } = header;
        assert!(
            !matches!(kind, Kind::Hello | Kind::Welcome | Kind::Reject),
            "{kind:?} has its place in the handshake"
        );
        if !kind.is_counted() {
            return;
        }
        let ahead = sequence.wrapping_sub(self.expected as u32) as i32;
        assert!(ahead <= 0, "{kind:?} {sequence} came, and {} is missing", self.expected);
        if ahead == 0 {
            self.expected += 1;
        } else {
            self.repeated += 1;
            assert!(
                self.repeated <= self.repeated_max,
                "{kind:?} {sequence} is repeated although it was not asked for"
            );
        }
    }
}
