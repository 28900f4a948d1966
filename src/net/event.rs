//! What happens to connections, sessions and channels, as a stream.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::channel::identity::Difference;
use crate::channel::{Closed, Origin, Overflow, Tell};
use crate::dir::Dir;
use crate::id::SessionId;
use crate::limits::EVENTS_MAX;
use crate::net::ConnectionEnd;
use crate::wire::Code;

/// Something happened to a connection, or to a channel of it. `peer` names the other end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A session began.
    Connected {
        /// The other end.
        peer: String,
        /// The session.
        session: SessionId,
    },
    /// A link was lost. The session waits for another one, if it can be resumed.
    LinkLost {
        /// The other end.
        peer: String,
        /// The session.
        session: SessionId,
        /// Why.
        end: ConnectionEnd,
    },
    /// Another link carries the session on, with nothing lost.
    Resumed {
        /// The other end.
        peer: String,
        /// The session.
        session: SessionId,
        /// Frames that had to be sent again from here.
        repeated_frames: usize,
        /// For how long there was no link.
        away: Duration,
    },
    /// The peer has restarted and knows nothing of the session any more.
    PeerRestarted {
        /// The other end.
        peer: String,
        /// The session that is lost.
        session: SessionId,
        /// Values that were sent in it and are not known to have been taken.
        unconfirmed_values: u64,
    },
    /// The session had no link for too long and was given up.
    SessionExpired {
        /// The other end.
        peer: String,
        /// The session that is lost.
        session: SessionId,
        /// For how long it had no link.
        away: Duration,
        /// Values that were sent in it and are not known to have been taken.
        unconfirmed_values: u64,
    },
    /// The session is lost for another reason, a fault of one of the sides for example.
    SessionLost {
        /// The other end.
        peer: String,
        /// The session that is lost.
        session: SessionId,
        /// Why.
        end: ConnectionEnd,
        /// Values that were sent in it and are not known to have been taken.
        unconfirmed_values: u64,
    },
    /// A session was lost, and with it the knowledge of what became of values of this channel.
    Unconfirmed {
        /// The other end.
        peer: String,
        /// The channel's name.
        name: String,
        /// Values that were sent and are not known to have been taken.
        unconfirmed_values: u64,
        /// Those of them that will be sent again, and may then arrive twice.
        redelivered_values: u64,
        /// Values that will not be sent again.
        discarded_values: u64,
    },
    /// A channel was opened, or opened again in a new session. Channels of ends that came in messages have
    /// no events.
    ChannelOpened {
        /// The other end.
        peer: String,
        /// The channel's name.
        name: String,
        /// Which way its values go, seen from here.
        dir: Dir,
    },
    /// A channel is over.
    ChannelEnded {
        /// The other end.
        peer: String,
        /// The channel's name.
        name: String,
        /// By whom, and why.
        closed: Closed,
        /// Values that were sent on it and did not reach their user.
        lost_values: u64,
    },
    /// An importer wants a channel with another type or another codec, and was refused. Told by the
    /// exporter, which also reports it.
    ImportRefused {
        /// The importer.
        peer: String,
        /// The channel's name.
        name: String,
        /// [`TypeMismatch`](Code::TypeMismatch) or [`CodecMismatch`](Code::CodecMismatch).
        code: Code,
        /// Both for people, in the words of the importer's
        /// [`ImportError`](crate::net::ImportError::TypeMismatch).
        text: String,
        /// Where the types first differ: left is the exporter's, right is the importer's. `None` if the
        /// importer did not show its schema.
        difference: Option<Difference>,
    },
    /// Values of a channel could not be decoded by its receiver. They count as taken, and do not come
    /// again. Told on both sides; when many come at the same time, some are told together.
    ValueRejected {
        /// The other end.
        peer: String,
        /// The channel's name.
        name: String,
        /// Who could not decode them: whoever receives.
        by: Origin,
        /// They are answers to requests of the channel.
        is_answer: bool,
        /// The last of them: how many values were sent before it on this channel, in this session.
        position: u64,
        /// How many they are in all, on this channel and in this session.
        rejected_values: u64,
        /// Why the last of them could not be decoded, in the words of who received it.
        text: String,
    },
    /// An importer of a broadcast did not keep up and was cut off
    /// ([`Slow::Disconnect`](crate::net::Slow::Disconnect)). Told by the exporter.
    TooSlow {
        /// The importer.
        peer: String,
        /// The channel's name.
        name: String,
    },
    /// A channel was full, and messages to a `Recipient` of it were dropped, as its policy says.
    /// Told when that begins, and again when the channel has caught up.
    MessagesDropped {
        /// The other end; empty if it is an exported channel, which has many.
        peer: String,
        /// The channel's name.
        name: String,
        /// By what rule they were dropped.
        policy: Overflow,
        /// Messages that were dropped from this beginning until now.
        dropped_messages: u64,
        /// The channel has caught up.
        is_over: bool,
    },
    /// A graceful shutdown has begun: no more values are taken on, and those that are there are sent.
    Draining {
        /// The other end; empty if it concerns all.
        peer: String,
        /// Values that were not known to have been received.
        outstanding_values: u64,
    },
    /// The connection is over for good.
    Ended {
        /// The other end.
        peer: String,
        /// How.
        end: ConnectionEnd,
    },
}

