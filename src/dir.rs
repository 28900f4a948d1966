//! The direction of a channel.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which way values go, seen from the side that says it.
///
/// An exporter with [`Dir::Send`] gives values to its importers; one with [`Dir::Recv`] takes
/// values from them. In the request on the wire it is the importer's ("client's") view, as in Go's
/// netchan: an import with [`Dir::Recv`] fits an export with [`Dir::Send`].
///
/// ```
/// use netchan::Dir;
///
/// assert_eq!(Dir::Recv.to_string(), "Recv");
/// assert_eq!(Dir::Recv.opposite(), Dir::Send);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dir {
    /// This side receives values.
    Recv,
    /// This side sends values.
    Send,
}

impl Dir {
    /// The same channel, seen from the other side.
    #[must_use]
    pub fn opposite(self) -> Dir {
        match self {
            Dir::Recv => Dir::Send,
            Dir::Send => Dir::Recv,
        }
    }
}

impl fmt::Display for Dir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dir::Recv => "Recv",
            Dir::Send => "Send",
        })
    }
}
