//! What the tests share: quick settings, exporters that die, values that are messages, and waiting
//! for events.

mod proxy;

use std::error::Error;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use actix::prelude::*;
use netchan::channel::{Closed, Receiver, RecvError, Value};
use netchan::net::{Address, Config, ConfigBuilder, Event, EventStream, Redial, Status};
use netchan_actix::messages::{self, Events, ListenAndServe};
use netchan_actix::{ExporterActor, ImporterActor};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

pub(crate) use proxy::Proxy;

/// What a test returns: any error is its failure.
pub(crate) type TestResult<T = ()> = Result<T, Box<dyn Error>>;

/// A guard against hangs, and nothing else: no test waits for it.
const HANG: Duration = Duration::from_secs(60);

/// A time that nothing needs.
pub(crate) const LONG: Duration = Duration::from_secs(50);

/// A time within which something must *not* happen that nothing else can show.
pub(crate) const SHORT: Duration = Duration::from_millis(50);

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Fails a test that hangs.
pub(crate) async fn guarded(test: impl Future<Output = TestResult>) -> TestResult {
    tokio::time::timeout(HANG, test).await.map_err(|_| "the test hangs")?
}

/// The same on a clock that stands still unless all wait: minutes are nothing to it.
pub(crate) async fn guarded_by_paused_clock(test: impl Future<Output = TestResult>) -> TestResult {
    tokio::time::timeout(10 * HANG, test).await.map_err(|_| "the test hangs")?
}

/// Whether a future is not done when it is polled now.
pub(crate) async fn is_waiting(future: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_pending())).await
}

/// Settings with which a lost link is replaced at once.
pub(crate) fn quick() -> ConfigBuilder {
    Config::builder().redial(redial())
}

pub(crate) fn redial() -> Redial {
    Redial::default().delays(ms(2), ms(20))
}

pub(crate) fn quick_config() -> Config {
    quick().build().expect("the settings can work")
}

/// A value that is also a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Message)]
#[rtype(result = "()")]
pub(crate) struct Number(pub(crate) u64);

