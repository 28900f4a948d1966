//! What the other processes do: exchange, send, take. They are one side of a connection, or of many.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use netchan::channel::{Receiver, RecvError, Requests, Sender, Value};
use netchan::net::{Address, ConnectionEnd, Event, EventStream, FlushError, ImportSettings};
use netchan::net::{RecvSettings, SendSettings, UnreadReports};
use netchan::session::SessionError;
use netchan::{Connection, Exporter};
use tokio::task::LocalSet;

use crate::exchanging::{Large, exchange};
use crate::process::{released, say, task};
use crate::task::value_of;
use crate::task::{Duty, Outcome, Place, Policy, Tally, Task, Word};

/// Only a hang takes so long.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// How often a process says how far it is, in values.
pub(crate) const STEP: u64 = 100;

/// The other process. In a normal run of the tests it has nothing to do.
#[tokio::test]
async fn another_process() {
    if let Some(task) = task() {
        LocalSet::new().run_until(perform(task)).await;
    }
}

async fn perform(task: Task) {
    let peer = Peer::open(&task).await;
    let mut outcome = match task.duty {
        Duty::Exchange { values, waits } => exchange::<u64>(&peer, values, waits).await,
        Duty::ExchangeLarge { values } => exchange::<Large>(&peer, values, false).await,
        Duty::Send { generation, values, policy } => {
            let sender = peer.sender("values", policy).await;
            send(&peer, sender, generation, values).await
        }
        Duty::Take { record, values_max } => {
            take(peer.requests("values").await, &record, values_max).await
        }
    };
    outcome.tally = peer.tally.get();
    say(&Word::Done(outcome));
    released().await;
}

/// One side of a connection, or of many.
pub(crate) struct Peer {
    pub(crate) side: Side,
    tally: Rc<Cell<Tally>>,
}

pub(crate) enum Side {
    Export(Exporter),
    Import(Connection),
}

impl Peer {
    async fn open(task: &Task) -> Peer {
        let config = task.config();
        let (side, events) = match task.place {
            Place::Export(address) => {
                let exporter = Exporter::new(config);
                let events = exporter.events();
                serve(&exporter, address.into()).await;
                (Side::Export(exporter), events)
            }
            Place::Import(address) => {
                let address = Address::from(address);
                let name = address.to_string();
                let (connection, driver) =
                    Connection::dial_later(address, name, &config, UnreadReports::DropOldest);
                let events = connection.events();
                tokio::spawn(driver.run());
                (Side::Import(connection), events)
            }
        };
        let tally = Rc::default();
        tokio::task::spawn_local(watch(events, Rc::clone(&tally)));
        Peer { side, tally }
    }

    pub(crate) async fn sender<T: Value>(&self, name: &str, policy: Policy) -> Sender<T> {
        match &self.side {
            Side::Export(exporter) => {
                let settings = SendSettings::default().unconfirmed(policy.into());
                exporter.export_sender(name, settings).unwrap()
            }
            Side::Import(connection) => {
                let settings = ImportSettings::default().unconfirmed(policy.into());
                connection.import_sender(name, settings).await.unwrap()
            }
        }
    }

    /// Takes plain values one by one, and says of each when it is done with.
    async fn requests<T: Value>(&self, name: &str) -> Requests<T, ()> {
        match &self.side {
            Side::Export(exporter) => {
                exporter.export_requests(name, RecvSettings::default()).unwrap()
            }
            Side::Import(connection) => {
                connection.import_requests(name, ImportSettings::default()).await.unwrap()
            }
        }
    }

    pub(crate) async fn receiver<T: Value>(&self, name: &str) -> Receiver<T> {
        match &self.side {
            Side::Export(exporter) => {
                exporter.export_receiver(name, RecvSettings::default()).unwrap()
            }
            Side::Import(connection) => {
                connection.import_receiver(name, ImportSettings::default()).await.unwrap()
            }
        }
    }
}

/// Listens for ever. The names are exported behind that, before the first importer is looked at.
async fn serve(exporter: &Exporter, address: Address) {
    let listener = address.listen().await.unwrap();
    let Address::Tcp(place) = listener.address() else { unreachable!("it listens on TCP") };
    say(&Word::Listening(place.parse().unwrap()));
    let exporter = exporter.clone();
    tokio::spawn(async move {
        while let Ok(stream) = listener.accept().await {
            let exporter = exporter.clone();
            tokio::spawn(async move { exporter.serve(stream).await });
        }
    });
}

async fn watch(mut events: EventStream, tally: Rc<Cell<Tally>>) {
    while let Some(event) = events.next_event().await {
        let mut sums = tally.get();
        match event {
            Event::LinkLost { end, .. } => {
                let is_silent = matches!(end, ConnectionEnd::Session(SessionError::Silent { .. }));
                sums.lost_links += 1;
                sums.silent_links += u64::from(is_silent);
                say(&Word::LinkLost { is_silent });
            }
            Event::Resumed { repeated_frames, .. } => {
                sums.resumes += 1;
                sums.repeated_frames += repeated_frames as u64;
                say(&Word::Resumed);
            }
            Event::PeerRestarted { .. } => {
                sums.lost_sessions += 1;
                say(&Word::SessionLost { is_restart: true });
            }
            Event::SessionExpired { .. } | Event::SessionLost { .. } => {
                sums.lost_sessions += 1;
                say(&Word::SessionLost { is_restart: false });
            }
            Event::Unconfirmed {
                unconfirmed_values, redelivered_values, discarded_values, ..
            } => {
                sums.unconfirmed_values += unconfirmed_values;
                sums.redelivered_values += redelivered_values;
                sums.discarded_values += discarded_values;
            }
            _ => {}
        }
        sums.missed_events = events.missed();
        tally.set(sums);
    }
}

async fn send(peer: &Peer, sender: Sender<u64>, generation: u64, values: Option<u64>) -> Outcome {
    let sent = values.unwrap_or(u64::from(u32::MAX));
    sender.send_all((0..sent).map(|number| value_of(generation, number))).await.unwrap();
    drop(sender);
    loop {
        let drained = match &peer.side {
            Side::Export(exporter) => exporter.drain(LONG).await,
            Side::Import(connection) => connection.drain(LONG).await,
        };
        match drained {
            Ok(()) => break,
            // A session was lost meanwhile. Its values are on their way in the next one.
            Err(FlushError::Disconnected { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    Outcome { sent, ..Outcome::default() }
}

/// A value is on record before it counts as taken.
async fn take(mut values: Requests<u64, ()>, record: &Path, values_max: Option<u64>) -> Outcome {
    let mut file: File = OpenOptions::new().create(true).append(true).open(record).unwrap();
    let mut outcome = Outcome::default();
    let closed = loop {
        if values_max == Some(outcome.received) {
            // It waits to be killed.
            std::future::pending::<()>().await;
        }
        match values.recv().await {
            Ok(request) => {
                let (value, responder) = request.into_parts();
                file.write_all(&value.to_le_bytes()).unwrap();
                drop(responder);
                outcome.received += 1;
                say_progress(outcome.received, value, STEP);
            }
            Err(RecvError::Closed(closed)) => break closed,
            Err(error) => panic!("{error}"),
        }
    };
    outcome.is_finished = closed.is_finished();
    outcome
}

pub(crate) fn say_progress(values: u64, last: u64, step: u64) {
    if values.is_multiple_of(step) {
        say(&Word::Took { values, last });
    }
}
