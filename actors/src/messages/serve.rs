//! Messages about connections and listeners.

use std::io;
use std::time::Duration;

use actix::{Addr, Message};
use netchan::net::{Address, ConnectError, ConnectionEnd, Listener, ShutdownReport, Stream};

use crate::ConnectionActor;

/// To an [`ExporterActor`](crate::ExporterActor): listen at an address and serve whoever connects.
///
/// The result is the address with the real port, so port 0 gives a free one.
#[derive(Clone, Debug)]
#[must_use = "a message does something when it is sent"]
pub struct ListenAndServe(pub Address);

impl Message for ListenAndServe {
    type Result = io::Result<Address>;
}

/// To an [`ExporterActor`](crate::ExporterActor): serve whoever connects to a listener that is
/// ready.
#[derive(Debug)]
#[must_use = "a message does something when it is sent"]
pub struct Serve(pub Listener);

impl Message for Serve {
    type Result = Address;
}

/// To an [`ExporterActor`](crate::ExporterActor): serve one importer over a byte stream.
///
/// The result comes when the handshake is done.
#[derive(Debug)]
#[must_use = "a message does something when it is sent"]
pub struct ServeConnection(pub Stream);

impl Message for ServeConnection {
    type Result = Result<Addr<ConnectionActor>, ConnectError>;
}

/// To an [`ExporterActor`](crate::ExporterActor): the actors of the connections that last.
#[derive(Clone, Copy, Debug)]
pub struct Connections;

impl Message for Connections {
    type Result = Vec<Addr<ConnectionActor>>;
}

/// To an [`ImporterActor`](crate::ImporterActor) or a [`ConnectionActor`]: wait until the
/// connection has ended; the result says how.
#[derive(Clone, Copy, Debug)]
pub struct Disconnected;

impl Message for Disconnected {
    type Result = ConnectionEnd;
}

/// To any of the actors: close its connections, its listeners and its channels, and stop.
///
/// Values that were not received are lost; send [`Drain`](crate::messages::Drain) first to avoid
/// that.
#[derive(Clone, Copy, Debug)]
pub struct Close;

impl Message for Close {
    type Result = ();
}

/// To an [`ExporterActor`](crate::ExporterActor) or an [`ImporterActor`](crate::ImporterActor): come to
/// an end in good order, and stop.
///
/// No more values are taken from the program: senders are finished. Those that are there are sent and
/// waited for, for at most `timeout`, also over links that are lost meanwhile. Then the peers are told
/// that no more will come, and sessions and listeners are closed. The result says what could not be
/// delivered.
///
/// ```
/// use std::time::Duration;
/// use actix::prelude::*;
/// use netchan_actix::ExporterActor;
/// use netchan_actix::messages::{ExportSender, Shutdown};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// System::new().block_on(async {
///     let exporter = ExporterActor::new(Default::default()).start();
///     let numbers = exporter.send(ExportSender::<u32>::new("numbers")).await??;
///     numbers.send(1).await?;
///     // Nobody imports the channel, so nobody gets the value.
///     let report = exporter.send(Shutdown { timeout: Duration::from_millis(10) }).await?;
///     assert_eq!(report.undelivered_values(), 1);
///     assert_eq!(report.undelivered[0].name, "numbers");
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a message does something when it is sent"]
pub struct Shutdown {
    /// How long to wait for values that were not received, at most.
    pub timeout: Duration,
}

impl Message for Shutdown {
    type Result = ShutdownReport;
}
