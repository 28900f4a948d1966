//! An exporter with a healthy importer, and the door through which hostile peers come.

use std::time::Duration;

use netchan::channel::{Requests, Value};
use netchan::net::{
    Config, ConnectError, Connection, ConnectionEnd, Exporter, ImportSettings, RecvSettings,
    Report, SendSettings, Stream, UnreadReports,
};
use netchan::{Receiver, Sender};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::peer::Peer;

/// No test takes so long, unless it hangs.
const GUARD: Duration = Duration::from_secs(60);

/// The exporter and its healthy importer.
pub(crate) struct Scene {
    pub(crate) exporter: Exporter,
    listener: TcpListener,
    importer: Connection,
    there: Sender<u64>,
    there_receiver: Receiver<u64>,
    back: Sender<u64>,
    back_receiver: Receiver<u64>,
    exchanged: u64,
}

pub(crate) async fn guarded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(GUARD, future).await.expect("it does not hang")
}

impl Scene {
    pub(crate) async fn new(config: Config) -> Scene {
        let exporter = Exporter::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (near, far) = streams(&listener).await;
        let config = Config::default();
        let (near, far) = tokio::join!(
            Connection::open(near.into(), &config, UnreadReports::ShutDown),
            exporter.accept(Stream::from(far))
        );
        let ((importer, near), (_, far)) =
            (near.expect("welcome"), far.expect("a handshake").into_new().expect("a new session"));
        tokio::spawn(near.run());
        tokio::spawn(far.run());
        let taking = RecvSettings::default().stays_open();
        let settings = ImportSettings::default();
        let there_receiver = exporter.export_receiver("there", taking).expect("a free name");
        let back = exporter.export_sender("back", SendSettings::default()).expect("a free name");
        let there = importer.import_sender("there", settings).await.expect("it is exported");
        let back_receiver = importer.import_receiver("back", settings).await;
        let back_receiver = back_receiver.expect("it is exported");
        let exchanged = 0;
        Scene {
            exporter,
            listener,
            importer,
            there,
            there_receiver,
            back,
            back_receiver,
            exchanged,
        }
    }

    /// The healthy connection carries values both ways.
    pub(crate) async fn exchange(&mut self) {
        for _ in 0..100 {
            self.exchanged += 1;
            let value = self.exchanged;
            let round = async {
                self.there.send(value).await.expect("the healthy channel is open");
                assert_eq!(self.there_receiver.recv().await, Ok(value));
                self.back.send(value).await.expect("the healthy channel is open");
                assert_eq!(self.back_receiver.recv().await, Ok(value));
            };
            guarded(round).await;
        }
    }

    /// The healthy importer answers on a channel.
    pub(crate) async fn healthy_requests<Q: Value, R: Value>(&self, name: &str) -> Requests<Q, R> {
        let importing = self.importer.import_requests(name, ImportSettings::default());
        guarded(importing).await.expect("it is exported")
    }

    /// A hostile peer knocks. What the exporter makes of its handshake comes later.
    pub(crate) async fn knock(&self) -> (Peer, JoinHandle<Result<Served, ConnectError>>) {
        let (near, far) = streams(&self.listener).await;
        let exporter = self.exporter.clone();
        let accepting = tokio::spawn(async move {
            let accepted = exporter.accept(Stream::from(far)).await?;
            let (connection, driver) = accepted.into_new().expect("a new session");
            Ok(Served { connection, driver: tokio::spawn(driver.run()) })
        });
        (Peer::new(near), accepting)
    }

    /// A hostile peer is let in.
    pub(crate) async fn let_in(&self) -> (Peer, Served) {
        let (mut peer, accepting) = self.knock().await;
        peer.shake_hands().await;
        let served = accepting.await.expect("no panic").expect("the handshake was right");
        (peer, served)
    }

    /// The next report must be that a connection ended.
    pub(crate) async fn expect_disconnected(&mut self) {
        let report = guarded(self.exporter.reports().next_report()).await;
        assert!(matches!(report, Some(Report::Disconnected { .. })), "{report:?}");
    }
}

/// The exporter's end of a connection with a hostile peer.
pub(crate) struct Served {
    pub(crate) connection: Connection,
    driver: JoinHandle<ConnectionEnd>,
}

impl Served {
    /// How the connection ended; no panic, that is.
    pub(crate) async fn end(self) -> ConnectionEnd {
        let end = guarded(self.driver).await;
        end.expect("the driver does not panic")
    }
}

async fn streams(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let address = listener.local_addr().expect("it listens");
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    (near.expect("the listener is there"), far.expect("a connection comes").0)
}
