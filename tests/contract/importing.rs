//! Imports in both directions: size, limit, and how a channel comes to its end.

use netchan::channel::{Origin, Reason, SendError, TrySendError};
use netchan::net::{ImportError, SendSettings};
use netchan_actix::messages::{ExportReceiver, ExportSender, ImportReceiver, ImportSender};

use crate::support::{Link, Number, Pair, TestResult, closed, end_of, numbers, take, take_all};

over_each_link!(
    values_come_from_an_export_that_sends,
    values_go_to_an_export_that_receives,
    a_sending_import_below_one_value_has_one,
    a_receiving_import_below_one_value_has_one,
    a_limited_import_receives_exactly_so_many_values,
    a_limited_import_sends_exactly_so_many_values,
    a_sender_that_closes_early_ends_the_import,
    a_sender_that_closes_early_ends_the_export,
    an_importer_that_drops_its_receiver_leaves_the_values_to_others,
    an_exporter_that_drops_its_receiver_ends_the_senders,
    structured_values_arrive_as_they_were_sent,
);

async fn values_come_from_an_export_that_sends(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let sender = exporter.send(ExportSender::<Number>::new("numbers")).await??;
    // Values that nobody asked for yet are kept.
    sender.send_all(numbers(0..10)).await?;
    let mut receiver = importer.send(ImportReceiver::<Number>::new("numbers")).await??;
    let sending = sender.send_all(numbers(10..1000));
    let (sent, taken) = tokio::join!(sending, take(&mut receiver, 1000));
    sent?;
    assert_eq!(taken?, numbers(0..1000));
    drop(sender);
    assert_eq!(end_of(&mut receiver).await?, closed(Origin::Peer, Reason::Finished));
    Ok(())
}

async fn values_go_to_an_export_that_receives(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let mut receiver = exporter.send(ExportReceiver::<Number>::new("numbers")).await??;
    let sender = importer.send(ImportSender::<Number>::new("numbers")).await??;
    let sending = sender.send_all(numbers(0..1000));
    let (sent, taken) = tokio::join!(sending, take(&mut receiver, 1000));
    sent?;
    assert_eq!(taken?, numbers(0..1000));
    drop(sender);
    assert_eq!(end_of(&mut receiver).await?, closed(Origin::Peer, Reason::Finished));
    Ok(())
}

async fn a_sending_import_below_one_value_has_one(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let mut receiver = exporter.send(ExportReceiver::<u8>::new("bytes")).await??;
    let sender = importer.send(ImportSender::<u8>::new("bytes").size(0)).await??;
    assert_eq!(sender.max_capacity(), 1);
    sender.send(1).await?;
    assert!(matches!(sender.try_send(2), Err(TrySendError::Full(2))));
    assert_eq!(receiver.recv().await?, 1);
    sender.send(3).await?;
    assert_eq!(receiver.recv().await?, 3);
    Ok(())
}

async fn a_receiving_import_below_one_value_has_one(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let settings = SendSettings::default().capacity_values(1);
    let sender = exporter.send(ExportSender::<u8>::new("bytes").settings(settings)).await??;
    let mut receiver = importer.send(ImportReceiver::<u8>::new("bytes").size(0)).await??;
    // One is in the importer's window and one waits for it.
    sender.send(1).await?;
    sender.send(2).await?;
    assert!(matches!(sender.try_send(3), Err(TrySendError::Full(3))));
    assert_eq!(receiver.recv().await?, 1);
    sender.send(3).await?;
    assert_eq!(take(&mut receiver, 2).await?, [2, 3]);
    Ok(())
}

async fn a_limited_import_receives_exactly_so_many_values(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let sender = exporter.send(ExportSender::<Number>::new("numbers")).await??;
    sender.send_all(numbers(0..30)).await?;
    let import = || ImportReceiver::<Number>::new("numbers").limit(7);
    let mut limited = importer.send(import()).await??;
    let (values, end) = take_all(&mut limited).await?;
    assert_eq!(values, numbers(0..7));
    assert!(end.is_finished(), "{end}");
    // The rest is for others; the same importer may be one of them.
    let (values, _) = take_all(&mut importer.send(import()).await??).await?;
    assert_eq!(values, numbers(7..14));
    let mut rest = importer.send(ImportReceiver::<Number>::new("numbers")).await??;
    assert_eq!(take(&mut rest, 16).await?, numbers(14..30));
    assert!(!sender.is_closed());
    Ok(())
}

