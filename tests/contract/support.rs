//! What the tests share: links, pairs of actors, a valve in the link, and an actor that collects.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use actix::prelude::*;
use netchan::channel::{Closed, Origin, Reason, Receiver, RecvError, Value};
use netchan::net::{Address, Config, Listener, Stream};
use netchan_actix::messages::{ListenAndServe, ServeConnection};
use netchan_actix::{ConnectionActor, ExporterActor, ImporterActor};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};

/// What a test returns: any error is its failure.
pub(crate) type TestResult<T = ()> = Result<T, Box<dyn Error>>;

/// A guard against hangs, and nothing else: no test waits for it.
const HANG: Duration = Duration::from_secs(40);

/// A time that a message never needs.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A time within which something must *not* happen that nothing else can show.
pub(crate) const SHORT: Duration = Duration::from_millis(100);

/// Fails a test that hangs.
pub(crate) async fn guarded(test: impl Future<Output = TestResult>) -> TestResult {
    tokio::time::timeout(HANG, test).await.map_err(|_| "the test hangs")?
}

/// Whether a future is not done when it is polled now.
pub(crate) async fn is_waiting(future: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_pending())).await
}

/// Runs a behaviour over every kind of link.
macro_rules! over_each_link {
    ($($behaviour:ident),+ $(,)?) => {
        $(mod $behaviour {
            use crate::support::{Link, TestResult, guarded};

            #[actix::test]
            async fn over_tcp() -> TestResult {
                guarded(super::$behaviour(Link::Tcp)).await
            }

            #[actix::test]
            async fn over_a_unix_socket() -> TestResult {
                guarded(super::$behaviour(Link::Unix)).await
            }

            #[actix::test]
            async fn in_memory() -> TestResult {
                guarded(super::$behaviour(Link::Memory)).await
            }
        })+
    };
}

/// The kind of link between two peers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Link {
    Tcp,
    Unix,
    Memory,
}

/// An exporter and one importer of it.
pub(crate) struct Pair {
    pub(crate) exporter: Addr<ExporterActor>,
    pub(crate) importer: Addr<ImporterActor>,
}

impl Link {
    pub(crate) async fn pair(self) -> TestResult<Pair> {
        let exporter = exporter();
        let importer = self.importer_of(&exporter).await?;
        Ok(Pair { exporter, importer })
    }

    /// Another importer of an exporter, over a link of its own.
    pub(crate) async fn importer_of(
        self,
        exporter: &Addr<ExporterActor>,
    ) -> TestResult<Addr<ImporterActor>> {
        let address = match self {
            Link::Memory => {
                let (near, far) = Stream::in_memory(64 * 1024);
                return Ok(joined(exporter, far, near).await?.0);
            }
            Link::Tcp => "127.0.0.1:0".parse()?,
            Link::Unix => Address::Unix(socket_path()),
        };
        let address = exporter.send(ListenAndServe(address)).await??;
        Ok(ImporterActor::connect(&address, Config::default()).await?)
    }

    /// Both ends of a link.
    pub(crate) async fn streams(self) -> TestResult<(Stream, Stream)> {
        let address: Address = match self {
            Link::Memory => return Ok(Stream::in_memory(64 * 1024)),
            Link::Tcp => "127.0.0.1:0".parse()?,
            Link::Unix => Address::Unix(socket_path()),
        };
        let listener: Listener = address.listen().await?;
        let (near, far) = tokio::join!(listener.address().dial(), listener.accept());
        Ok((near?, far?))
    }
}

pub(crate) fn exporter() -> Addr<ExporterActor> {
    ExporterActor::new(Config::default()).start()
}

/// Joins an exporter and a new importer by two ends of a link.
pub(crate) async fn joined(
    exporter: &Addr<ExporterActor>,
    theirs: Stream,
    ours: Stream,
) -> TestResult<(Addr<ImporterActor>, Addr<ConnectionActor>)> {
    let serving = exporter.send(ServeConnection(theirs));
    let importing = ImporterActor::over(ours, Config::default());
    let (serving, importing) = tokio::join!(serving, importing);
    Ok((importing?, serving??))
}

/// A path for a Unix socket that no other test uses.
pub(crate) fn socket_path() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("netchan-contract-{}-{number}.sock", std::process::id()))
}

/// The next values of a channel.
pub(crate) async fn take<T: Value>(receiver: &mut Receiver<T>, count: usize) -> TestResult<Vec<T>> {
    let mut values = Vec::new();
    while values.len() < count {
        values.push(receiver.recv().await?);
    }
    Ok(values)
}

/// All values of a channel up to its end, and how it ended.
pub(crate) async fn take_all<T: Value>(receiver: &mut Receiver<T>) -> TestResult<(Vec<T>, Closed)> {
    let mut values = Vec::new();
    loop {
        match receiver.recv().await {
            Ok(value) => values.push(value),
            Err(RecvError::Closed(closed)) => return Ok((values, closed)),
            Err(error) => return Err(error.into()),
        }
    }
}

/// How a channel ended from which no value comes any more.
pub(crate) async fn end_of<T: Value>(receiver: &mut Receiver<T>) -> TestResult<Closed> {
    let (values, closed) = take_all(receiver).await?;
    if values.is_empty() { Ok(closed) } else { Err(format!("{} values", values.len()).into()) }
}

pub(crate) fn closed(origin: Origin, reason: Reason) -> Closed {
    Closed::new(origin, reason)
}

