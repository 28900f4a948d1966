//! Channels of requests: who answers accepts older requests, who asks accepts older answers.

use netchan::channel::{Format, Responder};
use netchan::net::{ImportSettings, RecvSettings, SendSettings};

use crate::support::{Place, TestResult, connect, guarded};
use crate::upgrades::{Order, OrderV1, Receipt, ReceiptV1, order, orders, receipt, receipts};

/// Whoever answers is upgraded, and answers an old asker's requests with what that can read.
#[tokio::test]
async fn an_upgraded_side_answers_older_requests_whoever_exports() -> TestResult {
    let place = Place::new().await?;
    let settings = RecvSettings::default().stays_open();
    let old_answers = Format::<ReceiptV1>::new;
    let mut requests =
        place.exporter.export_requests_as("in", settings, orders(), old_answers())?;
    let old = place.importer.import_caller::<OrderV1, ReceiptV1>("in", ImportSettings::default());
    let old = guarded(old).await?;
    let new = connect(&place.address).await?;
    let new =
        new.import_caller_as("in", ImportSettings::default(), Format::<Order>::new(), receipts());
    let new = guarded(new).await?;
    let answer = async {
        for _ in 0..2 {
            let (Order { qty, .. }, responder) =
                requests.recv().await.expect("a request").into_parts();
            responder.answer(ReceiptV1 { total: qty as u32 }).expect("it can be sent");
        }
    };
    let asked = async { tokio::join!(old.ask(OrderV1 { qty: 1 }), new.ask(order(2)), answer) };
    let (old, new, ()) = guarded(asked).await;
    assert_eq!(old?, ReceiptV1 { total: 1 });
    assert_eq!(new?, Receipt { total: 2, is_old: true });
    Ok(())
}

/// The exporter asks; importers of both versions answer.
#[tokio::test]
async fn an_upgraded_exporter_reads_older_answers() -> TestResult {
    let place = Place::new().await?;
    let settings = SendSettings::default();
    let messages = Format::<OrderV1>::new();
    let caller = place.exporter.export_caller_as("jobs", settings, messages, receipts())?;
    let settings = ImportSettings::default();
    let mut old = place.importer.import_requests::<OrderV1, ReceiptV1>("jobs", settings).await?;
    let asked = caller.ask(OrderV1 { qty: 7 });
    let answered = async {
        let (OrderV1 { qty }, responder) = old.recv().await.expect("a request").into_parts();
        answer(responder, ReceiptV1 { total: qty });
    };
    let (receipt_of_old, ()) = guarded(async { tokio::join!(asked, answered) }).await;
    assert_eq!(receipt_of_old?, Receipt { total: 7, is_old: true });
    drop(old);

    let newer = connect(&place.address).await?;
    let importing = newer.import_requests_as("jobs", settings, orders(), Format::<Receipt>::new());
    let mut new = guarded(importing).await?;
    let asked = caller.ask(OrderV1 { qty: 8 });
    let answered = async {
        let (Order { qty, note }, responder) = new.recv().await.expect("a request").into_parts();
        assert_eq!(note.as_deref(), Some("from V1"));
        answer(responder, receipt(qty));
    };
    let (receipt_of_new, ()) = guarded(async { tokio::join!(asked, answered) }).await;
    assert_eq!(receipt_of_new?, receipt(8));
    Ok(())
}

/// The importer asks an exporter that was not upgraded.
#[tokio::test]
async fn an_upgraded_importer_reads_older_answers() -> TestResult {
    let place = Place::new().await?;
    let settings = RecvSettings::default().stays_open();
    let mut requests = place.exporter.export_requests::<OrderV1, ReceiptV1>("in", settings)?;
    let settings = ImportSettings::default();
    let messages = Format::<OrderV1>::new();
    let caller = place.importer.import_caller_as("in", settings, messages, receipts()).await?;
    let answered = async {
        let (OrderV1 { qty }, responder) = requests.recv().await.expect("a request").into_parts();
        answer(responder, ReceiptV1 { total: qty });
    };
    let (receipt, ()) =
        guarded(async { tokio::join!(caller.ask(OrderV1 { qty: 5 }), answered) }).await;
    assert_eq!(receipt?, Receipt { total: 5, is_old: true });
    Ok(())
}

#[tokio::test]
async fn answers_that_the_asker_does_not_know_are_refused() -> TestResult {
    let mut place = Place::new().await?;
    let settings = RecvSettings::default().stays_open();
    let _requests =
        place.exporter.export_requests_as("in", settings, orders(), Format::<Receipt>::new())?;
    let import =
        place.importer.import_caller::<OrderV1, ReceiptV1>("in", ImportSettings::default());
    let refused = guarded(import).await.map(drop);
    let expected = "answers: Receipt.is_old: exporter bool, importer missing";
    place.expect_mismatch(refused, expected).await?;
    Ok(())
}

fn answer<R>(responder: Responder<R>, answer: R) {
    responder.answer(answer).expect("it can be sent");
}
