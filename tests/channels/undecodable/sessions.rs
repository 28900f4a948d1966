//! Values that cannot be decoded, and links and sessions that are lost.

use std::time::Duration;

use netchan::channel::{Origin, Reason, RecvError, Undecodable};
use netchan::net::{Config, Connection, Event, ImportSettings, Listener, RecvSettings, Redial};
use netchan::net::{SendSettings, UnreadReports};
use netchan::testing::{Network, Way};
use netchan::{Dir, Exporter, Receiver, Sender};

use crate::support::{GUARD, Medium, World, guarded, over_each, take};
use crate::undecodable::{Picky, UNLUCKY, assert_refused, picky, rejection};

fn config() -> Config {
    let redial = Redial::default().delays(Duration::from_millis(2), Duration::from_millis(20));
    Config::builder().redial(redial).build().expect("these settings can work")
}

fn serve(exporter: &Exporter, listener: Listener) -> tokio::task::JoinHandle<()> {
    let exporter = exporter.clone();
    tokio::spawn(async move {
        while let Ok(stream) = listener.accept().await {
            let _resumed_or_new = exporter.serve(stream).await;
        }
    })
}

async fn import(network: &Network) -> Connection {
    let (dialler, config) = (network.dialler(), config());
    let dialled = Connection::dial(dialler, &config, UnreadReports::DropOldest).await;
    let (connection, driver) = dialled.expect("somebody listens");
    tokio::spawn(driver.run());
    connection
}

#[tokio::test]
async fn a_rejection_is_told_once_over_links_that_are_cut() {
    guarded("links are cut", async {
        let network = Network::with_link_bytes(1024);
        let exporter = Exporter::new(config());
        let mut receiver =
            exporter.export_receiver::<Picky>("values", RecvSettings::default()).unwrap();
        serve(&exporter, network.listener());
        let connection = import(&network).await;
        let mut events = connection.events();
        let settings = ImportSettings::default().size(1);
        let sender = connection.import_sender::<Picky>("values", settings).await.unwrap();
        for bytes in 0..200 {
            let way = if bytes % 2 == 0 { Way::ToExporter } else { Way::ToImporter };
            network.cut_next_after(way, bytes);
        }
        network.cut();
        let sending = async {
            sender.send_all(std::iter::repeat_n(UNLUCKY, 100)).await.unwrap();
        };
        let receiving = async {
            for position in 0..100 {
                assert_refused(receiver.recv().await, position, Undecodable::Skip);
            }
        };
        tokio::join!(sending, receiving);
        let mut before = 0;
        while before < 100 {
            let (by, _, position, rejected_values) = rejection(&mut events).await;
            assert_eq!((by, position + 1), (Origin::Peer, rejected_values));
            assert!(rejected_values > before, "{rejected_values} after {before}");
            before = rejected_values;
        }
        assert_eq!(events.missed(), 0);
    })
    .await;
}

/// An importer that sends again what may not have been taken, whose exporter restarts before it could
/// say that it has taken anything.
async fn restarted(policy: Undecodable) -> (Sender<Picky>, Receiver<Picky>, Connection, Exporter) {
    let network = Network::with_link_bytes(1024);
    let settings = RecvSettings::default().undecodable(policy);
    let first = Exporter::new(config());
    let mut receiver = first.export_receiver::<Picky>("values", settings).unwrap();
    let serving = serve(&first, network.listener());
    let connection = import(&network).await;
    let sender = connection.import_sender("values", ImportSettings::default()).await.unwrap();
    network.swallow_one_way(Way::ToImporter);
    sender.send_all([Picky(1), UNLUCKY, Picky(2), Picky(3)]).await.unwrap();
    assert_eq!(receiver.recv().await, Ok(Picky(1)));
    assert_refused(receiver.recv().await, 1, policy);

    serving.abort();
    let second = Exporter::new(config());
    let receiver = second.export_receiver::<Picky>("values", settings).unwrap();
    serve(&second, network.restart_exporter());
    (sender, receiver, connection, second)
}

#[tokio::test]
async fn one_that_comes_again_with_a_lost_session_is_left_out_again_and_that_is_all() {
    guarded("the exporter restarts", async {
        let (sender, mut receiver, connection, _second) = restarted(Undecodable::Skip).await;
        assert_eq!(receiver.recv().await, Ok(Picky(1)));
        assert_refused(receiver.recv().await, 1, Undecodable::Skip);
        assert_eq!(take(&mut receiver, 2).await, picky(2..=3));
        sender.send(Picky(4)).await.unwrap();
        assert_eq!(take(&mut receiver, 1).await, picky(4..=4));
        connection.sync(GUARD).await.unwrap();
        assert!(receiver.is_empty());
    })
    .await;
}

#[tokio::test]
async fn one_that_ends_its_channel_again_after_a_lost_session_is_not_sent_a_third_time() {
    guarded("the exporter restarts", async {
        let (sender, mut receiver, connection, second) = restarted(Undecodable::End).await;
        assert_eq!(receiver.recv().await, Ok(Picky(1)));
        assert_refused(receiver.recv().await, 1, Undecodable::End);
        let closed = sender.closed().await;
        assert_eq!(closed.origin, Origin::Peer);
        assert!(matches!(closed.reason, Reason::Undecodable { position: 1, .. }), "{closed}");
        // The channel is over at both ends, and what was behind the value is gone with it.
        while !connection.status().await.unwrap().channels.is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(receiver.is_empty());
        let settings = ImportSettings::default();
        let another = connection.import_sender::<Picky>("values", settings).await.unwrap();
        another.send(Picky(9)).await.unwrap();
        assert_eq!(take(&mut receiver, 1).await, picky(9..=9));
        drop(second);
    })
    .await;
}

