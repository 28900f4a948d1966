//! Many channels, many importers, and channels that do not disturb each other.

use actix::prelude::*;
use futures::future::{join_all, try_join_all};
use netchan::channel::TrySendError;
use netchan::net::{Config, RecvSettings, SendSettings};
use netchan::{Receiver, Sender};
use netchan_actix::ImporterActor;
use netchan_actix::messages::{Connections, ListenAndServe, Sync};
use netchan_actix::messages::{ExportReceiver, ExportSender, ImportReceiver, ImportSender};

use crate::support::take_all;
use crate::support::{LONG, Link, Number, Pair, TestResult, exporter, guarded, numbers, take};

over_each_link!(
    a_blocked_channel_blocks_no_other_from_the_exporter,
    a_blocked_channel_blocks_no_other_from_the_importer,
    a_sending_import_waits_at_its_window_then_all_values_arrive,
    a_sending_export_waits_at_its_bounds_then_all_values_arrive,
    each_value_goes_to_exactly_one_of_several_importers,
    several_importers_merge_into_one_receiver,
    cross_connected_pairs_share_channels_both_ways,
    a_thousand_channels_share_one_connection,
);

/// Values that one side sends to the other, and values that come back.
type Channel<T> = (Sender<T>, Receiver<T>);

async fn outward(pair: &Pair, name: &str, size: u32) -> TestResult<Channel<Number>> {
    let settings = SendSettings::default().capacity_values(size);
    let sender = pair.exporter.send(ExportSender::<Number>::new(name).settings(settings)).await??;
    let receiver = pair.importer.send(ImportReceiver::<Number>::new(name).size(size)).await??;
    Ok((sender, receiver))
}

async fn inward(pair: &Pair, name: &str, size: u32) -> TestResult<Channel<Number>> {
    let receiver = pair.exporter.send(ExportReceiver::<Number>::new(name)).await??;
    let sender = pair.importer.send(ImportSender::<Number>::new(name).size(size)).await??;
    Ok((sender, receiver))
}

/// Sends until nothing more is taken; returns how many were. What waits here moves on before.
async fn fill(sender: &Sender<Number>, count: u64) -> TestResult {
    sender.send_all(numbers(0..count)).await?;
    assert!(matches!(sender.try_send(Number(count)), Err(TrySendError::Full(_))));
    Ok(())
}

async fn a_blocked_channel_blocks_no_other_from_the_exporter(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (blocked, mut blocked_receiver) = outward(&pair, "blocked", 4).await?;
    let (free, mut free_receiver) = outward(&pair, "free", 4).await?;
    fill(&blocked, 8).await?;
    let (sent, taken) =
        tokio::join!(free.send_all(numbers(0..1000)), take(&mut free_receiver, 1000));
    sent?;
    assert_eq!(taken?, numbers(0..1000));
    // Nor are messages held up.
    let other = pair.importer.send(ImportReceiver::<u8>::new("unknown")).await?;
    assert!(other.is_err());
    assert!(blocked.try_send(Number(8)).is_err(), "it is still blocked");
    assert_eq!(take(&mut blocked_receiver, 8).await?, numbers(0..8));
    Ok(())
}

async fn a_blocked_channel_blocks_no_other_from_the_importer(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (blocked, mut blocked_receiver) = inward(&pair, "blocked", 4).await?;
    let (free, mut free_receiver) = inward(&pair, "free", 4).await?;
    fill(&blocked, 4).await?;
    let (sent, taken) =
        tokio::join!(free.send_all(numbers(0..1000)), take(&mut free_receiver, 1000));
    sent?;
    assert_eq!(taken?, numbers(0..1000));
    pair.importer.send(Sync { timeout: LONG }).await??;
    assert!(blocked.try_send(Number(4)).is_err(), "it is still blocked");
    assert_eq!(take(&mut blocked_receiver, 4).await?, numbers(0..4));
    Ok(())
}

async fn a_sending_import_waits_at_its_window_then_all_values_arrive(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, mut receiver) = inward(&pair, "numbers", 10).await?;
    fill(&sender, 10).await?;
    // Neither their arrival nor anything else but taking makes room.
    pair.importer.send(Sync { timeout: LONG }).await??;
    assert_eq!(receiver.len(), 10);
    assert!(sender.try_send(Number(10)).is_err());
    let (sent, taken) = tokio::join!(sender.send_all(numbers(10..100)), take(&mut receiver, 100));
    sent?;
    assert_eq!(taken?, numbers(0..100));
    Ok(())
}

async fn a_sending_export_waits_at_its_bounds_then_all_values_arrive(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (sender, mut receiver) = outward(&pair, "numbers", 10).await?;
    // Ten in the importer's window, and ten in the exporter's queue.
    fill(&sender, 20).await?;
    let (other, mut other_receiver) = outward(&pair, "other", 1).await?;
    other.send(Number(1)).await?;
    assert_eq!(other_receiver.recv().await?, Number(1));
    assert!(sender.try_send(Number(20)).is_err());
    let (sent, taken) = tokio::join!(sender.send_all(numbers(20..100)), take(&mut receiver, 100));
    sent?;
    assert_eq!(taken?, numbers(0..100));
    Ok(())
}

