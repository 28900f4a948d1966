//! How connections begin and end, and what that does to their channels.

use netchan::channel::{Closed, Origin, Reason, RecvError, SendError};
use netchan::net::{
    Address, Config, ConnectError, Connection, ConnectionEnd, ImportSettings, Report, SendSettings,
    Stream, UnreadReports,
};
use netchan::wire::Code;
use netchan::{Dir, Receiver, Sender};

use crate::support::{
    Medium, World, arrived, channel, each_way, guarded, one_channel, over_each, settle, take,
    take_all,
};

/// Checks what the ends of a channel say after the connection has gone.
async fn assert_ends(
    dir: Dir,
    sender: &Sender<u32>,
    receiver: &mut Receiver<u32>,
    is_the_end: impl Fn(&Closed) -> bool,
) {
    match dir {
        // What was exported goes on.
        Dir::Recv => assert!(!sender.is_closed()),
        Dir::Send => {
            assert!(is_the_end(&sender.closed().await), "{:?}", sender.closed_by());
            assert!(matches!(sender.send(9).await, Err(SendError::Closed(9, _))));
        }
    }
    assert_eq!(take(receiver, 2).await, [1, 2]);
    match dir {
        Dir::Recv => match receiver.recv().await {
            Err(RecvError::Closed(closed)) => assert!(is_the_end(&closed), "{closed:?}"),
            other => panic!("{other:?}"),
        },
        // An importer that was lost may come back, one that has left does not.
        Dir::Send => match receiver.closed_by() {
            None => assert_eq!(sender.closed_by().map(|end| end.origin), Some(Origin::Link)),
            Some(closed) => assert_eq!(closed.reason, Reason::ConnectionClosed),
        },
    }
}

#[tokio::test]
async fn a_connection_that_is_closed_says_so_to_both_sides() {
    each_way(async |medium, dir| {
        for here in [true, false] {
            let (sender, mut receiver, world, peers) = one_channel(medium, dir, 4).await;
            sender.send_all([1, 2]).await.unwrap();
            arrived(&world, &peers, dir).await;
            let (closing, other) = if here {
                (&peers.importer, &peers.exporter)
            } else {
                (&peers.exporter, &peers.importer)
            };
            assert!(matches!(closing.close().await, ConnectionEnd::ClosedHere));
            assert!(matches!(other.closed().await, ConnectionEnd::ClosedByPeer));
            let origin = if here { Origin::Local } else { Origin::Peer };
            let end = Closed::new(origin, Reason::ConnectionClosed);
            assert_ends(dir, &sender, &mut receiver, |closed| *closed == end).await;
            assert!(peers.importer.status().await.is_err());
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_without_handles_is_closed_when_its_channels_have_ended() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, _world, peers) = one_channel(medium, dir, 4).await;
        let clone = peers.importer.clone();
        drop(peers.importer);
        clone.status().await.unwrap();
        drop(clone);
        settle().await;
        for value in 0..100_u32 {
            sender.send(value).await.unwrap();
            assert_eq!(receiver.recv().await, Ok(value));
        }
        drop(sender);
        assert!(take_all(&mut receiver).await.is_empty());
        assert!(matches!(peers.exporter.closed().await, ConnectionEnd::ClosedByPeer));
        assert!(matches!(peers.importer_driver.await.unwrap(), ConnectionEnd::ClosedHere));
    })
    .await;
}

#[tokio::test]
async fn a_driver_that_is_stopped_loses_the_connection_on_both_sides() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, world, peers) = one_channel(medium, dir, 4).await;
        sender.send_all([1, 2]).await.unwrap();
        arrived(&world, &peers, dir).await;
        peers.exporter_driver.abort();
        assert!(matches!(peers.exporter.closed().await, ConnectionEnd::DriverStopped));
        let end = peers.importer.closed().await;
        assert!(matches!(end, ConnectionEnd::LinkEnded | ConnectionEnd::Io(_)), "{end}");
        let is_lost = |closed: &Closed| {
            closed.origin == Origin::Link && matches!(closed.reason, Reason::ConnectionLost(_))
        };
        assert_ends(dir, &sender, &mut receiver, is_lost).await;
        for mut reports in [peers.importer.reports(), world.exporter.reports()] {
            let report = reports.next_report().await;
            assert!(matches!(report, Some(Report::Disconnected { unconfirmed_values: 0, .. })));
        }
    })
    .await;
}

