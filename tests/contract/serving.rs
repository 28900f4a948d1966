//! Exporters, listeners and links: how two sides come together.

use std::io::ErrorKind;

use actix::prelude::*;
use netchan::Dir;
use netchan::channel::{Origin, Reason};
use netchan::net::{Address, Config, ConnectError, ExportError, Listener, Stream};
use netchan_actix::messages::{Close, ExportReceiver, ExportSender, ImportReceiver};
use netchan_actix::messages::{ListenAndServe, Serve, ServeConnection};
use netchan_actix::{ExporterActor, ImporterActor};
use tokio::io::{duplex, join, split};
use tokio::net::{TcpListener, UnixListener};

use crate::support::{TestResult, closed, exporter, guarded, joined, socket_path, take, take_all};

#[test]
fn a_direction_is_printed_as_go_does() {
    assert_eq!(format!("{} {}", Dir::Recv, Dir::Send), "Recv Send");
}

/// Imports "numbers" and takes one.
async fn first_number(importer: &Addr<ImporterActor>) -> TestResult<u64> {
    // One value a time: several importers share them.
    let import = ImportReceiver::<u64>::new("numbers").size(1).limit(1);
    let mut numbers = importer.send(import).await??;
    let (values, closed) = take_all(&mut numbers).await?;
    assert!(closed.is_finished(), "{closed}");
    Ok(values[0])
}

