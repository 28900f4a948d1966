//! Messages about connections and listeners.

use std::io;

use actix::{Addr, Message};
use netchan::net::{Address, ConnectError, ConnectionEnd, Listener, Stream};

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
