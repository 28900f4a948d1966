//! Requests with a place for answers, in both directions.

use netchan::channel::identity::TypeIdentity;
use netchan::channel::{Closed, CodecError, OfferError, Origin, Reason, RemoteSender, SendError};
use netchan::net::{ImportError, ImportSettings, RecvSettings, SendSettings};
use netchan::{Receiver, Sender};
use serde::{Deserialize, Serialize};

use crate::support::{Joined, Request, guarded, reply_to, request, take_all};

async fn to_exporter(joined: &Joined) -> (Sender<Request>, Receiver<Request>) {
    let settings = RecvSettings::default().stays_open();
    let requests = joined.exporter.export_receiver("requests", settings).expect("a free name");
    let ask = joined
        .importer
        .import_sender("requests", Default::default())
        .await
        .expect("the channel is exported");
    (ask, requests)
}

async fn to_importer(joined: &Joined) -> (Sender<Request>, Receiver<Request>) {
    let ask =
        joined.exporter.export_sender("requests", SendSettings::default()).expect("a free name");
    let requests = joined
        .importer
        .import_receiver("requests", Default::default())
        .await
        .expect("the channel is exported");
    (ask, requests)
}

async fn answer(joined: &Joined, ask: Sender<Request>, mut requests: Receiver<Request>) {
    let (question, mut answers) = request(7, 4);
    ask.send(question).await.expect("the channel is open");
    let question = guarded(requests.recv()).await.expect("a value comes");
    assert_eq!(question.number, 7);
    let answer = reply_to(question);
    let second = answer.clone();
    let sending = tokio::spawn(async move { answer.send_all(0..100).await });
    let mut values = Vec::new();
    while values.len() < 100 {
        values.push(guarded(answers.recv()).await.expect("a value comes"));
    }
    sending.await.expect("the channel is open").expect("the channel is open");
    assert_eq!(values, Vec::from_iter(0..100));
    second.send(100).await.expect("the channel is open");
    assert_eq!(joined.importer_status().await.offers + joined.exporter_status().await.offers, 1);
    assert_eq!(joined.importer_status().await.claims + joined.exporter_status().await.claims, 1);
    // The last holder.
    drop(second);
    let (values, closed) = take_all(&mut answers).await;
    assert_eq!(values, [100]);
    assert_eq!(closed, Closed::new(Origin::Peer, Reason::Finished));
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn an_exporter_answers_its_importer() {
    let joined = Joined::new().await;
    let (ask, requests) = to_exporter(&joined).await;
    answer(&joined, ask, requests).await;
}

#[tokio::test]
async fn an_importer_answers_its_exporter() {
    let joined = Joined::new().await;
    let (ask, requests) = to_importer(&joined).await;
    answer(&joined, ask, requests).await;
}

#[tokio::test]
async fn a_request_that_nobody_answers_releases_its_end() {
    let joined = Joined::new().await;
    let (ask, mut requests) = to_exporter(&joined).await;
    let (question, mut answers) = request(1, 1);
    ask.send(question).await.unwrap();
    drop(guarded(requests.recv()).await.unwrap());
    let (values, closed) = take_all(&mut answers).await;
    assert_eq!((values, closed.reason), (vec![], Reason::Finished));
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn whoever_answers_is_told_that_nobody_listens() {
    let joined = Joined::new().await;
    let (ask, mut requests) = to_importer(&joined).await;
    let (question, mut answers) = request(1, 1);
    ask.send(question).await.unwrap();
    let answer = reply_to(guarded(requests.recv()).await.unwrap());
    answer.send(1).await.unwrap();
    assert_eq!(guarded(answers.recv()).await.unwrap(), 1);
    drop(answers);
    let closed = guarded(answer.closed()).await;
    assert_eq!(closed, Closed::new(Origin::Peer, Reason::ReceiverDropped));
    drop(answer);
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn an_end_that_nobody_listens_to_is_not_claimed() {
    let joined = Joined::new().await;
    let (ask, mut requests) = to_exporter(&joined).await;
    let (question, answers) = request(1, 1);
    ask.send(question).await.unwrap();
    drop(answers);
    assert_eq!(joined.importer_status().await.offers, 0);
    let answer = reply_to(guarded(requests.recv()).await.unwrap());
    let not_offered = Closed::new(Origin::Peer, Reason::NotOffered);
    assert_eq!(guarded(answer.closed()).await, not_offered);
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn an_end_whose_receiver_is_gone_is_not_offered() {
    let joined = Joined::new().await;
    let (ask, mut requests) = to_importer(&joined).await;
    let (question, answers) = request(1, 1);
    drop(answers);
    ask.send(question).await.unwrap();
    assert_eq!(joined.exporter_status().await.offers, 0);
    let answer = reply_to(guarded(requests.recv()).await.unwrap());
    assert_eq!(guarded(answer.closed()).await, Closed::new(Origin::Peer, Reason::NotOffered));
    drop(answer);
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn one_end_in_many_messages_lasts_until_the_last_is_gone() {
    let joined = Joined::new().await;
    let (ask, mut requests) = to_exporter(&joined).await;
    let (question, mut answers) = request(1, 8);
    for number in 0..3 {
        let reply_to = question.reply_to.clone();
        ask.send(Request { number, reply_to }).await.unwrap();
    }
    drop(question);
    for number in 0..3 {
        let question = guarded(requests.recv()).await.unwrap();
        assert_eq!(question.number, number);
        reply_to(question).send(number).await.unwrap();
    }
    let (mut values, closed) = take_all(&mut answers).await;
    values.sort_unstable();
    assert_eq!((values, closed.reason), (vec![0, 1, 2], Reason::Finished));
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn an_end_that_has_not_travelled_is_not_a_sender() {
    let (question, mut answers) = request(1, 1);
    let handle = question.reply_to.into_sender().unwrap_err();
    drop(handle);
    let (values, closed) = take_all(&mut answers).await;
    assert!(values.is_empty());
    assert_eq!(closed, Closed::new(Origin::Local, Reason::Finished));
}

#[test]
fn an_end_travels_only_through_a_channel() {
    let (question, _answers) = request(1, 1);
    let configuration = bincode::config::standard();
    let error = bincode::serde::encode_to_vec(&question, configuration).unwrap_err();
    assert!(error.to_string().contains(&OfferError::NoChannel.to_string()), "{error}");
    let bytes = [0; 17];
    let decoded = bincode::serde::decode_from_slice::<Request, _>(&bytes, configuration);
    let error = decoded.unwrap_err();
    assert!(error.to_string().contains(&OfferError::NoChannel.to_string()), "{error}");
}

#[derive(Serialize, Deserialize)]
struct Node {
    value: u32,
    next: Option<RemoteSender<Node>>,
}

#[tokio::test]
async fn what_an_end_carries_counts_for_the_identity() {
    let of = |identity: Result<TypeIdentity, _>| identity.unwrap();
    let numbers = of(TypeIdentity::of::<RemoteSender<u32>>());
    let texts = of(TypeIdentity::of::<RemoteSender<String>>());
    let bytes = of(TypeIdentity::of::<[u8; 16]>());
    assert!(numbers != texts && numbers != bytes && texts != bytes);
    assert_ne!(of(TypeIdentity::of::<Node>()), of(TypeIdentity::of::<(u32, Option<[u8; 16]>)>()));

    let joined = Joined::new().await;
    let settings = RecvSettings::default();
    let _receiver = joined.exporter.export_receiver::<RemoteSender<u32>>("in", settings).unwrap();
    let settings = ImportSettings::default();
    let result = joined.importer.import_sender::<RemoteSender<String>>("in", settings).await;
    assert!(matches!(result, Err(ImportError::TypeMismatch { .. })), "{result:?}");
}

#[tokio::test]
async fn ends_lead_to_ends_of_the_same_type() {
    let joined = Joined::new().await;
    let mut nodes =
        joined.exporter.export_receiver::<Node>("nodes", RecvSettings::default()).unwrap();
    let sender = joined.importer.import_sender("nodes", Default::default()).await.unwrap();
    let (next, mut back) = RemoteSender::channel(1).unwrap();
    sender.send(Node { value: 1, next: Some(next) }).await.unwrap();
    let mut value = 1;
    for _ in 0..10 {
        let node: Node = guarded(nodes.recv()).await.unwrap();
        assert_eq!(node.value, value);
        let (next, forth) = RemoteSender::channel(1).unwrap();
        let reply = node.next.unwrap().into_sender().unwrap();
        reply.send(Node { value: value + 1, next: Some(next) }).await.unwrap();
        let node: Node = guarded(back.recv()).await.unwrap();
        assert_eq!(node.value, value + 1);
        let (next, receiver) = RemoteSender::channel(1).unwrap();
        let reply = node.next.unwrap().into_sender().unwrap();
        reply.send(Node { value: value + 2, next: Some(next) }).await.unwrap();
        nodes = forth;
        back = receiver;
        value += 2;
    }
    drop((nodes, back));
    joined.wait_until_empty(0).await;
}

#[tokio::test]
async fn a_value_that_is_not_sent_offers_nothing() {
    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }
    impl<'de> Deserialize<'de> for Refuses {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            <()>::deserialize(deserializer).map(|()| Refuses)
        }
    }
    let joined = Joined::new().await;
    let settings = SendSettings::default();
    let sender =
        joined.exporter.export_sender::<(RemoteSender<u8>, Refuses)>("x", settings).unwrap();
    let (end, mut receiver) = RemoteSender::channel(1).unwrap();
    let error = sender.send((end, Refuses)).await.unwrap_err();
    assert!(matches!(error, SendError::Unencodable(_, CodecError::Refused(_))), "{error:?}");
    assert_eq!(joined.exporter_status().await.offers, 0);
    drop(error);
    assert_eq!(take_all(&mut receiver).await.1.origin, Origin::Local);
}

#[tokio::test]
async fn the_end_of_a_channel_travels_on_that_channel() {
    let joined = Joined::new().await;
    let settings = SendSettings::default();
    let nodes = joined.exporter.export_sender::<Node>("nodes", settings).unwrap();
    let mut receiver =
        joined.importer.import_receiver::<Node>("nodes", Default::default()).await.unwrap();
    nodes.send(Node { value: 1, next: Some(nodes.clone().into()) }).await.unwrap();
    let node = guarded(receiver.recv()).await.unwrap();
    let back = node.next.unwrap().into_sender().unwrap();
    back.send(Node { value: 2, next: None }).await.unwrap();
    // Out to the exporter, and back on the channel.
    assert_eq!(guarded(receiver.recv()).await.unwrap().value, 2);
    drop(back);
    joined.wait_until_empty(1).await;
}
