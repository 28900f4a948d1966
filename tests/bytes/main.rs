//! Channels of raw bytes: what is sent comes, however long it is and whatever happens to its link, and
//! large values are not copied on their way.

mod copies;
mod lengths;
mod links;
mod refusals;
mod sharing;
mod support;
