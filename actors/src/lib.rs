//! Actors that share channels with actors on other machines.
//!
//! An [`ExporterActor`] publishes typed channels by name, an [`ImporterActor`] on another machine
//! imports them, and one [`ConnectionActor`] per peer looks after the connection. They are managed
//! with [`messages`]; values do not go through them. [`Host`] and [`Remote`] send the most common of
//! those messages in one line each.
//!
//! Each channel is a plain [`Sender`](netchan::Sender) or [`Receiver`](netchan::Receiver), and an
//! actix `Recipient` where one is wanted: [`SenderExt::recipient`] for a channel that sends,
//! [`deliver_to`](messages::ImportReceiver::deliver_to) for one that receives.
//!
//! The actors start tasks on the runtime of their arbiter, so they must be started inside an actix
//! system, as every actor.

mod connection;
mod exporter;
mod handle;
mod importer;
mod inlet;
pub mod messages;
mod outlet;
mod remote_recipient;
mod reporting;
mod target;
#[cfg(feature = "testing")]
pub mod testing;

pub use connection::ConnectionActor;
pub use exporter::ExporterActor;
pub use handle::{HandleError, Host, Remote};
pub use importer::ImporterActor;
pub use outlet::{CallerExt, OutletBuilder, OutletHandle, SenderExt};
pub use remote_recipient::RemoteRecipient;
pub use target::{Replacements, Target};

#[doc(no_inline)]
pub use netchan::net::{Address, Config, Stream};
