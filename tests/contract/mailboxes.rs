//! Messages that wait in the mailbox of a recipient are waited for as well.

use actix::Recipient;
use netchan::net::{FlushError, SendSettings};
use netchan_actix::SenderExt;
use netchan_actix::messages::{
    Close, Drain, ExportReceiver, ExportSender, ImportReceiver, ImportSender, Sync,
};

use crate::support::{LONG, Link, Number, Pair, SHORT, TestResult, numbers, take};

over_each_link!(an_importer_drains_what_was_sent_to_its_recipients);
over_each_link!(an_exporter_drains_what_was_sent_to_its_recipients);
over_each_link!(a_sync_waits_for_messages_that_were_sent_before_it);

async fn an_importer_drains_what_was_sent_to_its_recipients(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let mut receiver = exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let recipient = importer.send(ImportSender::<Number>::new("in").size(1)).await??.recipient();
    numbers(0..100).into_iter().for_each(|number| recipient.do_send(number));
    let (drained, taken) =
        tokio::join!(importer.send(Drain { timeout: LONG }), take(&mut receiver, 99));
    drained??;
    importer.send(Close).await?;
    // With a window of one, the last value was received when the one before it had been taken.
    assert_eq!(taken?, numbers(0..99));
    assert_eq!(receiver.recv().await?, Number(99));
    Ok(())
}

async fn an_exporter_drains_what_was_sent_to_its_recipients(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let settings = SendSettings::default().capacity_values(1);
    let sender = exporter.send(ExportSender::<Number>::new("out").settings(settings)).await??;
    let recipient: Recipient<Number> = sender.recipient();
    numbers(0..100).into_iter().for_each(|number| recipient.do_send(number));
    let early = exporter.send(Drain { timeout: SHORT }).await?;
    assert!(matches!(early, Err(FlushError::TimedOut { outstanding_values: 1 })), "{early:?}");
    let mut receiver = importer.send(ImportReceiver::<Number>::new("out").size(1)).await??;
    let (drained, taken) =
        tokio::join!(exporter.send(Drain { timeout: LONG }), take(&mut receiver, 99));
    drained??;
    exporter.send(Close).await?;
    assert_eq!(taken?, numbers(0..99));
    assert_eq!(receiver.recv().await?, Number(99));
    Ok(())
}

async fn a_sync_waits_for_messages_that_were_sent_before_it(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let mut receiver = exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let recipient = importer.send(ImportSender::<Number>::new("in").size(1)).await??.recipient();
    numbers(0..10).into_iter().for_each(|number| recipient.do_send(number));
    let early = importer.send(Sync { timeout: SHORT }).await?;
    assert!(matches!(early, Err(FlushError::TimedOut { .. })), "{early:?}");
    let (synced, taken) =
        tokio::join!(importer.send(Sync { timeout: LONG }), take(&mut receiver, 9));
    synced??;
    assert_eq!(taken?, numbers(0..9));
    importer.send(Close).await?;
    assert_eq!(receiver.recv().await?, Number(9));
    Ok(())
}
