//! The test kit does what it says: to streams, to sessions over them, and to actors.

mod actors;
mod links;
mod sessions;
mod support;
