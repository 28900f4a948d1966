//! What the other processes do: exchange, send, take.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use netchan::channel::{Deliveries, Receiver, RecvError, Sender};
use netchan::net::{Address, ConnectionEnd, Event, EventStream, ImportSettings, RecvSettings};
use netchan::net::{SendSettings, UnreadReports};
use netchan::session::SessionError;
use netchan::{Connection, Exporter};
use tokio::task::LocalSet;

use crate::process::{enough, released, say, task};
use crate::task::{Duty, Outcome, Place, Policy, Tally, Task, Word};
use crate::task::{add_to_checksum, value_of};

/// Only a hang takes so long.
const LONG: Duration = Duration::from_secs(120);

/// How often a process says how far it is, in values.
const STEP: u64 = 100;

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
        Duty::Exchange { values, waits } => exchange(&peer, values, waits).await,
        Duty::Send { generation, values, policy } => {
            let sender = peer.sender("values", policy).await;
            send(&peer, sender, generation, values).await
        }
        Duty::Take { record, values_max } => {
            let receiver = peer.receiver("values").await;
            take(receiver.into_deliveries(), &record, values_max).await
        }
    };
    outcome.tally = peer.tally.get();
    say(&Word::Done(outcome));
    released().await;
}

/// One side of a connection, or of many.
struct Peer {
    side: Side,
    tally: Rc<Cell<Tally>>,
}

enum Side {
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

    async fn sender(&self, name: &str, policy: Policy) -> Sender<u64> {
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

    async fn receiver(&self, name: &str) -> Receiver<u64> {
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

/// Sends and receives at the same time.
async fn exchange(peer: &Peer, values: u64, waits: bool) -> Outcome {
    let (up, down) = ("up", "down");
    let (sends, receives) = match peer.side {
        Side::Export(_) => (down, up),
        Side::Import(_) => (up, down),
    };
    let sender = peer.sender(sends, Policy::Redeliver).await;
    let receiver = peer.receiver(receives).await;
    let is_enough = Rc::new(Cell::new(!waits));
    if waits {
        let is_enough = is_enough.clone();
        tokio::task::spawn_local(async move {
            enough().await;
            is_enough.set(true);
        });
    }
    let sending = async {
        let mut sent = 0;
        while sent < values || !is_enough.get() {
            sender.send(sent).await.unwrap();
            sent += 1;
        }
        drop(sender);
        sent
    };
    let (sent, outcome) = tokio::join!(sending, check(receiver));
    if let Side::Import(connection) = &peer.side {
        let report = connection.shut_down(LONG).await;
        assert!(report.is_complete(), "{report:?}");
    }
    Outcome { sent, ..outcome }
}

/// Takes the numbers from zero on; no other, and none twice.
async fn check(mut receiver: Receiver<u64>) -> Outcome {
    let mut outcome = Outcome::default();
    let closed = loop {
        match receiver.recv().await {
            Ok(value) => {
                assert_eq!(value, outcome.received, "a value is missing, or came twice");
                outcome.received += 1;
                outcome.checksum = add_to_checksum(outcome.checksum, value);
                say_progress(outcome.received, 100 * STEP);
            }
            Err(RecvError::Closed(closed)) => break closed,
            Err(error) => panic!("{error}"),
        }
    };
    outcome.is_finished = closed.is_finished();
    outcome
}

async fn send(peer: &Peer, sender: Sender<u64>, generation: u64, values: Option<u64>) -> Outcome {
    let sent = values.unwrap_or(u64::from(u32::MAX));
    sender.send_all((0..sent).map(|number| value_of(generation, number))).await.unwrap();
    drop(sender);
    match &peer.side {
        Side::Export(exporter) => exporter.drain(LONG).await.unwrap(),
        Side::Import(connection) => connection.drain(LONG).await.unwrap(),
    }
    Outcome { sent, ..Outcome::default() }
}

/// A value is on record before it counts as taken.
async fn take(mut deliveries: Deliveries<u64>, record: &Path, values_max: Option<u64>) -> Outcome {
    let mut file: File = OpenOptions::new().create(true).append(true).open(record).unwrap();
    let mut outcome = Outcome::default();
    let closed = loop {
        if values_max == Some(outcome.received) {
            // It waits to be killed.
            std::future::pending::<()>().await;
        }
        match deliveries.next().await {
            Ok((value, receipt)) => {
                file.write_all(&value.to_le_bytes()).unwrap();
                drop(receipt);
                outcome.received += 1;
                say_progress(outcome.received, STEP);
            }
            Err(RecvError::Closed(closed)) => break closed,
            Err(error) => panic!("{error}"),
        }
    };
    outcome.is_finished = closed.is_finished();
    outcome
}

fn say_progress(received: u64, step: u64) {
    if received.is_multiple_of(step) {
        say(&Word::Took(received));
    }
}
