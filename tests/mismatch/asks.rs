//! Channels of requests: messages and answers are compared, whoever asks.

use netchan::channel::Value;
use netchan::net::{ImportError, ImportSettings, RecvSettings, SendSettings};

use crate::support::{Place, TestResult, guarded};
use crate::types::{nested, variant_added};

/// Imports as the side that asks.
async fn ask<Q: Value, R: Value>(place: &Place, name: &str) -> Result<(), ImportError> {
    let import = place.importer.import_caller::<Q, R>(name, ImportSettings::default());
    guarded(import).await.map(drop)
}

/// Imports as the side that answers.
async fn answer<Q: Value, R: Value>(place: &Place, name: &str) -> Result<(), ImportError> {
    let import = place.importer.import_requests::<Q, R>(name, ImportSettings::default());
    guarded(import).await.map(drop)
}

#[tokio::test]
async fn messages_and_answers_are_compared_when_the_importer_asks() -> TestResult {
    use nested::{left, right};
    let mut place = Place::new().await?;
    let settings = RecvSettings::default().stays_open();
    let _requests = place
        .exporter
        .export_requests::<left::Order, variant_added::left::Payment>("orders", settings)?;
    let refused = ask::<right::Order, variant_added::left::Payment>(&place, "orders").await;
    place.expect_mismatch(refused, "Order.lines[].qty: exporter u32, importer u64").await?;
    let refused = ask::<left::Order, variant_added::right::Payment>(&place, "orders").await;
    let expected = "answers: Payment::Cheque: exporter missing, importer variant 2";
    place.expect_mismatch(refused, expected).await?;
    // The first that differs is that of the messages.
    let refused = ask::<right::Order, variant_added::right::Payment>(&place, "orders").await;
    place.expect_mismatch(refused, "Order.lines[].qty: exporter u32, importer u64").await?;
    // Whoever only tells gets no answers.
    let settings = ImportSettings::default();
    place.importer.import_sender::<left::Order>("orders", settings).await?;
    Ok(())
}

#[tokio::test]
async fn messages_and_answers_are_compared_when_the_exporter_asks() -> TestResult {
    use nested::{left, right};
    let mut place = Place::new().await?;
    let _caller =
        place.exporter.export_caller::<left::Order, u32>("jobs", SendSettings::default())?;
    let refused = answer::<right::Order, u32>(&place, "jobs").await;
    place.expect_mismatch(refused, "Order.lines[].qty: exporter u32, importer u64").await?;
    let refused = answer::<left::Order, Result<u32, String>>(&place, "jobs").await;
    let expected = "answers: u32: exporter u32, importer enum Result";
    place.expect_mismatch(refused, expected).await?;
    answer::<left::Order, u32>(&place, "jobs").await?;
    Ok(())
}