#[actix::test]
async fn exporters_in_one_process_have_names_and_listeners_of_their_own() -> TestResult {
    guarded(async {
        for number in [1_u64, 2, 3] {
            let exporter = exporter();
            let numbers = exporter.send(ExportSender::<u64>::new("numbers")).await??;
            let mut addresses = Vec::new();
            for place in ["127.0.0.1:0", "127.0.0.1:0"] {
                addresses.push(exporter.send(ListenAndServe(place.parse()?)).await??);
            }
            let unix = Address::Unix(socket_path());
            addresses.push(exporter.send(ListenAndServe(unix)).await??);
            for address in &addresses {
                numbers.send(number).await?;
                let importer = ImporterActor::connect(address, Config::default()).await?;
                assert_eq!(first_number(&importer).await?, number, "from {address}");
            }
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_name_is_exported_once_and_free_again_after_its_channel() -> TestResult {
    let exporter = exporter();
    let first = exporter.send(ExportSender::<u64>::new("numbers")).await??;
    let again = exporter.send(ExportSender::<u64>::new("numbers")).await?;
    assert!(matches!(again, Err(ExportError::DuplicateName { name }) if name == "numbers"));
    // Neither does it matter which way values go, nor of what type they are.
    let again = exporter.send(ExportReceiver::<String>::new("numbers")).await?;
    assert!(matches!(again, Err(ExportError::DuplicateName { .. })));
    assert!(!first.is_closed(), "the first one goes on");

    drop(first);
    exporter.send(ExportReceiver::<String>::new("numbers")).await??;
    Ok(())
}

#[actix::test]
async fn listening_at_port_zero_gives_the_real_port() -> TestResult {
    let exporter = exporter();
    let address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
    let Address::Tcp(place) = &address else { return Err("not TCP".into()) };
    assert!(!place.ends_with(":0"), "{place}");
    ImporterActor::connect(&address, Config::default()).await?;

    let taken = exporter.send(ListenAndServe(address)).await?;
    assert_eq!(taken.map_err(|error| error.kind()), Err(ErrorKind::AddrInUse));
    Ok(())
}

#[actix::test]
async fn a_unix_socket_is_gone_when_its_exporter_was_closed() -> TestResult {
    guarded(async {
        let exporter = exporter();
        let path = socket_path();
        let asked = Address::Unix(path.clone());
        let address = exporter.send(ListenAndServe(asked.clone())).await??;
        assert_eq!(address, asked);
        let importer = ImporterActor::connect(&address, Config::default()).await?;
        assert!(path.exists());
        exporter.send(Close).await?;
        importer.send(netchan_actix::messages::Disconnected).await?;
        let nobody = ImporterActor::connect(&address, Config::default()).await;
        assert!(matches!(nobody, Err(ConnectError::Io(_))), "{nobody:?}");
        assert!(!path.exists());
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_ready_listener_is_served() -> TestResult {
    guarded(async {
        let exporter = exporter();
        let numbers = exporter.send(ExportSender::<u64>::new("numbers")).await??;
        let tcp = TcpListener::bind("127.0.0.1:0").await?;
        let real: Address = tcp.local_addr()?.into();
        let path = socket_path();
        let unix = UnixListener::bind(&path)?;
        for (number, listener) in [(7, Listener::try_from(tcp)?), (8, Listener::try_from(unix)?)] {
            let address = exporter.send(Serve(listener)).await?;
            assert!(address == real || address == Address::Unix(path.clone()), "{address}");
            let importer = ImporterActor::connect(&address, Config::default()).await?;
            numbers.send(number).await?;
            assert_eq!(first_number(&importer).await?, number);
        }
        std::fs::remove_file(path)?;
        Ok(())
    })
    .await
}

#[actix::test]
async fn any_byte_stream_is_served_and_imported_over() -> TestResult {
    guarded(async {
        // Two pipes, of which each side reads one and writes the other.
        let (near, far) = (duplex(512), duplex(512));
        let ((near_read, _a), (_b, near_write)) = (split(near.0), split(far.0));
        let ((_c, far_write), (far_read, _d)) = (split(near.1), split(far.1));
        let ours = Stream::new(join(near_read, near_write), "two pipes");
        let theirs = Stream::new(join(far_read, far_write), "two pipes");
        let exporter = exporter();
        let numbers = exporter.send(ExportSender::<u64>::new("numbers")).await??;
        let (importer, _) = joined(&exporter, theirs, ours).await?;
        let mut received = importer.send(ImportReceiver::<u64>::new("numbers")).await??;
        let (sent, taken) = tokio::join!(numbers.send_all(0..1000), take(&mut received, 1000));
        sent?;
        assert_eq!(taken?, (0..1000).collect::<Vec<_>>());
        Ok(())
    })
    .await
}

#[actix::test]
async fn connecting_to_nobody_is_a_typed_error() -> TestResult {
    guarded(async {
        let address: Address = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
            listener.local_addr()?.into()
        };
        match ImporterActor::connect(&address, Config::default()).await {
            Err(ConnectError::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
            other => return Err(format!("{other:?}").into()),
        }
        match ImporterActor::connect(&Address::Unix(socket_path()), Config::default()).await {
            Err(ConnectError::Io(error)) => assert_eq!(error.kind(), ErrorKind::NotFound),
            other => return Err(format!("{other:?}").into()),
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_peer_that_leaves_in_the_handshake_is_a_typed_error_on_either_side() -> TestResult {
    guarded(async {
        let (ours, theirs) = Stream::in_memory(1024);
        drop(theirs);
        let refused = ImporterActor::over(ours, Config::default()).await;
        assert!(matches!(refused, Err(ConnectError::LinkEnded | ConnectError::Io(_))));
        let (ours, theirs) = Stream::in_memory(1024);
        drop(ours);
        let exporter = exporter();
        let refused = exporter.send(ServeConnection(theirs)).await?;
        assert!(matches!(refused, Err(ConnectError::LinkEnded | ConnectError::Io(_))));
        // It serves the next one.
        let (ours, theirs) = Stream::in_memory(1024);
        joined(&exporter, theirs, ours).await?;
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_exporter_with_a_bound_turns_further_importers_away() -> TestResult {
    guarded(async {
        let config = Config::builder().connections_max(1).build()?;
        let exporter = ExporterActor::new(config).start();
        let (ours, theirs) = Stream::in_memory(1024);
        let (first, _) = joined(&exporter, theirs, ours).await?;
        let (ours, theirs) = Stream::in_memory(1024);
        let (served, imported) = tokio::join!(
            exporter.send(ServeConnection(theirs)),
            ImporterActor::over(ours, Config::default())
        );
        let served = served?;
        assert!(matches!(served, Err(ConnectError::TooManyConnections { connections_max: 1 })));
        assert!(matches!(imported, Err(ConnectError::Rejected { .. })), "{imported:?}");
        first.send(Close).await?;
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_closed_exporter_exports_nothing_and_ends_its_channels() -> TestResult {
    guarded(async {
        let exporter = exporter();
        let numbers = exporter.send(ExportSender::<u64>::new("numbers")).await??;
        let mut words = exporter.send(ExportReceiver::<String>::new("words")).await??;
        exporter.send(Close).await?;
        let here = closed(Origin::Local, Reason::ConnectionClosed);
        assert_eq!(numbers.closed().await, here);
        assert_eq!(take_all(&mut words).await?.1, here);
        assert!(exporter.send(ExportSender::<u64>::new("more")).await.is_err(), "it has stopped");
        assert!(!exporter.connected());
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_silent_peer_is_given_up_and_keeps_nobody_waiting() -> TestResult {
    guarded(async {
        let timeout = std::time::Duration::from_millis(200);
        let config = Config::builder().handshake_timeout(timeout).build()?;
        let exporter = ExporterActor::new(config.clone()).start();
        let (silent, theirs) = Stream::in_memory(1024);
        let serving = actix::spawn(exporter.send(ServeConnection(theirs)));
        let (ours, theirs) = Stream::in_memory(1024);
        joined(&exporter, theirs, ours).await?;
        assert!(!serving.is_finished(), "it was served meanwhile");
        let refused = serving.await??;
        assert!(matches!(refused, Err(ConnectError::TimedOut { timeout_ms: 200 })), "{refused:?}");
        drop(silent);
        let (ours, _silent) = Stream::in_memory(1024);
        let refused = ImporterActor::over(ours, config).await;
        assert!(matches!(refused, Err(ConnectError::TimedOut { timeout_ms: 200 })), "{refused:?}");
        Ok(())
    })
    .await
}
