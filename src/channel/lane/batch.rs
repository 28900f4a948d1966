//! Values that a receiver has taken off a lane in one go, so that it needs no lock for each of them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;

use crate::channel::forms::Form;
use crate::channel::lane::pieces::{self, Piece};
use crate::channel::lane::{Corrupt, LaneKey, LaneWindow, Taken};
use crate::channel::offer::{Claiming, DecodeScope};
use crate::limits::{GRANT_FRACTION, RETAINED_BYTES_MAX};
use crate::prefix;

/// What a batch holds, for whoever ends the channel meanwhile.
#[derive(Debug, Default)]
pub(in crate::channel) struct Held {
    pub(super) lane: AtomicU64,
    pub(super) values: AtomicU64,
    is_void: AtomicBool,
}

// The numbers are relaxed atomics: a receiver counts down without a lock while another thread may
// end the channel. A value that is taken at that very moment may be counted either way; none is
// given out twice or lost in silence by that.
impl Held {
    /// Takes what the batch has not looked at: the lane it is from, and how many values.
    pub(in crate::channel) fn void(&self) -> (LaneKey, u64) {
        self.is_void.store(true, Ordering::Relaxed);
        let lane = LaneKey(self.lane.load(Ordering::Relaxed));
        (lane, self.values.swap(0, Ordering::Relaxed))
    }
}

/// A value that was looked at and is not counted yet.
pub(in crate::channel) struct Uncounted<'a> {
    pub(in crate::channel) bytes: &'a [u8],
    /// Its place on the lane.
    pub(in crate::channel) place: u64,
    /// What it will count for.
    pub(in crate::channel) taken: Taken,
}

/// Values that a receiver holds, so that it needs no lock for each of them.
#[derive(Debug, Default)]
pub(in crate::channel) struct Batch {
    lane: Option<LaneKey>,
    claiming: Option<Arc<dyn Claiming>>,
    pub(super) bytes: Vec<u8>,
    pub(super) position: usize,
    /// Instead of `bytes`, if they may be taken without a copy.
    pub(super) pieces: VecDeque<Piece>,
    pub(super) values_left: u64,
    /// How many values of the lane were handed out by the end of this batch.
    pub(super) end_place: u64,
    /// They are messages of a channel of requests.
    pub(super) has_messages: bool,
    /// What they are decoded as.
    pub(super) form: Form,
    pub(super) held: Arc<Held>,
    /// Taken from this batch and not yet reported.
    unreported: Taken,
    /// Unreported values at which the lane must hear of it.
    report_at: Taken,
}

impl Batch {
    pub(in crate::channel) fn is_empty(&self) -> bool {
        self.values_left == 0
    }

    pub(in crate::channel) fn lane(&self) -> Option<LaneKey> {
        self.lane
    }

    pub(in crate::channel) fn values_left(&self) -> u64 {
        if self.is_void() { 0 } else { self.values_left }
    }

    /// Whether the channel was ended and what is left was dropped.
    fn is_void(&self) -> bool {
        self.held.is_void.load(Ordering::Relaxed)
    }

    /// Begins to hold values of a lane.
    pub(in crate::channel) fn begin(
        &mut self,
        lane: LaneKey,
        window: LaneWindow,
        claiming: &Option<Arc<dyn Claiming>>,
    ) {
        self.claiming.clone_from(claiming);
        let fraction = u64::from(GRANT_FRACTION);
        self.lane = Some(lane);
        self.held.lane.store(lane.0, Ordering::Relaxed);
        self.report_at = Taken {
            values: u64::from(window.values).div_ceil(fraction),
            bytes: window.bytes.div_ceil(fraction),
        };
    }

    /// Lets ends of channels that are inside of its values be claimed.
    #[inline]
    pub(in crate::channel) fn decode_scope(&self) -> Option<DecodeScope> {
        self.claiming.clone().map(DecodeScope::enter)
    }

