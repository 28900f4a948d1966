//! What is between importers and exporters: a proxy that cuts links, holds them back, leaves them
//! half open or refuses them, as the test says.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use netchan::Exporter;
use netchan::net::{Address, Dial, Stream};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Carries links to whom it is pointed. Clones are the same proxy.
#[derive(Clone)]
pub(crate) struct Proxy {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    /// Links that were dialled, refused ones too.
    came: watch::Sender<usize>,
    /// Directions of links that hold something back now.
    held: watch::Sender<usize>,
}

struct State {
    target: Target,
    is_refusing: bool,
    /// What new links do.
    flow: Flow,
    lines: Vec<Line>,
    /// How much the next links carry to the importer before they are cut.
    budgets: VecDeque<usize>,
}

/// Where links lead.
#[derive(Clone)]
enum Target {
    Nobody,
    Tcp(String),
    Memory(Exporter),
}

/// What a link does with what it is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Carries,
    Holds,
    /// As a cable does that was pulled somewhere: nobody is told.
    Swallows,
}

struct Line {
    flow: watch::Sender<Flow>,
    task: AbortHandle,
}

impl Proxy {
    /// One that is dialled in memory, or by TCP after [`listen`](Proxy::listen).
    pub(crate) fn new() -> Proxy {
        let state = State {
            target: Target::Nobody,
            is_refusing: false,
            flow: Flow::Carries,
            lines: Vec::new(),
            budgets: VecDeque::new(),
        };
        let inner = Inner {
            state: Mutex::new(state),
            came: watch::Sender::new(0),
            held: watch::Sender::new(0),
        };
        Proxy { inner: Arc::new(inner) }
    }

