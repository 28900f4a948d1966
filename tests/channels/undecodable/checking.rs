//! Values that are written in another way than their type reads them: found where they are sent.

use netchan::Dir;
use netchan::channel::identity::{Primitive, Schema, Shape, Type, TypeIndex};
use netchan::channel::{AskError, CodecError, Format, RemoteSender, SendError, TrySendError};
use netchan::limits::VALUES_CHECKED;
use netchan::net::{RecvSettings, SendSettings};
use serde::{Deserialize, Serialize};

use crate::support::{World, channel, each_way, over_each, take};

/// Its numbers have no note on the wire if they have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Noted {
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<u32>,
    number: u32,
}

fn good(number: u32) -> Noted {
    Noted { note: Some(1), number }
}

fn bad() -> Noted {
    Noted { note: None, number: 7 }
}

#[track_caller]
fn assert_misfit(error: &CodecError) {
    let CodecError::Misfit(misfit) = error else { panic!("it does not fit, but: {error}") };
    assert_eq!(misfit.path, "Noted.note");
}

#[tokio::test]
async fn the_first_values_are_not_sent_if_they_do_not_fit_their_type() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut receiver) = channel::<Noted>(&world, &peers, "values", dir, 64).await;
        for _ in 0..100 {
            match sender.send(bad()).await {
                Err(SendError::Unencodable(value, error)) => {
                    assert_eq!(value, bad());
                    assert_misfit(&error);
                }
                other => panic!("{other:?}"),
            }
        }
        let Err(TrySendError::Unencodable(value, error)) = sender.try_send(bad()) else {
            panic!("it does not fit");
        };
        assert_eq!(value, bad());
        assert_misfit(&error);
        let permit = sender.reserve().await.unwrap();
        let Err(SendError::Unencodable(_, error)) = permit.send(bad()) else {
            panic!("it does not fit");
        };
        assert_misfit(&error);

        // The channel goes on. Those that were sent are looked at, through all of its senders.
        let clone = sender.clone();
        for number in 0..VALUES_CHECKED {
            let sender = if number % 2 == 0 { &sender } else { &clone };
            sender.send(good(number)).await.unwrap();
            assert_eq!(take(&mut receiver, 1).await, [good(number)]);
            let is_last = number + 1 == VALUES_CHECKED;
            assert_eq!(sender.try_send(bad()).is_ok(), is_last, "behind {number}");
        }
        // The one behind them was not looked at.
        assert!(receiver.recv().await.is_err());
    })
    .await;
}

#[tokio::test]
async fn messages_and_answers_are_looked_at_as_well() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let mut requests = world
            .exporter
            .export_requests::<Noted, Noted>("values", RecvSettings::default())
            .unwrap();
        let caller = peers
            .importer
            .import_caller::<Noted, Noted>("values", Default::default())
            .await
            .unwrap();
        let Err(SendError::Unencodable(value, error)) = caller.tell(bad()).await else {
            panic!("it does not fit");
        };
        assert_eq!(value, bad());
        assert_misfit(&error);
        let Err(AskError::Unencodable(error)) = caller.ask(bad()).await else {
            panic!("it does not fit");
        };
        assert_misfit(&error);
        assert_eq!(caller.unanswered(), 0);

        let asked = caller.begin_ask(good(1)).await.unwrap();
        let (_, responder) = requests.recv().await.unwrap().into_parts();
        assert_misfit(&responder.answer(bad()).unwrap_err());
        let Err(AskError::AnswerRefused(text)) = asked.await else { panic!("it does not fit") };
        assert!(text.contains("Noted.note"), "{text}");
        let asked = caller.begin_ask(good(2)).await.unwrap();
        let (_, responder) = requests.recv().await.unwrap().into_parts();
        responder.answer(good(3)).unwrap();
        assert_eq!(asked.await, Ok(good(3)));
    })
    .await;
}

#[tokio::test]
async fn a_schema_by_hand_is_what_values_are_held_against() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let number = Type { name: None, shape: Shape::Primitive(Primitive::U32) };
        let list = Type { name: None, shape: Shape::Sequence(TypeIndex::at(1)) };
        let schema = Schema::from_types("Numbers", vec![list, number]).unwrap();
        let wrong = Format::<Vec<String>>::new().with_schema(schema.clone());
        let sender =
            world.exporter.export_sender_as("wrong", SendSettings::default(), wrong).unwrap();
        let Err(SendError::Unencodable(_, CodecError::Misfit(misfit))) =
            sender.send(vec!["text".to_owned()]).await
        else {
            panic!("it does not fit");
        };
        assert_eq!(misfit.to_string(), "Numbers[]: the type has u32, the value string");

        let right = Format::<Vec<u32>>::new().with_schema(schema);
        let sender =
            world.exporter.export_sender_as("right", SendSettings::default(), right).unwrap();
        let settings = Default::default();
        let mut receiver =
            peers.importer.import_receiver::<Vec<u32>>("right", settings).await.unwrap();
        sender.send(vec![1, 2]).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(vec![1, 2]));
    })
    .await;
}

#[tokio::test]
async fn to_look_at_the_end_of_a_channel_is_not_to_offer_it() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        type Ends = (u8, Vec<RemoteSender<u32>>, String);
        let (sender, mut receiver) = channel::<Ends>(&world, &peers, "values", dir, 4).await;
        let (end, mut answers) = RemoteSender::<u32>::channel(4).unwrap();
        sender.send((1, vec![end], "text".to_owned())).await.unwrap();
        let by_sender = match dir {
            Dir::Recv => &peers.exporter,
            Dir::Send => &peers.importer,
        };
        assert_eq!(by_sender.status().await.unwrap().offers, 1);
        let (_, mut ends, text) = receiver.recv().await.unwrap();
        assert_eq!(text, "text");
        ends.pop().unwrap().into_sender().unwrap().send(5).await.unwrap();
        assert_eq!(answers.recv().await, Ok(5));
    })
    .await;
}
