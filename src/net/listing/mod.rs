//! Which channels a peer has: asked page by page, answered by its registry.
//!
//! The layout of a page is in [`page`]; when the question is put, and put again, is the business of the
//! driver and the session.

mod error;
pub(super) mod page;

use bytes::Bytes;

use crate::channel::ChannelDescription;
use crate::limits::{LIST_TIMEOUT, LISTED_BYTES_MAX, LISTED_CHANNELS_MAX};
use crate::net::Connection;
use crate::net::command::Command;
use crate::net::error::NameError;

pub use error::ListError;

/// Some of the channels of an exporter, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedPage {
    /// The channels, at least one if there is another one.
    pub channels: Vec<ChannelDescription>,
    /// Whether there are channels behind the last of these.
    pub has_more: bool,
}

impl Connection {
    /// Asks the exporter which channels it has, in the order of their names. Channels that come or go
    /// meanwhile may be in the list or not. Ends of channels in messages have no names, and are not.
    ///
    /// It waits for each page as [`list_channels_after`](Connection::list_channels_after) does, which is
    /// also the way for whoever expects many channels, or wants the first ones at once. A peer that takes
    /// its time for each of many pages can make it long: set a timeout of your own if that matters.
    ///
    /// # Errors
    ///
    /// [`ListError`]; [`ListError::TooMany`] if there are more than
    /// [`LISTED_CHANNELS_MAX`](crate::limits::LISTED_CHANNELS_MAX), or more of them than
    /// [`LISTED_BYTES_MAX`](crate::limits::LISTED_BYTES_MAX). The connection goes on.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    ///
    /// ```
    /// # use netchan::net::{Config, Exporter, ListError, RecvSettings, Stream, UnreadReports};
    /// # use netchan::Connection;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (near, far) = Stream::in_memory(1024);
    /// # let exporter = Exporter::new(Config::default());
    /// # let texts = exporter.export_receiver::<String>("texts", RecvSettings::default())?;
    /// # tokio::spawn(async move {
    /// #     let _served = exporter.serve(near).await;
    /// # });
    /// # let (connection, driver) =
    /// #     Connection::open(far, &Config::default(), UnreadReports::DropOldest).await?;
    /// # tokio::spawn(driver.run());
    /// match connection.list_channels().await {
    ///     Ok(channels) => channels.iter().for_each(|channel| println!("{channel}")),
    ///     Err(ListError::SwitchedOff) => println!("it does not say"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_channels(&self) -> Result<Vec<ChannelDescription>, ListError> {
        let mut channels: Vec<ChannelDescription> = Vec::new();
        let mut bytes = 0;
        loop {
            let after = channels.last().map_or("", |last| &last.name);
            let page = self.page_after(after).await?;
            bytes += page.len();
            let ListedPage { channels: more, has_more } = page::read(page, after)?;
            if channels.len() + more.len() > LISTED_CHANNELS_MAX || bytes > LISTED_BYTES_MAX {
                return Err(ListError::TooMany { channels_max: LISTED_CHANNELS_MAX });
            }
            channels.extend(more);
            if !has_more {
                return Ok(channels);
            }
        }
    }

    /// Asks the exporter for the channels whose names come after `name`; all, if it is empty. The answer
    /// has as many as fit into a page of
    /// [`LISTING_PAGE_BYTES_MAX`](crate::limits::LISTING_PAGE_BYTES_MAX): go on with the name of the last
    /// one, if there are more.
    ///
    /// It waits for at most [`LIST_TIMEOUT`](crate::limits::LIST_TIMEOUT). When the link is lost, the
    /// question is put again on the next one, also in another session.
    ///
    /// # Errors
    ///
    /// [`ListError`]. The connection goes on, if that is not what has ended.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn list_channels_after(&self, name: &str) -> Result<ListedPage, ListError> {
        let page = self.page_after(name).await?;
        page::read(page, name)
    }

    async fn page_after(&self, name: &str) -> Result<Bytes, ListError> {
        if !name.is_empty() {
            NameError::check(name)?;
        }
        let after = name.to_owned();
        let answer = self.ask(|reply| Command::List { after, reply });
        match tokio::time::timeout(LIST_TIMEOUT, answer).await {
            Ok(answer) => answer?,
            Err(_) => {
                let timeout_ms = LIST_TIMEOUT.as_millis() as u64;
                Err(ListError::Unanswered { timeout_ms })
            }
        }
    }
}
