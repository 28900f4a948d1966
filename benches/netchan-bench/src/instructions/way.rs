//! The whole way of a value over a link in memory: queues, sessions, drivers, tasks and wakes.

use actix::Actor;
use futures::future::try_join_all;
use netchan::channel::{Caller, Overflow, Value};
use netchan::net::{ImportSettings, RecvSettings};
use netchan::{Config, Exporter, Receiver};

use super::channel::{BATCH, Channel, runtime};
use super::counted::count;
use crate::link::only;
use crate::plain::{Resume, accept, name, open};
use crate::recipient::target::{Finish, Target};
use crate::recipient::{self, Tell};
use crate::{Failure, Item, Link, number};

/// Over one channel.
pub(super) fn one<V: Item + Value>(values: usize, bytes: usize) -> Result<(), Failure> {
    let runtime = runtime()?;
    let mut channel = runtime.block_on(Channel::<V>::open())?;
    count(|| {
        runtime.block_on(async {
            let Channel { sender, receiver, .. } = &mut channel;
            let send = async {
                for number in 0..values {
                    sender.send(V::new(number as u64, bytes)).await?;
                }
                Ok(())
            };
            tokio::try_join!(send, receive(receiver, values))?;
            Ok(())
        })
    })
}

/// Over many channels of one connection, in turn.
pub(super) fn many<V: Item + Value>(
    values: usize,
    bytes: usize,
    channels: usize,
) -> Result<(), Failure> {
    let runtime = runtime()?;
    let exporter = Exporter::new(Config::default());
    let (near, far) = Link::Memory.pair()?;
    let (_importer, senders, mut receivers) = runtime.block_on(async {
        let export = |place| exporter.export_receiver::<V>(&name(place), RecvSettings::default());
        let receivers = (0..channels).map(export).collect::<Result<Vec<_>, _>>()?;
        let (importer, _) = tokio::try_join!(open(near, Resume::On), accept(&exporter, vec![far]))?;
        let mut senders = Vec::new();
        for place in 0..channels {
            senders.push(importer.import_sender(&name(place), ImportSettings::default()).await?);
        }
        Ok::<_, Failure>((importer, senders, receivers))
    })?;
    let each = values / channels;
    count(|| {
        runtime.block_on(async {
            let send = async {
                for number in 0..each {
                    for sender in &senders {
                        sender.send(V::new(number as u64, bytes)).await?;
                    }
                }
                Ok(())
            };
            let receiving = receivers.iter_mut().map(|receiver| receive(receiver, each));
            tokio::try_join!(send, try_join_all(receiving))?;
            Ok(())
        })
    })
}

/// A request and its answer, one at a time.
pub(super) fn ask<V: Item + Value>(values: usize, bytes: usize) -> Result<(), Failure> {
    let runtime = runtime()?;
    let exporter = Exporter::new(Config::default());
    let mut requests = exporter.export_requests::<V, V>("asks", RecvSettings::default())?;
    let (near, far) = Link::Memory.pair()?;
    let (_importer, caller) = runtime.block_on(async {
        let (importer, _) = tokio::try_join!(open(near, Resume::On), accept(&exporter, vec![far]))?;
        let caller: Caller<V, V> =
            importer.import_caller("asks", ImportSettings::default()).await?;
        Ok::<_, Failure>((importer, caller))
    })?;
    count(|| {
        runtime.block_on(async {
            let ask = async {
                for number in 0..values {
                    let answer = caller.ask(V::new(number as u64, bytes)).await?;
                    check(number, &answer)?;
                }
                Ok(())
            };
            let answer = async {
                for _ in 0..values {
                    let (value, responder) = requests.recv().await?.into_parts();
                    responder.answer(value)?;
                }
                Ok::<_, Failure>(())
            };
            tokio::try_join!(ask, answer)?;
            Ok(())
        })
    })
}

/// A message by `do_send` of a recipient to a handler of an actor. The last one of a batch wants to know
/// that it was handled, as `do_send` never waits.
pub(super) fn tell<V: Item + Value>(values: usize, bytes: usize) -> Result<(), Failure> {
    let system = actix_rt::System::new();
    let (near, far) = Link::Memory.ends(1)?;
    let (_importer, _exporter, target, recipient) = system.block_on(async {
        let target = Target::of_channel(0, 1).start();
        let exporter = recipient::exporter();
        recipient::export::<Tell<V>>(&exporter, "tells", target.clone().recipient()).await?;
        let accepted = recipient::accept(&exporter, far);
        let (importer, ()) = tokio::try_join!(recipient::open(only(near)?), accepted)?;
        let recipient =
            recipient::import::<Tell<V>>(&importer, "tells", None, Overflow::default()).await?;
        Ok::<_, Failure>((importer, exporter, target, recipient))
    })?;
    count(|| {
        system.block_on(async {
            for place in 0..values {
                let message = Tell(V::new(number(0, 0, place as u64), bytes));
                if place % BATCH == BATCH - 1 {
                    recipient.send(message).await?;
                } else {
                    recipient.do_send(message);
                }
            }
            Ok::<_, Failure>(())
        })
    })?;
    let came = system.block_on(target.send(Finish))??;
    if came == values as u64 { Ok(()) } else { Err(format!("{came} of {values} came").into()) }
}

async fn receive<V: Item>(receiver: &mut Receiver<V>, values: usize) -> Result<(), Failure> {
    for number in 0..values {
        check(number, &receiver.recv().await?)?;
    }
    Ok(())
}

fn check<V: Item>(number: usize, value: &V) -> Result<(), Failure> {
    if value.number() == number as u64 { Ok(()) } else { Err("another value came".into()) }
}
