//! The strict policy: the channel ends with the value, for the peer that sent it.

use netchan::Dir;
use netchan::channel::{AskError, Closed, Origin, Reason, RecvError, SendError, Undecodable};
use netchan::net::{Event, EventStream, ImportSettings, RecvSettings, Report};
use netchan::wire::Code;

use crate::support::{World, each_way, over_each, take};
use crate::undecodable::{
    Picky, UNLUCKY, assert_refused, channel_of, events_of, picky, rejection, status,
};

const END: Undecodable = Undecodable::End;

/// Whether a channel has ended with the value at a position.
#[track_caller]
fn assert_ended(closed: &Closed, origin: Origin, at: u64) {
    assert_eq!(closed.origin, origin);
    let Reason::Undecodable { position, text } = &closed.reason else { panic!("{closed}") };
    assert_eq!(*position, at);
    assert!(text.contains("unlucky"), "{text}");
}

/// How the next channel ends, and how many values it loses.
async fn end_of_channel(events: &mut EventStream) -> (Closed, u64) {
    loop {
        if let Event::ChannelEnded { closed, lost_values, .. } = events.next_event().await.unwrap()
        {
            return (closed, lost_values);
        }
    }
}

#[tokio::test]
async fn a_channel_ends_with_the_value_and_both_sides_know_which() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (mut of_sender, mut of_receiver) = events_of(&world, &peers, dir);
        let (sender, mut receiver) = channel_of(&world, &peers, dir, 8, END).await;
        let (other, mut other_end) =
            crate::support::channel::<u32>(&world, &peers, "others", dir, 8).await;
        sender.send_all([Picky(1), UNLUCKY, Picky(2), Picky(3)]).await.unwrap();
        crate::support::arrived(&world, &peers, dir).await;
        assert_eq!(receiver.recv().await, Ok(Picky(1)));
        assert_refused(receiver.recv().await, 1, END);
        assert_eq!(rejection(&mut of_sender).await, (Origin::Peer, false, 1, 1));
        assert_eq!(rejection(&mut of_receiver).await, (Origin::Local, false, 1, 1));
        let (closed, lost_values) = end_of_channel(&mut of_sender).await;
        assert_ended(&closed, Origin::Peer, 1);
        assert_eq!(lost_values, 2);
        let (closed, lost_values) = end_of_channel(&mut of_receiver).await;
        assert_ended(&closed, Origin::Local, 1);
        assert_eq!(lost_values, 2);
        match dir {
            // The importer's channel has ended. What was exported goes on with others.
            Dir::Recv => {
                let Err(RecvError::Closed(closed)) = receiver.recv().await else {
                    panic!("it ends")
                };
                assert_ended(&closed, Origin::Local, 1);
                assert!(!sender.is_closed());
            }
            Dir::Send => {
                assert_ended(&sender.closed().await, Origin::Peer, 1);
                let Err(SendError::Closed(value, closed)) = sender.send(Picky(9)).await else {
                    panic!("nobody receives it");
                };
                assert_eq!(value, Picky(9));
                assert_ended(&closed, Origin::Peer, 1);
                assert!(!receiver.is_closed());
            }
        }
        // Nothing else notices.
        other.send_all([1, 2]).await.unwrap();
        assert_eq!(take(&mut other_end, 2).await, [1, 2]);
    })
    .await;
}

#[tokio::test]
async fn the_sender_s_reports_name_the_value() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut receiver) = channel_of(&world, &peers, Dir::Send, 8, END).await;
        sender.send(UNLUCKY).await.unwrap();
        assert_refused(receiver.recv().await, 0, END);
        sender.closed().await;
        match peers.importer.reports().next_report().await {
            Some(Report::ChannelFault { name, by: Origin::Peer, code, text }) => {
                assert_eq!((&name[..], code), ("values", Code::Undecodable));
                assert!(text.starts_with("value 0: "), "{text}");
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn an_exported_channel_goes_on_with_its_other_importers() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let [bad, good] = [world.connect().await, world.connect().await];
        let (unlucky, mut receiver) = channel_of(&world, &bad, Dir::Send, 8, END).await;
        let settings = ImportSettings::default();
        let lucky = good.importer.import_sender::<Picky>("values", settings).await.unwrap();
        unlucky.send(UNLUCKY).await.unwrap();
        assert_refused(receiver.recv().await, 0, END);
        assert_ended(&unlucky.closed().await, Origin::Peer, 0);
        lucky.send_all(picky(1..=3)).await.unwrap();
        assert_eq!(take(&mut receiver, 3).await, picky(1..=3));
        // Whoever was cut off may come again, and counts from the beginning.
        let again = bad.importer.import_sender::<Picky>("values", settings).await.unwrap();
        again.send_all([Picky(4), UNLUCKY]).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(Picky(4)));
        assert_refused(receiver.recv().await, 1, END);
    })
    .await;
}

