//! Channels with another codec than the usual one.

#![allow(clippy::unwrap_used)] // A failed test may panic.

use std::collections::BTreeMap;

use netchan::Dir;
use netchan::channel::identity::{Description, Schema, TraceError};
use netchan::channel::{
    Bincode, CodecError, Format, MessagePack, Postcard, RecvError, RemoteSender, SendError,
    SerdeCodec,
};
use netchan::limits::VALUE_BYTES_MAX;
use netchan::net::{ExportError, ImportError, ImportSettings, RecvSettings, SendSettings};
use serde::{Deserialize, Serialize};

use crate::support::{Medium, World, each_way, over_each, take};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Event {
    Opened,
    Paid(u32),
    Moved(i64, Option<String>),
    Closed { reason: String, at: BTreeMap<String, u128> },
}

fn events() -> Vec<Event> {
    let at = BTreeMap::from([("now".to_owned(), u128::MAX), ("then".to_owned(), 7)]);
    vec![
        Event::Opened,
        Event::Paid(u32::MAX),
        Event::Moved(i64::MIN, None),
        Event::Moved(-1, Some("\u{1f980}".repeat(5_000))),
        Event::Closed { reason: String::new(), at },
    ]
}

async fn values_travel<C: SerdeCodec>(medium: Medium, dir: Dir) {
    let world = World::new(medium).await;
    let peers = world.connect().await;
    let format = Format::<Event, C>::new;
    let import = ImportSettings::default();
    let (sender, mut receiver) = match dir {
        Dir::Recv => {
            let send = SendSettings::default();
            let sender = world.exporter.export_sender_as("events", send, format()).unwrap();
            let receiver = peers.importer.import_receiver_as("events", import, format()).await;
            (sender, receiver.unwrap())
        }
        Dir::Send => {
            let recv = RecvSettings::default();
            let receiver = world.exporter.export_receiver_as("events", recv, format()).unwrap();
            let sender = peers.importer.import_sender_as("events", import, format()).await;
            (sender.unwrap(), receiver)
        }
    };
    sender.send_all(events()).await.unwrap();
    assert_eq!(take(&mut receiver, 5).await, events());
}

#[tokio::test]
async fn values_travel_with_each_codec() {
    each_way(async |medium, dir| {
        values_travel::<Bincode>(medium, dir).await;
        values_travel::<Postcard>(medium, dir).await;
        values_travel::<MessagePack>(medium, dir).await;
    })
    .await;
}

async fn requests_are_answered<C: SerdeCodec>(medium: Medium, dir: Dir) {
    let world = World::new(medium).await;
    let peers = world.connect().await;
    let (question, answer) = (Format::<Event, C>::new, Format::<Vec<Event>, C>::new);
    let import = ImportSettings::default();
    let (caller, mut requests) = match dir {
        Dir::Recv => {
            let send = SendSettings::default();
            let caller = world.exporter.export_caller_as("asks", send, question(), answer());
            let requests = peers.importer.import_requests_as("asks", import, question(), answer());
            (caller.unwrap(), requests.await.unwrap())
        }
        Dir::Send => {
            let recv = RecvSettings::default();
            let requests = world.exporter.export_requests_as("asks", recv, question(), answer());
            let caller = peers.importer.import_caller_as("asks", import, question(), answer());
            (caller.await.unwrap(), requests.unwrap())
        }
    };
    for event in events() {
        let answering = async {
            let (event, responder) = requests.recv().await.unwrap().into_parts();
            responder.answer(vec![event.clone(), event]).unwrap();
        };
        let (answer, ()) = tokio::join!(caller.ask(event.clone()), answering);
        assert_eq!(answer, Ok(vec![event.clone(), event]));
    }
}

#[tokio::test]
async fn requests_are_answered_with_each_codec() {
    each_way(async |medium, dir| {
        requests_are_answered::<Postcard>(medium, dir).await;
        requests_are_answered::<MessagePack>(medium, dir).await;
    })
    .await;
}

/// A message with the end of a channel, whose own values use the usual codec. The option in the
/// middle is none that a value has.
#[derive(Debug, Serialize, Deserialize)]
struct Subscribe {
    topic: String,
    updates: Option<RemoteSender<Option<u64>>>,
}

async fn ends_of_channels_travel<C: SerdeCodec>(medium: Medium) {
    let world = World::new(medium).await;
    let peers = world.connect().await;
    let format = Format::<Subscribe, C>::new;
    let recv = RecvSettings::default();
    let mut receiver = world.exporter.export_receiver_as("topics", recv, format()).unwrap();
    let import = ImportSettings::default();
    let sender = peers.importer.import_sender_as("topics", import, format()).await.unwrap();

    let (updates, mut receiving) = RemoteSender::channel(4).unwrap();
    sender.send(Subscribe { topic: "tea".to_owned(), updates: Some(updates) }).await.unwrap();
    let subscribe = take(&mut receiver, 1).await.remove(0);
    assert_eq!(subscribe.topic, "tea");
    let updates = subscribe.updates.unwrap().into_sender().unwrap();
    updates.send(Some(7)).await.unwrap();
    assert_eq!(receiving.recv().await, Ok(Some(7)));
}

#[tokio::test]
async fn ends_of_channels_travel_with_each_codec() {
    over_each(async |medium| {
        ends_of_channels_travel::<Postcard>(medium).await;
        ends_of_channels_travel::<MessagePack>(medium).await;
    })
    .await;
}

