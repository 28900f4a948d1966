//! An exporter and an importer of one program, over TCP.

use std::time::Duration;

use netchan::channel::Value;
use netchan::net::{
    Address, Config, Connection, Event, EventStream, Exporter, ImportError, ImportSettings, Report,
    SendSettings, UnreadReports,
};
use netchan::wire::Code;
use tokio::task::JoinHandle;

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// No test takes so long, unless it hangs.
const GUARD: Duration = Duration::from_secs(60);

pub(crate) async fn guarded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(GUARD, future).await.expect("it does not hang")
}

/// Both sides of a connection.
pub(crate) struct Place {
    pub(crate) exporter: Exporter,
    pub(crate) importer: Connection,
    pub(crate) address: Address,
    pub(crate) events: EventStream,
    serving: JoinHandle<()>,
    checks: u32,
}

impl Place {
    pub(crate) async fn new() -> TestResult<Place> {
        let exporter = Exporter::new(Config::default());
        let listener = "127.0.0.1:0".parse::<Address>()?.listen().await?;
        let address = listener.address().clone();
        let serving = tokio::spawn({
            let exporter = exporter.clone();
            async move {
                while let Ok(stream) = listener.accept().await {
                    let exporter = exporter.clone();
                    tokio::spawn(async move { exporter.serve(stream).await });
                }
            }
        });
        let importer = connect(&address).await?;
        let events = exporter.events();
        Ok(Place { exporter, importer, address, events, serving, checks: 0 })
    }

    /// The error of an import is the mismatch that the text says, and the exporter is told the same.
    pub(crate) async fn expect_mismatch(
        &mut self,
        refused: Result<(), ImportError>,
        expected: &str,
    ) -> TestResult {
        let Err(ImportError::TypeMismatch { difference, text, .. }) = refused else {
            return Err(format!("{refused:?}, and not: {expected}").into());
        };
        assert_eq!(text, expected);
        let difference = difference.ok_or("the importer is shown a difference")?;
        assert!(expected.contains(&difference.between("exporter", "importer").to_string()));
        let (code, there, text) = self.refusal().await?;
        assert_eq!((code, &text[..]), (Code::TypeMismatch, expected));
        assert_eq!(there, Some(difference));
        self.expect_alive().await
    }

    /// The next refusal of which the exporter's program is told.
    pub(crate) async fn refusal(
        &mut self,
    ) -> TestResult<(Code, Option<netchan::channel::identity::Difference>, String)> {
        loop {
            match guarded(self.events.next_event()).await {
                Some(Event::ImportRefused { code, difference, text, .. }) => {
                    let report = guarded(self.exporter.reports().next_report()).await;
                    let is_same = matches!(
                        &report,
                        Some(Report::ImportRefused { text: reported, .. }) if *reported == text
                    );
                    assert!(is_same, "{report:?}");
                    return Ok((code, difference, text));
                }
                Some(_) => {}
                None => return Err("the events have ended".into()),
            }
        }
    }

    /// The connection carries another channel.
    pub(crate) async fn expect_alive(&mut self) -> TestResult {
        self.checks += 1;
        let name = format!("alive {}", self.checks);
        let sender = self.exporter.export_sender::<u32>(&name, SendSettings::default())?;
        let import = self.importer.import_receiver::<u32>(&name, ImportSettings::default());
        let mut receiver = guarded(import).await?;
        sender.send(self.checks).await?;
        assert_eq!(guarded(receiver.recv()).await?, self.checks);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Another importer.
pub(crate) async fn connect(address: &Address) -> TestResult<Connection> {
    let config = Config::default();
    let (connection, driver) =
        Connection::dial(address.clone(), &config, UnreadReports::DropOldest).await?;
    tokio::spawn(driver.run());
    Ok(connection)
}

/// Imports a channel from which this side receives, and forgets it.
pub(crate) async fn receive<T: Value>(
    importer: &Connection,
    name: &str,
) -> Result<(), ImportError> {
    let import = importer.import_receiver::<T>(name, ImportSettings::default());
    guarded(import).await.map(drop)
}

/// Imports a channel to which this side sends, and forgets it.
pub(crate) async fn send<T: Value>(importer: &Connection, name: &str) -> Result<(), ImportError> {
    let import = importer.import_sender::<T>(name, ImportSettings::default());
    guarded(import).await.map(drop)
}
