//! Actors in several arbiters: netchan's own and those of the program need not share a thread.

use actix::prelude::*;
use netchan::net::{Config, RecvSettings, Redial};
use netchan_actix::messages::{Close, ExportReceiver, ExportSender, ImportReceiver, ImportSender};
use netchan_actix::messages::{Disconnected, Errors, Hangup, ListenAndServe};
use netchan_actix::{Address, ExporterActor, ImporterActor, SenderExt};
use tokio::sync::oneshot;

use crate::support::{Collector, Link, Number, TestResult, guarded, next_of, numbers, take};

/// An importer that runs in an arbiter.
pub(crate) async fn importer_in(
    arbiter: &ArbiterHandle,
    address: Address,
) -> TestResult<Addr<ImporterActor>> {
    let (give, given) = oneshot::channel();
    arbiter.spawn(async move {
        let config = Config::builder().redial(Redial::never()).build().expect("good settings");
        let connected = ImporterActor::connect(&address, config).await;
        let _test_is_over = give.send(connected);
    });
    Ok(given.await??)
}

#[actix::test]
async fn exporter_importer_and_users_run_in_arbiters_of_their_own() -> TestResult {
    guarded(async {
        let (theirs, ours, users) = (Arbiter::new(), Arbiter::new(), Arbiter::new());
        let exporter = ExporterActor::start_in_arbiter(&theirs.handle(), |_| {
            ExporterActor::new(Config::default())
        });
        for address in ["127.0.0.1:0".parse()?, Address::Unix(crate::support::socket_path())] {
            let address = exporter.send(ListenAndServe(address)).await??;
            let importer = importer_in(&ours.handle(), address).await?;

            let (at_exporter, mut received_there) = Collector::start_in(&users.handle());
            let stays = RecvSettings::default().stays_open();
            let export = ExportReceiver::<Number>::new("in").settings(stays);
            exporter.send(export.deliver_to(at_exporter.recipient())).await??;
            let sender = importer.send(ImportSender::<Number>::new("in").size(8)).await??;
            let into = sender.recipient_in(&users.handle());

            let sender = exporter.send(ExportSender::<Number>::new("out")).await??;
            let out = sender.recipient_in(&users.handle());
            let (at_importer, mut received_here) = Collector::start_in(&users.handle());
            let import = ImportReceiver::<Number>::new("out").size(8);
            importer.send(import.deliver_to(at_importer.recipient())).await??;

            for number in numbers(0..5000) {
                into.do_send(number);
                out.do_send(number);
            }
            assert_eq!(next_of(&mut received_there, 5000).await?, numbers(0..5000));
            assert_eq!(next_of(&mut received_here, 5000).await?, numbers(0..5000));
            importer.send(Close).await?;
            // The channels wait for the next importer.
            for name in ["in", "out"] {
                exporter.send(Hangup::new(name)).await??;
            }
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_arbiter_that_stops_takes_its_connection_with_it_and_no_other() -> TestResult {
    guarded(async {
        let exporter = crate::support::exporter();
        let mut errors = exporter.send(Errors).await?;
        let sender = exporter.send(ExportSender::<Number>::new("out")).await??;
        let address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
        let doomed = Arbiter::new();
        let gone = importer_in(&doomed.handle(), address).await?;
        let mut lost = gone.send(ImportReceiver::<Number>::new("out")).await??;
        let stays = Link::Memory.importer_of(&exporter).await?;
        let mut received = stays.send(ImportReceiver::<Number>::new("out").size(1)).await??;
        doomed.stop();
        assert!(lost.recv().await.is_err(), "its channels end");
        errors.next_report().await.ok_or("no report")?;
        sender.send_all(numbers(0..2)).await?;
        assert_eq!(take(&mut received, 2).await?, numbers(0..2));
        assert!(gone.send(Disconnected).await.is_err(), "and so do its actors");
        Ok(())
    })
    .await
}
