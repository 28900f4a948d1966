//! The bounded stream of errors that concern no single call.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use event_listener::{Event, EventListener};
use futures::Stream;
use parking_lot::Mutex;

use crate::channel::Origin;
use crate::limits::REPORTS_MAX;
use crate::net::{ConnectError, ConnectionEnd};
use crate::wire::Code;

/// An error that a program may want to know of, besides those that its calls return.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Report {
    /// An import was refused.
    #[error("the import of {name:?} was refused by {by}: {code}: {text}")]
    ImportRefused {
        /// The channel's name.
        name: String,
        /// Who refused it.
        by: Origin,
        /// Why.
        code: Code,
        /// The same for people.
        text: String,
    },
    /// A channel was ended because of a fault.
    #[error("the channel {name:?} was ended by {by}: {code}: {text}")]
    ChannelFault {
        /// The channel's name.
        name: String,
        /// Who ended it.
        by: Origin,
        /// Why.
        code: Code,
        /// The same for people.
        text: String,
    },
    /// A connection ended, and not on purpose.
    #[error("the connection with {peer} ended: {end}")]
    Disconnected {
        /// The other end.
        peer: String,
        /// How.
        end: ConnectionEnd,
        /// Values that were sent on it and are not known to have been received.
        unconfirmed_values: u64,
    },
    /// A peer did not get through its handshake.
    #[error("no connection with {peer}: {error}")]
    HandshakeFailed {
        /// The other end.
        peer: String,
        /// Why.
        error: ConnectError,
    },
    /// A listener could not accept a connection; it goes on.
    #[error("a connection could not be accepted: {text}")]
    AcceptFailed {
        /// What the operating system says.
        text: String,
    },
}

/// What happens when reports come and nobody reads them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnreadReports {
    /// The connections are shut down, as Go's netchan does with its importer.
    #[default]
    ShutDown,
    /// The oldest is dropped and counted.
    DropOldest,
}

/// The queue of reports that an exporter or importer fills and anybody may read.
#[derive(Debug)]
pub(crate) struct Reports {
    state: Mutex<State>,
    arrived: Event,
    when_unread: UnreadReports,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Report>,
    dropped: u64,
    is_over: bool,
}

impl Reports {
    pub(crate) fn new(when_unread: UnreadReports) -> Arc<Reports> {
        Arc::new(Reports { state: Mutex::default(), arrived: Event::new(), when_unread })
    }

    /// Adds a report. An error says that too many are unread and the connection must end.
    pub(crate) fn push(&self, report: Report) -> Result<(), ConnectionEnd> {
        tracing::debug!(%report, "report");
        let mut state = self.state.lock();
        let mut result = Ok(());
        if state.waiting.len() >= REPORTS_MAX {
            match self.when_unread {
                UnreadReports::ShutDown => {
                    result = Err(ConnectionEnd::UnreadReports { reports: state.waiting.len() });
                }
                UnreadReports::DropOldest => {
                    state.waiting.pop_front();
                    state.dropped += 1;
                }
            }
        }
        if result.is_ok() {
            state.waiting.push_back(report);
        }
        drop(state);
        // All of them: a reader may have stopped to look.
        self.arrived.notify(usize::MAX);
        result
    }

    /// No more reports come.
    pub(crate) fn finish(&self) {
        self.state.lock().is_over = true;
        self.arrived.notify(usize::MAX);
    }
}

/// Reads the reports of an exporter or importer. Each report goes to one reader.
///
/// Up to [`REPORTS_MAX`] reports wait; reading them is optional, and what
/// happens beyond that is a setting ([`UnreadReports`]).
#[derive(Debug)]
pub struct ReportStream {
    reports: Arc<Reports>,
    listener: Option<EventListener>,
}

impl ReportStream {
    pub(crate) fn new(reports: Arc<Reports>) -> ReportStream {
        ReportStream { reports, listener: None }
    }

    /// Waits for the next report; `None` when its exporter or importer is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, no report is lost.
    pub async fn next_report(&mut self) -> Option<Report> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Reports that were dropped because nobody read them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.reports.state.lock().dropped
    }
}

impl Stream for ReportStream {
    type Item = Report;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Report>> {
        loop {
            {
                let mut state = self.reports.state.lock();
                if let Some(report) = state.waiting.pop_front() {
                    return Poll::Ready(Some(report));
                }
                if state.is_over {
                    return Poll::Ready(None);
                }
            }
            match self.listener.take() {
                None => self.listener = Some(self.reports.arrived.listen()),
                Some(mut listener) => {
                    if Pin::new(&mut listener).poll(cx).is_pending() {
                        self.listener = Some(listener);
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}
