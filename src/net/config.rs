//! The settings of a connection, checked once when they are built.

use std::time::Duration;

use crate::id::{Incarnation, NodeId};
use crate::limits;
use crate::net::Redial;
use crate::session::{Heartbeat, Parameters, Role};

/// Longer waits than this are mistakes, and would overflow clocks.
const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The settings that all connections of an exporter or importer share.
///
/// ```
/// use std::time::Duration;
/// use netchan::net::Config;
///
/// let config = Config::builder().heartbeat(Duration::from_secs(1), Duration::from_secs(4)).build()?;
/// assert!(Config::builder().channels_max(0).build().is_err());
/// # Ok::<(), netchan::net::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) node: NodeId,
    pub(super) incarnation: Incarnation,
    pub(super) heartbeat: Heartbeat,
    pub(super) handshake_timeout: Duration,
    pub(super) channels_max: usize,
    pub(super) connections_max: usize,
    pub(super) handshakes_max: usize,
    pub(super) session_expiry: Duration,
    pub(super) offer_lease: Duration,
    pub(super) lists_channels: bool,
    pub(super) redial: Redial,
    pub(super) growth_bytes_max: u64,
}

/// Builds a [`Config`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ConfigBuilder {
    node: Option<NodeId>,
    heartbeat: Heartbeat,
    handshake_timeout: Duration,
    channels_max: usize,
    connections_max: usize,
    handshakes_max: usize,
    session_expiry: Duration,
    offer_lease: Duration,
    lists_channels: bool,
    redial: Redial,
    growth_bytes_max: u64,
}

/// A setting that cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the setting {setting} must be {must_be}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The setting.
    pub setting: &'static str,
    /// What it must be.
    pub must_be: &'static str,
}

impl Config {
    /// A builder that starts with the defaults.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder {
            node: None,
            heartbeat: Heartbeat {
                ask_after: limits::HEARTBEAT_AFTER,
                dead_after: limits::DEAD_AFTER,
            },
            handshake_timeout: limits::HANDSHAKE_TIMEOUT,
            channels_max: limits::CHANNELS_MAX,
            connections_max: limits::CONNECTIONS_MAX,
            handshakes_max: limits::HANDSHAKES_MAX,
            session_expiry: limits::SESSION_EXPIRY,
            offer_lease: limits::OFFER_LEASE,
            lists_channels: true,
            redial: Redial::default(),
            growth_bytes_max: limits::GROWTH_BYTES_MAX,
        }
    }

    /// Links that may go through their handshake at the same time.
    #[must_use]
    pub fn handshakes_max(&self) -> usize {
        self.handshakes_max
    }

    /// How much longer than its importer an exporter keeps a session. If heartbeats are rarer than
    /// usual on both sides, the importer may notice a loss later.
    pub(super) fn expiry_margin(&self) -> Duration {
        let silence = self.heartbeat.dead_after + self.handshake_timeout;
        limits::SESSION_EXPIRY_MARGIN.max(silence)
    }

    /// The parameters of a session, as far as this side decides them.
    pub(super) fn parameters(&self, role: Role) -> Parameters {
        Parameters {
            role,
            frame_bytes_max: limits::FRAME_BYTES_MAX,
            peer_frame_bytes_max: limits::FRAME_BYTES_MAX,
            channels_max: self.channels_max,
            expiry: self.session_expiry,
            heartbeat: self.heartbeat,
            growth_bytes_max: self.growth_bytes_max,
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::builder().unchecked()
    }
}

impl ConfigBuilder {
    /// The lasting name of this program: the same when it has restarted, and another for each program
    /// and each `Config` that runs at the same time. Exporters take an importer with the same name for
    /// the next life of the one before, and give up the session of that one. Default: a random name
    /// for each `Config`.
    pub fn node(mut self, node: NodeId) -> Self {
        self.node = Some(node);
        self
    }

    /// When a silent link is asked whether it lives, and when it is dead. Default:
    /// [`HEARTBEAT_AFTER`](limits::HEARTBEAT_AFTER) and [`DEAD_AFTER`](limits::DEAD_AFTER).
    pub fn heartbeat(mut self, ask_after: Duration, dead_after: Duration) -> Self {
        self.heartbeat = Heartbeat { ask_after, dead_after };
        self
    }

    /// How long a handshake may take. Default:
    /// [`HANDSHAKE_TIMEOUT`](limits::HANDSHAKE_TIMEOUT).
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Channels that a connection may have open. Default: [`CHANNELS_MAX`](limits::CHANNELS_MAX).
    pub fn channels_max(mut self, channels: usize) -> Self {
        self.channels_max = channels;
        self
    }

