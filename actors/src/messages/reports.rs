//! Messages about errors that concern no single call.

use actix::{Message, Recipient};
use netchan::net::{Report, ReportStream};

/// To either actor: the stream of errors.
///
/// It is bounded, and reading it is optional. When too many errors are unread, an exporter drops the
/// oldest, and an importer is shut down unless it was told otherwise
/// ([`UnreadReports`](netchan::net::UnreadReports)). Each error goes to one reader; a
/// [subscription](Subscribe) counts as one.
#[derive(Clone, Copy, Debug)]
pub struct Errors;

impl Message for Errors {
    type Result = ReportStream;
}

/// To either actor: have every error sent to an actor. There may be several subscribers.
///
/// The next error is sent when all subscribers have handled the last one, so slow ones count as
/// not reading.
#[derive(Clone)]
#[must_use = "a message does something when it is sent"]
pub struct Subscribe(pub Recipient<ErrorReport>);

impl Message for Subscribe {
    type Result = ();
}

impl std::fmt::Debug for Subscribe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscribe")
    }
}

/// An error, sent to [subscribers](Subscribe).
#[derive(Clone, Debug)]
pub struct ErrorReport(pub Report);

impl Message for ErrorReport {
    type Result = ();
}
