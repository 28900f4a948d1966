//! Links that are cut within the exchange of schemas: the session goes on, and each side is told once.

use netchan::net::UnreadReports;
use netchan::net::{
    Config, Connection, Event, Exporter, ImportError, ImportSettings, SendSettings,
};
use netchan::testing::{Network, Way};

use crate::support::{TestResult, guarded};
use crate::types::nested::{left, right};

#[tokio::test(start_paused = true)]
async fn a_mismatch_is_told_once_over_links_that_are_cut_anywhere() -> TestResult {
    const EXPECTED: &str = "Order.lines[].qty: exporter u32, importer u64";
    for bytes in (0..400).step_by(7) {
        for way in [Way::ToExporter, Way::ToImporter] {
            let network = Network::new();
            let exporter = Exporter::new(Config::default());
            let _orders =
                exporter.export_sender::<left::Order>("orders", SendSettings::default())?;
            let numbers = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
            let listener = network.listener();
            tokio::spawn({
                let exporter = exporter.clone();
                async move {
                    while let Ok(stream) = listener.accept().await {
                        let _served = exporter.serve(stream).await;
                    }
                }
            });
            let mut events = exporter.events();
            let config = Config::default();
            let (importer, driver) =
                Connection::dial(network.dialler(), &config, UnreadReports::DropOldest).await?;
            tokio::spawn(driver.run());
            network.cut_after(way, bytes);
            let settings = ImportSettings::default();
            let import = importer.import_receiver::<right::Order>("orders", settings);
            match guarded(import).await {
                Err(ImportError::TypeMismatch { text, .. }) => assert_eq!(text, EXPECTED),
                other => panic!("{other:?}"),
            }
            numbers.send(1).await?;
            let mut numbers = guarded(importer.import_receiver::<u32>("numbers", settings)).await?;
            assert_eq!(guarded(numbers.recv()).await?, 1);
            let mut told = Vec::new();
            let mut is_closing = false;
            loop {
                match guarded(events.next_event()).await.ok_or("the events have ended")? {
                    Event::ImportRefused { text, .. } => told.push(text),
                    Event::Ended { .. } => break,
                    _ => {}
                }
                if !told.is_empty() && !std::mem::replace(&mut is_closing, true) {
                    exporter.close().await;
                }
            }
            assert_eq!(told, [EXPECTED], "cut after {bytes} bytes");
        }
    }
    Ok(())
}
