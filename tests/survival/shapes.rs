//! Broadcasts and newest values over links and sessions that are lost.

use actix::prelude::*;
use netchan::channel::{Reason, Value};
use netchan::net::{Event, ImportSettings, SendSettings, Shape, Slow, Status, UnreadReports};
use netchan::{Connection, Exporter, Receiver};
use netchan_actix::messages::{self, Events, ExportSender, ImportReceiver};
use netchan_actix::{ExporterActor, ImporterActor};
use tokio::time::Instant;

use crate::support::{
    Number, Proxy, Restarting, Scene, TestResult, guarded, guarded_by_paused_clock, ms, numbers,
    quick, quick_config, take, take_all, wait_for,
};

const MANY: u64 = 2000;
const BETWEEN_CUTS: usize = 100;

async fn export(
    exporter: &Addr<ExporterActor>,
    shape: Shape,
    capacity: u32,
) -> TestResult<netchan::Sender<Number>> {
    let settings = SendSettings::default().shape(shape).capacity_values(capacity);
    Ok(exporter.send(ExportSender::<Number>::new("out").settings(settings)).await??)
}

async fn import<T: Value>(importer: &Addr<ImporterActor>, size: u32) -> TestResult<Receiver<T>> {
    Ok(importer.send(ImportReceiver::<T>::new("out").size(size)).await??)
}

/// Another importer of the scene's exporter, by a proxy of its own.
async fn join(scene: &Scene) -> TestResult<(Addr<ImporterActor>, Proxy)> {
    let proxy = Proxy::new();
    proxy.point_to(&scene.address);
    let importer = ImporterActor::connect(&proxy.listen().await?, quick_config()).await?;
    Ok((importer, proxy))
}

async fn standing(scene: &Scene) -> TestResult<Vec<Status>> {
    Ok(scene.exporter.send(messages::Status).await?)
}

#[actix::test]
async fn every_importer_gets_every_value_once_and_in_order_over_many_cuts() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let (other, others_proxy) = join(&scene).await?;
        let out = export(&scene.exporter, Shape::Broadcast(Slow::Wait), 32).await?;
        let mut one = import::<Number>(&scene.importer, 32).await?;
        let mut two = import::<Number>(&other, 8).await?;
        let sending = actix::spawn(async move { out.send_all(numbers(0..MANY)).await });
        let (mut of_one, mut of_two) = (Vec::new(), Vec::new());
        while of_one.len() < MANY as usize {
            // They stop each other, so neither may be far ahead.
            let taken = tokio::join!(take(&mut one, BETWEEN_CUTS), take(&mut two, BETWEEN_CUTS));
            of_one.extend(taken.0?);
            of_two.extend(taken.1?);
            if of_one.len() % (2 * BETWEEN_CUTS) == 0 {
                scene.proxy.cut();
            } else {
                others_proxy.cut();
            }
        }
        sending.await??;
        assert_eq!(of_one, numbers(0..MANY));
        assert_eq!(of_two, numbers(0..MANY));
        assert_eq!(take_all(&mut one).await?.0, []);
        assert!(take_all(&mut two).await?.1.is_finished());
        let status = scene.importers_status().await?;
        assert!(status.resumes >= 5 && status.lost_sessions == 0, "{status:?}");
        Ok(())
    })
    .await
}

#[actix::test]
async fn what_comes_and_what_is_missed_adds_up_over_many_cuts() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let out = export(&scene.exporter, Shape::Broadcast(Slow::DropOldest), 4).await?;
        let mut receiver = import::<Number>(&scene.importer, 4).await?;
        let mut values = Vec::new();
        for value in 0..MANY {
            out.send(Number(value)).await?;
            if value % 50 == 0 {
                scene.proxy.cut();
            }
            if value % 10 == 0 {
                values.extend(take(&mut receiver, 1).await?);
            }
        }
        drop(out);
        let (rest, closed) = take_all(&mut receiver).await?;
        values.extend(rest);
        assert!(closed.is_finished());
        assert!(values.is_sorted_by(|a, b| a < b));
        assert_eq!(values.last(), Some(&Number(MANY - 1)));
        assert!(receiver.missed_values() > 0);
        assert_eq!(values.len() as u64 + receiver.missed_values(), MANY);
        let status = scene.importers_status().await?;
        assert!(status.resumes >= 5 && status.lost_sessions == 0, "{status:?}");
        Ok(())
    })
    .await
}

