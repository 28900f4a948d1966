//! The usual policy: the value is left out, and the channel goes on.

use std::panic::AssertUnwindSafe;

use futures::{FutureExt, StreamExt};
use netchan::Dir;
use netchan::channel::{AskError, Origin, RecvError, Shape, Slow, Undecodable};
use netchan::net::{Event, ImportSettings, RecvSettings, SendSettings};

use crate::support::{Medium, World, each_way, over_each, take};
use crate::undecodable::{
    Picky, TRAP, UNLUCKY, assert_refused, channel_of, events_of, picky, rejection, status,
};

const SKIP: Undecodable = Undecodable::Skip;

#[tokio::test]
async fn a_value_that_cannot_be_decoded_is_left_out_and_told_on_both_sides() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (mut of_sender, mut of_receiver) = events_of(&world, &peers, dir);
        let (sender, mut receiver) = channel_of(&world, &peers, dir, 4, SKIP).await;
        sender.send_all([Picky(1), UNLUCKY, Picky(2)]).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(Picky(1)));
        assert_refused(receiver.recv().await, 1, SKIP);
        assert_eq!(receiver.recv().await, Ok(Picky(2)));
        assert_eq!(rejection(&mut of_sender).await, (Origin::Peer, false, 1, 1));
        assert_eq!(rejection(&mut of_receiver).await, (Origin::Local, false, 1, 1));
        for connection in [&peers.importer, &peers.exporter] {
            assert_eq!(status(connection).await.rejected_values, 1);
        }
        assert!(!sender.is_closed());
        drop(sender);
        let Err(RecvError::Closed(closed)) = receiver.recv().await else { panic!("it ends") };
        assert!(closed.is_finished());
    })
    .await;
}

#[tokio::test]
async fn any_number_of_them_pass_a_window_of_one() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (mut of_sender, _) = events_of(&world, &peers, dir);
        let (sender, mut receiver) = channel_of(&world, &peers, dir, 1, SKIP).await;
        let sending = tokio::spawn(async move {
            sender.send_all(std::iter::repeat_n(UNLUCKY, 500)).await.unwrap();
            sender.send(Picky(1)).await.unwrap();
            sender
        });
        for position in 0..500 {
            assert_refused(receiver.recv().await, position, SKIP);
        }
        assert_eq!(receiver.recv().await, Ok(Picky(1)));
        let _sender = sending.await.unwrap();
        loop {
            let (_, _, position, rejected_values) = rejection(&mut of_sender).await;
            assert_eq!(position + 1, rejected_values);
            if rejected_values == 500 {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn of_many_at_once_the_sender_is_told_in_a_few_frames() {
    let world = World::new(Medium::Memory).await;
    let peers = world.connect().await;
    let mut events = peers.importer.events();
    let (sender, mut receiver) = channel_of(&world, &peers, Dir::Send, 1 << 20, SKIP).await;
    let sending = tokio::spawn(async move {
        for _ in 0..100_000 {
            sender.send(UNLUCKY).await.unwrap();
        }
        sender
    });
    for position in 0..100_000 {
        assert_refused(receiver.recv().await, position, SKIP);
    }
    let mut told = 0;
    loop {
        told += 1;
        let (_, _, position, rejected_values) = rejection(&mut events).await;
        assert_eq!(position + 1, rejected_values);
        if rejected_values == 100_000 {
            break;
        }
    }
    assert!(told + events.missed() < 10_000, "{told} events for 100,000 values");
    let _sender = sending.await.unwrap();
}

#[tokio::test]
async fn receivers_that_share_a_channel_agree_about_positions() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, receiver) = channel_of(&world, &peers, dir, 2, SKIP).await;
        let receivers = [receiver.clone(), receiver.clone(), receiver];
        let collecting = receivers.map(|mut receiver| {
            tokio::spawn(async move {
                let mut positions = Vec::new();
                loop {
                    match receiver.recv().await {
                        Ok(_) => {}
                        Err(RecvError::Undecodable(value)) => positions.push(value.position),
                        Err(_) => return positions,
                    }
                }
            })
        });
        for number in 0..200 {
            let value = if number % 2 == 0 { UNLUCKY } else { Picky(number) };
            sender.send(value).await.unwrap();
        }
        drop(sender);
        let mut positions = Vec::new();
        for collecting in collecting {
            positions.extend(collecting.await.unwrap());
        }
        positions.sort_unstable();
        assert_eq!(positions, (0..200).step_by(2).collect::<Vec<u64>>());
    })
    .await;
}

