//! To whom the values of an exported channel go.

use std::fmt;

use serde::{Deserialize, Serialize};

/// To whom the values of an exported channel go that sends.
///
/// ```
/// use netchan::net::{SendSettings, Shape, Slow};
///
/// // Every importer gets every value; one that is slow misses the oldest.
/// let prices = SendSettings::default().shape(Shape::Broadcast(Slow::DropOldest));
/// // Every importer gets the newest value.
/// let weather = SendSettings::default().shape(Shape::Latest);
/// # let _ = (prices, weather);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Shape {
    /// Each value goes to one importer, to one that has credit for it. So a slow importer gets less.
    /// Values wait while there is nobody to take them.
    #[default]
    Queue,
    /// Each value goes to every importer that has joined before it was sent. With no importer, it
    /// goes nowhere, at once. Values wait until the slowest importer's session has taken them: as many
    /// as the channel's capacity and its bytes allow. Then it counts what is said of [`Slow`]
    /// importers.
    Broadcast(Slow),
    /// Each importer gets the newest value: the present one when it joins, and then the one that is
    /// newest when it has taken the one before. At most one value is on its way to an importer, however
    /// large its window is, so that one that is slow never works through old values. Sending never
    /// waits. The last value is kept after the channel was closed, until its name is used again, hung
    /// up or the exporter closed: whoever has not had it gets it, and then the end.
    ///
    /// An importer reports what it has taken together with other traffic, and after
    /// [`ACK_DELAY`](crate::limits::ACK_DELAY) at the latest. One that must have the next value sooner
    /// imports with a [`size`](crate::net::ImportSettings::size) of at most
    /// [`GRANT_FRACTION`](crate::limits::GRANT_FRACTION).
    Latest,
}

/// What becomes of an importer of a [broadcast](Shape::Broadcast) that does not keep up: it has not
/// taken the oldest value, and there is no room for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Slow {
    /// Senders wait for it. One that has no link is waited for until its session expires.
    Wait,
    /// It misses the oldest values, and [is told how many](crate::Receiver::missed_values). Sending
    /// never waits.
    DropOldest,
    /// It is cut off: its receiver sees the end of the channel with
    /// [`Reason::TooSlow`](crate::channel::Reason::TooSlow). The others go on. Sending never waits, so a
    /// burst of more values than the channel's capacity cuts off those who had no time to take any.
    Disconnect,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shape::Queue => "queue",
            Shape::Broadcast(Slow::Wait) => "broadcast that waits for the slow",
            Shape::Broadcast(Slow::DropOldest) => "broadcast that drops values for the slow",
            Shape::Broadcast(Slow::Disconnect) => "broadcast that cuts off the slow",
            Shape::Latest => "latest value",
        })
    }
}
