//! Sessions over a network of the test kit, on a paused clock: what each failure means to a program.

use std::time::Duration;

use netchan::Exporter;
use netchan::limits::DEAD_AFTER;
use netchan::net::{Config, Event, ImportSettings, RecvSettings, SendSettings};
use netchan::testing::{Network, Way};
use tokio::time::Instant;

use crate::support::{TestResult, guarded, import, serve, take};

/// Waits for an event and ignores others.
macro_rules! next_event {
    ($events:expr, $wanted:pat) => {
        loop {
            match $events.next_event().await {
                Some($wanted) => break,
                Some(_) => {}
                None => return Err("the events have ended".into()),
            }
        }
    };
}

#[tokio::test(start_paused = true)]
async fn values_arrive_once_and_in_order_over_links_that_are_cut_at_any_byte() -> TestResult {
    guarded(async {
        const VALUES: u32 = 500;
        let network = Network::with_link_bytes(1024);
        let exporter = Exporter::new(Config::default());
        let out = exporter.export_sender::<u32>("out", SendSettings::default())?;
        let mut inward = exporter.export_receiver::<u32>("in", RecvSettings::default())?;
        serve(&exporter, network.listener());
        let connection = import(network.dialler()).await?;
        let settings = ImportSettings::default();
        let mut outward = connection.import_receiver::<u32>("out", settings).await?;
        let into = connection.import_sender::<u32>("in", settings).await?;
        for bytes in 0..400 {
            let way = if bytes % 2 == 0 { Way::ToExporter } else { Way::ToImporter };
            network.cut_next_after(way, bytes);
        }
        network.cut();
        let (sent, sent_in, received, received_in) = tokio::join!(
            out.send_all(0..VALUES),
            into.send_all(0..VALUES),
            take(&mut outward, VALUES as usize),
            take(&mut inward, VALUES as usize),
        );
        sent?;
        sent_in?;
        assert_eq!(received?, (0..VALUES).collect::<Vec<_>>());
        assert_eq!(received_in?, (0..VALUES).collect::<Vec<_>>());
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_stall_that_is_shorter_than_the_heartbeat_allows_costs_no_link() -> TestResult {
    guarded(async {
        let network = Network::new();
        let exporter = Exporter::new(Config::default());
        let out = exporter.export_sender::<u32>("out", SendSettings::default())?;
        serve(&exporter, network.listener());
        let connection = import(network.dialler()).await?;
        let settings = ImportSettings::default();
        let mut outward = connection.import_receiver::<u32>("out", settings).await?;
        network.stall();
        out.send(1).await?;
        network.wait_for(|traffic| traffic.in_flight_bytes > 0).await;
        // Beyond the first heartbeat, which waits in the link with the value.
        tokio::time::advance(DEAD_AFTER / 2).await;
        network.resume();
        assert_eq!(take(&mut outward, 1).await?, [1]);
        assert_eq!(network.traffic().links_made, 1);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_longer_stall_and_a_half_open_link_are_found_out_and_lose_nothing() -> TestResult {
    guarded(async {
        let network = Network::new();
        let exporter = Exporter::new(Config::default());
        let out = exporter.export_sender::<u32>("out", SendSettings::default())?;
        serve(&exporter, network.listener());
        let connection = import(network.dialler()).await?;
        let settings = ImportSettings::default();
        let mut outward = connection.import_receiver::<u32>("out", settings).await?;
        let mut events = connection.events();

        let silent = Instant::now();
        network.stall();
        out.send(1).await?;
        next_event!(events, Event::LinkLost { .. });
        assert!(silent.elapsed() >= DEAD_AFTER - Duration::from_secs(1));
        network.resume();
        assert_eq!(take(&mut outward, 1).await?, [1]);
        next_event!(events, Event::Resumed { .. });

        network.linked(1).await;
        network.swallow();
        out.send(2).await?;
        next_event!(events, Event::LinkLost { .. });
        assert_eq!(take(&mut outward, 1).await?, [2]);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn an_exporter_that_cannot_be_reached_for_too_long_costs_the_session() -> TestResult {
    guarded(async {
        let network = Network::new();
        let exporter = Exporter::new(Config::default());
        let out = exporter.export_sender::<u32>("out", SendSettings::default())?;
        serve(&exporter, network.listener());
        let connection = import(network.dialler()).await?;
        let settings = ImportSettings::default();
        let mut outward = connection.import_receiver::<u32>("out", settings).await?;
        let mut events = connection.events();
        network.cut_off();
        next_event!(events, Event::SessionExpired { .. });
        let dials = network.traffic().dials;
        network.wait_for(|traffic| traffic.dials > dials).await;
        network.admit();
        out.send(1).await?;
        assert_eq!(take(&mut outward, 1).await?, [1]);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn one_exporter_serves_two_networks_of_which_one_fails() -> TestResult {
    guarded(async {
        let (sound, broken) = (Network::new(), Network::new());
        let exporter = Exporter::new(Config::default());
        let mut inward = exporter.export_receiver::<u32>("in", RecvSettings::default())?;
        serve(&exporter, sound.listener());
        serve(&exporter, broken.listener());
        let (first, second) = (import(sound.dialler()).await?, import(broken.dialler()).await?);
        let first = first.import_sender::<u32>("in", ImportSettings::default()).await?;
        let second = second.import_sender::<u32>("in", ImportSettings::default()).await?;
        broken.cut_off();
        first.send(1).await?;
        second.send(2).await?;
        assert_eq!(take(&mut inward, 1).await?, [1]);
        broken.admit();
        assert_eq!(take(&mut inward, 1).await?, [2]);
        assert_eq!((sound.traffic().links_made, sound.links()), (1, 1));
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_link_that_holds_one_byte_carries_a_session() -> TestResult {
    guarded(async {
        let network = Network::with_link_bytes(0);
        let exporter = Exporter::new(Config::default());
        let out = exporter.export_sender::<String>("out", SendSettings::default())?;
        serve(&exporter, network.listener());
        let connection = import(network.dialler()).await?;
        let settings = ImportSettings::default();
        let mut outward = connection.import_receiver::<String>("out", settings).await?;
        let value = "x".repeat(10_000);
        out.send(value.clone()).await?;
        assert_eq!(take(&mut outward, 1).await?, [value]);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_thousand_importers_lose_their_links_at_once_and_come_back() -> TestResult {
    guarded(async {
        const IMPORTERS: usize = 1000;
        let network = Network::new();
        let exporter = Exporter::new(Config::default());
        let mut inward = exporter.export_receiver::<usize>("in", RecvSettings::default())?;
        serve(&exporter, network.listener());
        let mut senders = Vec::new();
        for _ in 0..IMPORTERS {
            let connection = import(network.dialler()).await?;
            let settings = ImportSettings::default();
            senders.push(connection.import_sender::<usize>("in", settings).await?);
        }
        assert_eq!(network.links(), IMPORTERS);
        network.cut();
        assert_eq!(network.links(), 0);
        for (number, sender) in senders.iter().enumerate() {
            sender.send(number).await?;
        }
        let mut values = take(&mut inward, IMPORTERS).await?;
        values.sort_unstable();
        assert_eq!(values, (0..IMPORTERS).collect::<Vec<_>>());
        network.linked(IMPORTERS).await;
        Ok(())
    })
    .await
}