#[tokio::test]
async fn one_at_the_end_of_a_channel_is_told_before_its_regular_end() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (mut of_sender, _) = events_of(&world, &peers, dir);
        let (sender, mut receiver) = channel_of(&world, &peers, dir, 4, SKIP).await;
        sender.send_all([Picky(1), UNLUCKY]).await.unwrap();
        drop(sender);
        assert_eq!(receiver.recv().await, Ok(Picky(1)));
        assert_refused(receiver.recv().await, 1, SKIP);
        let Err(RecvError::Closed(closed)) = receiver.recv().await else { panic!("it ends") };
        assert!(closed.is_finished());
        assert_eq!(rejection(&mut of_sender).await, (Origin::Peer, false, 1, 1));
        loop {
            if let Some(Event::ChannelEnded { lost_values, .. }) = of_sender.next_event().await {
                assert_eq!(lost_values, 0);
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_panic_while_decoding_costs_one_value_and_no_room() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut receiver) = channel_of(&world, &peers, dir, 1, SKIP).await;
        let sending = tokio::spawn(async move {
            for number in 0..10 {
                sender.send(TRAP).await.unwrap();
                sender.send(Picky(number)).await.unwrap();
            }
            sender
        });
        for number in 0..10 {
            let trapped = AssertUnwindSafe(receiver.recv()).catch_unwind().await;
            assert!(trapped.is_err());
            assert_eq!(receiver.recv().await, Ok(Picky(number)));
        }
        let _sender = sending.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_panic_while_decoding_a_message_costs_that_message() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let settings = ImportSettings::default().size(1);
        let (caller, mut requests) = match dir {
            Dir::Recv => {
                let caller = world
                    .exporter
                    .export_caller::<Picky, u32>("values", SendSettings::default())
                    .unwrap();
                (caller, peers.importer.import_requests("values", settings).await.unwrap())
            }
            Dir::Send => {
                let requests =
                    world.exporter.export_requests("values", RecvSettings::default()).unwrap();
                (peers.importer.import_caller("values", settings).await.unwrap(), requests)
            }
        };
        let asking = tokio::spawn(async move {
            caller.tell(TRAP).await.unwrap();
            let trapped = caller.ask(TRAP).await;
            (trapped, caller.ask(Picky(5)).await, caller)
        });
        for _ in 0..2 {
            let trapped: Result<Result<netchan::channel::Request<Picky, u32>, _>, _> =
                AssertUnwindSafe(requests.recv()).catch_unwind().await;
            assert!(trapped.is_err());
        }
        let (message, responder) = requests.recv().await.unwrap().into_parts();
        responder.answer(message.0).unwrap();
        let (trapped, good, _caller) = asking.await.unwrap();
        assert_eq!(trapped, Err(AskError::NotAnswered));
        assert_eq!(good, Ok(5));
    })
    .await;
}

#[tokio::test]
async fn what_comes_before_one_in_a_call_for_many_is_not_lost() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut receiver) = channel_of(&world, &peers, Dir::Send, 8, SKIP).await;
        sender.send_all([Picky(1), Picky(2), UNLUCKY, Picky(3)]).await.unwrap();
        peers.importer.sync(crate::support::GUARD).await.unwrap();
        let mut values = Vec::new();
        assert_eq!(receiver.recv_many(&mut values, 9).await, Ok(2));
        assert_refused(receiver.recv_many(&mut values, 9).await.map(|_| UNLUCKY), 2, SKIP);
        assert_eq!(receiver.recv_many(&mut values, 9).await, Ok(1));
        assert_eq!(values, picky(1..=3));
    })
    .await;
}

