//! The same from actor to actor.

use actix::prelude::*;
use netchan::net::{Address, Config, SendSettings};
use netchan_actix::messages::{Close, ExportSender, ListChannels, ListenAndServe};
use netchan_actix::{ExporterActor, ImporterActor};

use crate::support::{TestResult, guarded, names};

#[actix::test]
async fn the_actors_of_both_sides_list_the_same() -> TestResult {
    guarded(async {
        let exporter = ExporterActor::new(Config::default()).start();
        let export = ExportSender::<u32>::new("numbers").settings(SendSettings::default());
        let _numbers = exporter.send(export).await??;
        let address = exporter.send(ListenAndServe(Address::Tcp("127.0.0.1:0".into()))).await??;
        let importer = ImporterActor::connect(&address, Config::default()).await?;
        let listed = importer.send(ListChannels).await??;
        assert_eq!(names(&listed), ["numbers"]);
        assert_eq!(exporter.send(ListChannels).await??, listed);
        exporter.send(Close).await?;
        Ok(())
    })
    .await
}
