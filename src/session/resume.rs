//! Continuing a session on another link: secrets and epochs.
//!
//! Whoever continues a session shows a token, which is secret and changes with each link. The new
//! token travels in the exporter's Welcome, which may be lost; so the token before it stays valid
//! until the new one was used. Links are numbered by the importer; that number, the epoch, says
//! which of two links is the newer one, whichever comes first.

use crate::id::{Incarnation, NodeId, SessionId, SessionToken};
use crate::wire::{Code, Resume, Welcome};

/// The importer's right to continue its session.
#[derive(Clone, Debug)]
pub struct Ticket {
    session: SessionId,
    token: SessionToken,
    /// That of the last attempt.
    epoch: u64,
    node: NodeId,
    incarnation: Incarnation,
}

/// A welcome that does not continue the session which was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer's welcome is not the answer to this attempt")]
pub struct WrongWelcome;

impl Ticket {
    /// The ticket that comes with a new session.
    #[must_use]
    pub fn new(welcome: &Welcome) -> Ticket {
        Ticket {
            session: welcome.session,
            token: welcome.token,
            epoch: welcome.epoch,
            node: welcome.node,
            incarnation: welcome.incarnation,
        }
    }

    /// The exporter's life in which the session began.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// The exporter's lasting name.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// What to ask for on the next link.
    pub fn attempt(&mut self) -> Resume {
        self.epoch += 1;
        Resume { session: self.session, token: self.token, epoch: self.epoch }
    }

    /// Takes the answer to the last attempt.
    ///
    /// # Errors
    ///
    /// [`WrongWelcome`] if it answers something else. The ticket stays as it was.
    pub fn welcomed(&mut self, welcome: &Welcome) -> Result<(), WrongWelcome> {
        if welcome.session != self.session
            || welcome.epoch != self.epoch
            || welcome.incarnation != self.incarnation
        {
            return Err(WrongWelcome);
        }
        self.token = welcome.token;
        Ok(())
    }
}

/// The exporter's knowledge of who may continue a session.
#[derive(Debug)]
pub struct Keyring {
    current: SessionToken,
    /// The token that was used last. The importer may have no newer one.
    previous: Option<SessionToken>,
    epoch: u64,
}

/// Why a session is not continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token is not the session's.
    #[error("no such session")]
    WrongToken,
    /// A link that is as new, or newer, was admitted before.
    #[error("a newer link carries the session")]
    Superseded,
}

impl Refusal {
    /// The code that tells the importer.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Refusal::WrongToken => Code::UnknownSession,
            Refusal::Superseded => Code::Superseded,
        }
    }
}

impl Keyring {
    /// The epoch of a session's first link.
    pub const FIRST_EPOCH: u64 = 1;

    /// The keyring of a new session, whose Welcome has this token.
    #[must_use]
    pub fn new(token: SessionToken) -> Keyring {
        Keyring { current: token, previous: None, epoch: Keyring::FIRST_EPOCH }
    }

    /// The epoch of the newest link.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether this token may continue the session. Compared in constant time.
    #[must_use]
    pub fn knows(&self, token: SessionToken) -> bool {
        let is_current = token == self.current;
        let is_previous = self.previous.is_some_and(|previous| token == previous);
        is_current | is_previous
    }

    /// Admits a new link, whose Welcome will have the token `fresh`. Older links are superseded
    /// from now on.
    ///
    /// # Errors
    ///
    /// [`Refusal`] says why the link is not admitted; nothing changes.
    pub fn admit(&mut self, resume: &Resume, fresh: SessionToken) -> Result<(), Refusal> {
        if !self.knows(resume.token) {
            return Err(Refusal::WrongToken);
        }
        if resume.epoch <= self.epoch {
            return Err(Refusal::Superseded);
        }
        self.epoch = resume.epoch;
        if resume.token == self.current {
            self.previous = Some(self.current);
        }
        self.current = fresh;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resume(token: u8, epoch: u64) -> Resume {
        Resume { session: SessionId([1; 16]), token: SessionToken([token; 16]), epoch }
    }

    fn fresh(token: u8) -> SessionToken {
        SessionToken([token; 16])
    }

    #[test]
    fn a_token_stays_valid_until_the_next_one_was_used() {
        let mut keyring = Keyring::new(fresh(1));
        // The welcomes with the tokens 2 and 3 are lost.
        assert_eq!(keyring.admit(&resume(1, 2), fresh(2)), Ok(()));
        assert_eq!(keyring.admit(&resume(1, 3), fresh(3)), Ok(()));
        // That with token 4 arrives, and is used.
        assert_eq!(keyring.admit(&resume(1, 4), fresh(4)), Ok(()));
        assert_eq!(keyring.admit(&resume(4, 5), fresh(5)), Ok(()));
        assert_eq!(keyring.admit(&resume(1, 6), fresh(6)), Err(Refusal::WrongToken));
        assert_eq!(keyring.admit(&resume(3, 6), fresh(6)), Err(Refusal::WrongToken));
        assert_eq!(keyring.admit(&resume(4, 6), fresh(6)), Ok(()));
    }

    #[test]
    fn the_newest_link_wins_whichever_comes_first() {
        let mut keyring = Keyring::new(fresh(1));
        assert_eq!(keyring.admit(&resume(1, 3), fresh(2)), Ok(()));
        assert_eq!(keyring.admit(&resume(1, 2), fresh(3)), Err(Refusal::Superseded));
        assert_eq!(keyring.admit(&resume(1, 3), fresh(3)), Err(Refusal::Superseded));
        assert_eq!(keyring.epoch(), 3);
        // A refusal changes nothing: the token of the newest link is valid.
        assert_eq!(keyring.admit(&resume(2, 4), fresh(4)), Ok(()));
    }

    #[test]
    fn whoever_guesses_is_told_nothing_of_the_epoch() {
        let mut keyring = Keyring::new(fresh(1));
        assert_eq!(keyring.admit(&resume(9, 1), fresh(2)), Err(Refusal::WrongToken));
        assert_eq!(keyring.admit(&resume(9, 99), fresh(2)), Err(Refusal::WrongToken));
    }

    fn welcome(epoch: u64, token: u8) -> Welcome {
        Welcome {
            version: 1,
            node: NodeId([2; 16]),
            incarnation: Incarnation([3; 16]),
            session: SessionId([1; 16]),
            token: fresh(token),
            epoch,
            received: 0,
            frame_bytes_max: 65_536,
            channels_max: 1,
            expiry_ms: 1,
            features: 0,
        }
    }

    #[test]
    fn a_ticket_takes_only_the_answer_to_its_last_attempt() {
        let mut ticket = Ticket::new(&welcome(1, 1));
        assert_eq!(ticket.attempt(), resume(1, 2));
        assert_eq!(ticket.attempt(), resume(1, 3));
        assert_eq!(ticket.welcomed(&welcome(2, 2)), Err(WrongWelcome));
        let restarted = Welcome { incarnation: Incarnation([4; 16]), ..welcome(3, 3) };
        assert_eq!(ticket.welcomed(&restarted), Err(WrongWelcome));
        assert_eq!(ticket.welcomed(&welcome(3, 3)), Ok(()));
        assert_eq!(ticket.attempt(), resume(3, 4));
    }
}
