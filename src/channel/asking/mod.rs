//! Channels of requests: messages of which some ask for an answer.
//!
//! On the side that asks, a [`Caller`](caller::Caller) queues messages, the table of [`asks`] knows who
//! waits for which answer, and one task reads the [`answers`]. On the other side
//! [`Requests`](requests::Requests) takes messages from their lanes, and [`answering`] has the way back
//! to each peer. Both share the [`envelope`] around each message and each answer.

pub(super) mod answering;
pub(super) mod answers;
pub(super) mod asks;
pub(super) mod caller;
pub(super) mod envelope;
mod reply;
pub(super) mod requests;
