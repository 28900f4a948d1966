//! What must not grow.

use netchan::net::{ImportError, ImportSettings, RecvSettings};
use netchan::wire::Code;
use serde_bytes::ByteBuf;

use crate::support::{GUARD, exporter, guarded, join};

#[tokio::test]
async fn importers_that_come_and_go_cannot_fill_an_exported_receiver() {
    let exporter = exporter();
    let settings = RecvSettings::default().stays_open();
    let mut receiver = exporter.export_receiver::<ByteBuf>("in", settings).unwrap();
    let joined = join(&exporter).await;
    let import = || joined.importer.import_sender::<ByteBuf>("in", ImportSettings::default());
    let mut rounds = 0;
    let refusal = loop {
        let sender = match guarded(import()).await {
            Ok(sender) => sender,
            Err(error) => break error,
        };
        for _ in 0..15 {
            sender.send(ByteBuf::from(vec![1; 64 * 1024])).await.unwrap();
        }
        joined.importer.sync(GUARD).await.unwrap();
        joined.importer.hangup("in").await.unwrap();
        rounds += 1;
        assert!(rounds < 100, "there is a bound");
    };
    assert!(matches!(refusal, ImportError::Refused { code: Code::Busy, .. }), "{refusal:?}");
    // What came is there, and when some of it was taken, importers may come again.
    for _ in 0..rounds * 15 {
        guarded(receiver.recv()).await.unwrap();
    }
    guarded(import()).await.unwrap();
}