#[tokio::test]
async fn a_stream_goes_on_behind_one() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut receiver) = channel_of(&world, &peers, Dir::Recv, 8, SKIP).await;
        sender.send_all([UNLUCKY, Picky(1)]).await.unwrap();
        drop(sender);
        assert_refused(receiver.next().await.unwrap(), 0, SKIP);
        assert_eq!(receiver.next().await, Some(Ok(Picky(1))));
        assert_eq!(receiver.next().await, None);
    })
    .await;
}

#[tokio::test]
async fn broadcasts_and_newest_values_go_on() {
    over_each(async |medium| {
        for shape in [Shape::Broadcast(Slow::Wait), Shape::Latest] {
            let world = World::new(medium).await;
            let peers = [world.connect().await, world.connect().await];
            let mut events = world.exporter.events();
            let settings = SendSettings::default().shape(shape);
            let sender = world.exporter.export_sender::<Picky>("values", settings).unwrap();
            let mut receivers = Vec::new();
            for Peers { importer, .. } in &peers {
                let settings = ImportSettings::default().size(1);
                receivers
                    .push(importer.import_receiver::<Picky>("values", settings).await.unwrap());
            }
            for number in 0..5 {
                sender.send(UNLUCKY).await.unwrap();
                for receiver in &mut receivers {
                    assert_refused(receiver.recv().await, 2 * number, SKIP);
                }
                sender.send(Picky(1)).await.unwrap();
                for receiver in &mut receivers {
                    assert_eq!(take(receiver, 1).await, [Picky(1)]);
                }
            }
            let (by, _, position, _) = rejection(&mut events).await;
            assert_eq!((by, position % 2), (Origin::Peer, 0));
        }
    })
    .await;
}

use crate::support::Peers;

#[tokio::test]
async fn messages_and_answers_that_do_not_decode_are_told_on_both_sides() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (mut of_asker, mut of_answerer) = events_of(&world, &peers, dir);
        let settings = ImportSettings::default().size(4);
        let (caller, mut requests) = match dir {
            Dir::Recv => {
                let caller = world
                    .exporter
                    .export_caller::<Picky, Picky>("values", SendSettings::default())
                    .unwrap();
                (caller, peers.importer.import_requests("values", settings).await.unwrap())
            }
            Dir::Send => {
                let requests =
                    world.exporter.export_requests("values", RecvSettings::default()).unwrap();
                (peers.importer.import_caller("values", settings).await.unwrap(), requests)
            }
        };
        caller.tell(UNLUCKY).await.unwrap();
        let refused = caller.begin_ask(UNLUCKY).await.unwrap();
        let unreadable = caller.begin_ask(Picky(1)).await.unwrap();
        let ignore = |request: netchan::channel::Request<Picky, Picky>| *request.message();
        assert_refused(requests.recv().await.map(ignore), 0, SKIP);
        assert_refused(requests.recv().await.map(ignore), 1, SKIP);
        let (message, responder) = requests.recv().await.unwrap().into_parts();
        assert_eq!(message, Picky(1));
        responder.answer(UNLUCKY).unwrap();
        assert!(matches!(refused.await, Err(AskError::RequestRefused(_))));
        assert!(matches!(unreadable.await, Err(AskError::AnswerUndecodable(_))));

        let (mut of_messages, mut of_answers) = (0, 0);
        while (of_messages, of_answers) != (2, 1) {
            match rejection(&mut of_asker).await {
                (Origin::Peer, false, position, values) => {
                    assert_eq!(position + 1, values);
                    of_messages = values;
                }
                // The other answer says that the request was refused.
                (Origin::Local, true, 1, values) => of_answers = values,
                other => panic!("{other:?}"),
            }
        }
        let mut of_answers = 0;
        while of_answers != 1 {
            match rejection(&mut of_answerer).await {
                (Origin::Local, false, ..) => {}
                (Origin::Peer, true, 1, values) => of_answers = values,
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}
