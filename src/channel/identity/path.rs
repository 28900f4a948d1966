//! Where inside a type: the notation `Order.lines[].qty`.
//!
//! The tracer and the comparison both name places, and must name them alike. This file knows the
//! notation only.

use std::fmt;

/// How many steps of a path are written; a message must stay readable whatever a type or peer does.
const PATH_STEPS_MAX: usize = 64;

/// How many characters of a name are written.
const NAME_CHARACTERS_MAX: usize = 64;

/// A name as messages have it: cut if it is very long, and without what would break a line of a log. It
/// may come from a peer.
pub(super) fn shown(name: &str) -> String {
    let shown = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    let mut text: String = name.chars().take(NAME_CHARACTERS_MAX).map(shown).collect();
    if name.chars().nth(NAME_CHARACTERS_MAX).is_some() {
        text.push_str("..");
    }
    text
}

/// The path from `root`, cut if it is very long.
pub(super) fn joined<'p>(root: String, steps: impl IntoIterator<Item = &'p Step>) -> String {
    let mut path = root;
    for (index, step) in steps.into_iter().enumerate() {
        if index == PATH_STEPS_MAX {
            return path + "..";
        }
        path.push_str(&step.to_string());
    }
    path
}

/// One step from a type to a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// To a named field: `.qty`
    Field(String),
    /// To an element of a tuple, or into a newtype: `.0`
    Position(usize),
    /// To any element of a sequence: `[]`
    Element,
    /// To any key of a map: `{key}`
    Key,
    /// To any value of a map: `{value}`
    Value,
    /// Into an option: `?`
    Some,
    /// To a variant of an enum: `::Paid`
    Variant(String),
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(formatter, ".{}", shown(name)),
            Self::Position(position) => write!(formatter, ".{position}"),
            Self::Element => formatter.write_str("[]"),
            Self::Key => formatter.write_str("{key}"),
            Self::Value => formatter.write_str("{value}"),
            Self::Some => formatter.write_str("?"),
            Self::Variant(name) => write!(formatter, "::{}", shown(name)),
        }
    }
}

/// `std::vec::Vec<shop::Order>` as `Vec<Order>`: what a reader calls the type.
pub(super) fn short_type_name(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    let mut word = String::new();
    let mut rest = full.chars().peekable();
    while let Some(character) = rest.next() {
        if character.is_alphanumeric() || character == '_' {
            word.push(character);
        } else if character == ':' && rest.peek() == Some(&':') {
            rest.next();
            word.clear();
        } else {
            short.push_str(&word);
            short.push(character);
            word.clear();
        }
    }
    short + &word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_through_an_endless_chain_is_cut() {
        let steps = vec![Step::Some; 1_000];
        let path = joined("Chain".to_owned(), &steps);
        assert_eq!(path.len(), "Chain".len() + PATH_STEPS_MAX + "..".len());
    }

    #[test]
    fn short_names_lose_their_modules_only() {
        assert_eq!(short_type_name("alloc::vec::Vec<shop::Order>"), "Vec<Order>");
        assert_eq!(short_type_name("(u32, [a::B; 4])"), "(u32, [B; 4])");
        assert_eq!(short_type_name("u8"), "u8");
    }
}
