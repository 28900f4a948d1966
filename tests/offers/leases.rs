//! Offers that nobody claims, and what else releases them.

use std::time::Duration;

use netchan::channel::{Closed, Origin, Reason};
use netchan::limits::OFFER_LEASE;
use netchan::net::{Config, RecvSettings, SendSettings, Shape, Slow};
use tokio::time::Instant;

use crate::support::{Joined, Request, guarded, quick, reply_to, request, take_all};

#[tokio::test(start_paused = true)]
async fn an_offer_that_nobody_claims_is_released_when_its_lease_has_run_out() {
    let joined = Joined::new().await;
    let ask = joined.exporter.export_sender::<Request>("work", SendSettings::default()).unwrap();
    let begun = Instant::now();
    let (question, mut answers) = request(1, 1);
    ask.send(question).await.unwrap();
    assert_eq!(joined.exporter_status().await.offers, 1);
    let (values, closed) = take_all(&mut answers).await;
    assert!(values.is_empty());
    assert_eq!(closed, Closed::new(Origin::Local, Reason::LeaseExpired));
    let waited = begun.elapsed();
    assert!((OFFER_LEASE..OFFER_LEASE + Duration::from_secs(1)).contains(&waited), "{waited:?}");
    // Whoever takes the message now cannot answer.
    let mut jobs =
        joined.importer.import_receiver::<Request>("work", Default::default()).await.unwrap();
    let answer = reply_to(guarded(jobs.recv()).await.unwrap());
    let not_offered = Closed::new(Origin::Peer, Reason::NotOffered);
    assert_eq!(guarded(answer.closed()).await, not_offered);
    joined.wait_until_empty(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_a_setting_and_begins_again_when_a_session_is_lost() {
    let lease = Duration::from_secs(5);
    let config = quick().offer_lease(lease).build().unwrap();
    let joined = Joined::with(config).await;
    let ask = joined.exporter.export_sender::<Request>("work", SendSettings::default()).unwrap();
    let mut jobs =
        joined.importer.import_receiver::<Request>("work", Default::default()).await.unwrap();
    let (question, mut answers) = request(1, 1);
    ask.send(question).await.unwrap();
    let answer = reply_to(guarded(jobs.recv()).await.unwrap());
    answer.send(1).await.unwrap();
    assert_eq!(guarded(answers.recv()).await.unwrap(), 1);
    tokio::time::sleep(100 * lease).await;
    answer.send(2).await.unwrap();
    assert_eq!(guarded(answers.recv()).await.unwrap(), 2, "a claim has no lease");
    let lost_at = Instant::now();
    joined.importer.close().await;
    let (values, closed) = take_all(&mut answers).await;
    assert!(values.is_empty());
    assert_eq!(closed.reason, Reason::ConnectionClosed);
    let waited = lost_at.elapsed();
    assert!((lease..2 * lease).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn an_offer_in_a_value_that_is_dropped_here_is_withdrawn_at_once() {
    let joined = Joined::new().await;
    let ask = joined.exporter.export_sender::<Request>("work", SendSettings::default()).unwrap();
    let begun = Instant::now();
    let (question, mut answers) = request(1, 1);
    ask.send(question).await.unwrap();
    let report = joined.exporter.hangup("work").await.unwrap();
    assert_eq!(report.discarded_values, 1);
    let (_, closed) = take_all(&mut answers).await;
    assert_eq!(closed, Closed::new(Origin::Local, Reason::HungUp));
    assert_eq!(joined.exporter_status().await.offers, 0);
    assert!(begun.elapsed() < OFFER_LEASE / 2);
}

#[tokio::test(start_paused = true)]
async fn an_offer_in_a_value_that_was_sent_outlives_a_hangup() {
    let joined = Joined::new().await;
    let mut requests =
        joined.exporter.export_receiver::<Request>("in", RecvSettings::default()).unwrap();
    let ask = joined.importer.import_sender("in", Default::default()).await.unwrap();
    let (question, mut answers) = request(1, 1);
    ask.send(question).await.unwrap();
    joined.importer.sync(Duration::from_secs(9)).await.unwrap();
    joined.importer.hangup("in").await.unwrap();
    // What has come can still be taken, and answered.
    reply_to(guarded(requests.recv()).await.unwrap()).send(5).await.unwrap();
    assert_eq!(take_all(&mut answers).await.0, [5]);
    joined.wait_until_empty(0).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_what_offers_them_releases_all_offers() {
    let begun = Instant::now();
    for closes_exporter in [true, false] {
        let joined = Joined::new().await;
        let settings = RecvSettings::default();
        let _requests = joined.exporter.export_receiver::<Request>("in", settings).unwrap();
        let out = joined.exporter.export_sender::<Request>("out", Default::default()).unwrap();
        let ask = joined.importer.import_sender("in", Default::default()).await.unwrap();
        let ((question, mut of_importer), (offer, mut of_exporter)) =
            (request(1, 1), request(2, 1));
        ask.send(question).await.unwrap();
        out.send(offer).await.unwrap();
        joined.importer.sync(Duration::from_secs(9)).await.unwrap();
        if closes_exporter {
            joined.exporter.close().await;
            assert_eq!(take_all(&mut of_exporter).await.1.reason, Reason::HungUp);
        } else {
            joined.importer.close().await;
        }
        let closed = take_all(&mut of_importer).await.1;
        assert_eq!(closed.reason, Reason::ConnectionClosed);
    }
    assert!(begun.elapsed() < OFFER_LEASE / 2);
}

#[tokio::test]
async fn a_connection_lasts_as_long_as_somebody_may_answer() {
    let joined = Joined::with(Config::default()).await;
    let mut requests =
        joined.exporter.export_receiver::<Request>("in", RecvSettings::default()).unwrap();
    let ask = joined.importer.import_sender("in", Default::default()).await.unwrap();
    let (question, mut answers) = request(1, 1);
    ask.send(question).await.unwrap();
    drop(ask);
    let Joined { importer, importer_driver, .. } = joined;
    drop(importer);
    let question = guarded(requests.recv()).await.unwrap();
    let answer = reply_to(question);
    for number in 0..10 {
        answer.send(number).await.unwrap();
        assert_eq!(guarded(answers.recv()).await.unwrap(), number);
    }
    assert!(!importer_driver.is_finished());
    drop(answer);
    let end = guarded(importer_driver).await.unwrap();
    assert!(end.is_regular(), "{end}");
}

#[tokio::test(start_paused = true)]
async fn whoever_gets_a_message_that_goes_to_everyone_can_claim_its_end() {
    let lease = Duration::from_secs(100);
    let config = quick().offer_lease(lease).build().unwrap();
    let first = Joined::with(config.clone()).await;
    let settings = SendSettings::default().shape(Shape::Broadcast(Slow::Wait));
    let ask = first.exporter.export_sender::<Request>("calls", settings).unwrap();
    let second = Joined::to(first.exporter.clone(), config).await;
    let mut calls = Vec::new();
    for joined in [&first, &second] {
        let imported = joined.importer.import_receiver::<Request>("calls", Default::default());
        calls.push(imported.await.unwrap());
    }
    let (call, mut answers) = request(1, 4);
    ask.send(call).await.unwrap();
    for (number, calls) in (0..).zip(&mut calls) {
        // One after the other: the first has long let go of the end when the second gets it.
        let answer = reply_to(guarded(calls.recv()).await.unwrap());
        answer.send(number).await.unwrap();
        drop(answer);
        assert_eq!(guarded(answers.recv()).await.unwrap(), number);
        tokio::time::sleep(lease / 2).await;
    }
    assert_eq!(first.exporter.status().await[0].offers, 1);
    let (values, closed) = take_all(&mut answers).await;
    assert_eq!((values, closed.reason), (vec![], Reason::Finished));
    assert_eq!(first.exporter.status().await[0].offers, 0);
}
