//! The outcome, for people and for programs.

mod json;
mod table;

pub use self::json::{Report, write};
pub use self::table::print;
