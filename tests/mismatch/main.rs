//! Channels whose two sides mean different types: both sides are told where they differ, and older
//! types that are accepted on purpose.

mod accepting;
mod asks;
mod codecs;
mod cuts;
mod evolving;
mod hostile;
mod long;
mod matrix;
mod schemas;
mod support;
mod types;
mod upgrades;
