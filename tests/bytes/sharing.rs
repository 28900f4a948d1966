//! Several receivers of one channel of bytes.

use netchan::Exporter;
use netchan::net::{ImportSettings, SendSettings};

use crate::support::{
    Links, TestResult, assert_same, blobs, connect, guarded, quick_config, raw, send_all, take_all,
};

#[tokio::test(start_paused = true)]
async fn each_value_goes_to_one_of_several_receivers() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let sender = exporter.export_sender_as("blobs", SendSettings::default(), raw())?;
        let connection = connect(&exporter, &Links::default()).await?;
        let settings = ImportSettings::default();
        let receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
        let lengths: Vec<usize> = (0..600).map(|number| number * 997 % 40_000).collect();
        let mut sent = blobs(&lengths);
        let takers: Vec<_> = (0..3)
            .map(|_| {
                let mut receiver = receiver.clone();
                tokio::spawn(
                    async move { take_all(&mut receiver).await.map_err(|e| e.to_string()) },
                )
            })
            .collect();
        drop(receiver);
        send_all(sender, &sent);
        let mut came = Vec::new();
        for taker in takers {
            came.extend(taker.await??);
        }
        sent.sort();
        came.sort();
        assert_same(&came, &sent);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn what_a_receiver_holds_goes_to_others_when_it_is_dropped() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let sender = exporter.export_sender_as("blobs", SendSettings::default(), raw())?;
        let connection = connect(&exporter, &Links::default()).await?;
        let settings = ImportSettings::default();
        let mut receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
        let sent = blobs(&[5, 20_000, 6, 300_000, 7, 8, 64_000, 9]);
        sender.send_all(sent.clone()).await?;
        drop(sender);
        let mut came = vec![receiver.recv().await?];
        // It holds others by now, and gives them back when it is cloned; the clone when it is dropped.
        let mut other = receiver.clone();
        came.push(other.recv().await?);
        drop(other);
        came.push(receiver.recv().await?);
        let mut last = receiver.clone();
        drop(receiver);
        came.extend(take_all(&mut last).await?);
        assert_same(&came, &sent);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_hangup_drops_what_a_receiver_holds() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let sender = exporter.export_sender_as("blobs", SendSettings::default(), raw())?;
        let connection = connect(&exporter, &Links::default()).await?;
        let settings = ImportSettings::default();
        let mut receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
        sender.send_all(blobs(&[5, 20_000, 6, 20_000])).await?;
        let _first = receiver.recv().await?;
        assert!(!receiver.is_empty());
        connection.hangup("blobs").await?;
        assert!(receiver.recv().await.is_err());
        assert!(receiver.is_empty());
        Ok(())
    })
    .await
}
