//! Links that break in the middle of values, and sessions that are lost with values under way.

use netchan::Exporter;
use netchan::net::{ImportSettings, RecvSettings, SendSettings, Shape, Slow};

use crate::support::{
    Links, TestResult, assert_same, blobs, connect, guarded, quick_config, raw, send_all, take_all,
};

/// Short values between long ones.
fn mixed_lengths() -> Vec<usize> {
    [20_000, 5, 300_000, 0, 64 * 1024, 100, 1_000_000, 16_384, 16_383, 70_000].repeat(3)
}

/// Links that break wherever it hurts: in heads, lengths, pieces and between them.
fn budgets() -> impl Iterator<Item = usize> {
    (0..40).map(|number| 66_000 + number * 7_919)
}

#[tokio::test(start_paused = true)]
async fn values_out_of_an_exporter_survive_links_that_break() -> TestResult {
    guarded(async {
        for shape in [Shape::Queue, Shape::Broadcast(Slow::Wait)] {
            let exporter = Exporter::new(quick_config()?);
            let settings = SendSettings::default().shape(shape);
            let sender = exporter.export_sender_as("blobs", settings, raw())?;
            let links = Links::breaking(budgets());
            let connection = connect(&exporter, &links).await?;
            let settings = ImportSettings::default();
            let mut receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
            let sent = blobs(&mixed_lengths());
            send_all(sender, &sent);
            assert_same(&take_all(&mut receiver).await?, &sent);
            assert!(links.dialled() > 10, "{} links", links.dialled());
            let large = sent.iter().filter(|blob| blob.len() >= 16_384);
            assert!(large.into_iter().all(|blob| links.exporter.has_written(blob)));
        }
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn values_into_an_exporter_survive_links_that_break() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let mut receiver = exporter.export_receiver_as("blobs", RecvSettings::default(), raw())?;
        let links = Links::breaking(budgets());
        let connection = connect(&exporter, &links).await?;
        let settings = ImportSettings::default();
        let sender = connection.import_sender_as("blobs", settings, raw()).await?;
        let sent = blobs(&mixed_lengths());
        send_all(sender, &sent);
        assert_same(&take_all(&mut receiver).await?, &sent);
        assert!(links.dialled() > 10, "{} links", links.dialled());
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_importer_did_not_take_goes_to_the_next_one() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let sender = exporter.export_sender_as("blobs", SendSettings::default(), raw())?;
        let sent = blobs(&[30_000, 7, 500_000, 20_000, 100, 90_000, 16_384]);
        send_all(sender, &sent);
        let links = Links::default();
        let connection = connect(&exporter, &links).await?;
        let settings = ImportSettings::default();
        let mut receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
        let taken = [receiver.recv().await?, receiver.recv().await?];
        assert_same(&taken, &sent[..2]);
        connection.close().await;
        drop(receiver);
        let connection = connect(&exporter, &links).await?;
        let mut receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
        // That it had taken some may not have been known yet.
        let came = take_all(&mut receiver).await?;
        let known = sent.len().saturating_sub(came.len());
        assert!(known <= taken.len());
        assert_same(&came, &sent[known..]);
        Ok(())
    })
    .await
}