#[tokio::test]
async fn one_that_is_the_last_is_no_regular_end() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (mut of_sender, mut of_receiver) = events_of(&world, &peers, dir);
        let (sender, mut receiver) = channel_of(&world, &peers, dir, 8, END).await;
        sender.send_all([Picky(1), UNLUCKY]).await.unwrap();
        drop(sender);
        assert_eq!(receiver.recv().await, Ok(Picky(1)));
        assert_refused(receiver.recv().await, 1, END);
        let (closed, lost_values) = end_of_channel(&mut of_receiver).await;
        assert_ended(&closed, Origin::Local, 1);
        assert_eq!(lost_values, 0);
        assert_eq!(rejection(&mut of_sender).await, (Origin::Peer, false, 1, 1));
        let (closed, lost_values) = end_of_channel(&mut of_sender).await;
        assert_ended(&closed, Origin::Peer, 1);
        assert_eq!(lost_values, 0);
    })
    .await;
}

#[tokio::test]
async fn an_asker_gets_its_verdict_and_the_channel_ends() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let settings = ImportSettings::default().size(4).undecodable(END);
        let (caller, mut requests) = match dir {
            Dir::Recv => {
                let caller = world
                    .exporter
                    .export_caller::<Picky, u32>("values", Default::default())
                    .unwrap();
                (caller, peers.importer.import_requests("values", settings).await.unwrap())
            }
            Dir::Send => {
                let settings_there = RecvSettings::default().undecodable(END);
                let requests = world.exporter.export_requests("values", settings_there).unwrap();
                (peers.importer.import_caller("values", settings).await.unwrap(), requests)
            }
        };
        let in_hand = caller.begin_ask(Picky(1)).await.unwrap();
        let refused = caller.begin_ask(UNLUCKY).await.unwrap();
        let behind = caller.begin_ask(Picky(2)).await.unwrap();
        let (_, responder) = requests.recv().await.unwrap().into_parts();
        let ignore = |request: netchan::channel::Request<Picky, u32>| *request.message();
        assert_refused(requests.recv().await.map(ignore), 1, END);
        assert!(matches!(refused.await, Err(AskError::RequestRefused(_))));
        // What was in hand can still be answered. What came behind is not handled.
        responder.answer(7).unwrap();
        assert_eq!(in_hand.await, Ok(7));
        assert!(matches!(behind.await, Err(AskError::UnknownFate(_))));
        if dir == Dir::Send {
            assert_ended(&caller.closed().await, Origin::Peer, 1);
            let Err(AskError::NotSent(closed)) = caller.ask(Picky(3)).await else {
                panic!("nobody answers");
            };
            assert_ended(&closed, Origin::Peer, 1);
        } else {
            let Err(RecvError::Closed(closed)) = requests.recv().await else { panic!("it ends") };
            assert_ended(&closed, Origin::Local, 1);
        }
        assert!(peers.importer.status().await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn the_counters_of_a_channel_that_goes_on_are_of_its_present_life() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut receiver) = channel_of(&world, &peers, Dir::Send, 8, END).await;
        sender.send(UNLUCKY).await.unwrap();
        assert_refused(receiver.recv().await, 0, END);
        sender.closed().await;
        let settings = ImportSettings::default();
        let again = peers.importer.import_sender::<Picky>("values", settings).await.unwrap();
        again.send(Picky(1)).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(Picky(1)));
        assert_eq!(status(&peers.importer).await.rejected_values, 0);
    })
    .await;
}