/// A value that is also a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Message)]
#[rtype(result = "()")]
pub(crate) struct Number(pub(crate) u64);

pub(crate) fn numbers(range: std::ops::Range<u64>) -> Vec<Number> {
    range.map(Number).collect()
}

/// An actor that passes on what it is sent, and stops when nobody takes it.
pub(crate) struct Collector<M> {
    messages: mpsc::UnboundedSender<M>,
}

impl<M: Message<Result = ()> + Send + Unpin + 'static> Collector<M> {
    /// The actor, and what it is sent from now on.
    pub(crate) fn start() -> (Addr<Self>, mpsc::UnboundedReceiver<M>) {
        let (messages, received) = mpsc::unbounded_channel();
        (Collector { messages }.start(), received)
    }

    pub(crate) fn start_in(arbiter: &ArbiterHandle) -> (Addr<Self>, mpsc::UnboundedReceiver<M>) {
        let (messages, received) = mpsc::unbounded_channel();
        (Collector::start_in_arbiter(arbiter, |_| Collector { messages }), received)
    }
}

impl<M: Unpin + 'static> Actor for Collector<M> {
    type Context = Context<Self>;
}

impl<M: Message<Result = ()> + Unpin + 'static> Handler<M> for Collector<M> {
    type Result = ();

    fn handle(&mut self, message: M, ctx: &mut Context<Self>) {
        if self.messages.send(message).is_err() {
            ctx.stop();
        }
    }
}

/// Ends an actor's context from outside, as a fault in it would: a supervisor restarts it.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Stop;

impl Handler<Stop> for ExporterActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// The next of what an actor was sent.
pub(crate) async fn next<M>(received: &mut mpsc::UnboundedReceiver<M>) -> TestResult<M> {
    Ok(received.recv().await.ok_or("the actor is gone")?)
}

pub(crate) async fn next_of<M>(
    received: &mut mpsc::UnboundedReceiver<M>,
    count: usize,
) -> TestResult<Vec<M>> {
    let mut messages = Vec::new();
    while messages.len() < count {
        messages.push(next(received).await?);
    }
    Ok(messages)
}

/// A link in memory whose two directions can be shut, opened and cut.
///
/// What comes while a direction is shut is held back, not lost.
pub(crate) struct Relay {
    pub(crate) to_exporter: Valve,
    pub(crate) to_importer: Valve,
}

/// One direction of a [`Relay`].
pub(crate) struct Valve {
    flow: watch::Sender<Flow>,
    held: watch::Receiver<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Open,
    Shut,
    Cut,
}

impl Valve {
    fn between(
        from: impl AsyncRead + Unpin + 'static,
        to: impl AsyncWrite + Unpin + 'static,
    ) -> Valve {
        let (flow, flows) = watch::channel(Flow::Open);
        let (holding, held) = watch::channel(0);
        actix::spawn(pump(from, to, flows, holding));
        Valve { flow, held }
    }

    pub(crate) fn shut(&self) {
        self.flow.send_replace(Flow::Shut);
    }

    pub(crate) fn open(&self) {
        self.flow.send_replace(Flow::Open);
    }

    /// Ends this direction; what it holds is lost.
    pub(crate) fn cut(&self) {
        self.flow.send_replace(Flow::Cut);
    }

    /// Waits until something is held back.
    pub(crate) async fn holds_something(&mut self) -> TestResult {
        self.held.wait_for(|held| *held > 0).await?;
        Ok(())
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut flows: watch::Receiver<Flow>,
    holding: watch::Sender<usize>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = tokio::select! {
            count = from.read(&mut bytes) => count?,
            _ = flows.wait_for(|flow| *flow == Flow::Cut) => return Ok(()),
        };
        if count == 0 {
            return to.shutdown().await;
        }
        holding.send_replace(count);
        match flows.wait_for(|flow| *flow != Flow::Shut).await.as_deref() {
            Ok(Flow::Open) => {}
            _ => return Ok(()),
        }
        holding.send_replace(0);
        to.write_all(&bytes[..count]).await?;
    }
}

impl Relay {
    /// The importer's end, the exporter's end, and the relay between them.
    pub(crate) fn new() -> (Stream, Stream, Relay) {
        let (importers, near) = tokio::io::duplex(64 * 1024);
        let (exporters, far) = tokio::io::duplex(64 * 1024);
        let (near_read, near_write) = tokio::io::split(near);
        let (far_read, far_write) = tokio::io::split(far);
        let relay = Relay {
            to_exporter: Valve::between(near_read, far_write),
            to_importer: Valve::between(far_read, near_write),
        };
        (Stream::new(importers, "importer"), Stream::new(exporters, "exporter"), relay)
    }

    /// An exporter and an importer with a relay between them.
    pub(crate) async fn pair() -> TestResult<(Pair, Relay)> {
        let exporter = exporter();
        let (importer, relay) = Relay::importer_of(&exporter).await?;
        Ok((Pair { exporter, importer }, relay))
    }

    pub(crate) async fn importer_of(
        exporter: &Addr<ExporterActor>,
    ) -> TestResult<(Addr<ImporterActor>, Relay)> {
        let (ours, theirs, relay) = Relay::new();
        Ok((joined(exporter, theirs, ours).await?.0, relay))
    }

    /// Ends the link as a broken cable does, but at once.
    pub(crate) fn cut(&self) {
        self.to_exporter.cut();
        self.to_importer.cut();
    }
}
