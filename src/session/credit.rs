//! Credit: how much may be sent, and how much may come.
//!
//! All numbers are totals since the channel was opened. So a grant can be repeated or overtaken by
//! a later one without harm, and neither side can disagree about what a grant meant.

use crate::limits::{GRANT_FRACTION, QUANTUM_BYTES, VALUE_BYTES_MAX};
use crate::session::growth::{Growing, Growth, Level};
use crate::wire::{Partial, Spent};

/// The sender's side of a window.
#[derive(Debug)]
pub(super) struct Allowance {
    sent_values: u64,
    sent_bytes: u64,
    granted_values: u64,
    granted_bytes: u64,
    /// The peer's window at first.
    window_bytes: u64,
    /// The number of values after which the channel ends.
    limit: Option<u64>,
}

impl Allowance {
    pub(super) fn new(window_values: u32, window_bytes: u64, limit: Option<u64>) -> Allowance {
        Allowance {
            sent_values: 0,
            sent_bytes: 0,
            granted_values: u64::from(window_values),
            granted_bytes: window_bytes,
            window_bytes,
            limit,
        }
    }

    /// Values that may be sent now.
    pub(super) fn values_left(&self) -> u64 {
        self.granted_values.min(self.limit.unwrap_or(u64::MAX)) - self.sent_values
    }

    /// Bytes that may be sent now.
    pub(super) fn bytes_left(&self) -> u64 {
        self.granted_bytes - self.sent_bytes
    }

    pub(super) fn sent_values(&self) -> u64 {
        self.sent_values
    }

    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// What is used up when so much more is sent. Bytes are, when a value may not fit that is not cut.
    #[inline]
    pub(super) fn spent_with(&self, values: u32, bytes: usize) -> Spent {
        let bytes_left = self.bytes_left() - bytes as u64;
        Spent {
            values: self.granted_values == self.sent_values + u64::from(values),
            bytes: bytes_left < QUANTUM_BYTES as u64,
        }
    }

    pub(super) fn limit(&self) -> Option<u64> {
        self.limit
    }

    pub(super) fn is_at_limit(&self) -> bool {
        self.limit == Some(self.sent_values)
    }

    /// Whether a value of this length could wait for ever for a whole window to be free, because
    /// the receiver may keep up to a quarter of its window unreported.
    pub(super) fn is_long(&self, value_bytes: usize) -> bool {
        value_bytes as u64 > self.window_bytes / 2
    }

    pub(super) fn spend(&mut self, values: u32, bytes: usize) {
        self.sent_values += u64::from(values);
        self.sent_bytes += bytes as u64;
        assert!(
            self.sent_values <= self.granted_values && self.sent_bytes <= self.granted_bytes,
            "only what was granted is sent"
        );
    }

    /// Takes a grant. Older grants than the one that is known change nothing.
    pub(super) fn grant(&mut self, values: u64, bytes: u64) {
        self.granted_values = self.granted_values.max(values);
        self.granted_bytes = self.granted_bytes.max(bytes);
    }
}

/// What the receiver does about credit that has become free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrantDue {
    /// Nothing is new.
    No,
    /// It can ride on other traffic.
    Later,
    /// The sender may be waiting for it.
    Now,
}

/// The peer sent more than it was granted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WindowError {
    Exceeded,
    ValueTooLong(u64),
}

/// The receiver's side of a window.
#[derive(Debug)]
pub(super) struct Window {
    window_values: u64,
    window_bytes: u64,
    limit: Option<u64>,
    received_values: u64,
    received_bytes: u64,
    taken_values: u64,
    taken_bytes: u64,
    /// Values that were taken, up to the first that was not.
    leading_values: u64,
    told: Totals,
    /// Up to where bytes are granted so that a value which is longer than the window can come in.
    extended_to: u64,
    growing: Growing,
}

/// The totals of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) values: u64,
    pub(super) bytes: u64,
    pub(super) taken: u64,
    pub(super) freed: u64,
}

impl Window {
    pub(super) fn new(window_values: u32, window_bytes: u64, limit: Option<u64>) -> Window {
        let window_values = u64::from(window_values);
        Window {
            window_values,
            window_bytes,
            limit,
            received_values: 0,
            received_bytes: 0,
            taken_values: 0,
            taken_bytes: 0,
            leading_values: 0,
            told: Totals { values: window_values, bytes: window_bytes, taken: 0, freed: 0 },
            extended_to: 0,
            growing: Growing::default(),
        }
    }

