//! Hands the errors and events of an actor to its subscribers.

use actix::Recipient;
use netchan::net::{EventStream, ReportStream};
use tokio::sync::watch;

use crate::messages::{ErrorReport, EventReport};

/// The subscribers of one actor.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    /// Known to the task that hands on errors, which lives as long as there are subscribers.
    list: Option<watch::Sender<Vec<Recipient<ErrorReport>>>>,
}

impl Subscribers {
    /// Adds a subscriber. `reports` is read while there is one.
    pub(crate) fn add(&mut self, recipient: Recipient<ErrorReport>, reports: ReportStream) {
        match &self.list {
            Some(list) if !list.is_closed() => list.send_modify(|subscribers| {
                subscribers.retain(Recipient::connected);
                subscribers.push(recipient);
            }),
            _ => {
                let (list, subscribers) = watch::channel(vec![recipient]);
                self.list = Some(list);
                actix_rt::spawn(hand_on(reports, subscribers));
            }
        }
    }
}

/// Sends each error to all subscribers, and takes the next when they have handled it. When nobody
/// is left, errors are for other readers again.
async fn hand_on(
    mut reports: ReportStream,
    subscribers: watch::Receiver<Vec<Recipient<ErrorReport>>>,
) {
    while subscribers.borrow().iter().any(Recipient::connected)
        && let Some(report) = reports.next_report().await
    {
        let recipients = subscribers.borrow().clone();
        for recipient in recipients {
            if recipient.send(ErrorReport(report.clone())).await.is_err() {
                tracing::debug!("a subscriber is gone");
            }
        }
    }
}

/// Sends each event to a subscriber, and takes the next when it has handled it, until the subscriber
/// or the events have ended.
pub(crate) fn hand_on_events(mut events: EventStream, recipient: Recipient<EventReport>) {
    actix_rt::spawn(async move {
        let mut missed_before = 0;
        while recipient.connected()
            && let Some(event) = events.next_event().await
        {
            let missed = events.missed() - missed_before;
            missed_before = events.missed();
            if missed > 0 {
                tracing::warn!(missed, "a subscriber is too slow for all events");
            }
            if recipient.send(EventReport(event)).await.is_err() {
                // Gone, or restarted by its supervisor while it was at it.
                tracing::debug!("a subscriber dropped an event");
            }
        }
    });
}