/// Tells events to all who want to hear them.
#[derive(Clone, Debug)]
pub(super) struct Events {
    sender: broadcast::Sender<Event>,
}

impl Events {
    pub(super) fn new() -> Events {
        Events { sender: broadcast::Sender::new(EVENTS_MAX) }
    }

    /// Tells an event. It is made only if somebody listens.
    pub(super) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.sender.receiver_count() > 0 {
            // Whoever listened may have stopped just now.
            let _nobody_listens = self.sender.send(event());
        }
    }

    /// Tells of messages that are dropped in front of a channel. It does not keep streams of events
    /// open, as a channel may be held for longer than its connection.
    pub(super) fn overflow_teller(&self, peer: &str, name: &str) -> Tell {
        let sender = self.sender.downgrade();
        let (peer, name) = (peer.to_owned(), name.to_owned());
        Arc::new(move |overflowed| {
            let Some(sender) = sender.upgrade() else { return };
            Events { sender }.tell(|| Event::MessagesDropped {
                peer: peer.clone(),
                name: name.clone(),
                policy: overflowed.policy,
                dropped_messages: overflowed.dropped_messages,
                is_over: overflowed.is_over,
            });
        })
    }

    pub(super) fn stream(&self) -> EventStream {
        EventStream::new(self.sender.subscribe())
    }
}

/// The events of an exporter or importer from now on. Each stream gets all of them.
///
/// Up to [`EVENTS_MAX`] events wait for it. When it is further behind, the oldest are missed; they are
/// counted. It ends with its exporter or importer.
pub struct EventStream {
    events: BoxStream<'static, Result<Event, u64>>,
    missed: u64,
}

impl EventStream {
    fn new(receiver: broadcast::Receiver<Event>) -> EventStream {
        let events = futures::stream::unfold(receiver, |mut receiver| async move {
            match receiver.recv().await {
                Ok(event) => Some((Ok(event), receiver)),
                Err(RecvError::Lagged(missed)) => Some((Err(missed), receiver)),
                Err(RecvError::Closed) => None,
            }
        });
        EventStream { events: Box::pin(events), missed: 0 }
    }

    /// Waits for the next event; `None` when its exporter or importer is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, no event is lost.
    pub async fn next_event(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Events that were missed because they were not read in time.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            match std::task::ready!(self.events.as_mut().poll_next(cx)) {
                Some(Ok(event)) => return Poll::Ready(Some(event)),
                Some(Err(missed)) => self.missed += missed,
                None => return Poll::Ready(None),
            }
        }
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("missed", &self.missed).finish_non_exhaustive()
    }
}