#[tokio::test]
async fn an_import_that_has_ended_so_is_not_asked_for_in_the_next_session() {
    guarded("the exporter restarts", async {
        let network = Network::with_link_bytes(1024);
        let first = Exporter::new(config());
        let sender = first.export_sender::<Picky>("values", SendSettings::default()).unwrap();
        let others = first.export_sender::<u32>("others", SendSettings::default()).unwrap();
        let serving = serve(&first, network.listener());
        let connection = import(&network).await;
        let settings = ImportSettings::default().undecodable(Undecodable::End);
        let mut receiver = connection.import_receiver::<Picky>("values", settings).await.unwrap();
        let mut other = connection.import_receiver::<u32>("others", settings).await.unwrap();
        // Both have come, and the session is lost before either is taken.
        sender.send_all([Picky(1), UNLUCKY, Picky(2)]).await.unwrap();
        others.send(1).await.unwrap();
        first.sync(GUARD).await.unwrap();
        assert_eq!(other.recv().await, Ok(1));
        serving.abort();
        let second = Exporter::new(config());
        let again = second.export_sender::<Picky>("values", SendSettings::default()).unwrap();
        let others = second.export_sender::<u32>("others", SendSettings::default()).unwrap();
        let mut events = second.events();
        serve(&second, network.restart_exporter());
        again.send(Picky(3)).await.unwrap();
        others.send(2).await.unwrap();
        assert_eq!(other.recv().await, Ok(2));

        assert_eq!(receiver.recv().await, Ok(Picky(1)));
        assert_refused(receiver.recv().await, 1, Undecodable::End);
        let Err(RecvError::Closed(closed)) = receiver.recv().await else { panic!("it ends") };
        assert!(matches!(closed.reason, Reason::Undecodable { position: 1, .. }), "{closed}");
        // The exporter's next life hears of it as well: its channel is the same one.
        loop {
            if let Event::ChannelEnded { name, .. } = events.next_event().await.unwrap() {
                assert_eq!(name, "values");
                break;
            }
        }
        others.send(3).await.unwrap();
        assert_eq!(other.recv().await, Ok(3));
    })
    .await;
}

/// Takes until the channel ends or is empty for its importer: what came, and where it ended.
async fn take_until_refused(receiver: &mut Receiver<Picky>) -> (Vec<Picky>, u64) {
    let mut taken = Vec::new();
    loop {
        match receiver.recv().await {
            Ok(value) => taken.push(value),
            Err(RecvError::Undecodable(value)) => return (taken, value.position),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_poisoned_value_ends_one_importer_and_does_not_go_round() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let settings = SendSettings::default().capacity_values(64);
        let sender = world.exporter.export_sender::<Picky>("values", settings).unwrap();
        let mut events = world.exporter.events();
        let mut all = picky(0..20);
        all.insert(2, UNLUCKY);
        sender.send_all(all).await.unwrap();
        let strict = ImportSettings::default().size(4).undecodable(Undecodable::End);
        let first = world.connect().await;
        let mut receiver = first.importer.import_receiver::<Picky>("values", strict).await.unwrap();
        assert_eq!(take_until_refused(&mut receiver).await, (picky(0..2), 2));
        let lost = loop {
            if let Event::ChannelEnded { lost_values, .. } = events.next_event().await.unwrap() {
                break lost_values;
            }
        };
        // The next one gets what that one was not sent, and not the value at fault.
        let second = world.connect().await;
        let mut receiver =
            second.importer.import_receiver::<Picky>("values", strict).await.unwrap();
        drop(sender);
        let rest = crate::support::take_all(&mut receiver).await;
        let first_of_rest = 2 + u32::try_from(lost).unwrap();
        assert_eq!(rest, picky(first_of_rest..20));
    })
    .await;
}

#[tokio::test]
async fn a_poisoned_value_whose_importer_is_lost_goes_to_the_next_and_ends_that_alone() {
    guarded("importers are lost", async {
        let world = World::new(Medium::Memory).await;
        let sender =
            world.exporter.export_sender::<Picky>("values", SendSettings::default()).unwrap();
        let strict = ImportSettings::default().undecodable(Undecodable::End);
        sender.send_all([UNLUCKY, Picky(1)]).await.unwrap();
        // It cannot say what it has found, and is lost.
        let (lost, network) = world.connect_over_network().await;
        let mut receiver = lost.importer.import_receiver::<Picky>("values", strict).await.unwrap();
        network.stall_one_way(Way::ToExporter);
        assert_refused(receiver.recv().await, 0, Undecodable::End);
        network.cut();
        lost.exporter.closed().await;
        // The next one says it.
        let mut events = world.exporter.events();
        let second = world.connect().await;
        let mut receiver =
            second.importer.import_receiver::<Picky>("values", strict).await.unwrap();
        assert_refused(receiver.recv().await, 0, Undecodable::End);
        loop {
            if let Event::ChannelEnded { lost_values, .. } = events.next_event().await.unwrap() {
                assert_eq!(lost_values, 1);
                break;
            }
        }
        let third = world.connect().await;
        let mut receiver = third.importer.import_receiver::<Picky>("values", strict).await.unwrap();
        sender.send(Picky(2)).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(Picky(2)));
        let _direction = Dir::Recv;
    })
    .await;
}