#[tokio::test]
async fn another_codec_is_refused_and_both_are_named() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let postcard = Format::<Event, Postcard>::new();
        let sender =
            world.exporter.export_sender_as("events", SendSettings::default(), postcard.clone());
        let sender = sender.unwrap();
        let import = ImportSettings::default();
        let refusals = [
            peers.importer.import_receiver::<Event>("events", import).await.err(),
            peers
                .importer
                .import_receiver_as("events", import, Format::<Event, MessagePack>::new())
                .await
                .err(),
        ];
        for (refusal, name) in refusals.into_iter().zip(["bincode2", "messagepack"]) {
            let text = refusal.expect("it is refused").to_string();
            assert!(text.contains("postcard") && text.contains(name), "{text}");
        }
        let receiver = peers.importer.import_receiver_as("events", import, postcard).await;
        sender.send(Event::Opened).await.unwrap();
        assert_eq!(receiver.unwrap().recv().await, Ok(Event::Opened));
    })
    .await;
}

#[tokio::test]
async fn what_messagepack_would_confuse_is_refused_when_the_channel_is_created() {
    #[derive(Serialize, Deserialize)]
    struct Patch {
        name: Option<Option<String>>,
    }
    let world = World::new(Medium::Memory).await;
    let peers = world.connect().await;
    let send = SendSettings::default;
    let exported =
        world.exporter.export_sender_as("patches", send(), Format::<Patch, MessagePack>::new());
    let Err(ExportError::Type(error)) = exported else { panic!("{exported:?}") };
    assert_eq!(
        error.to_string(),
        format!(
            "{} cannot be sent with the codec messagepack: Patch.name is an option whose content may \
             be nil as well: `Some` would arrive as `None`",
            error.type_name()
        )
    );
    let imported = peers.importer.import_receiver_as(
        "x",
        ImportSettings::default(),
        Format::<Patch, MessagePack>::new(),
    );
    assert!(matches!(imported.await, Err(ImportError::Type(TraceError::UnfitForCodec { .. }))));

    // A schema that was written by hand is looked at as well, and other codecs take the type.
    let by_hand = Schema::clone(Description::of::<Patch>().unwrap().schema());
    let by_hand = Format::<Patch, MessagePack>::new().with_schema(by_hand);
    assert!(world.exporter.export_sender_as("patches", send(), by_hand).is_err());
    world.exporter.export_sender_as("patches", send(), Format::<Patch, Postcard>::new()).unwrap();
    world.exporter.export_sender::<Patch>("others", send()).unwrap();
}

/// Serializes as a sequence whose length nobody knows before its end.
#[derive(Debug, Deserialize)]
struct Unmeasured(#[expect(dead_code, reason = "it is only sent")] Vec<u64>);

impl Serialize for Unmeasured {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0_u64..10).filter(|number| number % 2 == 0))
    }
}

#[tokio::test]
async fn what_a_codec_cannot_encode_is_given_back_and_the_channel_goes_on() {
    #[derive(Debug, Serialize, Deserialize)]
    enum Load {
        Text(String),
        Unmeasured(Unmeasured),
    }
    async fn refused<C: SerdeCodec>(load: Load) -> Result<(), CodecError> {
        let world = World::new(Medium::Memory).await;
        let format = Format::<Load, C>::new();
        let sender = world.exporter.export_sender_as("loads", SendSettings::default(), format);
        let sender = sender.unwrap();
        let sent = match sender.send(load).await {
            Ok(()) => Ok(()),
            Err(SendError::Unencodable(_, error)) => Err(error),
            Err(other) => panic!("{other}"),
        };
        sender.send(Load::Text("short".to_owned())).await.unwrap();
        sent
    }
    let unmeasured = || Load::Unmeasured(Unmeasured(Vec::new()));
    assert!(matches!(refused::<Bincode>(unmeasured()).await, Err(CodecError::Refused(_))));
    assert!(matches!(refused::<Postcard>(unmeasured()).await, Err(CodecError::Refused(_))));
    // It puts the elements together first.
    assert_eq!(refused::<MessagePack>(unmeasured()).await, Ok(()));

    let too_long = Err(CodecError::TooLong { bytes_max: VALUE_BYTES_MAX });
    let long = || Load::Text("x".repeat(VALUE_BYTES_MAX + 1));
    assert_eq!(refused::<Bincode>(long()).await, too_long);
    assert_eq!(refused::<Postcard>(long()).await, too_long);
    assert_eq!(refused::<MessagePack>(long()).await, too_long);
}

/// Nests itself; its depth is guarded.
#[derive(Debug, Serialize, Deserialize)]
struct Node {
    next: Vec<Node>,
}

async fn depth_is_guarded<C: SerdeCodec>() {
    let world = World::new(Medium::Memory).await;
    let peers = world.connect().await;
    let format = Format::<Node, C>::new;
    let sender = world.exporter.export_sender_as("n", SendSettings::default(), format()).unwrap();
    let import = ImportSettings::default();
    let mut receiver = peers.importer.import_receiver_as("n", import, format()).await.unwrap();
    let nested =
        |depth| (1..depth).fold(Node { next: vec![] }, |node, _| Node { next: vec![node] });
    sender.send(nested(200)).await.unwrap();
    sender.send(nested(20)).await.unwrap();
    let error = receiver.recv().await.unwrap_err();
    let RecvError::Undecodable(refused) = error else { panic!("{error:?}") };
    assert!(matches!(refused.error, CodecError::TooDeep { .. }), "{refused:?}");
    receiver.recv().await.unwrap();
}

#[tokio::test]
async fn depth_is_guarded_with_each_codec() {
    depth_is_guarded::<Bincode>().await;
    depth_is_guarded::<Postcard>().await;
    depth_is_guarded::<MessagePack>().await;
}
