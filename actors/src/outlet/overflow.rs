//! Which of the messages that wait are dropped.

use std::collections::VecDeque;

use actix::Message;
use netchan::channel::Overflow;

use crate::outlet::address::Letter;

/// The messages that an outlet has taken out of its mailbox and the channel did not take yet.
pub(super) struct Waiting<M: Message> {
    letters: VecDeque<Letter<M>>,
    /// How many of them are tells, which are the only ones that may be dropped.
    tells: usize,
}

impl<M: Message> Default for Waiting<M> {
    fn default() -> Waiting<M> {
        Waiting { letters: VecDeque::new(), tells: 0 }
    }
}

impl<M: Message> Waiting<M> {
    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    pub(super) fn pop_front(&mut self) -> Option<Letter<M>> {
        let letter = self.letters.pop_front()?;
        self.tells -= usize::from(letter.is_tell());
        Some(letter)
    }

    pub(super) fn push_front(&mut self, letter: Letter<M>) {
        self.tells += usize::from(letter.is_tell());
        self.letters.push_front(letter);
    }

    pub(super) fn push_back(&mut self, letter: Letter<M>) {
        self.tells += usize::from(letter.is_tell());
        self.letters.push_back(letter);
    }

    /// Takes out what is over `tells_max`, and asks that were given up. The others keep their order.
    #[must_use]
    pub(super) fn shed(&mut self, policy: Overflow, tells_max: usize) -> Vec<Letter<M>> {
        let mut excess = match policy {
            Overflow::DropNewest | Overflow::DropOldest => self.tells.saturating_sub(tells_max),
            _ => 0,
        };
        let mut shed = Vec::new();
        let mut goes = |letter: &Letter<M>| {
            let is_excess = letter.is_tell() && excess > 0;
            excess -= usize::from(is_excess);
            is_excess || letter.is_given_up()
        };
        self.tells = 0;
        let letters = std::mem::take(&mut self.letters);
        if policy == Overflow::DropNewest {
            for letter in letters.into_iter().rev() {
                if goes(&letter) {
                    shed.push(letter);
                } else {
                    self.push_front(letter);
                }
            }
        } else {
            for letter in letters {
                if goes(&letter) {
                    shed.push(letter);
                } else {
                    self.push_back(letter);
                }
            }
        }
        shed
    }
}
