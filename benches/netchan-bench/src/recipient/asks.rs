//! Requests by `send`, with so many in flight.

use std::time::Duration;

use actix::{Actor, Recipient};
use netchan::channel::{Overflow, Value};
use netchan_actix::messages::Close;
use tokio::sync::oneshot;

use crate::link::{Runtime, only};
use crate::plain::{Asked, ask_all};
use crate::recipient::target::Echo;
use crate::recipient::{Ask, accept, close, export, exporter, import, open};
use crate::{Failure, Item, Link};

/// Asks an actor until the time is up; the answer to each request is the request.
///
/// # Errors
///
/// When another answer comes, or none.
pub fn asks<V: Item + Value>(
    link: Link,
    in_flight: usize,
    run: Duration,
) -> Result<Asked, Failure> {
    let (near, far) = link.ends(1)?;
    let (finished, is_finished) = oneshot::channel();
    let importer = async || {
        let asked = async {
            let importer = open(only(near)?).await?;
            let actor: Recipient<Ask<V>> = import(&importer, "asks", None, Overflow::Wait).await?;
            let ask = async |number| Ok(actor.send(Ask(V::new(number, 0))).await?.number());
            let asked = ask_all(in_flight, run, ask).await?;
            importer.send(Close).await?;
            Ok(asked)
        };
        let asked = asked.await;
        // Also after a failure: the exporter must not wait for ever.
        let _failed_itself = finished.send(());
        asked
    };
    let exporter = async || {
        let exporter = exporter();
        export(&exporter, "asks", Echo.start().recipient::<Ask<V>>()).await?;
        accept(&exporter, far).await?;
        is_finished.await?;
        close(exporter).await
    };
    Ok(link.run(Runtime::Actix, importer, exporter)?.0)
}
