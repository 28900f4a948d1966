//! Ends of channels in requests and in answers to requests.

use netchan::channel::{Caller, Closed, Origin, Reason, RemoteSender, Requests};
use netchan::net::{RecvSettings, SendSettings};
use netchan::{Receiver, Sender};

use crate::support::{Joined, Request, guarded, reply_to, request, take_all};

/// An answer that is an end itself.
type Answer = RemoteSender<u64>;

async fn to_exporter(joined: &Joined) -> (Caller<Request, Answer>, Requests<Request, Answer>) {
    let settings = RecvSettings::default().stays_open();
    let requests = joined.exporter.export_requests("requests", settings).expect("a free name");
    let caller = joined.importer.import_caller("requests", Default::default()).await;
    (caller.expect("the channel is exported"), requests)
}

async fn to_importer(joined: &Joined) -> (Caller<Request, Answer>, Requests<Request, Answer>) {
    let settings = SendSettings::default();
    let caller = joined.exporter.export_caller("requests", settings).expect("a free name");
    let requests = joined.importer.import_requests("requests", Default::default()).await;
    (caller, requests.expect("the channel is exported"))
}

async fn exchange(
    joined: &Joined,
    (caller, mut requests): (Caller<Request, Answer>, Requests<Request, Answer>),
) {
    let (question, mut here) = request(7, 4);
    let asking = tokio::spawn({
        let caller = caller.clone();
        async move { caller.ask(question).await }
    });
    let (question, responder) = guarded(requests.recv()).await.expect("a request").into_parts();
    let back = reply_to(question);
    let (answer, mut there): (Answer, Receiver<u64>) =
        RemoteSender::channel(4).expect("numbers can be sent");
    responder.answer(answer).expect("it can be offered");
    let answer = guarded(asking).await.expect("no panic").expect("an answer");
    let forth: Sender<u64> = answer.into_sender().expect("it has travelled");
    back.send(1).await.expect("the channel is open");
    forth.send(2).await.expect("the channel is open");
    assert_eq!(guarded(here.recv()).await.expect("a value"), 1);
    assert_eq!(guarded(there.recv()).await.expect("a value"), 2);
    drop((back, forth));
    let finished = Closed::new(Origin::Peer, Reason::Finished);
    assert_eq!(take_all(&mut here).await, (vec![], finished.clone()));
    assert_eq!(take_all(&mut there).await, (vec![], finished));
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn ends_travel_in_requests_and_answers_to_an_exporter() {
    let joined = Joined::new().await;
    let both = to_exporter(&joined).await;
    exchange(&joined, both).await;
}

#[tokio::test]
async fn ends_travel_in_requests_and_answers_to_an_importer() {
    let joined = Joined::new().await;
    let both = to_importer(&joined).await;
    exchange(&joined, both).await;
}

#[tokio::test]
async fn an_end_in_a_request_that_is_given_up_before_it_was_sent_is_withdrawn() {
    let joined = Joined::new().await;
    let settings = SendSettings::default();
    let caller = joined
        .exporter
        .export_caller::<Request, Answer>("requests", settings)
        .expect("a free name");
    let (question, mut answers) = request(1, 1);
    let asking = caller.begin_ask(question).await.expect("there is a slot");
    drop(asking);
    let mut requests = joined
        .importer
        .import_requests::<Request, Answer>("requests", Default::default())
        .await
        .expect("the channel is exported");
    // It is withdrawn when a session passes over it, long before its lease has run out.
    let (values, closed) = take_all(&mut answers).await;
    assert_eq!((values, closed), (vec![], Closed::new(Origin::Local, Reason::HungUp)));
    assert!(requests.try_recv().is_err());
    joined.wait_until_empty(1).await;
}
