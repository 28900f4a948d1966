//! Messages about what happens to connections, and how they stand.

use actix::{Message, Recipient};
use netchan::net::{Event, EventStream, Status as ConnectionStatus};

/// To either actor: the stream of events from now on. Each stream gets all events; what is not read in
/// time is missed and counted.
#[derive(Clone, Copy, Debug)]
pub struct Events;

impl Message for Events {
    type Result = EventStream;
}

/// To either actor: have the events from now on sent to an actor. The next event is sent when it has
/// handled the last one. One that is too slow misses the oldest, which is logged.
///
/// ```
/// use actix::prelude::*;
/// use netchan::net::Event;
/// use netchan_actix::ExporterActor;
/// use netchan_actix::messages::{EventReport, SubscribeEvents};
///
/// struct Operator;
///
/// impl Actor for Operator {
///     type Context = Context<Self>;
/// }
///
/// impl Handler<EventReport> for Operator {
///     type Result = ();
///
///     fn handle(&mut self, EventReport(event): EventReport, _: &mut Context<Self>) {
///         if let Event::Unconfirmed { peer, name, unconfirmed_values, .. } = event {
///             eprintln!("{peer}: {unconfirmed_values} values of {name} have an unknown fate");
///         }
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// System::new().block_on(async {
///     let exporter = ExporterActor::new(Default::default()).start();
///     exporter.send(SubscribeEvents(Operator.start().recipient())).await?;
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a message does something when it is sent"]
pub struct SubscribeEvents(pub Recipient<EventReport>);

impl Message for SubscribeEvents {
    type Result = ();
}

impl std::fmt::Debug for SubscribeEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubscribeEvents")
    }
}

/// An event, sent to [subscribers](SubscribeEvents).
#[derive(Clone, Debug)]
pub struct EventReport(pub Event);

impl Message for EventReport {
    type Result = ();
}

/// To either actor: how its connections stand, with their sessions, channels and counters. Those that
/// have ended are not among them.
#[derive(Clone, Copy, Debug)]
pub struct Status;

impl Message for Status {
    type Result = Vec<ConnectionStatus>;
}
