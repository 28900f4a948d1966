//! Offers in values that wait to be sent.

use std::collections::VecDeque;

use crate::channel::offer::Ticket;

/// The offers of each value that was never taken by a session, in the order of the values. Dropped,
/// they are withdrawn.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// By the number of the value, counted from 1 in the order in which values were accepted.
    by_value: VecDeque<(u64, Vec<Ticket>)>,
}

impl Carried {
    pub(super) fn add(&mut self, value: u64, tickets: Vec<Ticket>) {
        if !tickets.is_empty() {
            self.by_value.push_back((value, tickets));
        }
    }

    /// Takes the offers of these values, in their order, which will not be sent.
    pub(super) fn take(&mut self, values: impl Iterator<Item = u64>) -> Vec<Ticket> {
        let mut taken = Vec::new();
        for value in values {
            if let Ok(place) = self.by_value.binary_search_by_key(&value, |(value, _)| *value) {
                taken.extend(
                    self.by_value.remove(place).into_iter().flat_map(|(_, tickets)| tickets),
                );
            }
        }
        taken
    }

    /// Sessions have so many values. When some came back, they are the first to be taken again, so
    /// the number is never higher than that of a value which was taken.
    pub(super) fn sent(&mut self, values: u64) {
        while self.by_value.front().is_some_and(|(value, _)| *value <= values) {
            let first = self.by_value.pop_front();
            first.into_iter().flat_map(|(_, tickets)| tickets).for_each(Ticket::sent);
        }
    }
}
