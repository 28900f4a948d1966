//! What the actors understand, one family of messages a file.
//!
//! Every message has a typed result. They are sent to an [`ExporterActor`](crate::ExporterActor)
//! or an [`ImporterActor`](crate::ImporterActor); each says to which.

mod events;
mod export;
mod flush;
mod import;
mod listing;
mod reports;
mod requests;
mod serve;

pub use events::{EventReport, Events, Status, SubscribeEvents};
pub use export::{ExportReceiver, ExportSender, ExportTo};
pub use flush::{Drain, Hangup, Sync};
pub use import::{ImportReceiver, ImportSender, ImportTo};
pub use listing::ListChannels;
pub use reports::{ErrorReport, Errors, Subscribe};
pub(crate) use requests::patient;
pub use requests::{ExportCaller, ExportRecipient, ExportRequests};
pub use requests::{ImportCaller, ImportRecipient, ImportRequests};
pub use serve::Shutdown;
pub use serve::{Close, Connections, Disconnected, ListenAndServe, Serve, ServeConnection};
