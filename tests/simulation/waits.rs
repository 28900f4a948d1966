//! What a program waits for: that its peer has received what it has sent.

use netchan::id::ChannelId;
use netchan::session::Session;

use crate::model::Record;
use crate::queues::Queues;

/// A promise to a program.
#[derive(Clone, Debug)]
pub(crate) enum Wait {
    /// Until the peer has received what the session had taken when it was asked: values by channel.
    Sync(Vec<(ChannelId, u64)>),
    /// Until the peer has received all that was sent.
    Drain,
}

impl Wait {
    pub(crate) fn sync(session: &Session, queues: &Queues) -> Wait {
        let accepted = |id: &ChannelId| {
            let progress = session.progress(*id)?;
            Some((*id, progress.accepted_values))
        };
        Wait::Sync(queues.names.keys().filter_map(accepted).collect())
    }

    /// Whether it is kept, as far as this side knows.
    pub(crate) fn is_over(&self, session: &Session, queues: &Queues) -> bool {
        match self {
            Wait::Sync(targets) => targets.iter().all(|(id, values)| {
                session.progress(*id).is_none_or(|progress| progress.acknowledged_values >= *values)
            }),
            Wait::Drain => {
                let mut sending =
                    queues.names.values().filter_map(|name| queues.by_channel.get(name));
                session.outstanding_values() == 0
                    && sending.all(|queue| queue.is_over || queue.waiting.is_empty())
            }
        }
    }

    /// Checks that it is kept in truth. A channel that somebody has hung up promises nothing.
    pub(crate) fn check(&self, queues: &Queues, model: &[Record]) {
        match self {
            Wait::Sync(targets) => {
                for (id, values) in targets {
                    let (name, record) = (queues.names[id], &model[queues.names[id]]);
                    if !record.is_hung_up {
                        assert!(record.received >= *values, "channel {name}: sync kept its word");
                    }
                }
            }
            Wait::Drain => {
                for name in queues.names.values() {
                    let (record, queue) = (&model[*name], queues.by_channel.get(name));
                    if queue.is_some_and(|queue| !queue.is_over) && !record.is_hung_up {
                        let arrived = record.first + record.received;
                        assert_eq!(arrived, record.sent(), "channel {name}: drain kept its word");
                    }
                }
            }
        }
    }
}
