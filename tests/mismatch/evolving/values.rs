//! Channels of values, for each side that exports and each side that is upgraded.

use netchan::channel::Format;
use netchan::net::{ImportSettings, RecvSettings, SendSettings};

use crate::support::{Place, TestResult, connect, guarded, receive, send};
use crate::upgrades::{Order, OrderV1, OrderV2, order, orders};

#[tokio::test]
async fn an_upgraded_exporter_receives_from_importers_of_all_versions() -> TestResult {
    let place = Place::new().await?;
    let settings = RecvSettings::default().stays_open();
    let mut received = place.exporter.export_receiver_as("orders", settings, orders())?;
    let settings = ImportSettings::default();
    let importers =
        [&place.importer, &connect(&place.address).await?, &connect(&place.address).await?];
    let first = importers[0].import_sender::<OrderV1>("orders", settings).await?;
    let second = importers[1].import_sender::<OrderV2>("orders", settings).await?;
    let third = importers[2].import_sender::<Order>("orders", settings).await?;
    for qty in 0..100 {
        first.send(OrderV1 { qty }).await?;
        second.send(OrderV2 { qty: qty.into() }).await?;
        third.send(order(qty.into())).await?;
    }
    // Two receivers take them one by one, from whichever importer they are.
    let mut other = received.clone();
    let mut quantities = [Vec::new(), Vec::new(), Vec::new()];
    for turn in 0..300 {
        let receiver = if turn % 2 == 0 { &mut received } else { &mut other };
        let Order { qty, note } = guarded(receiver.recv()).await?;
        let version = match note.as_deref() {
            Some("from V1") => 0,
            Some("from V2") => 1,
            None => 2,
            other => panic!("{other:?}"),
        };
        quantities[version].push(qty);
    }
    for of_version in &mut quantities {
        of_version.sort_unstable();
        assert_eq!(*of_version, (0..100).collect::<Vec<u64>>());
    }
    Ok(())
}

#[tokio::test]
async fn an_upgraded_importer_receives_from_an_exporter_of_each_version() -> TestResult {
    let place = Place::new().await?;
    let settings = SendSettings::default();
    let first = place.exporter.export_sender::<OrderV1>("first", settings)?;
    let second = place.exporter.export_sender::<OrderV2>("second", settings)?;
    let third = place.exporter.export_sender::<Order>("third", settings)?;
    first.send(OrderV1 { qty: 1 }).await?;
    second.send(OrderV2 { qty: 2 }).await?;
    third.send(order(3)).await?;
    for (name, expected) in [
        ("first", Order { qty: 1, note: Some("from V1".into()) }),
        ("second", Order { qty: 2, note: Some("from V2".into()) }),
        ("third", order(3)),
    ] {
        let settings = ImportSettings::default();
        let mut orders = place.importer.import_receiver_as(name, settings, orders()).await?;
        assert_eq!(guarded(orders.recv()).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn who_sends_is_not_upgraded_before_who_receives() -> TestResult {
    let mut place = Place::new().await?;
    // What an upgraded sender would accept itself does not matter.
    let _sender = place.exporter.export_sender_as("out", SendSettings::default(), orders())?;
    let refused = receive::<OrderV1>(&place.importer, "out").await;
    let expected = "Order.note: exporter option of string, importer missing";
    place.expect_mismatch(refused, expected).await?;

    let settings = RecvSettings::default().stays_open();
    let _receiver = place.exporter.export_receiver::<OrderV1>("in", settings)?;
    let settings = ImportSettings::default();
    let import = place.importer.import_sender_as("in", settings, orders());
    let refused = guarded(import).await.map(drop);
    let expected = "OrderV1.note: exporter missing, importer option of string";
    place.expect_mismatch(refused, expected).await?;
    Ok(())
}

#[tokio::test]
async fn what_is_not_on_the_list_is_refused() -> TestResult {
    let mut place = Place::new().await?;
    let only_first = || Format::<Order>::new().also_accepts::<OrderV1>();
    let settings = RecvSettings::default().stays_open();
    let _receiver = place.exporter.export_receiver_as("in", settings, only_first())?;
    let refused = send::<OrderV2>(&place.importer, "in").await;
    let expected = "Order.note: exporter option of string, importer missing; the exporter also accepts an older type";
    place.expect_mismatch(refused, expected).await?;

    let _sender = place.exporter.export_sender::<OrderV2>("out", SendSettings::default())?;
    let settings = ImportSettings::default();
    let import = place.importer.import_receiver_as("out", settings, only_first());
    let refused = guarded(import).await.map(drop);
    let expected = "OrderV2.note: exporter missing, importer option of string; the importer also accepts an older type";
    place.expect_mismatch(refused, expected).await?;
    Ok(())
}

#[tokio::test]
async fn an_exported_sender_serves_upgraded_importers_and_old_ones() -> TestResult {
    let place = Place::new().await?;
    let sender = place.exporter.export_sender::<OrderV1>("orders", SendSettings::default())?;
    let settings = ImportSettings::default();
    let newer = connect(&place.address).await?;
    let mut old = place.importer.import_receiver::<OrderV1>("orders", settings).await?;
    let mut new = newer.import_receiver_as("orders", settings, orders()).await?;
    sender.send_all((0..100).map(|qty| OrderV1 { qty })).await?;
    drop(sender);
    let (mut count, mut of_new) = (0, 0);
    while guarded(old.recv()).await.is_ok() {
        count += 1;
    }
    while let Ok(order) = guarded(new.recv()).await {
        assert_eq!(order.note.as_deref(), Some("from V1"));
        of_new += 1;
    }
    assert_eq!(count + of_new, 100);
    Ok(())
}