    pub(super) fn received_values(&self) -> u64 {
        self.received_values
    }

    pub(super) fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    pub(super) fn taken_values(&self) -> u64 {
        self.taken_values
    }

    pub(super) fn all_taken(&self) -> bool {
        self.taken_values == self.received_values
    }

    /// Counts what came, before anybody keeps it.
    pub(super) fn receive(
        &mut self,
        values: u32,
        bytes: usize,
        partial: Option<Partial>,
    ) -> Result<(), WindowError> {
        let received_values = self.received_values + u64::from(values);
        let received_bytes = self.received_bytes + bytes as u64;
        let begun_values = received_values + u64::from(partial.is_some());
        let allowed_values = self.told.values.min(self.limit.unwrap_or(u64::MAX));
        if begun_values > allowed_values || received_bytes > self.told.bytes {
            return Err(WindowError::Exceeded);
        }
        if let Some(Partial { tail, rest }) = partial {
            let length = u64::from(tail) + u64::from(rest);
            if length > VALUE_BYTES_MAX as u64 + 4 {
                return Err(WindowError::ValueTooLong(length));
            }
        }
        self.received_values = received_values;
        self.received_bytes = received_bytes;
        Ok(())
    }

    /// How many bytes beyond the window are needed for a value of which `rest` bytes are to come.
    pub(super) fn shortage(&self, rest: u32) -> u64 {
        (self.received_bytes + u64::from(rest)).saturating_sub(self.open_to())
    }

    /// Grants enough for a value of which `rest` bytes are to come.
    pub(super) fn extend(&mut self, rest: u32) {
        self.extended_to = self.extended_to.max(self.received_bytes + u64::from(rest));
    }

    /// How many bytes are granted beyond the window.
    pub(super) fn extension(&self) -> u64 {
        self.extended_to.saturating_sub(self.taken_bytes + self.window_bytes)
    }

    /// Nothing long is awaited any more; returns how many bytes were granted beyond the window.
    pub(super) fn give_up_extension(&mut self) -> u64 {
        let extension = self.extension();
        self.extended_to = 0;
        extension
    }

    /// Counts all that was received as taken.
    pub(super) fn take_all(&mut self) {
        self.taken_values = self.received_values;
        self.taken_bytes = self.received_bytes;
        self.leading_values = self.received_values;
    }

    /// Counts what has left the channel; totals. `leading_values` of the `values` are those up to the
    /// first that has not.
    pub(super) fn take(&mut self, values: u64, bytes: u64, leading_values: u64) {
        assert!(
            values <= self.received_values
                && bytes <= self.received_bytes
                && leading_values <= values,
            "only what was received is taken"
        );
        self.leading_values = self.leading_values.max(leading_values);
        self.taken_values = self.taken_values.max(values);
        self.taken_bytes = self.taken_bytes.max(bytes);
    }

    /// Lets it grow by itself.
    pub(super) fn let_grow(&mut self, growth: Growth) {
        self.growing.set_bounds(growth);
    }

    /// What the data frame that was received said of its sender's credit.
    #[inline]
    pub(super) fn note_spent(&mut self, spent: Spent) {
        self.growing.note(spent);
    }

    /// The window as it is now, in values and in bytes.
    pub(super) fn window(&self) -> (u32, u64) {
        // INVARIANT: it begins as a `u32`, and grows up to one.
        (self.window_values as u32, self.window_bytes)
    }

    /// How many bytes it has grown by.
    pub(super) fn grown_bytes(&self) -> u64 {
        self.growing.grown_bytes()
    }

    /// Grows if the sender and the user have waited for nothing but credit, by `bytes_left` bytes at
    /// most. Returns whether it did.
    #[inline]
    pub(super) fn grow(&mut self, bytes_left: u64) -> bool {
        self.growing.is_awaited() && self.all_taken() && self.grow_starved(bytes_left)
    }

