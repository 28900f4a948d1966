//! The numbers that values carry, and the check that they come once and in order.

use crate::Failure;

/// Where a number names the channel. The bits below count its values.
const CHANNEL_SHIFT: u32 = 38;

/// Where a number names the connection.
const CONNECTION_SHIFT: u32 = 52;

/// The highest number of a connection.
const CONNECTIONS_MAX: u64 = (1 << (64 - CONNECTION_SHIFT)) - 1;

/// The highest number of a channel.
const CHANNELS_MAX: u64 = (1 << (CONNECTION_SHIFT - CHANNEL_SHIFT)) - 1;

/// The number of a value: its connection (at most 4,095), its channel there (at most 16,383), and its
/// place in that channel.
#[must_use]
#[inline]
pub fn number(connection: usize, channel: usize, count: u64) -> u64 {
    (connection as u64) << CONNECTION_SHIFT | (channel as u64) << CHANNEL_SHIFT | count
}

/// Checks that values come once and in order, where several sources may merge.
#[derive(Clone, Debug)]
pub struct Checker {
    /// Where a number says which of the sources it is from.
    shift: u32,
    /// The highest number of a source.
    sources_max: u64,
    /// What all numbers have in common.
    common: u64,
    next: Vec<u64>,
}

impl Checker {
    /// For all that comes on one channel, from several connections.
    #[must_use]
    pub fn of_channel(channel: usize, connections: usize) -> Checker {
        let (shift, sources_max) = (CONNECTION_SHIFT, CONNECTIONS_MAX);
        Checker { shift, sources_max, common: number(0, channel, 0), next: vec![0; connections] }
    }

    /// For all that comes over one connection, on several channels.
    #[must_use]
    pub fn of_connection(connection: usize, channels: usize) -> Checker {
        let (shift, sources_max) = (CHANNEL_SHIFT, CHANNELS_MAX);
        Checker { shift, sources_max, common: number(connection, 0, 0), next: vec![0; channels] }
    }

    /// Notes that the value with this number has come.
    ///
    /// # Errors
    ///
    /// When another one was next.
    #[inline]
    pub fn check(&mut self, number: u64) -> Result<(), Failure> {
        let source = number >> self.shift & self.sources_max;
        match self.next.get_mut(source as usize) {
            Some(next) if number == (self.common | source << self.shift | *next) => {
                *next += 1;
                Ok(())
            }
            next => Err(format!("number {number:#x} came, but {next:?} was next").into()),
        }
    }

    /// Values that came in all.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.next.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_doubled_swapped_or_strange_is_noticed() {
        let mut checker = Checker::of_connection(3, 2);
        for good in [number(3, 0, 0), number(3, 1, 0), number(3, 0, 1)] {
            checker.check(good).unwrap();
        }
        for bad in [number(3, 0, 3), number(3, 0, 1), number(3, 2, 0), number(4, 0, 2)] {
            assert!(checker.check(bad).is_err(), "{bad:#x}");
        }
        assert_eq!(checker.values(), 3);
    }

    #[test]
    fn a_channel_merges_connections() {
        let mut checker = Checker::of_channel(16_383, 4_096);
        checker.check(number(4_095, 16_383, 0)).unwrap();
        checker.check(number(0, 16_383, 0)).unwrap();
        assert!(checker.check(number(0, 16_382, 1)).is_err());
        assert_eq!(checker.values(), 2);
    }
}