    /// Connections that an exporter may have. Default:
    /// [`CONNECTIONS_MAX`](limits::CONNECTIONS_MAX).
    pub fn connections_max(mut self, connections: usize) -> Self {
        self.connections_max = connections;
        self
    }

    /// Links that an exporter carries through their handshake at the same time. Default:
    /// [`HANDSHAKES_MAX`](limits::HANDSHAKES_MAX).
    pub fn handshakes_max(mut self, handshakes: usize) -> Self {
        self.handshakes_max = handshakes;
        self
    }

    /// How long a session is kept without a link, so that another link can resume it. The shorter time
    /// of both sides counts. Zero: a lost link ends its session, and nothing is kept for that case.
    /// Default: [`SESSION_EXPIRY`](limits::SESSION_EXPIRY).
    pub fn session_expiry(mut self, expiry: Duration) -> Self {
        self.session_expiry = expiry;
        self
    }

    /// How long the end of a channel that is offered in a message waits to be claimed. Default:
    /// [`OFFER_LEASE`](limits::OFFER_LEASE).
    pub fn offer_lease(mut self, lease: Duration) -> Self {
        self.offer_lease = lease;
        self
    }

    /// Whether an exporter tells its importers which channels it has, when they
    /// [ask](crate::net::Connection::list_channels): names, directions, shapes, codecs and types. Switch
    /// it off if the names of channels, or the names of fields, are not for everyone who can reach the
    /// exporter. It does not hide a channel from whoever knows its name. Default: `true`.
    pub fn lists_channels(mut self, lists_channels: bool) -> Self {
        self.lists_channels = lists_channels;
        self
    }

    /// How an importer that can dial comes by another link. Default: [`Redial::default`].
    pub fn redial(mut self, redial: Redial) -> Self {
        self.redial = redial;
        self
    }

    /// Encoded bytes by which all windows of a connection together may [grow](crate::net::WindowGrowth).
    /// A channel that ends gives back what its window has grown by. Zero: none grows in bytes. Default:
    /// [`GROWTH_BYTES_MAX`](limits::GROWTH_BYTES_MAX).
    pub fn growth_bytes_max(mut self, bytes: u64) -> Self {
        self.growth_bytes_max = bytes;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<Config, ConfigError> {
        let error = |setting, must_be| Err(ConfigError { setting, must_be });
        if self.heartbeat.ask_after.is_zero() {
            return error("heartbeat.ask_after", "above zero");
        }
        if self.heartbeat.dead_after <= self.heartbeat.ask_after {
            return error("heartbeat.dead_after", "longer than ask_after");
        }
        if self.heartbeat.dead_after > WAIT_MAX {
            return error("heartbeat.dead_after", "at most a day");
        }
        if self.handshake_timeout.is_zero() || self.handshake_timeout > WAIT_MAX {
            return error("handshake_timeout", "above zero and at most a day");
        }
        if self.channels_max == 0 || self.channels_max > u32::MAX as usize {
            return error("channels_max", "from 1 to 2^32 - 1");
        }
        if self.connections_max == 0 {
            return error("connections_max", "above zero");
        }
        if self.handshakes_max == 0 {
            return error("handshakes_max", "above zero");
        }
        if self.session_expiry > WAIT_MAX {
            return error("session_expiry", "at most a day");
        }
        if self.offer_lease.is_zero() || self.offer_lease > WAIT_MAX {
            return error("offer_lease", "above zero and at most a day");
        }
        if self.redial.first_delay.is_zero() {
            return error("redial.first_delay", "above zero");
        }
        if self.redial.max_delay < self.redial.first_delay || self.redial.max_delay > WAIT_MAX {
            return error("redial.max_delay", "from first_delay to a day");
        }
        Ok(self.unchecked())
    }

    fn unchecked(self) -> Config {
        Config {
            node: self.node.unwrap_or_else(|| NodeId(random())),
            incarnation: Incarnation(random()),
            heartbeat: self.heartbeat,
            handshake_timeout: self.handshake_timeout,
            channels_max: self.channels_max,
            connections_max: self.connections_max,
            handshakes_max: self.handshakes_max,
            session_expiry: self.session_expiry,
            offer_lease: self.offer_lease,
            lists_channels: self.lists_channels,
            redial: self.redial,
            growth_bytes_max: self.growth_bytes_max,
        }
    }
}

/// Bytes that nobody can guess.
pub(super) fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    // INVARIANT: an operating system that runs a network service has a source of randomness.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