async fn each_value_goes_to_exactly_one_of_several_importers(link: Link) -> TestResult {
    let exporter = exporter();
    let sender = exporter.send(ExportSender::<Number>::new("numbers")).await??;
    let mut receivers = Vec::new();
    for _ in 0..4 {
        let importer = link.importer_of(&exporter).await?;
        let receiver: Receiver<Number> =
            importer.send(ImportReceiver::<Number>::new("numbers").size(8)).await??;
        receivers.push(receiver);
    }
    let sending = async move { sender.send_all(numbers(0..1000)).await };
    let (sent, taken) = tokio::join!(sending, join_all(receivers.iter_mut().map(take_all)));
    sent?;
    let mut all = Vec::new();
    for taken in taken {
        let (values, end) = taken?;
        assert!(end.is_finished());
        assert!(values.is_sorted(), "each sees the order in which they were sent");
        assert!(!values.is_empty(), "none goes away empty-handed");
        all.extend(values);
    }
    all.sort();
    assert_eq!(all, numbers(0..1000));
    Ok(())
}

async fn several_importers_merge_into_one_receiver(link: Link) -> TestResult {
    let exporter = exporter();
    let mut receiver = exporter.send(ExportReceiver::<(u8, u64)>::new("numbers")).await??;
    let mut sendings = Vec::new();
    for who in 0..4_u8 {
        let importer = link.importer_of(&exporter).await?;
        let sender = importer.send(ImportSender::<(u8, u64)>::new("numbers").size(8)).await??;
        sendings.push(async move {
            // The link lives as long as its importer.
            let _importer = importer;
            let sent = sender.send_all((0..250).map(|number| (who, number))).await;
            drop(sender);
            sent.map(|()| _importer)
        });
    }
    let (sent, taken) = tokio::join!(try_join_all(sendings), take_all(&mut receiver));
    let _importers = sent?;
    let (values, end) = taken?;
    assert!(end.is_finished(), "the channel ends with its last importer: {end}");
    assert_eq!(values.len(), 1000);
    for who in 0..4 {
        let of_one: Vec<u64> =
            values.iter().filter(|(from, _)| *from == who).map(|(_, number)| *number).collect();
        assert_eq!(of_one, (0..250).collect::<Vec<_>>());
    }
    Ok(())
}

async fn cross_connected_pairs_share_channels_both_ways(link: Link) -> TestResult {
    // Each of two parties exports one channel and imports the other's.
    let (left, right) = (exporter(), exporter());
    let left_importer = link.importer_of(&right).await?;
    let right_importer = link.importer_of(&left).await?;
    let pings = left.send(ExportSender::<u64>::new("pings")).await??;
    let mut pongs = left_importer.send(ImportReceiver::<u64>::new("pongs")).await?;
    assert!(pongs.is_err(), "not exported yet");
    let pong_sender = right.send(ExportSender::<u64>::new("pongs")).await??;
    pongs = left_importer.send(ImportReceiver::<u64>::new("pongs")).await?;
    let mut pongs = pongs?;
    let mut ping_receiver = right_importer.send(ImportReceiver::<u64>::new("pings")).await??;
    let answering = async {
        while let Ok(number) = ping_receiver.recv().await {
            pong_sender.send(number * 2).await?;
        }
        TestResult::Ok(())
    };
    let asking = async move {
        for number in 0..100 {
            pings.send(number).await?;
            assert_eq!(pongs.recv().await?, number * 2);
        }
        drop(pings);
        TestResult::Ok(())
    };
    let (asked, answered) = tokio::join!(asking, answering);
    asked?;
    answered
}

async fn a_thousand_channels_share_one_connection(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let mut channels = Vec::new();
    for number in 0..500 {
        channels.push(outward(&pair, &format!("out {number}"), 4).await?);
        channels.push(inward(&pair, &format!("in {number}"), 4).await?);
    }
    let moving = channels.iter_mut().map(|(sender, receiver)| async move {
        let (sent, taken) = tokio::join!(sender.send_all(numbers(0..20)), take(receiver, 20));
        sent?;
        taken
    });
    for taken in join_all(moving).await {
        assert_eq!(taken?, numbers(0..20));
    }
    Ok(())
}

#[actix::test]
async fn a_hundred_importers_connect_to_one_exporter() -> TestResult {
    guarded(async {
        let exporter = exporter();
        let settings = RecvSettings::default().stays_open();
        let mut reports =
            exporter.send(ExportReceiver::<u64>::new("in").settings(settings)).await??;
        let orders = exporter.send(ExportSender::<u64>::new("out")).await??;
        let address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
        let connecting = (0..100).map(|_| ImporterActor::connect(&address, Config::default()));
        let importers = try_join_all(connecting).await?;
        let working = importers.iter().map(work);
        let (worked, sent, taken) =
            tokio::join!(join_all(working), orders.send_all(0..100), take(&mut reports, 100));
        worked.into_iter().collect::<TestResult>()?;
        sent?;
        let mut taken = taken?;
        taken.sort_unstable();
        assert_eq!(taken, (0..100).map(|order| order + 1000).collect::<Vec<_>>());
        assert_eq!(exporter.send(Connections).await?.len(), 100);
        Ok(())
    })
    .await
}

/// Takes one order and reports on it.
async fn work(importer: &Addr<ImporterActor>) -> TestResult {
    let mut orders = importer.send(ImportReceiver::<u64>::new("out").size(1).limit(1)).await??;
    let reports = importer.send(ImportSender::<u64>::new("in")).await??;
    reports.send(orders.recv().await? + 1000).await?;
    Ok(())
}
