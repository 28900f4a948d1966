//! Ten thousand ends, one after another and at once.

use netchan::channel::{CodecError, OfferError, RemoteSender, SendError, TrySendError};
use netchan::limits::OFFERS_MAX;
use netchan::net::{ImportSettings, RecvSettings, SendSettings};

use crate::support::{Joined, Request, guarded, quick, reply_to, request, take_all};

const MANY: u64 = 10_000;

#[tokio::test]
async fn ten_thousand_ends_at_once_leave_nothing_behind() {
    let joined = Joined::new().await;
    let settings = RecvSettings::default().stays_open();
    let mut requests = joined.exporter.export_receiver::<Request>("in", settings).unwrap();
    let ask = joined.importer.import_sender("in", Default::default()).await.unwrap();
    let serving = tokio::spawn(async move {
        let mut held = Vec::new();
        while held.len() < MANY as usize {
            let question = requests.recv().await.unwrap();
            let number = question.number;
            let answer = reply_to(question);
            answer.send(number).await.unwrap();
            held.push(answer);
        }
        (held, requests)
    });
    let mut waiting = Vec::new();
    for number in 0..MANY {
        let (question, answers) = request(number, 1);
        guarded(ask.send(question)).await.unwrap();
        waiting.push(answers);
    }
    let (held, _requests) = guarded(serving).await.unwrap();
    assert_eq!(joined.importer_status().await.offers, MANY as usize);
    assert_eq!(joined.exporter_status().await.claims, MANY as usize);
    drop(held);
    for (number, mut answers) in waiting.into_iter().enumerate() {
        assert_eq!(take_all(&mut answers).await.0, [number as u64]);
    }
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn ten_thousand_ends_one_after_another_leave_nothing_behind() {
    let joined = Joined::new().await;
    let ask = joined.exporter.export_sender::<Request>("out", SendSettings::default()).unwrap();
    let settings = ImportSettings::default();
    let mut requests = joined.importer.import_receiver::<Request>("out", settings).await.unwrap();
    tokio::spawn(async move {
        while let Ok(question) = requests.recv().await {
            let number = question.number;
            reply_to(question).send(number).await.unwrap();
        }
    });
    let mut most_channels = 0;
    for number in 0..MANY {
        let (question, mut answers) = request(number, 1);
        guarded(ask.send(question)).await.unwrap();
        assert_eq!(take_all(&mut answers).await.0, [number]);
        if number % 1000 == 0 {
            most_channels = most_channels.max(joined.exporter_status().await.channels.len());
        }
    }
    assert!(most_channels <= 4, "{most_channels} channels at once");
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn no_more_is_offered_than_may_be() {
    let joined = Joined::new().await;
    let settings = SendSettings::default().queue_bytes(1 << 24);
    let ask = joined.exporter.export_sender("out", settings.capacity_values(1 << 15)).unwrap();
    let (end, receiver) = RemoteSender::<u8>::channel(1).unwrap();
    for _ in 0..OFFERS_MAX {
        ask.try_send(end.clone()).unwrap();
    }
    let error = ask.try_send(end.clone()).unwrap_err();
    let too_many = OfferError::TooMany { offers_max: OFFERS_MAX };
    let TrySendError::Unencodable(_, error) = error else { panic!("{error:?}") };
    assert_eq!(error, CodecError::NotOffered(too_many));
    drop(receiver);
    assert_eq!(joined.exporter_status().await.offers, 0);
    let (end, _receiver) = RemoteSender::<u8>::channel(1).unwrap();
    let sent: Result<(), SendError<_>> = ask.send(end).await;
    sent.unwrap();
}

/// Many tasks, many connections, real threads, and links that break all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn questions_from_all_sides_leave_nothing_behind() {
    let first = Joined::new().await;
    let ask = first.exporter.export_sender::<Request>("out", SendSettings::default()).unwrap();
    let mut importers = vec![first];
    for _ in 0..3 {
        let exporter = importers[0].exporter.clone();
        importers.push(Joined::to(exporter, quick().build().unwrap()).await);
    }
    for joined in &importers {
        let settings = ImportSettings::default();
        let mut requests =
            joined.importer.import_receiver::<Request>("out", settings).await.unwrap();
        tokio::spawn(async move {
            while let Ok(question) = requests.recv().await {
                let number = question.number;
                let answer = reply_to(question);
                tokio::spawn(async move { answer.send_all([number, number + 1]).await });
            }
        });
    }
    let asking: Vec<_> = (0..8)
        .map(|task| {
            let ask = ask.clone();
            let line = importers[task as usize % 4].line.clone();
            tokio::spawn(async move {
                for number in 0..300 {
                    let (question, mut answers) = request(number, 1);
                    ask.send(question).await.unwrap();
                    if number % 50 == task {
                        line.cut();
                    }
                    let (values, closed) = take_all(&mut answers).await;
                    assert_eq!(values, [number, number + 1], "{closed}");
                }
            })
        })
        .collect();
    for task in asking {
        guarded(task).await.unwrap();
    }
    for joined in &importers {
        while joined.importer_status().await.claims > 0 {
            tokio::task::yield_now().await;
        }
    }
    let statuses = importers[0].exporter.status().await;
    assert_eq!(statuses.len(), 4);
    assert!(statuses.iter().all(|status| status.offers == 0 && status.channels.len() == 1));
}
