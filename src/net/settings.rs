//! The settings of one channel.

use crate::channel::{LaneWindow, Shape, Undecodable};
use crate::limits;
use crate::net::{ConfigError, WindowGrowth};

/// What becomes of values that were sent and are not known to have been taken when their session is
/// lost, because the peer has restarted or did not come back in time.
///
/// While a session lasts, also over lost links, every value arrives once, whatever is chosen here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unconfirmed {
    /// They are sent again: to the peer's next incarnation, or to another importer of the channel.
    /// A value may arrive twice. The values are kept until they are taken, so a sending channel holds
    /// up to one window more. Of several importers, those that find nothing more see the end of the
    /// channel when the others have taken what they have: it might come back.
    #[default]
    Redeliver,
    /// They are given up and counted. A value arrives at most once.
    Discard,
}

/// How an exported channel that sends is queued here.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SendSettings {
    pub(super) capacity_values: Option<u32>,
    pub(super) queue_bytes: usize,
    pub(super) unconfirmed: Unconfirmed,
    pub(super) redelivers_asks: bool,
    pub(super) shape: Shape,
}

impl Default for SendSettings {
    fn default() -> SendSettings {
        SendSettings {
            capacity_values: None,
            queue_bytes: limits::QUEUE_BYTES_DEFAULT,
            unconfirmed: Unconfirmed::default(),
            redelivers_asks: false,
            shape: Shape::default(),
        }
    }
}

impl SendSettings {
    /// On a channel of requests: those that ask are sent again as well, if the others are, when nobody
    /// knows whether they were handled. A request may be handled twice then. By default they fail.
    pub fn redelivers_asks(mut self) -> Self {
        self.redelivers_asks = true;
        self
    }

    /// To whom the values go. Default: [`Shape::Queue`].
    pub fn shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// What becomes of values whose fate is unknown when the session of an importer is lost. Default:
    /// [`Unconfirmed::Redeliver`]. It counts for a [`Queue`](Shape::Queue): the values of another shape
    /// belong to each importer alone, so they are given up and counted when its session is lost.
    pub fn unconfirmed(mut self, policy: Unconfirmed) -> Self {
        self.unconfirmed = policy;
        self
    }

    /// Values that may wait here until an importer takes them; of a [`Broadcast`](Shape::Broadcast),
    /// until all importers have taken them. Of [`Latest`](Shape::Latest) there is one. Less than 1 means 1. Default:
    /// [`QUEUE_VALUES_DEFAULT`](limits::QUEUE_VALUES_DEFAULT), and in a [`Queue`](Shape::Queue) as many as
    /// the largest window of an importer, when that grows.
    pub fn capacity_values(mut self, values: u32) -> Self {
        self.capacity_values = Some(values.max(1));
        self
    }

    /// Encoded bytes beyond which senders wait, or the [`Shape`] says what happens. Default:
    /// [`QUEUE_BYTES_DEFAULT`](limits::QUEUE_BYTES_DEFAULT).
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes.max(1);
        self
    }
}

/// How an exported channel that receives takes from each of its importers.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct RecvSettings {
    window_values: Option<u32>,
    window_bytes: Option<u64>,
    window_growth: WindowGrowth,
    pub(super) stays_open: bool,
    pub(super) undecodable: Undecodable,
}

impl RecvSettings {
    /// Values of one importer that may be in flight or buffered; the importer may ask for fewer. If it
    /// leaves the number at its default, the window [grows](RecvSettings::window_growth) up to this.
    /// Less than 1 means 1. Default: whatever the importer asks for, up to
    /// [`WINDOW_VALUES_MAX`](limits::WINDOW_VALUES_MAX).
    pub fn window_values(mut self, values: u32) -> Self {
        self.window_values = Some(values.max(1));
        self
    }

    /// Encoded bytes of one importer that may be in flight or buffered. What is set here does not grow.
    /// Default: [`WINDOW_BYTES_DEFAULT`](limits::WINDOW_BYTES_DEFAULT), which
    /// [grows](RecvSettings::window_growth).
    pub fn window_bytes(mut self, bytes: u64) -> Self {
        self.window_bytes = Some(bytes);
        self
    }

    /// How far the window of each importer grows by itself, where neither side has set it. Windows of
    /// requests do not. Default: [`WindowGrowth::default`].
    pub fn window_growth(mut self, growth: WindowGrowth) -> Self {
        self.window_growth = growth;
        self
    }

    /// The window of each importer.
    pub(super) fn window(self) -> LaneWindow {
        let values = self.window_values.unwrap_or(limits::WINDOW_VALUES_MAX);
        let bytes = self.window_bytes.unwrap_or(limits::WINDOW_BYTES_DEFAULT);
        let mut growth = self.window_growth.for_window(None, self.window_bytes);
        growth.values_max = growth.values_max.min(values);
        LaneWindow { values, bytes, growth }
    }

    /// What becomes of the channel when an importer sends a value that cannot be decoded. Default:
    /// [`Undecodable::Skip`]. With [`Undecodable::End`] it ends for that importer, and goes on with the
    /// others.
    pub fn undecodable(mut self, policy: Undecodable) -> Self {
        self.undecodable = policy;
        self
    }