    fn grow_starved(&mut self, bytes_left: u64) -> bool {
        let before = self.window();
        let (received, told) = (self.received_values, self.told.values);
        self.window_values =
            self.growing.values(Level { window: self.window_values, received, told });
        let (received, told) = (self.received_bytes, self.told.bytes);
        // What has come of an unfinished value was not taken. If that is most of the window, it is the
        // value that is long, and it gets what it needs.
        if 2 * (received - self.taken_bytes) <= self.window_bytes {
            let level = Level { window: self.window_bytes, received, told };
            self.window_bytes = self.growing.bytes(level, bytes_left);
        }
        self.window() != before
    }

    fn open_to(&self) -> u64 {
        self.extended_to.max(self.taken_bytes + self.window_bytes)
    }

    fn totals(&self) -> Totals {
        Totals {
            values: self.taken_values + self.window_values,
            bytes: self.open_to(),
            taken: self.leading_values,
            freed: self.taken_values,
        }
    }

    pub(super) fn due(&self) -> GrantDue {
        let totals = self.totals();
        let fraction = u64::from(GRANT_FRACTION);
        let values = totals.values - self.told.values;
        let bytes = totals.bytes - self.told.bytes;
        let is_extension = self.extended_to > self.told.bytes;
        if values * fraction >= self.window_values
            || bytes * fraction >= self.window_bytes
            || is_extension
        {
            GrantDue::Now
        } else if totals != self.told {
            GrantDue::Later
        } else {
            GrantDue::No
        }
    }

    /// The grant to send, which from now on binds this side.
    pub(super) fn tell(&mut self) -> Totals {
        self.told = self.totals();
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_grant_takes_nothing_back() {
        let mut allowance = Allowance::new(4, 1000, None);
        allowance.grant(10, 2000);
        allowance.grant(6, 1500);
        assert_eq!((allowance.values_left(), allowance.bytes_left()), (10, 2000));
    }

    #[test]
    fn a_limit_counts_more_than_credit() {
        let mut allowance = Allowance::new(4, 1000, Some(2));
        assert_eq!(allowance.values_left(), 2);
        allowance.spend(2, 10);
        assert!(allowance.is_at_limit());
        assert_eq!(allowance.values_left(), 0);
    }

    #[test]
    fn more_than_was_granted_is_noticed() {
        let mut window = Window::new(2, 100, None);
        assert_eq!(window.receive(3, 30, None), Err(WindowError::Exceeded));
        assert_eq!(window.receive(1, 101, None), Err(WindowError::Exceeded));
        assert_eq!(window.receive(2, 100, None), Ok(()));
        let partial = Some(Partial { tail: 1, rest: 1 });
        assert_eq!(window.receive(0, 1, partial), Err(WindowError::Exceeded));
    }

    #[test]
    fn a_grant_binds_only_when_it_was_told() {
        let mut window = Window::new(1, 100, None);
        assert_eq!(window.receive(1, 10, None), Ok(()));
        window.take(1, 10, 1);
        assert_eq!(window.receive(1, 10, None), Err(WindowError::Exceeded));
        assert_eq!(window.due(), GrantDue::Now);
        assert_eq!(window.tell(), Totals { values: 2, bytes: 110, taken: 1, freed: 1 });
        assert_eq!(window.due(), GrantDue::No);
        assert_eq!(window.receive(1, 10, None), Ok(()));
    }

    #[test]
    fn small_changes_wait_for_other_traffic() {
        let mut window = Window::new(100, 10_000, None);
        assert_eq!(window.receive(30, 300, None), Ok(()));
        window.take(1, 10, 1);
        assert_eq!(window.due(), GrantDue::Later);
        window.take(25, 250, 25);
        assert_eq!(window.due(), GrantDue::Now);
    }

    #[test]
    fn a_long_value_gets_what_it_needs_and_gives_it_back() {
        let mut window = Window::new(4, 100, None);
        let partial = Some(Partial { tail: 80, rest: 420 });
        assert_eq!(window.receive(0, 80, partial), Ok(()));
        assert_eq!(window.shortage(420), 400);
        window.extend(420);
        assert_eq!(window.extension(), 400);
        assert_eq!(window.due(), GrantDue::Now);
        assert_eq!(window.tell().bytes, 500);
        assert_eq!(window.receive(1, 420, None), Ok(()));
        window.take(1, 500, 1);
        assert_eq!(window.extension(), 0);
        assert_eq!(window.tell().bytes, 600);
    }
}
