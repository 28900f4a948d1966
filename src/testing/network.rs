//! The network, and what a test can do to it.

use std::collections::VecDeque;
use std::fmt;
use std::future;
use std::io;
use std::sync::{Arc, Weak};
use std::task::Waker;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::limits::{TEST_BACKLOG_LINKS, TEST_LINK_BYTES};
use crate::net::{Address, Dial, Listener, Stream};
use crate::testing::link::{Link, Pipes};
use crate::testing::pipe::Pipe;
use crate::testing::traffic::Traffic;

/// A direction of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// What the importer writes.
    ToExporter,
    /// What the exporter writes.
    ToImporter,
}

impl Way {
    pub(super) fn other(self) -> Way {
        match self {
            Way::ToExporter => Way::ToImporter,
            Way::ToImporter => Way::ToExporter,
        }
    }
}

/// A network in memory between one exporter and its importers. Clones are the same network.
///
/// It can be used from any thread and any runtime, so each side may have a system of its own. What
/// is done to it has happened when the call returns, and concerns all of its links. To hurt the
/// links of one importer alone, give it a network of its own: an exporter serves as many listeners
/// as it is given.
///
/// See [the module](crate::testing) for an example.
#[derive(Clone)]
pub struct Network {
    inner: Arc<Inner>,
}

struct Inner {
    link_bytes: usize,
    state: Mutex<State>,
    traffic: Arc<watch::Sender<Traffic>>,
}

#[derive(Default)]
struct State {
    is_refusing: bool,
    /// What new links do.
    is_stalled_to_exporter: bool,
    is_stalled_to_importer: bool,
    listener: Option<mpsc::Sender<Stream>>,
    /// Goes up with each restart of the importers. Diallers of earlier lives reach nobody.
    life: u64,
    /// Those of which an end is still there, and some of which none is.
    links: Vec<Weak<Link>>,
    /// What the next links may carry.
    budgets: VecDeque<(Way, usize)>,
}

/// The importers' side of a [`Network`]: what they dial. Clones lead to the same place.
#[derive(Clone, Debug)]
pub struct Dialler {
    network: Network,
    life: u64,
}

impl Network {
    /// A network in which nobody listens yet. A link holds
    /// [`TEST_LINK_BYTES`] in each direction.
    #[must_use]
    pub fn new() -> Network {
        Network::with_link_bytes(TEST_LINK_BYTES)
    }

    /// The same with links that hold up to `bytes` in each direction. Whoever writes more waits
    /// until the other side has read. At least one.
    #[must_use]
    pub fn with_link_bytes(bytes: usize) -> Network {
        let inner = Inner {
            link_bytes: bytes.max(1),
            state: Mutex::default(),
            traffic: Arc::new(watch::Sender::new(Traffic::default())),
        };
        Network { inner: Arc::new(inner) }
    }

    /// The exporter's side: whoever dials comes out there. If there was a listener before, dials
    /// lead to this one from now on, and the earlier one hears no more of them; links stay. Dials
    /// are refused when it is dropped.
    #[must_use = "without its listener, the network refuses dials"]
    pub fn listener(&self) -> Listener {
        let (sender, receiver) = mpsc::channel(TEST_BACKLOG_LINKS);
        self.inner.state.lock().listener = Some(sender);
        let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
        Listener::from_fn(Address::Custom("test network".into()), move || {
            let receiver = receiver.clone();
            async move {
                match receiver.lock().await.recv().await {
                    Some(stream) => Ok(stream),
                    // As with any listener to which nobody comes.
                    None => future::pending().await,
                }
            }
        })
    }

    /// The importers' side.
    #[must_use]
    pub fn dialler(&self) -> Dialler {
        Dialler { network: self.clone(), life: self.inner.state.lock().life }
    }

    /// The exporter's program has died: all links are cut, and dials are refused until the listener
    /// that is returned is served. Serve it with a new exporter, which knows nothing of the sessions
    /// of the earlier one. That is cut off from its importers, whatever it still does: drop it.
    #[must_use = "without its listener, the network refuses dials"]
    pub fn restart_exporter(&self) -> Listener {
        let listener = self.listener();
        self.cut();
        listener
    }

    /// The importers' program has died: all links are cut, and diallers from before are refused from
    /// now on. New importers dial with the one that is returned.
    #[must_use = "earlier diallers are refused"]
    pub fn restart_importer(&self) -> Dialler {
        self.inner.state.lock().life += 1;
        self.cut();
        self.dialler()
    }

