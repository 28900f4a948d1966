//! What a sync must say, and what it must not wait for.

use futures::FutureExt;
use netchan::net::{FlushError, ImportSettings, RecvSettings, SendSettings};
use serde_bytes::ByteBuf;

use crate::support::{GUARD, exporter, guarded, join, settle};

#[tokio::test]
async fn a_sync_whose_values_are_dropped_with_their_channel_is_an_error() {
    let exporter = exporter();
    let receiver = exporter.export_receiver::<ByteBuf>("in", RecvSettings::default()).unwrap();
    let joined = join(&exporter).await;
    let settings = ImportSettings::default().size(256).queue_bytes(64 << 20);
    let sender = joined.importer.import_sender("in", settings).await.unwrap();
    for _ in 0..200 {
        sender.send(ByteBuf::from(vec![0; 16 << 10])).await.unwrap();
    }
    let importer = joined.importer.clone();
    let sync = tokio::spawn(async move { importer.sync(GUARD).await });
    settle().await;
    assert!(!sync.is_finished(), "the window in bytes is full");
    let received = receiver.len() as u64;
    drop(receiver);
    match guarded(sync).await.unwrap() {
        Err(FlushError::Discarded { discarded_values }) => {
            assert_eq!(discarded_values, 200 - received);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_exporter_s_sync_does_not_wait_for_what_is_sent_after_it_on_other_channels() {
    let exporter = exporter();
    let joined = join(&exporter).await;
    let narrow = ImportSettings::default().size(1);
    let sender = exporter.export_sender::<u32>("first", SendSettings::default()).unwrap();
    let mut receiver = joined.importer.import_receiver::<u32>("first", narrow).await.unwrap();
    let mut others = Vec::new();
    for number in 0..12 {
        let name = format!("other {number}");
        let sender = exporter.export_sender::<u32>(&name, SendSettings::default()).unwrap();
        let receiver = joined.importer.import_receiver::<u32>(&name, narrow).await.unwrap();
        others.push((sender, receiver));
    }
    sender.send_all(0..3).await.unwrap();
    let mut sync = Box::pin(exporter.sync(GUARD));
    settle().await;
    assert!((&mut sync).now_or_never().is_none());
    for (sender, _receiver) in &others {
        sender.send_all(0..3).await.unwrap();
    }
    for expected in 0..3 {
        assert_eq!(receiver.recv().await, Ok(expected));
    }
    guarded(sync).await.unwrap();
}