pub(crate) fn numbers(range: std::ops::Range<u64>) -> Vec<Number> {
    range.map(Number).collect()
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

/// An exporter and an importer with a proxy between them.
pub(crate) struct Scene {
    pub(crate) exporter: Addr<ExporterActor>,
    pub(crate) importer: Addr<ImporterActor>,
    pub(crate) proxy: Proxy,
    /// Where the exporter listens.
    pub(crate) address: Address,
}

impl Scene {
    pub(crate) async fn new() -> TestResult<Scene> {
        Scene::with(quick_config(), quick_config()).await
    }

    pub(crate) async fn with(exporters: Config, importers: Config) -> TestResult<Scene> {
        let exporter = ExporterActor::new(exporters).start();
        let address = exporter.send(ListenAndServe(loopback())).await??;
        let proxy = Proxy::new();
        proxy.point_to(&address);
        let importer = ImporterActor::connect(&proxy.listen().await?, importers).await?;
        Ok(Scene { exporter, importer, proxy, address })
    }

    /// Events of the exporter, then of the importer.
    pub(crate) async fn events(&self) -> TestResult<(EventStream, EventStream)> {
        Ok((self.exporter.send(Events).await?, self.importer.send(Events).await?))
    }

    /// How the importer's connection stands.
    pub(crate) async fn importers_status(&self) -> TestResult<Status> {
        let mut all = self.importer.send(messages::Status).await?;
        Ok(all.pop().ok_or("the connection has ended")?)
    }

    /// How the exporter's only connection stands.
    pub(crate) async fn exporters_status(&self) -> TestResult<Status> {
        let mut all = self.exporter.send(messages::Status).await?;
        let status = all.pop().ok_or("there is no connection")?;
        if all.is_empty() { Ok(status) } else { Err("there are several connections".into()) }
    }
}

pub(crate) fn loopback() -> Address {
    Address::Tcp("127.0.0.1:0".into())
}

/// An exporter in an arbiter of its own, which can die.
pub(crate) struct Process {
    pub(crate) exporter: Addr<ExporterActor>,
    pub(crate) address: Address,
    arbiter: Arbiter,
}

impl Process {
    /// Another life of the exporter, with a listener.
    pub(crate) async fn start(config: Config) -> TestResult<Process> {
        let arbiter = Arbiter::new();
        let exporter =
            ExporterActor::start_in_arbiter(&arbiter.handle(), move |_| ExporterActor::new(config));
        let address = exporter.send(ListenAndServe(loopback())).await??;
        Ok(Process { exporter, address, arbiter })
    }

    /// Ends it as a crash does: without a goodbye to anybody.
    pub(crate) async fn kill(self) -> TestResult {
        self.arbiter.stop();
        let joined = tokio::task::spawn_blocking(move || self.arbiter.join()).await?;
        joined.map_err(|_| "the arbiter panicked".into())
    }
}

/// An exporter that can die, and an importer of it.
pub(crate) struct Restarting {
    pub(crate) process: Process,
    pub(crate) importer: Addr<ImporterActor>,
    pub(crate) proxy: Proxy,
}

impl Restarting {
    pub(crate) async fn new() -> TestResult<Restarting> {
        let process = Process::start(quick_config()).await?;
        let proxy = Proxy::new();
        proxy.point_to(&process.address);
        let importer = ImporterActor::connect(&proxy.listen().await?, quick_config()).await?;
        Ok(Restarting { process, importer, proxy })
    }

    /// The exporter dies. Until it is [`up`](Restarting::up) again, nobody answers.
    pub(crate) async fn restart(self) -> TestResult<Restarting> {
        let Restarting { process, importer, proxy } = self;
        proxy.cut_off();
        process.kill().await?;
        let process = Process::start(quick_config()).await?;
        proxy.point_to(&process.address);
        Ok(Restarting { process, importer, proxy })
    }

    pub(crate) fn up(&self) {
        self.proxy.admit();
    }
}

/// Waits for an event that has something of interest.
pub(crate) async fn event<T>(
    events: &mut EventStream,
    pick: impl Fn(&Event) -> Option<T>,
) -> TestResult<T> {
    loop {
        let event = events.next_event().await.ok_or("there are no more events")?;
        if let Some(picked) = pick(&event) {
            return Ok(picked);
        }
    }
}

/// Waits for an event that matches a pattern, and picks something of it.
macro_rules! wait_for {
    ($events:expr, $pattern:pat $(if $guard:expr)? => $picked:expr) => {
        $crate::support::event(&mut $events, |event| match event.clone() {
            $pattern $(if $guard)? => Some($picked),
            _ => None,
        })
        .await?
    };
    ($events:expr, $pattern:pat $(if $guard:expr)?) => {
        $crate::support::event(&mut $events, |event| match event.clone() {
            #[allow(unused_variables)]
            $pattern $(if $guard)? => Some(()),
            _ => None,
        })
        .await?
    };
}

pub(crate) use wait_for;

/// An actor that passes on what it is sent.
pub(crate) struct Collector<M> {
    messages: mpsc::UnboundedSender<M>,
}

impl<M: Message<Result = ()> + Send + Unpin + 'static> Collector<M> {
    /// The actor, and what it is sent from now on.
    pub(crate) fn start() -> (Addr<Self>, mpsc::UnboundedReceiver<M>) {
        let (messages, received) = mpsc::unbounded_channel();
        (Collector { messages }.start(), received)
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

/// The next of what an actor was sent.
pub(crate) async fn next_of<M>(
    received: &mut mpsc::UnboundedReceiver<M>,
    count: usize,
) -> TestResult<Vec<M>> {
    let mut messages = Vec::new();
    while messages.len() < count {
        messages.push(received.recv().await.ok_or("the actor is gone")?);
    }
    Ok(messages)
}
