//! Messages to an actor that cannot be decoded: the actor does not see them, and the channel's policy
//! holds.

use actix::prelude::*;
use netchan::channel::{Origin, Reason, Undecodable};
use netchan::net::{Event, EventStream, RecvSettings};
use netchan_actix::messages::{Events, ExportReceiver, ImportSender};
use serde::{Deserialize, Deserializer, Serialize};

use crate::support::{Collector, Link, TestResult, guarded, next_of};

over_each_link!(
    an_actor_does_not_see_what_cannot_be_decoded,
    a_channel_to_an_actor_ends_with_what_cannot_be_decoded,
);

/// A number that is encoded whatever it is, and not decoded if it is 13.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Message, Serialize)]
#[rtype(result = "()")]
struct Picky(u32);

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Picky, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Picky")]
        struct Any(u32);

        match Any::deserialize(deserializer)? {
            Any(13) => Err(serde::de::Error::custom("unlucky")),
            Any(number) => Ok(Picky(number)),
        }
    }
}

/// The position of the next value that could not be decoded, and by whom.
async fn rejection(events: &mut EventStream) -> TestResult<(Origin, u64)> {
    loop {
        let event = events.next_event().await.ok_or("there are no more events")?;
        if let Event::ValueRejected { by, position, rejected_values: 1, .. } = event {
            return Ok((by, position));
        }
    }
}

async fn an_actor_does_not_see_what_cannot_be_decoded(link: Link) -> TestResult {
    guarded(async {
        let pair = link.pair().await?;
        let (mut here, mut there) =
            (pair.exporter.send(Events).await?, pair.importer.send(Events).await?);
        let (actor, mut received) = Collector::<Picky>::start();
        let export = ExportReceiver::<Picky>::new("numbers").deliver_to(actor.recipient());
        pair.exporter.send(export).await??;
        let sender = pair.importer.send(ImportSender::new("numbers").size(1)).await??;
        sender.send_all([Picky(1), Picky(13), Picky(2)]).await?;
        assert_eq!(next_of(&mut received, 2).await?, [Picky(1), Picky(2)]);
        assert_eq!(rejection(&mut here).await?, (Origin::Local, 1));
        assert_eq!(rejection(&mut there).await?, (Origin::Peer, 1));
        Ok(())
    })
    .await
}

async fn a_channel_to_an_actor_ends_with_what_cannot_be_decoded(link: Link) -> TestResult {
    guarded(async {
        let pair = link.pair().await?;
        let (actor, mut received) = Collector::<Picky>::start();
        let settings = RecvSettings::default().undecodable(Undecodable::End);
        let export = ExportReceiver::<Picky>::new("numbers").settings(settings);
        pair.exporter.send(export.deliver_to(actor.recipient())).await??;
        let sender = pair.importer.send(ImportSender::new("numbers")).await??;
        sender.send_all([Picky(1), Picky(13), Picky(2)]).await?;
        let closed = sender.closed().await;
        assert!(matches!(closed.reason, Reason::Undecodable { position: 1, .. }), "{closed}");
        // The actor goes on for others, and has not seen what came behind.
        let another = pair.importer.send(ImportSender::new("numbers")).await??;
        another.send(Picky(3)).await?;
        assert_eq!(next_of(&mut received, 2).await?, [Picky(1), Picky(3)]);
        Ok(())
    })
    .await
}
