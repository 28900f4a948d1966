//! Lists over links that are lost, and peers that are away.

use std::time::Duration;

use netchan::limits::LIST_TIMEOUT;
use netchan::net::{Config, ListError, Redial, SendSettings, UnreadReports};
use netchan::testing::{Network, Way};
use netchan::{Connection, Exporter, Sender};

use crate::support::{TestResult, guarded, names};

/// An exporter with so many channels in a network, and an importer.
struct Scene {
    network: Network,
    exporter: Exporter,
    importer: Connection,
    _channels: Vec<Sender<u64>>,
}

fn quick() -> TestResult<Config> {
    let redial = Redial::default().delays(Duration::from_millis(1), Duration::from_millis(5));
    Ok(Config::builder().redial(redial).build()?)
}

fn serve(network: &Network, exporter: &Exporter) {
    let (listener, exporter) = (network.listener(), exporter.clone());
    tokio::spawn(async move {
        while let Ok(stream) = listener.accept().await {
            let exporter = exporter.clone();
            tokio::spawn(async move { exporter.serve(stream).await });
        }
    });
}

fn export(exporter: &Exporter, channels: usize) -> TestResult<Vec<Sender<u64>>> {
    let export = |number| {
        let name = format!("channel {number:05}");
        Ok(exporter.export_sender::<u64>(&name, SendSettings::default())?)
    };
    (0..channels).map(export).collect()
}

impl Scene {
    async fn new(channels: usize) -> TestResult<Scene> {
        let (network, exporter) = (Network::new(), Exporter::new(quick()?));
        let _channels = export(&exporter, channels)?;
        serve(&network, &exporter);
        let unread = UnreadReports::DropOldest;
        let (importer, driver) = Connection::dial(network.dialler(), &quick()?, unread).await?;
        tokio::spawn(driver.run());
        Ok(Scene { network, exporter, importer, _channels })
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_cut_in_the_middle_of_a_page_costs_nothing_but_time() -> TestResult {
    guarded(async {
        let scene = Scene::new(1000).await?;
        let expected = scene.exporter.list_channels();
        let to_importer = [1, 25, 100, 2000, 30_000, 60_000, 64_000, 66_000, 80_000];
        let to_importer = to_importer.map(|bytes| (Way::ToImporter, bytes));
        let to_exporter = [1, 10, 30].map(|bytes| (Way::ToExporter, bytes));
        for (cuts, (way, bytes)) in to_importer.into_iter().chain(to_exporter).enumerate() {
            scene.network.cut_after(way, bytes);
            assert_eq!(scene.importer.list_channels().await?, expected, "{way:?} after {bytes}");
            let resumes = scene.importer.status().await?.resumes;
            assert_eq!(resumes, cuts as u64 + 1, "{way:?} after {bytes}");
        }
        assert_eq!(scene.importer.status().await?.lost_sessions, 0);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_question_outlives_the_session_in_which_it_was_asked() -> TestResult {
    guarded(async {
        let scene = Scene::new(3).await?;
        scene.network.stall();
        let importer = scene.importer.clone();
        let asking = tokio::spawn(async move { importer.list_channels().await });
        tokio::task::yield_now().await;
        // The exporter restarts, with other channels.
        let listener = scene.network.restart_exporter();
        scene.network.resume();
        let next = Exporter::new(quick()?);
        let _channels = export(&next, 2)?;
        tokio::spawn(async move {
            while let Ok(stream) = listener.accept().await {
                let _refused = next.serve(stream).await;
            }
        });
        let listed = asking.await??;
        assert_eq!(names(&listed), ["channel 00000", "channel 00001"]);
        assert_eq!(scene.importer.status().await?.lost_sessions, 1);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_for_an_exporter_that_starts_later() -> TestResult {
    guarded(async {
        let (network, exporter) = (Network::new(), Exporter::new(quick()?));
        let unread = UnreadReports::DropOldest;
        let (importer, driver) =
            Connection::dial_later(network.dialler(), "later", &quick()?, unread);
        tokio::spawn(driver.run());
        let asking = {
            let importer = importer.clone();
            tokio::spawn(async move { importer.list_channels().await })
        };
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(!asking.is_finished());
        let _channels = export(&exporter, 1)?;
        serve(&network, &exporter);
        assert_eq!(names(&asking.await??), ["channel 00000"]);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_cannot_be_reached_is_not_waited_for_for_ever() -> TestResult {
    guarded(async {
        let scene = Scene::new(3).await?;
        scene.network.cut_off();
        let begun = tokio::time::Instant::now();
        let unanswered = scene.importer.list_channels().await;
        let timeout_ms = LIST_TIMEOUT.as_millis() as u64;
        assert!(
            matches!(unanswered, Err(ListError::Unanswered { timeout_ms: ms }) if ms == timeout_ms),
            "{unanswered:?}"
        );
        assert_eq!(begun.elapsed().as_secs(), LIST_TIMEOUT.as_secs());
        // Who asks next is answered, as soon as there is a link.
        scene.network.admit();
        assert_eq!(scene.importer.list_channels().await?.len(), 3);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_list_that_was_given_up_is_in_nobodys_way() -> TestResult {
    guarded(async {
        let scene = Scene::new(1000).await?;
        for _ in 0..100 {
            let (first, second) = (scene.importer.clone(), scene.importer.clone());
            let given_up = tokio::spawn(async move { first.list_channels().await });
            tokio::task::yield_now().await;
            given_up.abort();
            assert_eq!(second.list_channels().await?.len(), 1000);
        }
        Ok(())
    })
    .await
}
