//! Large values are written from where their sender has them, and stay where they were read to.

use std::pin::Pin;

use bytes::Bytes;
use futures::SinkExt;
use netchan::Exporter;
use netchan::limits::{LARGE_VALUE_BYTES, SHARED_BYTES_MIN};
use netchan::net::{ImportSettings, RecvSettings, SendSettings, Shape, Slow};

use crate::support::{
    Links, TestResult, assert_same, blob, blobs, connect, guarded, quick_config, raw, send_all,
    take_all,
};

/// Long values, in one frame and in many.
const LONG: &[usize] = &[LARGE_VALUE_BYTES, 60_000, 64 * 1024, 1 << 20, 5_000_000];

#[tokio::test(start_paused = true)]
async fn large_values_are_written_from_where_they_are_to_all_importers() -> TestResult {
    guarded(async {
        for shape in [Shape::Queue, Shape::Broadcast(Slow::Wait)] {
            let exporter = Exporter::new(quick_config()?);
            let settings = SendSettings::default().shape(shape);
            let sender = exporter.export_sender_as("blobs", settings, raw())?;
            let importers = if shape == Shape::Queue { 1 } else { 3 };
            let (mut links, mut receivers) = (Vec::new(), Vec::new());
            for _importer in 0..importers {
                links.push(Links::default());
                let connection = connect(&exporter, &links[links.len() - 1]).await?;
                let settings = ImportSettings::default();
                let receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
                receivers.push((connection, receiver));
            }
            let sent = blobs(LONG);
            send_all(sender, &sent);
            let takes = receivers.iter_mut().map(|(_, receiver)| take_all(receiver));
            for came in futures::future::join_all(takes).await {
                assert_same(&came?, &sent);
            }
            for (links, blob) in links.iter().flat_map(|links| sent.iter().map(move |b| (links, b)))
            {
                assert!(links.exporter.has_written(blob), "{} bytes, {shape:?}", blob.len());
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn the_newest_value_is_written_from_where_it_is() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let settings = SendSettings::default().shape(Shape::Latest);
        let sender = exporter.export_sender_as("blob", settings, raw())?;
        let newest = blob(2, 100_000);
        sender.send(blob(1, 50_000)).await?;
        sender.send(newest.clone()).await?;
        for _importer in 0..2 {
            let links = Links::default();
            let connection = connect(&exporter, &links).await?;
            let settings = ImportSettings::default();
            let mut receiver = connection.import_receiver_as("blob", settings, raw()).await?;
            assert_same(&[receiver.recv().await?], std::slice::from_ref(&newest));
            assert!(links.exporter.has_written(&newest));
        }
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn no_way_to_send_copies_a_large_value() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let mut receiver = exporter.export_receiver_as("blobs", RecvSettings::default(), raw())?;
        let links = Links::default();
        let connection = connect(&exporter, &links).await?;
        let settings = ImportSettings::default();
        let mut sender = connection.import_sender_as("blobs", settings, raw()).await?;
        let sent = blobs(&[LARGE_VALUE_BYTES; 4]);
        sender.send(sent[0].clone()).await?;
        sender.try_send(sent[1].clone())?;
        sender.reserve().await?.send(sent[2].clone())?;
        Pin::new(&mut sender).send(sent[3].clone()).await?;
        // One that is not large is copied, which costs less.
        let short = blob(9, LARGE_VALUE_BYTES - 1);
        sender.send(short.clone()).await?;
        drop(sender);
        assert_same(
            &take_all(&mut receiver).await?,
            &[&sent[..], std::slice::from_ref(&short)].concat(),
        );
        assert!(sent.iter().all(|blob| links.importer.has_written(blob)));
        assert!(!links.importer.has_written(&short));
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn values_that_come_in_one_frame_stay_where_they_were_read_to() -> TestResult {
    guarded(async {
        // Of long frames each is read to its end if its header came with the one before. Behind a pause of
        // the sender none did, and of shorter ones many are read at once: what comes last may be cut, and
        // its beginning moves.
        for (length, moved_max) in [(65_000, 5), (40_000, 5), (20_000, 5), (SHARED_BYTES_MIN, 5)] {
            let exporter = Exporter::new(quick_config()?);
            let settings = RecvSettings::default();
            let mut receiver = exporter.export_receiver_as("blobs", settings, raw())?;
            let links = Links::default();
            let connection = connect(&exporter, &links).await?;
            let settings = ImportSettings::default();
            let sender = connection.import_sender_as("blobs", settings, raw()).await?;
            let sent = blobs(&[length; 15]);
            send_all(sender, &sent);
            // They are held all the time, so no buffer is used twice.
            let came: Vec<Bytes> = take_all(&mut receiver).await?;
            assert_same(&came, &sent);
            let moved = came.iter().filter(|value| !links.exporter.has_read(value)).count();
            assert!(moved <= moved_max, "{moved} of {length} bytes");
        }
        Ok(())
    })
    .await
}
