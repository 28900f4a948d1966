//! Imports that are hung up, given up, or asked of the wrong side.

use futures::FutureExt;
use netchan::channel::{Origin, Reason, TryRecvError};
use netchan::net::{HangupError, ImportError, ImportSettings, RecvSettings, SendSettings};

use crate::support::{GUARD, Mute, exporter, guarded, join, settle};

#[tokio::test]
async fn an_import_that_is_hung_up_before_its_answer_gets_one() {
    let exporter = exporter();
    let _sender = exporter.export_sender::<u32>("out", SendSettings::default()).unwrap();
    let joined = join(&exporter).await;
    let mut import = Box::pin(joined.importer.import_receiver::<u32>("out", Default::default()));
    assert!((&mut import).now_or_never().is_none());
    guarded(joined.importer.hangup("out")).await.unwrap();
    // It was hung up, or it was answered first and then hung up.
    if let Ok(receiver) = guarded(import).await {
        assert!(receiver.is_closed());
    }
}

#[tokio::test]
async fn an_import_that_was_given_up_can_be_tried_again() {
    let exporter = exporter();
    let receiver = exporter.export_receiver::<u32>("in", RecvSettings::default()).unwrap();
    let joined = join(&exporter).await;
    let settings = ImportSettings::default();
    let mut import = Box::pin(joined.importer.import_sender::<u32>("in", settings));
    assert!((&mut import).now_or_never().is_none());
    drop(import);
    settle().await;
    assert_eq!(receiver.closed_by(), None, "nobody has finished");
    guarded(joined.importer.import_sender::<u32>("in", settings)).await.unwrap();
}

#[tokio::test]
async fn the_exporter_s_end_of_a_connection_cannot_import() {
    let exporter = exporter();
    let joined = join(&exporter).await;
    let import = joined.exporter.import_receiver::<u32>("out", Default::default());
    let result = guarded(import).await;
    assert!(matches!(result, Err(ImportError::NotImporter { .. })), "{result:?}");
    assert!(!joined.exporter_driver.is_finished());
    assert!(joined.importer.status().await.is_ok());
}

#[tokio::test]
async fn a_hangup_at_one_importer_drops_what_it_says_and_is_no_regular_end() {
    let exporter = exporter();
    let mut receiver = exporter.export_receiver::<u32>("in", RecvSettings::default()).unwrap();
    let joined = join(&exporter).await;
    let sender = joined.importer.import_sender::<u32>("in", Default::default()).await.unwrap();
    sender.send(1).await.unwrap();
    joined.importer.sync(GUARD).await.unwrap();
    let report = guarded(joined.exporter.hangup("in")).await.unwrap();
    assert_eq!(report.discarded_values, 1);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    let closed = guarded(sender.closed()).await;
    assert_eq!((closed.origin, closed.reason), (Origin::Peer, Reason::HungUp));
}

#[tokio::test(start_paused = true)]
async fn a_hangup_that_the_peer_does_not_answer_is_an_error_in_the_end() {
    let exporter = exporter();
    let receiver = exporter.export_receiver::<u32>("in", RecvSettings::default()).unwrap();
    let mut peer = Mute::connect(&exporter).await;
    peer.import("in").await;
    let result = exporter.hangup("in").await;
    assert!(matches!(result, Err(HangupError::Unanswered { .. })), "{result:?}");
    assert!(receiver.is_closed(), "on this side it is closed all the same");
}