    /// What it holds, also when its receiver takes more of it meanwhile.
    pub(in crate::channel) fn held(&self) -> &Arc<Held> {
        &self.held
    }

    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.position..]
    }

    /// The next value's bytes. They count as taken.
    #[inline]
    pub(in crate::channel) fn next(&mut self) -> Option<Result<&[u8], Corrupt>> {
        Some(self.advance()?.map(|(start, end, taken)| {
            self.unreported.values += taken.values;
            self.unreported.bytes += taken.bytes;
            &self.bytes[start..end]
        }))
    }

    /// The next value, of a lane that [shares](super::Lane::share_values) them. It counts as taken.
    pub(in crate::channel) fn next_shared(&mut self) -> Option<Result<Bytes, Corrupt>> {
        if self.values_left == 0 || self.is_void() {
            self.values_left = 0;
            return None;
        }
        let Ok(value) = pieces::take_first(&mut self.pieces) else {
            self.values_left = 0;
            self.pieces.clear();
            return Some(Err(Corrupt));
        };
        self.values_left -= 1;
        self.held.values.store(self.values_left, Ordering::Relaxed);
        self.unreported.values += 1;
        self.unreported.bytes += value.run_bytes as u64;
        Some(Ok(value.bytes))
    }

    /// The next value, which counts as taken when it has been handled.
    pub(in crate::channel) fn next_uncounted(&mut self) -> Option<Result<Uncounted<'_>, Corrupt>> {
        let advanced = self.advance()?;
        let place = self.last_place();
        let uncounted =
            |(start, end, taken)| Uncounted { bytes: &self.bytes[start..end], place, taken };
        Some(advanced.map(uncounted))
    }

    /// The place on its lane of the value that was looked at last.
    #[inline]
    pub(in crate::channel) fn last_place(&self) -> u64 {
        self.end_place - self.values_left - 1
    }

    /// Whether its values are messages of a channel of requests.
    pub(in crate::channel) fn has_messages(&self) -> bool {
        self.has_messages
    }

    /// What its values are decoded as.
    #[inline]
    pub(in crate::channel) fn form(&self) -> Form {
        self.form
    }

    #[inline]
    fn advance(&mut self) -> Option<Result<(usize, usize, Taken), Corrupt>> {
        if self.values_left == 0 || self.is_void() {
            self.values_left = 0;
            return None;
        }
        let Some((start, end)) = self.bounds() else {
            self.values_left = 0;
            self.position = self.bytes.len();
            return Some(Err(Corrupt));
        };
        let taken = Taken { values: 1, bytes: (end - self.position) as u64 };
        self.values_left -= 1;
        self.held.values.store(self.values_left, Ordering::Relaxed);
        self.position = end;
        Some(Ok((start, end, taken)))
    }

    #[inline]
    fn bounds(&self) -> Option<(usize, usize)> {
        let (width, length) = prefix::read(self.rest())?;
        let start = self.position + width;
        let end = start + length;
        // The last value must end where the bytes do.
        let fits =
            if self.values_left == 1 { end == self.bytes.len() } else { end < self.bytes.len() };
        fits.then_some((start, end))
    }

    #[inline]
    pub(in crate::channel) fn is_report_due(&self) -> bool {
        self.unreported.values >= self.report_at.values
            || self.unreported.bytes >= self.report_at.bytes
    }

    /// Whether values were taken of which its lane does not know. So it is when decoding one panics.
    pub(in crate::channel) fn owes_report(&self) -> bool {
        self.unreported.values > 0
    }

    pub(in crate::channel) fn take_unreported(&mut self) -> Taken {
        std::mem::take(&mut self.unreported)
    }

    /// Forgets what is left and keeps a buffer of modest size.
    pub(in crate::channel) fn clear(&mut self) {
        self.lane = None;
        self.values_left = 0;
        self.held.values.store(0, Ordering::Relaxed);
        self.position = 0;
        self.pieces.clear();
        self.bytes.clear();
        if self.bytes.capacity() > RETAINED_BYTES_MAX {
            self.bytes = Vec::new();
        }
    }
}
