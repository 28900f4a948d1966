//! How fast values travel: works, the baseline that is written by hand for each of them, netchan in
//! its variants, and the rounds in which they take turns.
//!
//! A [`Work`] says what is sent, over what, by whom. A [`Contestant`] does it and gives [`Figure`]s.
//! [`compare`] lets contestants do works in turn, round by round, so that whatever else the machine
//! does hits all of them, and gives an [`Outcome`], which can be printed and written as JSON. Each
//! run checks that every value came once and in order ([`Checker`]). Set-up is not measured.

pub mod alone;
pub mod contest;
pub mod contestants;
pub mod growth;
pub mod idle;
pub mod instructions;
pub mod link;
pub mod machine;
pub mod memory;
pub mod number;
pub mod plain;
pub mod plan;
pub mod plot;
pub mod raw;
pub mod recipient;
pub mod report;
pub mod stalled;
pub mod value;
pub mod work;
pub mod works;

pub use contest::{Contestant, Outcome, Rounds, compare};
pub use link::{End, Link};
pub use number::{Checker, number};
pub use plan::{Figure, Plan, Received, Sent, Side, latency, rate};
pub use value::{Block, Item, Tick};
pub use work::{Load, Values, WORKS, Work};

/// What goes wrong ends the program.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
