//! Calls that are refused: each gets its typed error, and the connection lives on.

use futures::FutureExt;
use netchan::channel::{Origin, Reason};
use netchan::limits::REPORTS_MAX;
use netchan::net::{
    Config, ConnectionEnd, ExportError, ImportError, ImportSettings, RecvSettings, Report,
    ReportStream, SendSettings, UnreadReports,
};
use netchan::session::OpenError;
use netchan::wire::Code;
use netchan::{Dir, Receiver, Sender};
use serde::{Deserialize, Serialize};

use crate::support::{Medium, Peers, World, channel, guarded, over_each, take};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Before {
    count: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct After {
    amount: u32,
}

async fn receiver<T: netchan::channel::Value>(
    peers: &Peers,
    name: &str,
) -> Result<Receiver<T>, ImportError> {
    peers.importer.import_receiver(name, ImportSettings::default()).await
}

async fn sender<T: netchan::channel::Value>(
    peers: &Peers,
    name: &str,
) -> Result<Sender<T>, ImportError> {
    peers.importer.import_sender(name, ImportSettings::default()).await
}

/// The next report must be a refusal.
async fn refusal(reports: &mut ReportStream) -> (String, Origin, Code) {
    match guarded("there is a report", reports.next_report()).await {
        Some(Report::ImportRefused { name, by, code, .. }) => (name, by, code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_import_that_does_not_fit_is_refused_and_reported_on_both_sides() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (alive, mut alive_receiver) = channel(&world, &peers, "alive", Dir::Recv, 4).await;
        let _numbers =
            world.exporter.export_sender::<u32>("numbers", SendSettings::default()).unwrap();
        let _records =
            world.exporter.export_sender::<Before>("records", SendSettings::default()).unwrap();
        let _taken = world.exporter.export_receiver::<u32>("taken", RecvSettings::default());

        let error = receiver::<u32>(&peers, "nobody").await.unwrap_err();
        assert!(matches!(error, ImportError::UnknownName { name } if name == "nobody"));
        let error = sender::<u32>(&peers, "numbers").await.unwrap_err();
        assert!(matches!(error, ImportError::WrongDirection { dir: Dir::Send, .. }));
        let error = receiver::<u32>(&peers, "taken").await.unwrap_err();
        assert!(matches!(error, ImportError::WrongDirection { dir: Dir::Recv, .. }));
        let error = receiver::<u64>(&peers, "numbers").await.unwrap_err();
        assert!(matches!(error, ImportError::TypeMismatch { .. }));
        let error = receiver::<After>(&peers, "records").await.unwrap_err();
        assert!(matches!(error, ImportError::TypeMismatch { .. }));

        let mut here = peers.importer.reports();
        let mut there = world.exporter.reports();
        for (name, code) in [
            ("nobody", Code::UnknownName),
            ("numbers", Code::WrongDirection),
            ("taken", Code::WrongDirection),
            ("numbers", Code::TypeMismatch),
            ("records", Code::TypeMismatch),
        ] {
            assert_eq!(refusal(&mut here).await, (name.to_owned(), Origin::Peer, code));
            assert_eq!(refusal(&mut there).await, (name.to_owned(), Origin::Local, code));
        }
        assert!(here.next_report().now_or_never().is_none());

        let mut numbers = receiver::<u32>(&peers, "numbers").await.unwrap();
        _numbers.send(5).await.unwrap();
        assert_eq!(numbers.recv().await, Ok(5));
        alive.send(1_u32).await.unwrap();
        assert_eq!(take(&mut alive_receiver, 1).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn names_and_settings_that_cannot_be_used_are_refused_where_they_are_given() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let long = "n".repeat(255);
        for name in ["", "n".repeat(256).as_str()] {
            let exported = world.exporter.export_sender::<u32>(name, SendSettings::default());
            assert!(matches!(exported, Err(ExportError::Name(_))));
            let imported = receiver::<u32>(&peers, name).await;
            assert!(matches!(imported, Err(ImportError::Name(_))));
        }
        let _longest = channel::<u32>(&world, &peers, &long, Dir::Recv, 1).await;
        let taken = world.exporter.export_receiver::<u32>(&long, RecvSettings::default());
        assert!(matches!(taken, Err(ExportError::DuplicateName { name }) if name == long));
        let again = receiver::<u32>(&peers, &long).await;
        assert!(matches!(again, Err(ImportError::AlreadyImported { name }) if name == long));

        let none = ImportSettings::default().limit(0);
        let none = peers.importer.import_receiver::<u32>("other", none).await;
        assert!(matches!(none, Err(ImportError::Setting(error)) if error.setting == "limit"));
        let narrow = RecvSettings::default().window_bytes(1);
        let narrow = world.exporter.export_receiver::<u32>("narrow", narrow);
        assert!(matches!(narrow, Err(ExportError::Setting(_))));
        let untyped =
            world.exporter.export_sender::<serde_json::Value>("untyped", SendSettings::default());
        assert!(matches!(untyped, Err(ExportError::Type(_))));
        let untyped = receiver::<serde_json::Value>(&peers, "untyped").await;
        assert!(matches!(untyped, Err(ImportError::Type(_))));
        assert_eq!(peers.importer.status().await.unwrap().channels.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_exported_or_imported_after_the_end() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let kept = world.exporter.export_sender::<u32>("kept", SendSettings::default()).unwrap();
        world.exporter.close().await;
        assert_eq!(kept.closed().await.reason, Reason::ConnectionClosed);
        let late = world.exporter.export_sender::<u32>("late", SendSettings::default());
        assert!(matches!(late, Err(ExportError::ExporterClosed)));
        let late = receiver::<u32>(&peers, "kept").await;
        let end = late.unwrap_err();
        assert!(matches!(end, ImportError::Disconnected(ConnectionEnd::ClosedByPeer)), "{end}");
        assert!(world.exporter.reports().next_report().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_connection_has_as_many_channels_as_its_peers_allow() {
    over_each(async |medium| {
        let config = Config::builder().channels_max(2).build().unwrap();
        let world = World::with(medium, config).await;
        let peers = world.connect().await;
        let (first, first_receiver) = channel::<u32>(&world, &peers, "first", Dir::Recv, 1).await;
        let _second = channel::<u32>(&world, &peers, "second", Dir::Send, 1).await;
        let third = receiver::<u32>(&peers, "third").await;
        assert!(matches!(third, Err(ImportError::Session(OpenError::TooManyChannels(2)))));
        drop((first, first_receiver));
        peers.importer.hangup("first").await.ok();
        let _third = channel::<u32>(&world, &peers, "third", Dir::Recv, 1).await;
    })
    .await;
}

#[tokio::test]
async fn too_many_unread_reports_shut_an_importer_down() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect_reporting(UnreadReports::ShutDown).await;
        let other = world.connect().await;
        for _ in 0..REPORTS_MAX {
            let error = receiver::<u32>(&peers, "nobody").await.unwrap_err();
            assert!(matches!(error, ImportError::UnknownName { .. }));
        }
        assert!(peers.importer.end().is_none());
        let _last = receiver::<u32>(&peers, "nobody").await.unwrap_err();
        let end = peers.importer.closed().await;
        assert!(matches!(end, ConnectionEnd::UnreadReports { reports: REPORTS_MAX }), "{end}");
        assert!(peers.exporter.closed().await.is_regular());
        let mut reports = peers.importer.reports();
        for _ in 0..REPORTS_MAX {
            assert_eq!(refusal(&mut reports).await.2, Code::UnknownName);
        }
        let _alive = channel::<u32>(&world, &other, "values", Dir::Recv, 1).await;
    })
    .await;
}

#[tokio::test]
async fn unread_reports_are_dropped_and_counted_where_that_is_wanted() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        for number in 0..REPORTS_MAX + 3 {
            receiver::<u32>(&peers, &format!("nobody {number}")).await.unwrap_err();
        }
        let mut reports = peers.importer.reports();
        assert_eq!(reports.dropped(), 3);
        assert_eq!(refusal(&mut reports).await.0, "nobody 3");
        peers.importer.status().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_report_goes_to_a_reader_that_still_looks() {
    let world = World::new(Medium::Memory).await;
    let peers = world.connect().await;
    let mut idle = peers.importer.reports();
    assert!(idle.next_report().now_or_never().is_none());
    let mut reading = peers.importer.reports();
    let reading = tokio::spawn(async move { reading.next_report().await });
    tokio::task::yield_now().await;
    receiver::<u32>(&peers, "nobody").await.unwrap_err();
    assert!(guarded("it is read", reading).await.unwrap().is_some());
    drop(idle);
}
