//! Older types that are accepted on purpose: whoever receives is upgraded first, whichever side
//! exports.

mod actors;
mod asking;
mod conversions;
mod restarts;
mod values;
