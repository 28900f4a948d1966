//! Where in a value the work is: the notation `Order.lines[3].qty`.
//!
//! It is that of differences between types ([`Difference`](crate::channel::identity::Difference)), with
//! the number of an element and the key of an entry where a type only has `[]` and `{value}`.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use super::JsonError;

/// How many places of a path are written; a message must stay readable whatever a peer does.
const PATH_PLACES_MAX: usize = 64;

/// How much of a name or a text is written.
const EXCERPT_BYTES_MAX: usize = 64;

/// One step from a value to a part of it.
#[derive(Debug, Clone)]
pub(super) enum Place<'a> {
    /// A named field: `.qty`
    Field(&'a str),
    /// A field that JSON names, in the same form.
    Named(Cow<'a, str>),
    /// An element of a tuple, or the content of a newtype: `.0`
    Position(usize),
    /// An element of a sequence: `[3]`
    Element(usize),
    /// The key of an entry, by the number of the entry: `{key 3}`
    Key(usize),
    /// The value of an entry whose key is not known: `{value 3}`
    Value(usize),
    /// The value of an entry: `["apple"]`
    Entry(Cow<'a, str>),
    /// The content of an option: `?`
    Some,
    /// A variant of an enum: `::Paid`
    Variant(&'a str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Field(name) => write!(formatter, ".{}", excerpt(name)),
            Place::Named(name) => write!(formatter, ".{}", excerpt(name)),
            Place::Position(position) => write!(formatter, ".{position}"),
            Place::Element(index) => write!(formatter, "[{index}]"),
            Place::Key(entry) => write!(formatter, "{{key {entry}}}"),
            Place::Value(entry) => write!(formatter, "{{value {entry}}}"),
            Place::Entry(key) => write!(formatter, "[{:?}]", excerpt(key)),
            Place::Some => formatter.write_str("?"),
            Place::Variant(name) => write!(formatter, "::{}", excerpt(name)),
        }
    }
}

/// The way from a value to the part that is worked on, and why the work ended there.
///
/// Errors pass through serde and a codec as texts. So whoever notices one leaves it here, and does not
/// step back.
#[derive(Debug)]
pub(super) struct Trail<'a> {
    root: &'a str,
    places: RefCell<Vec<Place<'a>>>,
    error: RefCell<Option<JsonError>>,
}

impl<'a> Trail<'a> {
    pub(super) fn new(root: &'a str) -> Trail<'a> {
        Trail { root, places: RefCell::default(), error: RefCell::default() }
    }

    pub(super) fn enter(&self, place: Place<'a>) {
        self.places.borrow_mut().push(place);
    }

    /// Only from a place where nothing went wrong.
    pub(super) fn leave(&self) {
        self.places.borrow_mut().pop();
    }

    pub(super) fn path(&self) -> String {
        let places = self.places.borrow();
        let mut path = excerpt(self.root).into_owned();
        for place in places.iter().take(PATH_PLACES_MAX) {
            path += &place.to_string();
        }
        if places.len() > PATH_PLACES_MAX {
            path += "..";
        }
        path
    }

    /// Keeps the first error; those that follow are how it passes through others.
    pub(super) fn note(&self, error: impl FnOnce(String) -> JsonError) {
        self.error.borrow_mut().get_or_insert_with(|| error(self.path()));
    }

    pub(super) fn into_error(self) -> Option<JsonError> {
        self.error.into_inner()
    }
}

/// A text for a message: cut if it is long, and without what would break a line of a log. It may come
/// from a peer.
pub(super) fn excerpt(text: &str) -> Cow<'_, str> {
    if text.len() <= EXCERPT_BYTES_MAX && !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let is_cut = text.len() > EXCERPT_BYTES_MAX;
    let shown = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    let within = |(at, character): (usize, char)| at + character.len_utf8() <= EXCERPT_BYTES_MAX;
    let kept: String =
        text.char_indices().take_while(|at| within(*at)).map(|(_, kept)| shown(kept)).collect();
    Cow::Owned(if is_cut { kept + ".." } else { kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_readable() {
        let long = "ä".repeat(1_000_000);
        let trail = Trail::new(&long);
        for _ in 0..1_000 {
            trail.enter(Place::Field(&long));
        }
        let path = trail.path();
        assert!(path.len() < 5_000, "{} bytes", path.len());
        assert!(path.ends_with("ä...."), "{path}");
    }

    #[test]
    fn a_path_does_nothing_to_a_terminal() {
        let trail = Trail::new("Order\u{1b}[2J");
        trail.enter(Place::Field("quantity\nof all"));
        assert_eq!(trail.path(), "Order\u{fffd}[2J.quantity\u{fffd}of all");
    }
}