    /// Listens at a port of the loopback interface. Returns the address to dial.
    pub(crate) async fn listen(&self) -> io::Result<Address> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.into();
        let proxy = self.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let _refused = proxy.join(near);
            }
        });
        Ok(address)
    }

    /// Leads to whoever listens there.
    pub(crate) fn point_to(&self, address: &Address) {
        let Address::Tcp(place) = address else { panic!("{address} is not TCP") };
        self.inner.state.lock().target = Target::Tcp(place.clone());
    }

    /// Leads to an exporter of this process.
    pub(crate) fn point_to_exporter(&self, exporter: &Exporter) {
        self.inner.state.lock().target = Target::Memory(exporter.clone());
    }

    /// What dials it in memory.
    pub(crate) fn dial(&self) -> impl Dial + use<> {
        let proxy = self.clone();
        move || {
            let pipe = proxy.pipe();
            async move { Ok(Stream::new(pipe?, "proxy")) }
        }
    }

    /// A new link in memory.
    pub(crate) fn pipe(&self) -> io::Result<DuplexStream> {
        let (near, ours) = tokio::io::duplex(64 * 1024);
        self.join(ours)?;
        Ok(near)
    }

    /// Refuses new links.
    pub(crate) fn refuse(&self) {
        self.inner.state.lock().is_refusing = true;
    }

    /// Lets links through again.
    pub(crate) fn admit(&self) {
        self.inner.state.lock().is_refusing = false;
    }

    /// Cuts all links; what they hold is lost.
    pub(crate) fn cut(&self) {
        for line in self.inner.state.lock().lines.drain(..) {
            line.task.abort();
        }
    }

    /// Cuts all links, and refuses new ones.
    pub(crate) fn cut_off(&self) {
        self.refuse();
        self.cut();
    }

    /// Holds back what comes, on links that are there and on new ones.
    pub(crate) fn hold(&self) {
        self.set_flow(Flow::Holds);
    }

    /// Lets go of what was held back.
    pub(crate) fn let_go(&self) {
        self.set_flow(Flow::Carries);
    }

    fn set_flow(&self, flow: Flow) {
        let mut state = self.inner.state.lock();
        state.flow = flow;
        for line in &state.lines {
            line.flow.send_replace(flow);
        }
    }

    /// The links that are there carry nothing any more, and nobody is told. New ones do.
    pub(crate) fn half_open(&self) {
        for line in &self.inner.state.lock().lines {
            line.flow.send_replace(Flow::Swallows);
        }
    }

    /// Each of the next links is cut when it has carried so many bytes to the importer.
    pub(crate) fn cut_next_after(&self, bytes: impl IntoIterator<Item = usize>) {
        self.inner.state.lock().budgets.extend(bytes);
    }

    /// Links that were dialled so far.
    pub(crate) fn came(&self) -> usize {
        *self.inner.came.borrow()
    }

    /// Waits until so many links were dialled in all.
    pub(crate) async fn wait_came(&self, links: usize) {
        let mut came = self.inner.came.subscribe();
        came.wait_for(|came| *came >= links).await.expect("the proxy lasts");
    }

    /// Waits until something is held back.
    pub(crate) async fn wait_held(&self) {
        let mut held = self.inner.held.subscribe();
        held.wait_for(|held| *held > 0).await.expect("the proxy lasts");
    }

    fn join<S>(&self, near: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut state = self.inner.state.lock();
        let refusal = || Err(io::ErrorKind::ConnectionRefused.into());
        self.inner.came.send_modify(|came| *came += 1);
        if state.is_refusing || matches!(state.target, Target::Nobody) {
            return refusal();
        }
        let budget = state.budgets.pop_front().unwrap_or(usize::MAX);
        let (flow, flows) = watch::channel(state.flow);
        let (target, proxy) = (state.target.clone(), self.clone());
        let task = tokio::spawn(async move {
            let _broken = proxy.carry(near, target, flows, budget).await;
        });
        state.lines.push(Line { flow, task: task.abort_handle() });
        Ok(())
    }

    async fn carry<S>(
        &self,
        near: S,
        target: Target,
        flows: watch::Receiver<Flow>,
        budget: usize,
    ) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (near_read, near_write) = tokio::io::split(near);
        let (far_read, far_write): (
            Box<dyn AsyncRead + Unpin + Send>,
            Box<dyn AsyncWrite + Unpin + Send>,
        ) = match target {
            Target::Nobody => return Ok(()),
            Target::Tcp(place) => {
                let (read, write) = TcpStream::connect(place).await?.into_split();
                (Box::new(read), Box::new(write))
            }
            Target::Memory(exporter) => {
                let (far, theirs) = tokio::io::duplex(64 * 1024);
                let theirs = Stream::new(theirs, "importer");
                tokio::spawn(async move { exporter.serve(theirs).await });
                let (read, write) = tokio::io::split(far);
                (Box::new(read), Box::new(write))
            }
        };
        let unlimited = AtomicUsize::new(usize::MAX);
        let budget = AtomicUsize::new(budget);
        // Both directions end together: whoever loses one direction of a link loses the link.
        tokio::try_join!(
            self.pump(near_read, far_write, flows.clone(), &unlimited),
            self.pump(far_read, near_write, flows, &budget),
        )?;
        Ok(())
    }

    fn pump<'a>(
        &'a self,
        mut from: impl AsyncRead + Unpin + Send + 'a,
        mut to: impl AsyncWrite + Unpin + Send + 'a,
        mut flows: watch::Receiver<Flow>,
        budget: &'a AtomicUsize,
    ) -> BoxFuture<'a, io::Result<()>> {
        async move {
            let mut bytes = vec![0; 16 * 1024];
            loop {
                let read = from.read(&mut bytes).await;
                if *flows.borrow() == Flow::Swallows && !matches!(read, Ok(1..)) {
                    // Nor does the other end hear that this one is gone.
                    return std::future::pending().await;
                }
                let count = read?;
                if count == 0 {
                    to.shutdown().await?;
                    return Ok(());
                }
                let holding = Holding::new(&self.inner.held);
                let flow = flows.wait_for(|flow| *flow != Flow::Holds).await;
                let flow = *flow.map_err(|_| io::ErrorKind::NotConnected)?;
                drop(holding);
                if flow == Flow::Swallows {
                    continue;
                }
                let left = budget.load(Ordering::Relaxed);
                to.write_all(&bytes[..count.min(left)]).await?;
                to.flush().await?;
                if count > left {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                budget.store(left - count, Ordering::Relaxed);
            }
        }
        .boxed()
    }
}

/// Something is held back as long as this is there.
struct Holding<'a> {
    held: &'a watch::Sender<usize>,
}

impl<'a> Holding<'a> {
    fn new(held: &'a watch::Sender<usize>) -> Holding<'a> {
        held.send_modify(|held| *held += 1);
        Holding { held }
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.held.send_modify(|held| *held -= 1);
    }
}
