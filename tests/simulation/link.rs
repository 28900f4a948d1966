//! A link between the two sides: a pipe in each direction, and what each end knows of it.

use std::time::Instant;

use bytes::BytesMut;
use netchan::limits::HANDSHAKE_TIMEOUT;
use netchan::session::Role;

use crate::both::{Both, ROLES};
use crate::pipe::{Pipe, Quality};
use crate::tap::Tap;

/// Links in the order in which they were dialled.
pub(crate) type LinkId = u64;

/// A side's end of a link.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// What came and was not understood yet.
    pub(crate) input: BytesMut,
    /// Bytes of the handshake that are to be written before all others.
    pub(crate) greeting: BytesMut,
    pub(crate) has_preamble: bool,
    /// The handshake is over: the link carries the session.
    pub(crate) is_greeted: bool,
    /// The side has let go of it.
    pub(crate) is_dropped: bool,
    /// When the side learns that the link is broken; it may never be told.
    pub(crate) told_at: Option<Instant>,
    pub(crate) tap: Option<Tap>,
}

#[derive(Debug)]
pub(crate) struct Link {
    /// By the side that reads.
    pub(crate) pipes: Both<Pipe>,
    pub(crate) ends: Both<End>,
    pub(crate) dialled_at: Instant,
    /// Nobody stands at the importer's end: somebody repeats a Hello.
    pub(crate) is_echo: bool,
}

impl Link {
    pub(crate) fn new(now: Instant, quality: Both<Quality>) -> Link {
        Link {
            pipes: Both::new(|role| Pipe::new(quality[role])),
            ends: Both::default(),
            dialled_at: now,
            is_echo: false,
        }
    }

    /// A side lets go of its end. What it wrote may still arrive.
    pub(crate) fn drop_end(&mut self, role: Role) {
        let end = &mut self.ends[role];
        end.is_dropped = true;
        end.input.clear();
        end.greeting.clear();
        end.told_at = None;
    }

    /// When the exporter stops waiting for a Hello.
    pub(crate) fn gives_up_at(&self) -> Option<Instant> {
        let exporter = &self.ends.exporter;
        let waits = !exporter.is_greeted && !exporter.is_dropped;
        waits.then(|| self.dialled_at + HANDSHAKE_TIMEOUT)
    }

    pub(crate) fn is_gone(&self) -> bool {
        ROLES.iter().all(|role| self.ends[*role].is_dropped)
    }

    /// When something happens on it next.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        let live = ROLES.into_iter().filter(|role| !self.ends[*role].is_dropped);
        live.flat_map(|role| [self.pipes[role].arrival(), self.ends[role].told_at]).flatten().min()
    }
}
