//! The message that asks which channels there are.

use actix::Message;
use netchan::channel::ChannelDescription;
use netchan::net::ListError;

/// To an [`ImporterActor`](crate::ImporterActor) or a [`ConnectionActor`](crate::ConnectionActor): ask the
/// exporter which channels it has. The result is that of
/// [`Connection::list_channels`](netchan::Connection::list_channels).
///
/// To an [`ExporterActor`](crate::ExporterActor): say which channels are exported
/// ([`Exporter::list_channels`](netchan::Exporter::list_channels)), whether or not importers may ask. That
/// does not fail.
///
/// ```no_run
/// use actix::prelude::*;
/// use netchan_actix::ImporterActor;
/// use netchan_actix::messages::ListChannels;
///
/// async fn print(importer: Addr<ImporterActor>) -> Result<(), Box<dyn std::error::Error>> {
///     for channel in importer.send(ListChannels).await?? {
///         println!("{channel}");
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ListChannels;

impl Message for ListChannels {
    type Result = Result<Vec<ChannelDescription>, ListError>;
}