#[actix::test]
async fn the_newest_value_is_reached_over_many_cuts() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let out = export(&scene.exporter, Shape::Latest, 4).await?;
        let mut receiver = import::<Number>(&scene.importer, 64).await?;
        let mut values = Vec::new();
        for value in 0..300 {
            out.send(Number(value)).await?;
            if value % 10 == 0 {
                scene.proxy.cut();
            }
            if value % 5 == 0 {
                values.extend(take(&mut receiver, 1).await?);
            }
        }
        drop(out);
        let (rest, closed) = take_all(&mut receiver).await?;
        // No more than the one on its way, and the newest.
        assert!(rest.len() <= 2, "{rest:?}");
        values.extend(rest);
        assert!(closed.is_finished());
        assert!(values.is_sorted_by(|a, b| a < b));
        assert_eq!(values.last(), Some(&Number(299)));
        Ok(())
    })
    .await
}

#[actix::test]
async fn who_has_no_link_may_be_too_slow_and_hears_of_it_with_the_next_one() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let mut events = scene.exporter.send(Events).await?;
        let out = export(&scene.exporter, Shape::Broadcast(Slow::Disconnect), 4).await?;
        let mut receiver = import::<Number>(&scene.importer, 4).await?;
        out.send(Number(0)).await?;
        assert_eq!(take(&mut receiver, 1).await?, numbers(0..1));
        scene.proxy.cut_off();
        wait_for!(events, Event::LinkLost { .. });
        for value in 1..=5 {
            out.send(Number(value)).await?;
        }
        wait_for!(events, Event::TooSlow { .. });
        assert!(out.is_empty());
        scene.proxy.admit();
        let (values, closed) = take_all(&mut receiver).await?;
        assert_eq!((values.len(), closed.reason), (0, Reason::TooSlow));
        let ended = wait_for!(events, Event::ChannelEnded { closed, .. } => closed);
        assert_eq!(ended.reason, Reason::TooSlow);
        assert!(standing(&scene).await?[0].channels.is_empty());
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_import_joins_anew_when_the_exporter_has_restarted() -> TestResult {
    guarded(async {
        for (shape, expected) in [(Shape::Broadcast(Slow::Wait), 9..12), (Shape::Latest, 9..10)] {
            let mut scene = Restarting::new().await?;
            let out = export(&scene.process.exporter, shape, 8).await?;
            let mut receiver = import::<Number>(&scene.importer, 8).await?;
            out.send(Number(0)).await?;
            assert_eq!(take(&mut receiver, 1).await?, numbers(0..1));
            scene = scene.restart().await?;
            let mut events = scene.process.exporter.send(Events).await?;
            let out = export(&scene.process.exporter, shape, 8).await?;
            let is_broadcast = shape != Shape::Latest;
            if is_broadcast {
                out.send(Number(7)).await?;
            } else {
                out.send(Number(9)).await?;
            }
            scene.up();
            wait_for!(events, Event::ChannelOpened { .. });
            if is_broadcast {
                out.send_all(numbers(9..12)).await?;
            }
            drop(out);
            let (values, closed) = take_all(&mut receiver).await?;
            assert_eq!(values, numbers(expected));
            assert!(closed.is_finished());
        }
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_sender_waits_for_an_importer_that_is_away_until_its_session_is_lost() -> TestResult {
    guarded_by_paused_clock(async {
        let config = quick().session_expiry(ms(2000)).build()?;
        let exporter = Exporter::new(config.clone());
        let mut events = exporter.events();
        let settings = SendSettings::default().capacity_values(4);
        let settings = settings.shape(Shape::Broadcast(Slow::Wait));
        let out = exporter.export_sender("out", settings)?;
        let (proxy, mut receivers) = (Proxy::new(), Vec::new());
        proxy.point_to_exporter(&exporter);
        let (mut drivers, mut connections) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let unread = UnreadReports::DropOldest;
            let (connection, driver) = Connection::dial(proxy.dial(), &config, unread).await?;
            drivers.push(tokio::spawn(driver.run()));
            let settings = ImportSettings::default().size(4);
            receivers.push(connection.import_receiver::<Number>("out", settings).await?);
            connections.push(connection);
        }
        drivers[0].abort();
        wait_for!(events, Event::LinkLost { .. });
        let begun = Instant::now();
        out.send_all(numbers(0..4)).await?;
        assert_eq!(take(&mut receivers[1], 4).await?, numbers(0..4));
        assert_eq!(begun.elapsed(), ms(0));
        assert!(out.try_send(Number(9)).is_err());
        out.send(Number(4)).await?;
        // Two seconds, and the exporter's margin.
        assert!((ms(32_000)..ms(33_000)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        assert_eq!(take(&mut receivers[1], 1).await?, numbers(4..5));
        Ok(())
    })
    .await
}
