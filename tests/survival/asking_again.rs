//! Imports that the next life of an exporter refuses: they wait if that may pass, and end if not.

use netchan::channel::Origin;
use netchan::net::{Report, ReportStream};
use netchan_actix::messages::{
    Drain, ExportReceiver, ExportSender, Hangup, ImportReceiver, ImportSender, Shutdown,
};

use crate::support::{
    LONG, Number, Restarting, SHORT, TestResult, guarded, is_waiting, numbers, take, take_all,
};

/// Waits until an exporter has refused an import.
async fn refusal(reports: &mut ReportStream) -> TestResult {
    while !matches!(reports.next_report().await.ok_or("no report")?, Report::ImportRefused { .. }) {
    }
    Ok(())
}

#[actix::test]
async fn imports_wait_for_an_exporter_that_listens_before_it_exports() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let _out = scene.process.exporter.send(ExportSender::<Number>::new("out")).await??;
        let _in = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;

        let scene = scene.restart().await?;
        let mut refusals = scene.process.exporter.send(netchan_actix::messages::Errors).await?;
        into.send_all(numbers(0..5)).await?;
        scene.up();
        // Both were asked for and are not there.
        refusal(&mut refusals).await?;
        refusal(&mut refusals).await?;
        let mut drain = Box::pin(scene.importer.send(Drain { timeout: LONG }));
        assert!(is_waiting(&mut drain).await);
        let out = scene.process.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut inward = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        out.send_all(numbers(0..5)).await?;
        assert_eq!(take(&mut outward, 5).await?, numbers(0..5));
        assert_eq!(take(&mut inward, 5).await?, numbers(0..5));
        drain.await??;
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_import_that_waits_to_be_asked_for_again_can_be_hung_up() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let _in = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        let scene = scene.restart().await?;
        let mut refusals = scene.process.exporter.send(netchan_actix::messages::Errors).await?;
        into.send_all(numbers(0..5)).await?;
        scene.up();
        refusal(&mut refusals).await?;
        let report = scene.importer.send(Hangup::new("in")).await??;
        assert_eq!(report.discarded_values, 5);
        assert!(into.is_closed());
        // The name is free.
        let mut inward = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        into.send(Number(7)).await?;
        assert_eq!(inward.recv().await?, Number(7));
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_channel_that_has_another_type_now_ends_with_an_error_and_others_go_on() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let _old = scene.process.exporter.send(ExportReceiver::<Number>::new("old")).await??;
        let _same = scene.process.exporter.send(ExportReceiver::<Number>::new("same")).await??;
        let _out = scene.process.exporter.send(ExportSender::<Number>::new("out")).await??;
        let old = scene.importer.send(ImportSender::<Number>::new("old")).await??;
        let same = scene.importer.send(ImportSender::<Number>::new("same")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;

        let scene = scene.restart().await?;
        let exporter = &scene.process.exporter;
        let _in = exporter.send(ExportReceiver::<String>::new("old")).await??;
        let _out = exporter.send(ExportSender::<String>::new("out")).await??;
        let mut inward = exporter.send(ExportReceiver::<Number>::new("same")).await??;
        scene.up();
        let closed = old.closed().await;
        assert_eq!(closed.origin, Origin::Peer, "{closed:?}");
        let (values, closed) = take_all(&mut outward).await?;
        assert_eq!((values, closed.origin), (vec![], Origin::Peer));
        assert!(!closed.is_finished());
        same.send(Number(3)).await?;
        assert_eq!(inward.recv().await?, Number(3));
        Ok(())
    })
    .await
}

#[actix::test]
async fn imports_that_wait_to_be_asked_for_again_wait_over_another_restart() -> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let _in = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        let mut scene = scene.restart().await?;
        into.send_all(numbers(0..5)).await?;
        for _ in 0..3 {
            let mut refusals = scene.process.exporter.send(netchan_actix::messages::Errors).await?;
            scene.up();
            refusal(&mut refusals).await?;
            scene = scene.restart().await?;
        }
        let mut inward = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        scene.up();
        into.send_all(numbers(5..10)).await?;
        assert_eq!(take(&mut inward, 10).await?, numbers(0..10));
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_import_that_waits_to_be_asked_for_again_is_in_the_status_and_in_the_shutdown()
-> TestResult {
    guarded(async {
        let scene = Restarting::new().await?;
        let _in = scene.process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        let scene = scene.restart().await?;
        let mut refusals = scene.process.exporter.send(netchan_actix::messages::Errors).await?;
        into.send_all(numbers(0..5)).await?;
        scene.up();
        refusal(&mut refusals).await?;
        let status = scene.importer.send(netchan_actix::messages::Status).await?;
        let [channel] = &status[0].channels[..] else { panic!("{status:?}") };
        assert_eq!((channel.name.as_str(), channel.is_open), ("in", false));
        assert_eq!(channel.outstanding_values, 5);
        assert_eq!(status[0].outstanding_values, 5);
        let report = scene.importer.send(Shutdown { timeout: SHORT }).await?;
        let [undelivered] = &report.undelivered[..] else { panic!("{report:?}") };
        assert_eq!((undelivered.name.as_str(), undelivered.values), ("in", 5));
        assert!(into.is_closed());
        Ok(())
    })
    .await
}
