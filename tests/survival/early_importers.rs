//! Importers may start before their exporter, wait for it as long as they are told to, and give up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::prelude::*;
use netchan::net::{Address, ConnectError, Connection, ConnectionEnd, Redial, UnreadReports};
use netchan_actix::messages::{
    Disconnected, Drain, ExportReceiver, ExportSender, ImportReceiver, ImportSender,
    ListenAndServe, Sync,
};
use netchan_actix::{ExporterActor, ImporterActor};

use crate::support::{
    LONG, Number, Proxy, Scene, TestResult, guarded, guarded_by_paused_clock, is_waiting, loopback,
    numbers, quick, quick_config, redial, take, take_all,
};

/// A port at which nobody listens.
async fn free_port() -> TestResult<Address> {
    let listener = loopback().listen().await?;
    Ok(listener.address().clone())
}

/// What an importer is asked before there is an exporter is answered when there is one.
async fn waits_for_its_exporter(importer: Addr<ImporterActor>, address: Address) -> TestResult {
    let mut importing_in = Box::pin(importer.send(ImportSender::<Number>::new("in")));
    let mut importing_out = Box::pin(importer.send(ImportReceiver::<Number>::new("out")));
    let mut sync = Box::pin(importer.send(Sync { timeout: LONG }));
    assert!(is_waiting(&mut importing_in).await && is_waiting(&mut importing_out).await);
    assert!(is_waiting(&mut sync).await);

    let exporter = ExporterActor::new(quick_config()).start();
    let mut inward = exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let out = exporter.send(ExportSender::<Number>::new("out")).await??;
    exporter.send(ListenAndServe(address)).await??;
    let into = importing_in.await??;
    let mut outward = importing_out.await??;
    sync.await??;
    into.send_all(numbers(0..5)).await?;
    out.send_all(numbers(0..5)).await?;
    importer.send(Drain { timeout: LONG }).await??;
    assert_eq!(take(&mut inward, 5).await?, numbers(0..5));
    assert_eq!(take(&mut outward, 5).await?, numbers(0..5));
    Ok(())
}

#[actix::test]
async fn an_importer_waits_for_an_exporter_that_starts_later() -> TestResult {
    guarded(async {
        let address = free_port().await?;
        let importer = ImporterActor::new(address.clone(), "exporter", quick_config()).start();
        waits_for_its_exporter(importer, address).await
    })
    .await
}

#[actix::test]
async fn an_importer_under_a_supervisor_waits_for_an_exporter_that_starts_later() -> TestResult {
    guarded(async {
        let address = free_port().await?;
        let dialled = address.clone();
        let importer =
            Supervisor::start(|_| ImporterActor::new(dialled, "exporter", quick_config()));
        waits_for_its_exporter(importer, address).await
    })
    .await
}

#[actix::test]
async fn a_supervised_importer_keeps_its_connection_when_it_starts_again() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let dial = scene.address.clone();
        let importer = Supervisor::start(|_| ImporterActor::new(dial, "exporter", quick_config()));
        let mut outward = importer.send(ImportReceiver::<Number>::new("out")).await??;
        importer.send(Stop).await?;
        out.send(Number(1)).await?;
        assert_eq!(outward.recv().await?, Number(1));
        assert_eq!(importer.send(netchan_actix::messages::Status).await?[0].lost_sessions, 0);
        Ok(())
    })
    .await
}

/// Ends an actor's context from outside, as a fault in it would.
#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

impl Handler<Stop> for ImporterActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

#[tokio::test(start_paused = true)]
async fn an_importer_gives_up_after_as_many_attempts_as_it_was_told() -> TestResult {
    guarded_by_paused_clock(async {
        for attempts_max in [1, 2, 5] {
            let dialled = Arc::new(AtomicUsize::new(0));
            let count = dialled.clone();
            let dial = move || {
                count.fetch_add(1, Ordering::Relaxed);
                async { Err(std::io::ErrorKind::ConnectionRefused.into()) }
            };
            let config = quick().redial(redial().attempts(attempts_max)).build()?;
            let (connection, driver) =
                Connection::dial_later(dial, "exporter", &config, UnreadReports::DropOldest);
            match driver.run().await {
                ConnectionEnd::GaveUp { attempts, last: Some(ConnectError::Io(_)) } => {
                    assert_eq!(attempts, attempts_max);
                }
                end => return Err(format!("{end:?}").into()),
            }
            assert_eq!(dialled.load(Ordering::Relaxed), attempts_max);
            assert!(matches!(connection.closed().await, ConnectionEnd::GaveUp { .. }));
        }
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn an_importer_that_never_redials_makes_one_attempt() -> TestResult {
    guarded_by_paused_clock(async {
        let proxy = Proxy::new();
        let config = quick().redial(Redial::never()).build()?;
        let (_connection, driver) =
            Connection::dial_later(proxy.dial(), "exporter", &config, UnreadReports::DropOldest);
        match driver.run().await {
            ConnectionEnd::GaveUp { attempts: 1, last: Some(_) } => {}
            end => return Err(format!("{end:?}").into()),
        }
        assert_eq!(proxy.came(), 1);
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_importer_that_lost_its_link_gives_up_after_so_many_attempts_and_tells_all() -> TestResult
{
    guarded(async {
        let importers = quick().redial(redial().attempts(4)).build()?;
        let scene = Scene::with(quick_config(), importers).await?;
        let _out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        let before = scene.proxy.came();
        scene.proxy.cut_off();
        match scene.importer.send(Disconnected).await? {
            ConnectionEnd::GaveUp { attempts: 4, .. } => {}
            end => return Err(format!("{end:?}").into()),
        }
        // A refused link of TCP is one that ends in the handshake.
        assert_eq!(scene.proxy.came() - before, 4);
        assert!(!take_all(&mut outward).await?.1.is_finished());
        assert!(scene.importer.send(ImportSender::<Number>::new("in")).await?.is_err());
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_importer_that_never_redials_ends_with_its_link() -> TestResult {
    guarded(async {
        let importers = quick().redial(Redial::never()).build()?;
        let scene = Scene::with(quick_config(), importers).await?;
        let before = scene.proxy.came();
        scene.proxy.cut();
        let end = scene.importer.send(Disconnected).await?;
        assert!(matches!(end, ConnectionEnd::LinkEnded | ConnectionEnd::Io(_)), "{end:?}");
        assert_eq!(scene.proxy.came(), before);
        Ok(())
    })
    .await
}
