//! Ends that are handed on from machine to machine.

use netchan::channel::{Origin, Reason};
use netchan::net::{Config, RecvSettings};
use netchan::{Receiver, Sender};

use crate::support::{Joined, Request, guarded, reply_to, request, take_all};

/// The first machine sends to the second, and that to the third.
struct Chain {
    first: Joined,
    second: Joined,
    from_first: Sender<Request>,
    at_second: Receiver<Request>,
    from_second: Sender<Request>,
    at_third: Receiver<Request>,
}

async fn chain() -> Chain {
    let (first, second) = (Joined::new().await, Joined::new().await);
    let settings = RecvSettings::default().stays_open();
    let at_second = first.exporter.export_receiver("requests", settings).expect("a free name");
    let at_third = second.exporter.export_receiver("requests", settings).expect("a free name");
    let from_first = first
        .importer
        .import_sender("requests", Default::default())
        .await
        .expect("the channel is exported");
    let from_second = second
        .importer
        .import_sender("requests", Default::default())
        .await
        .expect("the channel is exported");
    Chain { first, second, from_first, at_second, from_second, at_third }
}

#[tokio::test]
async fn values_pass_through_the_second_machine() {
    let mut chain = chain().await;
    let (question, mut answers) = request(7, 2);
    chain.from_first.send(question).await.unwrap();
    let question = guarded(chain.at_second.recv()).await.unwrap();
    chain.from_second.send(question).await.unwrap();
    let answer = reply_to(guarded(chain.at_third.recv()).await.unwrap());
    let sending = tokio::spawn(async move { answer.send_all(0..1000).await });
    let (values, closed) = take_all(&mut answers).await;
    guarded(sending).await.unwrap().unwrap();
    assert_eq!(values, Vec::from_iter(0..1000));
    assert_eq!((closed.origin, closed.reason), (Origin::Peer, Reason::Finished));
    chain.first.wait_until_empty(1).await;
    chain.second.wait_until_empty(1).await;
}

#[tokio::test]
async fn the_third_machine_is_stopped_by_the_first() {
    let mut chain = chain().await;
    let (question, mut answers) = request(7, 2);
    chain.from_first.send(question).await.unwrap();
    let question = guarded(chain.at_second.recv()).await.unwrap();
    chain.from_second.send(question).await.unwrap();
    let answer = reply_to(guarded(chain.at_third.recv()).await.unwrap());
    let mut sent = 0;
    // Until nothing moves any more: windows and queues of both ways are full.
    let mut idle = 0;
    while idle < 1000 {
        match answer.try_send(sent) {
            Ok(()) => (sent, idle) = (sent + 1, 0),
            Err(error) => {
                assert!(error.is_full(), "{error:?}");
                idle += 1;
                tokio::task::yield_now().await;
            }
        }
    }
    assert!(sent < 1000, "{sent} values are on their way");
    for number in 0..sent {
        assert_eq!(guarded(answers.recv()).await.unwrap(), number);
    }
    drop(answers);
    let closed = guarded(answer.closed()).await;
    assert_eq!((closed.origin, closed.reason), (Origin::Peer, Reason::ReceiverDropped));
    drop(answer);
    chain.first.wait_until_empty(1).await;
    chain.second.wait_until_empty(1).await;
}

#[tokio::test]
async fn when_the_second_machine_is_gone_both_ends_are_told() {
    let mut chain = chain().await;
    let (question, mut answers) = request(7, 2);
    chain.from_first.send(question).await.unwrap();
    let question = guarded(chain.at_second.recv()).await.unwrap();
    chain.from_second.send(question).await.unwrap();
    let answer = reply_to(guarded(chain.at_third.recv()).await.unwrap());
    answer.send(1).await.unwrap();
    assert_eq!(guarded(answers.recv()).await.unwrap(), 1);
    chain.second.importer.close().await;
    let closed = guarded(answer.closed()).await;
    assert_eq!((closed.origin, closed.reason), (Origin::Peer, Reason::ConnectionClosed));
    // What the second machine held is dropped with its offer.
    assert!(take_all(&mut answers).await.0.is_empty());
    chain.first.wait_until_empty(1).await;
}

#[tokio::test]
async fn a_sender_of_any_channel_can_be_given_away() {
    let joined = Joined::with(Config::default()).await;
    let other = Joined::new().await;
    let settings = RecvSettings::default();
    let mut numbers = other.exporter.export_receiver::<u64>("numbers", settings).unwrap();
    let sender = other.importer.import_sender::<u64>("numbers", Default::default()).await.unwrap();
    let mut requests = joined.exporter.export_receiver::<Request>("requests", settings).unwrap();
    let ask = joined.importer.import_sender("requests", Default::default()).await.unwrap();
    ask.send(Request { number: 1, reply_to: sender.into() }).await.unwrap();
    let answer = reply_to(guarded(requests.recv()).await.unwrap());
    answer.send_all(0..500).await.unwrap();
    drop(answer);
    assert_eq!(take_all(&mut numbers).await.0, Vec::from_iter(0..500));
}
