//! Two real processes, one of which is killed.

use std::process::Stdio;

use netchan::channel::{Origin, Reason};
use netchan::net::{Config, ConnectionEnd, Redial, Report};
use netchan_actix::messages::{Disconnected, Errors, ExportReceiver, ExportSender, ImportReceiver};
use netchan_actix::messages::{ImportSender, ListenAndServe, Sync};
use netchan_actix::{Address, ImporterActor};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::take;
use crate::support::{LONG, Link, Number, Pair, TestResult, end_of, exporter, guarded, numbers};

/// Tells the other process what to do: listen, or connect to an address.
const ROLE: &str = "NETCHAN_CONTRACT_ROLE";

/// Goes before the address at which the other process listens.
const LISTENING: &str = "listening at ";

/// The other process. In a normal run of the tests it has nothing to do.
#[actix::test]
async fn the_other_process() -> TestResult {
    match std::env::var(ROLE).ok().as_deref() {
        None => Ok(()),
        Some("listen") => export_for_ever().await,
        Some(address) => import_for_ever(address.parse()?).await,
    }
}

/// Doubles what it receives.
async fn export_for_ever() -> TestResult {
    let exporter = exporter();
    let mut receiver = exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let sender = exporter.send(ExportSender::<Number>::new("out")).await??;
    let address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
    println!("\n{LISTENING}{address}");
    loop {
        let Number(number) = receiver.recv().await?;
        sender.send(Number(2 * number)).await?;
    }
}

/// The same from the other side.
async fn import_for_ever(address: Address) -> TestResult {
    let config = Config::builder().redial(Redial::never()).build()?;
    let importer = ImporterActor::connect(&address, config).await?;
    let mut receiver = importer.send(ImportReceiver::<Number>::new("out")).await??;
    let sender = importer.send(ImportSender::<Number>::new("in")).await??;
    loop {
        let Number(number) = receiver.recv().await?;
        sender.send(Number(2 * number)).await?;
    }
}

/// Starts the other process; it dies with this one.
fn start(role: &str) -> TestResult<Child> {
    let test = "processes::the_other_process";
    let child = Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}

async fn address_of(child: &mut Child) -> TestResult<Address> {
    let output = child.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.strip_prefix(LISTENING) {
            return Ok(address.parse()?);
        }
    }
    Err("the other process does not listen".into())
}

#[actix::test]
async fn an_importer_survives_its_exporter_s_process() -> TestResult {
    guarded(async {
        let mut child = start("listen")?;
        let address = address_of(&mut child).await?;
        let config = Config::builder().redial(Redial::never()).build()?;
        let importer = ImporterActor::connect(&address, config).await?;
        let sender = importer.send(ImportSender::<Number>::new("in")).await??;
        let mut receiver = importer.send(ImportReceiver::<Number>::new("out")).await??;
        sender.send_all(numbers(0..100)).await?;
        let doubled: Vec<Number> = (0..100).map(|number| Number(2 * number)).collect();
        assert_eq!(take(&mut receiver, 100).await?, doubled);
        importer.send(Sync { timeout: LONG }).await??;

        let other = Link::Tcp.pair().await?;
        // SIGKILL: there is no goodbye.
        child.kill().await?;
        let end = importer.send(Disconnected).await?;
        assert!(matches!(end, ConnectionEnd::LinkEnded | ConnectionEnd::Io(_)), "{end}");
        let (sent, received) = (sender.closed().await, end_of(&mut receiver).await?);
        for end in [sent, received] {
            assert_eq!(end.origin, Origin::Link);
            assert!(matches!(end.reason, Reason::ConnectionLost(_)), "{end}");
            assert!(!end.is_finished());
        }
        goes_on(&other).await
    })
    .await
}

#[actix::test]
async fn an_exporter_survives_its_importer_s_process() -> TestResult {
    guarded(async {
        let other = Link::Tcp.pair().await?;
        let mut errors = other.exporter.send(Errors).await?;
        let sender = other.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut receiver = other.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let address = other.exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
        let mut child = start(&address.to_string())?;
        sender.send_all(numbers(0..100)).await?;
        let doubled: Vec<Number> = (0..100).map(|number| Number(2 * number)).collect();
        assert_eq!(take(&mut receiver, 100).await?, doubled);
        child.kill().await?;
        let report = errors.next_report().await.ok_or("no report")?;
        assert!(matches!(report, Report::Disconnected { .. }), "{report}");
        // Another importer takes its place.
        let mut next = other.importer.send(ImportReceiver::<Number>::new("out")).await??;
        sender.send(Number(5)).await?;
        assert_eq!(next.recv().await?, Number(5));
        goes_on(&other).await
    })
    .await
}

/// A connection that has nothing to do with the other process.
async fn goes_on(pair: &Pair) -> TestResult {
    let sender = pair.exporter.send(ExportSender::<Number>::new("still")).await??;
    let mut receiver = pair.importer.send(ImportReceiver::<Number>::new("still")).await??;
    sender.send_all(numbers(0..100)).await?;
    assert_eq!(take(&mut receiver, 100).await?, numbers(0..100));
    Ok(())
}
