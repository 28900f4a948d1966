//! Sync and Drain when a link is lost while they wait: an error that says what was lost with it.

use actix::dev::ToEnvelope;
use actix::prelude::*;
use netchan::net::{FlushError, SendSettings, Unconfirmed};
use netchan_actix::messages::{Disconnected, Drain, ExportSender, ImportReceiver, Sync};

use crate::flushing::{DRAIN, SYNC, inward, outstanding, outward};
use crate::support::{Link, Number, Relay, SHORT, TestResult, guarded, is_waiting, numbers, take};

/// Values were on a link that is lost while the message waits for them.
async fn a_lost_link_is_an_error<A, M>(
    actor: &Addr<A>,
    message: M,
    sent: u64,
    lost: u64,
    relay: &Relay,
) -> TestResult
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message<Result = Result<(), FlushError>> + Send + 'static,
    A: Handler<Sync>,
    A::Context: ToEnvelope<A, Sync>,
{
    let mut waiting = Box::pin(actor.send(message));
    assert!(is_waiting(&mut waiting).await);
    // It has begun when a later message has been handled.
    assert_eq!(outstanding(actor.send(Sync { timeout: SHORT }).await?)?, sent);
    relay.cut();
    match waiting.await? {
        Err(FlushError::Disconnected { outstanding_values, .. }) if outstanding_values == lost => {
            Ok(())
        }
        other => Err(format!("{other:?}").into()),
    }
}

#[actix::test]
async fn a_flush_of_the_importer_fails_when_its_link_is_lost() -> TestResult {
    guarded(async {
        for is_sync in [true, false] {
            let (pair, relay) = Relay::pair().await?;
            let (sender, _receiver) = inward(&pair, 5).await?;
            relay.to_exporter.shut();
            sender.send_all(numbers(0..5)).await?;
            match is_sync {
                true => a_lost_link_is_an_error(&pair.importer, SYNC, 5, 5, &relay).await?,
                false => a_lost_link_is_an_error(&pair.importer, DRAIN, 5, 5, &relay).await?,
            }
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_flush_of_the_exporter_fails_when_a_link_is_lost() -> TestResult {
    guarded(async {
        for is_sync in [true, false] {
            let (pair, relay) = Relay::pair().await?;
            let (sender, _receiver) = outward(&pair, 5).await?;
            relay.to_importer.shut();
            sender.send_all(numbers(0..5)).await?;
            match is_sync {
                true => a_lost_link_is_an_error(&pair.exporter, SYNC, 5, 5, &relay).await?,
                false => a_lost_link_is_an_error(&pair.exporter, DRAIN, 5, 5, &relay).await?,
            }
        }
        Ok(())
    })
    .await
}

/// Two of four values are lost with a link while the rest still waits for a window, and another
/// importer takes that rest: the lost ones were not received for all that.
#[actix::test]
async fn a_flush_of_the_exporter_knows_of_a_link_that_was_lost_before_the_queue_was_empty()
-> TestResult {
    guarded(async {
        for is_sync in [true, false] {
            let (pair, mut relay) = Relay::pair().await?;
            let settings =
                SendSettings::default().capacity_values(10).unconfirmed(Unconfirmed::Discard);
            let sender =
                pair.exporter.send(ExportSender::<Number>::new("out").settings(settings)).await??;
            let _lost = pair.importer.send(ImportReceiver::<Number>::new("out").size(2)).await??;
            relay.to_importer.shut();
            sender.send_all(numbers(0..4)).await?;
            relay.to_importer.holds_something().await?;
            let mut flush = match is_sync {
                true => futures::future::Either::Left(Box::pin(pair.exporter.send(SYNC))),
                false => futures::future::Either::Right(Box::pin(pair.exporter.send(DRAIN))),
            };
            assert!(is_waiting(&mut flush).await);
            let begun = pair.exporter.send(Sync { timeout: SHORT }).await?;
            assert_eq!(outstanding(begun)?, 4);
            relay.cut();
            pair.importer.send(Disconnected).await?;
            let other = Link::Memory.importer_of(&pair.exporter).await?;
            let mut rest = other.send(ImportReceiver::<Number>::new("out")).await??;
            assert_eq!(take(&mut rest, 2).await?, numbers(2..4));
            match flush.await? {
                Err(FlushError::Disconnected { outstanding_values: 2, .. }) => {}
                other => return Err(format!("sync {is_sync}: {other:?}").into()),
            }
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_flush_of_the_exporter_fails_at_once_when_what_it_waits_for_is_lost() -> TestResult {
    guarded(async {
        for is_sync in [true, false] {
            let (pair, mut relay) = Relay::pair().await?;
            let (sender, _lost) = outward(&pair, 2).await?;
            relay.to_importer.shut();
            sender.send_all(numbers(0..4)).await?;
            relay.to_importer.holds_something().await?;
            // Nobody else takes the two that still wait, but that is no reason to wait for them.
            match is_sync {
                true => a_lost_link_is_an_error(&pair.exporter, SYNC, 4, 2, &relay).await?,
                false => a_lost_link_is_an_error(&pair.exporter, DRAIN, 4, 2, &relay).await?,
            }
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_drain_knows_of_a_connection_that_came_and_was_lost_meanwhile() -> TestResult {
    guarded(async {
        let exporter = crate::support::exporter();
        let sender = exporter.send(ExportSender::<Number>::new("out")).await??;
        sender.send_all(numbers(0..4)).await?;
        let draining = actix::spawn(exporter.send(DRAIN));
        assert_eq!(outstanding(exporter.send(Drain { timeout: SHORT }).await?)?, 4);
        let (importer, mut relay) = Relay::importer_of(&exporter).await?;
        // The answer to the import and the first values are on their way.
        relay.to_importer.shut();
        let import = ImportReceiver::<Number>::new("out").size(2);
        let importing = actix::spawn(importer.send(import));
        relay.to_importer.holds_something().await?;
        relay.cut();
        assert!(importing.await??.is_err());
        let lost = match draining.await?? {
            Err(FlushError::Disconnected { outstanding_values, .. }) => outstanding_values,
            other => return Err(format!("{other:?}").into()),
        };
        assert_eq!(lost, 2);
        Ok(())
    })
    .await
}
