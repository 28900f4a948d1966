//! Imports that last: their exporter restarts with another version of the program.

use netchan::net::{Config, Connection, Exporter, ImportSettings, RecvSettings, SendSettings};
use netchan::net::{Event, UnreadReports};
use netchan::testing::Network;

use crate::support::{TestResult, guarded};
use crate::upgrades::{Order, OrderV1, OrderV2, order, orders};

fn serve(exporter: &Exporter, listener: netchan::net::Listener) {
    let exporter = exporter.clone();
    tokio::spawn(async move {
        while let Ok(stream) = listener.accept().await {
            let _served = exporter.serve(stream).await;
        }
    });
}

async fn import(network: &Network) -> TestResult<Connection> {
    let config = Config::default();
    let (connection, driver) =
        Connection::dial(network.dialler(), &config, UnreadReports::DropOldest).await?;
    tokio::spawn(driver.run());
    Ok(connection)
}

#[tokio::test(start_paused = true)]
async fn an_upgraded_importer_goes_on_with_each_version_of_its_exporter() -> TestResult {
    let network = Network::new();
    let exporter = Exporter::new(Config::default());
    let sender = exporter.export_sender::<OrderV1>("orders", SendSettings::default())?;
    serve(&exporter, network.listener());
    let importer = import(&network).await?;
    let settings = ImportSettings::default();
    let mut received = importer.import_receiver_as("orders", settings, orders()).await?;
    sender.send(OrderV1 { qty: 1 }).await?;
    // The first value waits here, in the form of its session, while the next one is there.
    while received.is_empty() {
        tokio::task::yield_now().await;
    }

    let listener = network.restart_exporter();
    let exporter = Exporter::new(Config::default());
    let sender = exporter.export_sender::<OrderV2>("orders", SendSettings::default())?;
    serve(&exporter, listener);
    sender.send(OrderV2 { qty: 2 }).await?;
    assert_eq!(guarded(received.recv()).await?, Order { qty: 1, note: Some("from V1".into()) });
    assert_eq!(guarded(received.recv()).await?, Order { qty: 2, note: Some("from V2".into()) });

    let listener = network.restart_exporter();
    let exporter = Exporter::new(Config::default());
    let sender = exporter.export_sender::<Order>("orders", SendSettings::default())?;
    serve(&exporter, listener);
    sender.send(order(3)).await?;
    assert_eq!(guarded(received.recv()).await?, order(3));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_old_importer_goes_on_sending_when_its_exporter_is_upgraded() -> TestResult {
    let network = Network::new();
    let exporter = Exporter::new(Config::default());
    let mut received = exporter.export_receiver::<OrderV1>("orders", RecvSettings::default())?;
    serve(&exporter, network.listener());
    let importer = import(&network).await?;
    let sender = importer.import_sender::<OrderV1>("orders", ImportSettings::default()).await?;
    sender.send(OrderV1 { qty: 1 }).await?;
    assert_eq!(guarded(received.recv()).await?, OrderV1 { qty: 1 });

    let listener = network.restart_exporter();
    let exporter = Exporter::new(Config::default());
    let settings = RecvSettings::default();
    let mut received = exporter.export_receiver_as("orders", settings, orders())?;
    serve(&exporter, listener);
    sender.send(OrderV1 { qty: 2 }).await?;
    // What was not known to be taken may come again.
    loop {
        let Order { qty, note } = guarded(received.recv()).await?;
        assert_eq!(note.as_deref(), Some("from V1"));
        if qty == 2 {
            return Ok(());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_import_ends_when_its_exporter_comes_back_with_what_it_does_not_know() -> TestResult {
    let network = Network::new();
    let exporter = Exporter::new(Config::default());
    let _sender = exporter.export_sender::<OrderV1>("orders", SendSettings::default())?;
    serve(&exporter, network.listener());
    let importer = import(&network).await?;
    let settings = ImportSettings::default();
    let mut received = importer.import_receiver::<OrderV1>("orders", settings).await?;

    let listener = network.restart_exporter();
    let exporter = Exporter::new(Config::default());
    let mut events = exporter.events();
    let _sender = exporter.export_sender::<Order>("orders", SendSettings::default())?;
    serve(&exporter, listener);
    let expected = "Order.note: exporter option of string, importer missing";
    let closed = guarded(received.recv()).await.expect_err("the channel has ended");
    assert!(closed.to_string().contains(expected), "{closed}");
    loop {
        let event = guarded(events.next_event()).await.ok_or("the events have ended")?;
        if let Event::ImportRefused { text, .. } = event {
            assert_eq!(text, expected);
            return Ok(());
        }
    }
}