    /// Cuts all links. What is on the way is lost, and both sides are told with
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset). New links can be made.
    pub fn cut(&self) {
        self.change_all(Pipes::cut);
    }

    /// Cuts one direction of all links: what is on that way is lost, and the side that reads it and
    /// the side that writes it are told when they do. The other direction goes on until one side
    /// lets the link go.
    pub fn cut_one_way(&self, way: Way) {
        self.change_all(|pipes, woken| pipes.way(way).cut(woken));
    }

    /// Cuts all links, and [refuses](Network::refuse) new ones: the exporter cannot be reached.
    pub fn cut_off(&self) {
        self.refuse();
        self.cut();
    }

    /// Each link that is there is cut when its reader has read so many more bytes that way; with 0,
    /// at once. The smallest of several numbers counts.
    pub fn cut_after(&self, way: Way, bytes: usize) {
        self.change_all(|pipes, _| pipes.way(way).limit(bytes));
    }

    /// The next link is cut when its reader has read so many bytes that way. Called again, it
    /// concerns the link after that.
    pub fn cut_next_after(&self, way: Way, bytes: usize) {
        self.inner.state.lock().budgets.push_back((way, bytes));
    }

    /// Nothing arrives any more, on links that are there and on new ones, and nobody is told: what
    /// is written stays on the way, and so does the end of a link that one side drops. After a
    /// while both sides find out by their heartbeats.
    pub fn stall(&self) {
        self.stall_one_way(Way::ToExporter);
        self.stall_one_way(Way::ToImporter);
    }

    /// The same in one direction.
    pub fn stall_one_way(&self, way: Way) {
        self.set_stalled(way, true);
        self.change_all(|pipes, _| pipes.way(way).stall());
    }

    /// What was held back arrives, and all goes on.
    pub fn resume(&self) {
        for way in [Way::ToExporter, Way::ToImporter] {
            self.set_stalled(way, false);
            self.change_all(|pipes, woken| pipes.way(way).resume(woken));
        }
    }

    /// The links that are there become half open: what is on the way is lost, and all that is
    /// written to them later, and nobody is ever told, as when a cable was pulled. New links work.
    pub fn swallow(&self) {
        self.swallow_one_way(Way::ToExporter);
        self.swallow_one_way(Way::ToImporter);
    }

    /// The same in one direction.
    pub fn swallow_one_way(&self, way: Way) {
        self.change_all(|pipes, woken| pipes.way(way).swallow(woken));
    }

    /// Dials fail with [`ConnectionRefused`](io::ErrorKind::ConnectionRefused). Links that are
    /// there stay.
    pub fn refuse(&self) {
        self.inner.state.lock().is_refusing = true;
    }

    /// Dials succeed again, if somebody listens.
    pub fn admit(&self) {
        self.inner.state.lock().is_refusing = false;
    }

    /// Links that last. One that nobody has accepted yet counts, too.
    #[must_use]
    pub fn links(&self) -> usize {
        self.traffic().links
    }

    /// What has happened so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        *self.inner.traffic.borrow()
    }

    /// Waits until there are so many links. Ones that come and go before the caller's task runs
    /// again are not seen: wait for [`links_made`](Traffic::links_made) then.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn linked(&self, links: usize) {
        self.wait_for(|traffic| traffic.links == links).await;
    }

    /// Waits until the traffic is as it should be, and returns it.
    ///
    /// ```
    /// use netchan::net::Dial;
    /// use netchan::testing::Network;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let network = Network::new();
    /// let dialler = network.dialler();
    /// let dialling = async { dialler.dial().await.expect_err("nobody listens") };
    /// let dialled = network.wait_for(|traffic| traffic.dials > 0);
    /// tokio::join!(dialled, dialling);
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn wait_for(&self, mut is_met: impl FnMut(&Traffic) -> bool) -> Traffic {
        let mut changes = self.inner.traffic.subscribe();
        loop {
            // A copy, so that the condition may look at the network.
            let traffic = *changes.borrow_and_update();
            if is_met(&traffic) {
                return traffic;
            }
            if changes.changed().await.is_err() {
                // This network holds what changes it.
                return future::pending().await;
            }
        }
    }

    fn set_stalled(&self, way: Way, is_stalled: bool) {
        let mut state = self.inner.state.lock();
        match way {
            Way::ToExporter => state.is_stalled_to_exporter = is_stalled,
            Way::ToImporter => state.is_stalled_to_importer = is_stalled,
        }
    }

    fn change_all(&self, change: impl Fn(&mut Pipes, &mut Vec<Waker>)) {
        let links: Vec<Arc<Link>> =
            self.inner.state.lock().links.iter().filter_map(Weak::upgrade).collect();
        for link in links {
            link.change(&change);
        }
    }

    /// Makes a link, and gives its far end to the listener.
    fn link(&self, life: u64) -> io::Result<Stream> {
        let refusal = || io::Error::from(io::ErrorKind::ConnectionRefused);
        self.inner.traffic.send_modify(|traffic| traffic.dials += 1);
        let mut state = self.inner.state.lock();
        if state.is_refusing || state.life != life {
            return Err(refusal());
        }
        let place = state.listener.clone().ok_or_else(refusal)?;
        let place = place.try_reserve_owned().map_err(|_| refusal())?;
        let mut to_exporter = Pipe::new(self.inner.link_bytes, state.is_stalled_to_exporter);
        let mut to_importer = Pipe::new(self.inner.link_bytes, state.is_stalled_to_importer);
        match state.budgets.pop_front() {
            Some((Way::ToExporter, bytes)) => to_exporter.limit(bytes),
            Some((Way::ToImporter, bytes)) => to_importer.limit(bytes),
            None => {}
        }
        let (link, near, far) = Link::new(to_exporter, to_importer, self.inner.traffic.clone());
        state.links.retain(|link| link.strong_count() > 0);
        state.links.push(Arc::downgrade(&link));
        drop(state);
        place.send(Stream::new(far, "importer"));
        Ok(Stream::new(near, "exporter"))
    }
}

impl Dial for Dialler {
    fn dial(&self) -> BoxFuture<'static, io::Result<Stream>> {
        let Dialler { network, life } = self.clone();
        Box::pin(async move { network.link(life) })
    }
}

impl Default for Network {
    fn default() -> Network {
        Network::new()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("traffic", &self.traffic()).finish_non_exhaustive()
    }
}
