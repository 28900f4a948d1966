//! The session from outside: two sessions joined by pipes on a virtual clock, and single sessions
//! that talk to a scripted peer. No sockets, no tasks, no waiting.

mod dice;
mod inlet;
mod loose;
mod pair;
mod queues;
mod script;
mod side;

mod acknowledgement;
mod both_sides;
mod documents;
mod ending;
mod exactly_once;
mod fairness;
mod growth;
mod hangup;
mod heartbeat;
mod hostile_bytes;
mod hostile_channels;
mod hostile_credit;
mod hostile_numbers;
mod hostile_requests;
mod hostile_sequence;
mod large_values;
mod listing;
mod requests;
mod resume;
mod stalled;
mod windows;
