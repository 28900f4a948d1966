//! The works over plain channels of netchan: [`Sender`](netchan::Sender),
//! [`Receiver`](netchan::Receiver), [`Caller`](netchan::channel::Caller).
//!
//! Everything is set as it is by default, but for the window that a work names.

mod asks;
mod ping_pong;
mod stream;

use std::sync::Mutex;
use std::time::Duration;

use netchan::limits::SESSION_EXPIRY;
use netchan::net::{ImportSettings, SendSettings, Unconfirmed, UnreadReports};
use netchan::{Config, Connection, Exporter};

pub use self::asks::{Asked, ask_all, asks};
pub use self::ping_pong::ping_pong;
pub use self::stream::stream;
pub(crate) use self::stream::{receive, send};
use crate::{End, Failure};

/// How long the last values may take to arrive.
pub(crate) const DRAIN: Duration = Duration::from_secs(30);

/// Whether sessions outlive their links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// As by default. There is one link, and no other when it is lost; but all is ready for that.
    #[default]
    On,
    /// They end with their link, and nothing is kept for any case.
    Off,
}

impl Resume {
    /// How an importer of this kind is set up.
    ///
    /// # Errors
    ///
    /// None is expected.
    pub fn config(self) -> Result<Config, Failure> {
        let expiry = match self {
            Resume::On => SESSION_EXPIRY,
            Resume::Off => Duration::ZERO,
        };
        Ok(Config::builder().session_expiry(expiry).build()?)
    }

    /// How its channels are imported.
    pub fn import_settings(self) -> ImportSettings {
        ImportSettings::default().unconfirmed(self.unconfirmed())
    }

    /// How channels that it imports are exported, if they send.
    pub fn send_settings(self) -> SendSettings {
        SendSettings::default().unconfirmed(self.unconfirmed())
    }

    fn unconfirmed(self) -> Unconfirmed {
        match self {
            Resume::On => Unconfirmed::default(),
            Resume::Off => Unconfirmed::Discard,
        }
    }
}

/// The name of a channel.
pub(crate) fn name(channel: usize) -> String {
    format!("channel-{channel}")
}

/// Connects an importer over the one end that there is.
///
/// # Errors
///
/// When the exporter does not answer.
pub async fn open(end: End, resume: Resume) -> Result<Connection, Failure> {
    let config = resume.config()?;
    let dial = dial(end)?;
    let (connection, driver) = Connection::dial(dial, &config, UnreadReports::default()).await?;
    tokio::spawn(driver.run());
    Ok(connection)
}

/// Dials the one link that there is.
pub(crate) fn dial(end: End) -> Result<impl netchan::net::Dial, Failure> {
    let stream = Mutex::new(Some(end.into_stream()?));
    Ok(move || {
        let stream = stream.lock().ok().and_then(|mut stream| stream.take());
        async move { stream.ok_or_else(|| std::io::Error::other("there is no other link")) }
    })
}

/// Lets the importers at these ends in.
///
/// # Errors
///
/// When one of them does not begin as it should.
pub async fn accept(exporter: &Exporter, ends: Vec<End>) -> Result<Vec<Connection>, Failure> {
    let mut connections = Vec::new();
    for end in ends {
        connections.push(exporter.serve(end.into_stream()?).await?);
    }
    Ok(connections)
}

/// Waits until all importers have left.
pub async fn wait_closed(connections: Vec<Connection>) {
    for connection in connections {
        connection.closed().await;
    }
}