async fn a_limited_import_sends_exactly_so_many_values(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let mut receiver = exporter.send(ExportReceiver::<Number>::new("numbers")).await??;
    let sender = importer.send(ImportSender::<Number>::new("numbers").limit(7)).await??;
    match sender.send_all(numbers(0..30)).await {
        Err(SendError::Closed(value, end)) => {
            assert_eq!(value.0, 7, "the first value beyond the limit is given back");
            assert_eq!(end, closed(Origin::Local, Reason::LimitReached));
        }
        other => return Err(format!("{other:?}").into()),
    }
    let (values, end) = take_all(&mut receiver).await?;
    assert_eq!(values, numbers(0..7));
    assert!(end.is_finished(), "{end}");
    Ok(())
}

#[actix::test]
async fn an_import_of_no_values_is_refused() -> TestResult {
    let Pair { exporter, importer } = Link::Memory.pair().await?;
    let _sender = exporter.send(ExportSender::<u8>::new("bytes")).await??;
    let none = importer.send(ImportReceiver::<u8>::new("bytes").limit(0)).await?;
    assert!(matches!(none, Err(ImportError::Setting(error)) if error.setting == "limit"));
    Ok(())
}

async fn a_sender_that_closes_early_ends_the_import(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let sender = exporter.send(ExportSender::<Number>::new("numbers")).await??;
    let mut receiver = importer.send(ImportReceiver::<Number>::new("numbers")).await??;
    let other_sender = sender.clone();
    sender.send_all(numbers(0..5)).await?;
    // One closes for all.
    sender.close();
    assert!(matches!(other_sender.try_send(numbers(0..1)[0]), Err(TrySendError::Closed(..))));
    let (values, end) = take_all(&mut receiver).await?;
    assert_eq!(values, numbers(0..5));
    assert_eq!(end, closed(Origin::Peer, Reason::Finished));
    Ok(())
}

async fn a_sender_that_closes_early_ends_the_export(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let mut receiver = exporter.send(ExportReceiver::<Number>::new("numbers")).await??;
    let sender = importer.send(ImportSender::<Number>::new("numbers").size(2)).await??;
    sender.send_all(numbers(0..2)).await?;
    // The last one is dropped while what it sent has not been taken.
    drop(sender);
    let (values, end) = take_all(&mut receiver).await?;
    assert_eq!(values, numbers(0..2));
    assert_eq!(end, closed(Origin::Peer, Reason::Finished));
    Ok(())
}

async fn an_importer_that_drops_its_receiver_leaves_the_values_to_others(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let sender = exporter.send(ExportSender::<Number>::new("numbers")).await??;
    let mut first = importer.send(ImportReceiver::<Number>::new("numbers")).await??;
    sender.send_all(numbers(0..3)).await?;
    assert_eq!(take(&mut first, 3).await?, numbers(0..3));
    drop(first);
    assert!(!sender.is_closed(), "others may import it");
    // The same connection may import it again at once.
    let mut second = importer.send(ImportReceiver::<Number>::new("numbers")).await??;
    sender.send_all(numbers(3..6)).await?;
    assert_eq!(take(&mut second, 3).await?, numbers(3..6));
    Ok(())
}

async fn an_exporter_that_drops_its_receiver_ends_the_senders(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let receiver = exporter.send(ExportReceiver::<u8>::new("bytes")).await??;
    let sender = importer.send(ImportSender::<u8>::new("bytes")).await??;
    sender.send(1).await?;
    drop(receiver);
    let end = closed(Origin::Peer, Reason::ReceiverDropped);
    assert_eq!(sender.closed().await, end);
    match sender.send(2).await {
        Err(SendError::Closed(2, by)) => assert_eq!(by, end),
        other => return Err(format!("{other:?}").into()),
    }
    Ok(())
}

async fn structured_values_arrive_as_they_were_sent(link: Link) -> TestResult {
    type Record = (u64, Option<String>, Vec<(char, f64)>);
    let Pair { exporter, importer } = link.pair().await?;
    let sender = exporter.send(ExportSender::<Record>::new("records")).await??;
    let mut receiver = importer.send(ImportReceiver::<Record>::new("records")).await??;
    let long = "ä".repeat(1 << 20);
    let records: Vec<Record> = vec![
        (0, None, Vec::new()),
        (u64::MAX, Some(String::new()), vec![('ß', f64::MIN), ('x', -0.0)]),
        (1, Some(long), vec![('z', 1.5); 1000]),
    ];
    let (sent, taken) =
        tokio::join!(sender.send_all(records.clone()), take(&mut receiver, records.len()));
    sent?;
    assert_eq!(taken?, records);
    Ok(())
}
