//! The newest link of a session wins: one that is half open is replaced as soon as the importer
//! finds out, whatever the exporter thinks of it.

use netchan::net::{ConnectionEnd, Event};
use netchan_actix::messages::{ExportReceiver, ExportSender, ImportReceiver, ImportSender};

use crate::support::{
    Number, Scene, TestResult, guarded, ms, numbers, quick, quick_config, take, wait_for,
};

#[actix::test]
async fn a_half_open_link_is_replaced_when_the_importer_hears_nothing_any_more() -> TestResult {
    guarded(async {
        let watchful = quick().heartbeat(ms(50), ms(200)).build()?;
        let scene = Scene::with(quick_config(), watchful).await?;
        let (mut theirs, mut ours) = scene.events().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;

        scene.proxy.half_open();
        out.send_all(numbers(0..20)).await?;
        into.send_all(numbers(0..20)).await?;
        let end = wait_for!(ours, Event::LinkLost { end, .. } => end);
        assert!(matches!(end, ConnectionEnd::Session(_)), "{end}");
        // The exporter's own heartbeat would take seconds.
        let end = wait_for!(theirs, Event::LinkLost { end, .. } => end);
        assert!(matches!(end, ConnectionEnd::Superseded), "{end}");
        wait_for!(theirs, Event::Resumed { .. });
        assert_eq!(take(&mut outward, 20).await?, numbers(0..20));
        assert_eq!(take(&mut inward, 20).await?, numbers(0..20));
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_exporter_that_hears_nothing_any_more_waits_for_its_importer() -> TestResult {
    guarded(async {
        let watchful = quick().heartbeat(ms(50), ms(200)).build()?;
        let importers = quick().heartbeat(ms(50), ms(400)).build()?;
        let scene = Scene::with(watchful, importers).await?;
        let (mut theirs, _) = scene.events().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        scene.proxy.half_open();
        out.send_all(numbers(0..20)).await?;
        let end = wait_for!(theirs, Event::LinkLost { end, .. } => end);
        assert!(matches!(end, ConnectionEnd::Session(_)), "{end}");
        assert_eq!(take(&mut outward, 20).await?, numbers(0..20));
        assert_eq!(scene.exporters_status().await?.lost_sessions, 0);
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_link_that_is_held_back_and_comes_late_disturbs_nothing() -> TestResult {
    guarded(async {
        let watchful = quick().heartbeat(ms(50), ms(150)).handshake_timeout(ms(100)).build()?;
        let scene = Scene::with(quick_config(), watchful).await?;
        let (_, mut ours) = scene.events().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        out.send_all(numbers(0..5)).await?;
        let before = scene.proxy.came();
        scene.proxy.hold();
        wait_for!(ours, Event::LinkLost { .. });
        // Several handshakes are held back and given up, and then all come at once.
        scene.proxy.wait_came(before + 3).await;
        scene.proxy.let_go();
        out.send_all(numbers(5..20)).await?;
        assert_eq!(take(&mut outward, 20).await?, numbers(0..20));
        assert_eq!(scene.importers_status().await?.lost_sessions, 0);
        Ok(())
    })
    .await
}