    /// Keeps the channel open for further importers after all have left. By default it ends when the
    /// last one has finished or closed its connection, as a channel does whose last sender is gone.
    pub fn stays_open(mut self) -> Self {
        self.stays_open = true;
        self
    }

    pub(super) fn check(self) -> Result<(), ConfigError> {
        check_window_bytes(self.window_bytes)
    }
}

/// How a channel is imported.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ImportSettings {
    size_values: Option<u32>,
    window_bytes: Option<u64>,
    window_growth: WindowGrowth,
    pub(super) queue_bytes: usize,
    pub(super) limit: Option<u64>,
    pub(super) unconfirmed: Unconfirmed,
    pub(super) redelivers_asks: bool,
    pub(super) is_lasting: bool,
    pub(super) undecodable: Undecodable,
}

impl Default for ImportSettings {
    fn default() -> ImportSettings {
        ImportSettings {
            size_values: None,
            window_bytes: None,
            window_growth: WindowGrowth::default(),
            queue_bytes: limits::QUEUE_BYTES_DEFAULT,
            limit: None,
            unconfirmed: Unconfirmed::default(),
            redelivers_asks: false,
            is_lasting: true,
            undecodable: Undecodable::default(),
        }
    }
}

impl ImportSettings {
    /// Values that may be in flight or buffered. What is set here does not grow. Less than 1 means 1.
    /// Default: [`WINDOW_VALUES_DEFAULT`](limits::WINDOW_VALUES_DEFAULT), which
    /// [grows](ImportSettings::window_growth).
    pub fn size(mut self, values: u32) -> Self {
        self.size_values = Some(values.clamp(1, limits::WINDOW_VALUES_MAX));
        self
    }

    /// How far the window grows by itself, where neither side has set it. If this side sends, its slots
    /// grow with the window of the exporter, up to the values given here. Windows of requests do not
    /// grow. Default: [`WindowGrowth::default`].
    pub fn window_growth(mut self, growth: WindowGrowth) -> Self {
        self.window_growth = growth;
        self
    }

    /// Values that may be in flight or buffered at first, and what that grows to.
    pub(super) fn window(self) -> LaneWindow {
        LaneWindow {
            values: self.size_values.unwrap_or(limits::WINDOW_VALUES_DEFAULT),
            bytes: self.window_bytes.unwrap_or(limits::WINDOW_BYTES_DEFAULT),
            growth: self.window_growth.for_window(self.size_values, self.window_bytes),
        }
    }

    /// The number of values after which the channel ends on both sides. Default: none.
    ///
    /// Zero values are none to import: the channel is refused as a setting that cannot work.
    pub fn limit(mut self, values: u64) -> Self {
        self.limit = Some(values);
        self
    }

    /// If this side sends: what becomes of values whose fate is unknown when the session is lost.
    /// Default: [`Unconfirmed::Redeliver`].
    pub fn unconfirmed(mut self, policy: Unconfirmed) -> Self {
        self.unconfirmed = policy;
        self
    }

    /// If this side asks: requests are sent again as well, if other messages are, when nobody knows
    /// whether they were handled. A request may be handled twice then. By default they fail.
    pub fn redelivers_asks(mut self) -> Self {
        self.redelivers_asks = true;
        self
    }

    /// If this side receives: what becomes of the channel when a value comes that cannot be decoded.
    /// Default: [`Undecodable::Skip`]. Of answers it is the asker alone that is told.
    pub fn undecodable(mut self, policy: Undecodable) -> Self {
        self.undecodable = policy;
        self
    }

    /// The channel ends when its session is lost. By default it is imported again in the next
    /// session, for as long as it takes, with the same sender, receiver or recipient.
    pub fn ends_with_session(mut self) -> Self {
        self.is_lasting = false;
        self
    }

    /// If this side receives values or answers: encoded bytes of them that may be in flight or
    /// buffered. What is set here does not grow. Default:
    /// [`WINDOW_BYTES_DEFAULT`](limits::WINDOW_BYTES_DEFAULT), which
    /// [grows](ImportSettings::window_growth).
    pub fn window_bytes(mut self, bytes: u64) -> Self {
        self.window_bytes = Some(bytes);
        self
    }

    /// If this side sends: encoded bytes that wait here beyond which senders wait. Default:
    /// [`QUEUE_BYTES_DEFAULT`](limits::QUEUE_BYTES_DEFAULT).
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes.max(1);
        self
    }

    pub(super) fn check(self) -> Result<(), ConfigError> {
        if self.limit == Some(0) {
            return Err(ConfigError { setting: "limit", must_be: "at least one value" });
        }
        check_window_bytes(self.window_bytes)
    }
}

fn check_window_bytes(bytes: Option<u64>) -> Result<(), ConfigError> {
    let bounds = limits::WINDOW_BYTES_MIN..=limits::WINDOW_BYTES_MAX;
    if bytes.is_none_or(|bytes| bounds.contains(&bytes)) {
        Ok(())
    } else {
        Err(ConfigError { setting: "window_bytes", must_be: "from 16 KiB to 4 GiB" })
    }
}
