//! Links that break, and sessions that are lost.

use netchan::Exporter;
use netchan::channel::{Origin, Reason};
use netchan::net::{Config, RecvSettings, SendSettings};

use crate::support::{Joined, Request, guarded, quick, reply_to, request, take_all};

#[tokio::test]
async fn links_that_break_lose_and_repeat_nothing() {
    let joined = Joined::new().await;
    let mut requests = joined
        .exporter
        .export_receiver::<Request>("requests", RecvSettings::default().stays_open())
        .unwrap();
    let ask = joined.importer.import_sender("requests", Default::default()).await.unwrap();
    let serving = tokio::spawn(async move {
        while let Ok(question) = requests.recv().await {
            let number = question.number;
            let answer = reply_to(question);
            tokio::spawn(async move { answer.send_all(number..number + 20).await });
        }
    });
    let line = joined.line.clone();
    for round in 0..50 {
        let mut waiting = Vec::new();
        for number in 0..10 {
            let (question, answers) = request(1000 * round + number, 3);
            guarded(ask.send(question)).await.unwrap();
            waiting.push((1000 * round + number, answers));
        }
        line.cut();
        for (number, mut answers) in waiting {
            let (values, closed) = take_all(&mut answers).await;
            assert_eq!(values, Vec::from_iter(number..number + 20));
            assert_eq!(closed.reason, Reason::Finished);
            if number % 4 == 0 {
                line.cut();
            }
        }
    }
    assert!(joined.importer_status().await.resumes > 10);
    joined.wait_until_empty(1).await;
    serving.abort();
}

#[tokio::test]
async fn ends_that_are_held_end_when_the_peer_restarts() {
    let joined = Joined::new().await;
    let settings = SendSettings::default();
    let ask = joined.exporter.export_sender::<Request>("requests", settings).unwrap();
    let mut requests =
        joined.importer.import_receiver::<Request>("requests", Default::default()).await.unwrap();
    let (question, _answers) = request(1, 1);
    ask.send(question).await.unwrap();
    let answer = reply_to(guarded(requests.recv()).await.unwrap());
    answer.send(1).await.unwrap();
    let next = Exporter::new(quick().build().unwrap());
    let _ask = next.export_sender::<Request>("requests", settings).unwrap();
    joined.line.point_to(&next);
    joined.line.cut();
    let closed = guarded(answer.closed()).await;
    assert_eq!(closed.origin, Origin::Link);
    assert!(matches!(closed.reason, Reason::ConnectionLost(_)), "{closed}");
    assert_eq!(joined.importer_status().await.claims, 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_sent_again_can_be_claimed_again() {
    let config = quick().build().unwrap();
    let first = Joined::with(config.clone()).await;
    let ask = first.exporter.export_sender::<Request>("work", SendSettings::default()).unwrap();
    let mut jobs =
        first.importer.import_requests::<Request, ()>("work", Default::default()).await.unwrap();
    let (question, mut answers) = request(1, 4);
    ask.send(question).await.unwrap();
    let (job, receipt) = guarded(jobs.recv()).await.unwrap().into_parts();
    let answer = reply_to(job);
    answer.send(1).await.unwrap();
    assert_eq!(guarded(answers.recv()).await.unwrap(), 1);
    // The worker dies with the job in its hands.
    first.importer_driver.abort();
    first.line.cut();
    assert!(guarded(answer.closed()).await.origin == Origin::Local || answer.is_closed());
    let second = Joined::to(first.exporter.clone(), Config::default()).await;
    let mut jobs =
        second.importer.import_receiver::<Request>("work", Default::default()).await.unwrap();
    let job = guarded(jobs.recv()).await.unwrap();
    reply_to(job).send(2).await.unwrap();
    let (values, closed) = take_all(&mut answers).await;
    assert_eq!((values, closed.reason), (vec![2], Reason::Finished));
    drop(receipt);
}

#[tokio::test]
async fn a_question_that_is_sent_again_to_a_restarted_exporter_is_answered() {
    let joined = Joined::new().await;
    let settings = RecvSettings::default();
    let first = joined.exporter.export_receiver::<Request>("in", settings).unwrap();
    let ask = joined.importer.import_sender("in", Default::default()).await.unwrap();
    let (question, mut answers) = request(1, 1);
    ask.send(question).await.unwrap();
    joined.importer.sync(std::time::Duration::from_secs(60)).await.unwrap();
    // Received, and not taken.
    assert_eq!(first.len(), 1);
    let next = Exporter::new(quick().build().unwrap());
    let mut requests = next.export_receiver::<Request>("in", settings).unwrap();
    joined.line.point_to(&next);
    joined.line.cut();
    reply_to(guarded(requests.recv()).await.unwrap()).send(8).await.unwrap();
    assert_eq!(take_all(&mut answers).await.0, [8]);
    while joined.importer_status().await.offers > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn values_that_come_too_late_have_ends_that_are_closed() {
    let joined = Joined::new().await;
    let settings = RecvSettings::default();
    let mut requests = joined.exporter.export_receiver::<Request>("in", settings).unwrap();
    let ask = joined.importer.import_sender("in", Default::default()).await.unwrap();
    let mut waiting = Vec::new();
    for number in 0..2 {
        let (question, answers) = request(number, 1);
        ask.send(question).await.unwrap();
        waiting.push(answers);
    }
    joined.importer.sync(std::time::Duration::from_secs(60)).await.unwrap();
    joined.importer.close().await;
    while !joined.exporter.status().await.is_empty() {
        tokio::task::yield_now().await;
    }
    for number in 0..2 {
        let question = guarded(requests.recv()).await.unwrap();
        assert_eq!(question.number, number);
        let closed = reply_to(question).closed_by().unwrap();
        assert_eq!((closed.origin, closed.reason), (Origin::Peer, Reason::ConnectionClosed));
    }
}

#[tokio::test]
async fn jobs_in_a_queue_are_answered_by_whichever_importer_takes_them() {
    let first = Joined::new().await;
    let ask = first.exporter.export_sender::<Request>("work", SendSettings::default()).unwrap();
    let mut importers = vec![];
    for _ in 0..4 {
        importers.push(Joined::to(first.exporter.clone(), Config::default()).await);
    }
    for joined in &importers {
        let mut jobs =
            joined.importer.import_receiver::<Request>("work", Default::default()).await.unwrap();
        tokio::spawn(async move {
            while let Ok(job) = jobs.recv().await {
                let number = job.number;
                reply_to(job).send(number).await.unwrap();
                // Another importer's turn.
                tokio::task::yield_now().await;
            }
        });
    }
    let mut waiting = Vec::new();
    for number in 0..200 {
        let (job, answers) = request(number, 1);
        ask.send(job).await.unwrap();
        waiting.push(answers);
    }
    for (number, mut answers) in waiting.into_iter().enumerate() {
        assert_eq!(take_all(&mut answers).await.0, [number as u64]);
    }
    for joined in &importers {
        while joined.importer_status().await.claims > 0 {
            tokio::task::yield_now().await;
        }
    }
    assert!(first.exporter.status().await.iter().all(|status| status.offers == 0));
}
