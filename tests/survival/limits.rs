//! Imports of a limited number of values: the number holds over links and sessions that are lost.

use actix::prelude::*;
use netchan::channel::Origin;
use netchan_actix::ImporterActor;
use netchan_actix::messages::{
    Drain, ExportReceiver, ExportSender, ImportReceiver, ImportSender, Sync,
};

use crate::support::{
    LONG, Number, Process, Proxy, Scene, TestResult, guarded, numbers, quick_config, take, take_all,
};

async fn restarted(process: Process, proxy: &Proxy) -> TestResult<Process> {
    proxy.cut_off();
    process.kill().await?;
    let process = Process::start(quick_config()).await?;
    proxy.point_to(&process.address);
    Ok(process)
}

async fn start() -> TestResult<(Process, Proxy, Addr<ImporterActor>)> {
    let process = Process::start(quick_config()).await?;
    let proxy = Proxy::new();
    proxy.point_to(&process.address);
    let importer = ImporterActor::connect(&proxy.listen().await?, quick_config()).await?;
    Ok((process, proxy, importer))
}

#[actix::test]
async fn a_receiver_gets_exactly_so_many_values_over_many_cuts() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let import = ImportReceiver::<Number>::new("out").size(4).limit(30);
        let mut outward = scene.importer.send(import).await??;
        let sending = actix::spawn(async move { out.send_all(numbers(0..60)).await });
        let mut values = Vec::new();
        for _ in 0..6 {
            values.extend(take(&mut outward, 5).await?);
            scene.proxy.cut();
        }
        let (rest, closed) = take_all(&mut outward).await?;
        assert_eq!(values, numbers(0..30));
        assert!(rest.is_empty() && closed.origin != Origin::Link, "{rest:?} {closed:?}");
        // The others are for the next one.
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        assert_eq!(take(&mut outward, 30).await?, numbers(30..60));
        sending.await??;
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_receiver_gets_exactly_so_many_values_over_restarts_of_the_exporter() -> TestResult {
    guarded(async {
        let (mut process, proxy, importer) = start().await?;
        let mut out = process.exporter.send(ExportSender::<Number>::new("out")).await??;
        let import = ImportReceiver::<Number>::new("out").limit(30);
        let mut outward = importer.send(import).await??;
        let mut values = Vec::new();
        for life in 0..3 {
            // Those of the last life are more than are wanted.
            let end = if life == 2 { 60 } else { 12 * life + 12 };
            out.send_all(numbers(12 * life..end)).await?;
            if life < 2 {
                values.extend(take(&mut outward, 10).await?);
                process.exporter.send(Sync { timeout: LONG }).await??;
                process = restarted(process, &proxy).await?;
                out = process.exporter.send(ExportSender::<Number>::new("out")).await??;
                proxy.admit();
            }
        }
        let (rest, closed) = take_all(&mut outward).await?;
        values.extend(rest);
        assert_eq!(values, numbers(0..30));
        assert_ne!(closed.origin, Origin::Link, "{closed:?}");
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_receiver_that_had_all_its_values_before_the_restart_gets_no_more() -> TestResult {
    guarded(async {
        let (process, proxy, importer) = start().await?;
        let out = process.exporter.send(ExportSender::<Number>::new("out")).await??;
        let import = ImportReceiver::<Number>::new("out").limit(5);
        let mut outward = importer.send(import).await??;
        out.send_all(numbers(0..10)).await?;
        process.exporter.send(Sync { timeout: LONG }).await??;
        let process = restarted(process, &proxy).await?;
        let out = process.exporter.send(ExportSender::<Number>::new("out")).await??;
        out.send_all(numbers(10..20)).await?;
        proxy.admit();
        assert_eq!(take_all(&mut outward).await?.0, numbers(0..5));
        // The name is free for another import.
        let mut outward = importer.send(ImportReceiver::<Number>::new("out")).await??;
        assert_eq!(take(&mut outward, 10).await?, numbers(10..20));
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_sender_sends_exactly_so_many_values_over_restarts_of_the_exporter() -> TestResult {
    guarded(async {
        let (mut process, proxy, importer) = start().await?;
        let mut inward = process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let import = ImportSender::<Number>::new("in").limit(30);
        let into = importer.send(import).await??;
        let sending = actix::spawn(async move {
            for number in numbers(0..60) {
                if into.send(number).await.is_err() {
                    return number.0;
                }
            }
            60
        });
        let mut arrived = Vec::new();
        for _ in 0..3 {
            arrived.extend(take(&mut inward, 6).await?);
            process = restarted(process, &proxy).await?;
            inward = process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
            proxy.admit();
        }
        let (rest, _) = take_all(&mut inward).await?;
        arrived.extend(rest);
        arrived.sort_unstable();
        arrived.dedup();
        // What is repeated counts once: each value of the thirty arrives.
        assert_eq!(arrived, numbers(0..30));
        assert_eq!(sending.await?, 30);
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_limited_sender_whose_last_values_have_an_unknown_fate_sends_those_again() -> TestResult {
    guarded(async {
        let (process, proxy, importer) = start().await?;
        let _inward = process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let into = importer.send(ImportSender::<Number>::new("in").limit(5)).await??;
        into.send_all(numbers(0..5)).await?;
        importer.send(Drain { timeout: LONG }).await??;
        let process = restarted(process, &proxy).await?;
        let mut inward = process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        proxy.admit();
        let (values, closed) = take_all(&mut inward).await?;
        assert_eq!(values, numbers(0..5));
        assert!(closed.is_finished(), "{closed:?}");
        assert!(into.send(Number(5)).await.is_err());
        Ok(())
    })
    .await
}
