//! What an actor has in its hands, with what was given up there.
//!
//! A request that is given up stays in the actor's mailbox until its turn comes, and is passed over
//! then, of which nobody is told. So it counts until a later message is done with: a mailbox keeps its
//! order. Otherwise a peer that asks and gives up, again and again, would fill the mailbox of an actor
//! that is busy.

use std::collections::BTreeSet;

/// How many messages an actor has in its hands.
pub(super) struct Hands {
    messages_max: usize,
    /// The place of the next message, in the order in which they are put into the mailbox.
    next_place: u64,
    /// Places of messages that were given up and may still be in the mailbox.
    given_up: BTreeSet<u64>,
}

impl Hands {
    pub(super) fn new(messages_max: usize) -> Hands {
        Hands { messages_max, next_place: 0, given_up: BTreeSet::new() }
    }

    /// Whether to take no further message, beside so many that are waited for. If there is none, one is
    /// taken in any case: that it is done with is the only sign that those before it are gone.
    pub(super) fn are_full(&self, awaited: usize) -> bool {
        awaited > 0 && awaited + self.given_up.len() >= self.messages_max
    }

    /// Whether the next message may be given up. One that is to be the sign may not.
    pub(super) fn may_be_given_up(&self) -> bool {
        self.given_up.len() < self.messages_max
    }

    /// The place of a message that is put into the mailbox.
    pub(super) fn put(&mut self) -> u64 {
        let place = self.next_place;
        self.next_place += 1;
        place
    }

    /// The message at a place was given up.
    pub(super) fn note_given_up(&mut self, place: u64) {
        self.given_up.insert(place);
    }

    /// The message at a place is done with, so no earlier one is in the mailbox any more.
    pub(super) fn note_done(&mut self, place: u64) {
        if !self.given_up.is_empty() {
            self.given_up = self.given_up.split_off(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hands;

    #[test]
    fn what_was_given_up_counts_until_a_later_one_is_done_with() {
        let mut hands = Hands::new(3);
        let places = [hands.put(), hands.put(), hands.put()];
        assert!(hands.are_full(3));
        hands.note_given_up(places[1]);
        assert!(hands.are_full(2));
        hands.note_done(places[0]);
        assert!(!hands.are_full(1), "one is given up, one is waited for");
        let last = hands.put();
        assert!(hands.are_full(2));
        hands.note_done(last);
        assert!(!hands.are_full(2));
    }

    #[test]
    fn one_more_is_taken_when_all_were_given_up_and_that_one_stays() {
        let mut hands = Hands::new(2);
        for _ in 0..2 {
            assert!(hands.may_be_given_up());
            let place = hands.put();
            hands.note_given_up(place);
        }
        assert!(!hands.are_full(0));
        assert!(!hands.may_be_given_up());
        let sign = hands.put();
        assert!(hands.are_full(1));
        hands.note_done(sign);
        assert!(hands.may_be_given_up());
    }
}