#[tokio::test]
async fn a_lost_link_reports_how_many_values_have_an_unknown_fate() {
    for dir in [Dir::Recv, Dir::Send] {
        let world = World::new(Medium::Memory).await;
        let (peers, network) = world.connect_over_network().await;
        let (sender, _receiver) = channel(&world, &peers, "values", dir, 10).await;
        network.stall();
        sender.send_all(0..6_u32).await.unwrap();
        settle().await;
        network.cut();
        let (mut reports, connection) = match dir {
            Dir::Recv => (world.exporter.reports(), &peers.exporter),
            Dir::Send => (peers.importer.reports(), &peers.importer),
        };
        assert!(!connection.closed().await.is_regular());
        match reports.next_report().await {
            Some(Report::Disconnected { unconfirmed_values: 6, .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn calls_on_a_connection_that_has_ended_say_how_it_ended() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        peers.exporter.close().await;
        peers.importer.closed().await;
        let settings = ImportSettings::default();
        let text = "the peer closed the connection";
        let import = peers.importer.import_receiver::<u32>("values", settings).await;
        assert_eq!(import.unwrap_err().to_string(), text);
        assert_eq!(peers.importer.hangup("values").await.unwrap_err().to_string(), text);
        assert_eq!(peers.importer.status().await.unwrap_err().to_string(), text);
        assert!(matches!(peers.importer.close().await, ConnectionEnd::ClosedByPeer));
    })
    .await;
}

#[tokio::test]
async fn closing_amid_traffic_is_understood_as_closing() {
    over_each(async |medium| {
        for _ in 0..10 {
            let world = World::new(medium).await;
            let peers = world.connect().await;
            let (there, _kept) =
                channel::<Vec<u64>>(&world, &peers, "there", Dir::Send, 1000).await;
            let (back, _kept_too) =
                channel::<Vec<u64>>(&world, &peers, "back", Dir::Recv, 1000).await;
            for sender in [there, back] {
                tokio::spawn(
                    async move { while sender.send(vec![u64::MAX; 5_000]).await.is_ok() {} },
                );
            }
            settle().await;
            peers.exporter.close().await;
            let end = peers.importer.closed().await;
            assert!(end.is_regular(), "{end}");
            world.exporter.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_exporter_that_is_closed_accepts_nobody() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        world.exporter.close().await;
        let (near, far) = world.streams().await;
        let (dialled, accepted) = tokio::join!(
            Connection::open(near, &world.config, UnreadReports::DropOldest),
            world.exporter.accept(far)
        );
        assert!(matches!(accepted, Err(ConnectError::Closed)), "{accepted:?}");
        assert!(dialled.is_err());
    })
    .await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_rejected_and_others_go_on() {
    over_each(async |medium| {
        let config = Config::builder().connections_max(2).build().unwrap();
        let world = World::with(medium, config).await;
        let peers = [world.connect().await, world.connect().await];
        let (near, far) = world.streams().await;
        let (dialled, accepted) = tokio::join!(
            Connection::open(near, &world.config, UnreadReports::DropOldest),
            world.exporter.accept(far)
        );
        let dialled = dialled.map(drop).unwrap_err();
        assert!(
            matches!(dialled, ConnectError::Rejected { code: Code::TooManyConnections, .. }),
            "{dialled}"
        );
        assert!(matches!(accepted, Err(ConnectError::TooManyConnections { connections_max: 2 })));
        let _alive = channel::<u32>(&world, &peers[0], "values", Dir::Send, 1).await;
        peers[0].importer.close().await;
        peers[0].exporter.closed().await;
        settle().await;
        world.connect().await;
    })
    .await;
}

#[tokio::test]
async fn exporters_of_one_process_have_names_of_their_own() {
    over_each(async |medium| {
        let (one, two) = (World::new(medium).await, World::new(medium).await);
        let (to_one, to_two) = (one.connect().await, two.connect().await);
        let (first, mut first_receiver) = channel(&one, &to_one, "values", Dir::Recv, 1).await;
        let (second, mut second_receiver) = channel(&two, &to_two, "values", Dir::Recv, 1).await;
        first.send(1_u32).await.unwrap();
        second.send(2_u32).await.unwrap();
        assert_eq!(first_receiver.recv().await, Ok(1));
        assert_eq!(second_receiver.recv().await, Ok(2));
        one.exporter.close().await;
        second.send(3).await.unwrap();
        assert_eq!(second_receiver.recv().await, Ok(3));
    })
    .await;
}

#[tokio::test]
async fn a_unix_socket_carries_connections_and_its_file_goes_with_the_listener() {
    let path = std::env::temp_dir().join(format!("netchan-{}.sock", std::process::id()));
    let address: Address = format!("unix:{}", path.display()).parse().unwrap();
    let listener = address.listen().await.unwrap();
    assert_eq!(listener.address(), &address);
    assert!(path.exists());
    assert!(address.listen().await.is_err(), "the place is taken");
    let world = World::new(Medium::Memory).await;
    let sender = world.exporter.export_sender::<u32>("values", SendSettings::default()).unwrap();
    let (near, far) = tokio::join!(address.dial(), listener.accept());
    let (near, far) = tokio::join!(
        Connection::open(near.unwrap(), &world.config, UnreadReports::ShutDown),
        world.exporter.accept(far.unwrap())
    );
    let ((importer, near), (_exporter, far)) = (near.unwrap(), far.unwrap().into_new().unwrap());
    tokio::spawn(near.run());
    tokio::spawn(far.run());
    assert_eq!(importer.peer(), "unix");
    let mut receiver: Receiver<u32> =
        importer.import_receiver("values", ImportSettings::default()).await.unwrap();
    sender.send(5).await.unwrap();
    assert_eq!(receiver.recv().await, Ok(5));
    drop(listener);
    assert!(!path.exists());
    assert!(address.dial().await.is_err());
    sender.send(6).await.unwrap();
    assert_eq!(receiver.recv().await, Ok(6));
}

#[tokio::test]
async fn a_listener_on_port_zero_knows_its_port() {
    let listener = "localhost:0".parse::<Address>().unwrap().listen().await.unwrap();
    let Address::Tcp(place) = listener.address() else { panic!("it is TCP") };
    assert!(!place.ends_with(":0"), "{place}");
    let (dialled, accepted) = tokio::join!(listener.address().dial(), listener.accept());
    assert_eq!(dialled.unwrap().peer(), place);
    accepted.unwrap();
}

#[tokio::test]
async fn a_link_that_ends_in_the_handshake_is_an_error_on_both_sides() {
    let world = World::new(Medium::Memory).await;
    let (near, far) = Stream::in_memory(1000);
    drop(far);
    let dialled = Connection::open(near, &world.config, UnreadReports::ShutDown).await;
    assert!(matches!(dialled, Err(ConnectError::LinkEnded | ConnectError::Io(_))));
    let (near, far) = Stream::in_memory(1000);
    drop(near);
    let accepted = guarded("it fails", world.exporter.accept(far)).await;
    assert!(matches!(accepted, Err(ConnectError::LinkEnded)));
    let report = world.exporter.reports().next_report().await;
    assert!(matches!(report, Some(Report::HandshakeFailed { peer, .. }) if peer == "memory"));
}
