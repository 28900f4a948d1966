//! The works from a `Recipient` of actix to a handler of an actor on the other side.
//!
//! Each side is an actix system on a thread of its own. The recipients are those of
//! [`ImportRecipient`], and the actors stand behind exported channels, both as they are by default but
//! for the window that a work names.

mod asks;
mod stream;
pub(crate) mod target;

use actix::{Addr, Message, Recipient};
use netchan::Config;
use netchan::channel::{Overflow, Value};
use netchan::net::UnreadReports;
use netchan_actix::messages::{Close, ExportReceiver, ImportRecipient, ServeConnection};
use netchan_actix::{ExporterActor, ImporterActor};
use serde::{Deserialize, Serialize};

pub use self::asks::asks;
pub use self::stream::stream;
use crate::plain::{Resume, dial};
use crate::{End, Failure};

/// A value that wants no answer.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "()")]
#[serde(transparent)]
pub struct Tell<V>(pub V);

/// A value that is answered with itself.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "V")]
#[serde(transparent)]
pub struct Ask<V: 'static>(pub V);

/// Connects an importer over the one end that there is.
pub(crate) async fn open(end: End) -> Result<Addr<ImporterActor>, Failure> {
    let config = Resume::On.config()?;
    Ok(ImporterActor::dial(dial(end)?, config, UnreadReports::DropOldest).await?)
}

/// A recipient for the actor behind a name.
pub(crate) async fn import<M>(
    importer: &Addr<ImporterActor>,
    name: &str,
    window: Option<u32>,
    overflow: Overflow,
) -> Result<Recipient<M>, Failure>
where
    M: Value + Message,
    M::Result: Value,
{
    let mut import = ImportRecipient::<M>::new(name).overflow(overflow);
    if let Some(window) = window {
        import = import.size(window);
    }
    Ok(importer.send(import).await??)
}

/// An exporter that exports nothing yet.
pub(crate) fn exporter() -> Addr<ExporterActor> {
    use actix::Actor;
    ExporterActor::new(Config::default()).start()
}

/// Puts an actor behind a name.
pub(crate) async fn export<M>(
    exporter: &Addr<ExporterActor>,
    name: &str,
    actor: Recipient<M>,
) -> Result<(), Failure>
where
    M: Value + Message,
    M::Result: Value,
{
    Ok(exporter.send(ExportReceiver::<M>::new(name).deliver_to(actor)).await??)
}

/// Lets the importers at these ends in.
pub(crate) async fn accept(exporter: &Addr<ExporterActor>, ends: Vec<End>) -> Result<(), Failure> {
    for end in ends {
        exporter.send(ServeConnection(end.into_stream()?)).await??;
    }
    Ok(())
}

/// Ends all connections of an exporter.
pub(crate) async fn close(exporter: Addr<ExporterActor>) -> Result<(), Failure> {
    Ok(exporter.send(Close).await?)
}
