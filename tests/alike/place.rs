//! Where the actor behind a `Recipient` is.

use std::error::Error;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use actix::prelude::*;
use netchan::channel::Value;
use netchan::net::{Address, Config, Redial};
use netchan_actix::messages::{
    ExportReceiver, ExportRecipient, ExportSender, ImportReceiver, ImportRecipient, ImportSender,
    ListenAndServe, Serve,
};
use netchan_actix::testing::Network;
use netchan_actix::{ExporterActor, ImporterActor, RemoteRecipient, Target};
use serde::{Deserialize, Serialize};

use crate::actors::by;

/// What a test returns: any error is its failure.
pub(crate) type TestResult<T = ()> = Result<T, Box<dyn Error>>;

/// A guard against hangs, and nothing else: no test waits for it.
const HANG: Duration = Duration::from_secs(60);

/// Fails a test that hangs.
pub(crate) async fn guarded(test: impl Future<Output = TestResult>) -> TestResult {
    tokio::time::timeout(HANG, test).await.map_err(|_| "the test hangs")?
}

/// Whether a future is not done when it is polled now.
pub(crate) async fn is_waiting<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

/// Lets everything else run until something is so.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// Runs behaviours with the actor in each place.
macro_rules! in_each_place {
    ($($behaviour:ident),+ $(,)?) => {
        $(mod $behaviour {
            in_places!($behaviour {
                here: Here,
                at_the_exporter_by_tcp: There(Link::Tcp, Way::ToExporter),
                at_the_exporter_in_memory: There(Link::Memory, Way::ToExporter),
                at_the_importer_by_tcp: There(Link::Tcp, Way::ToImporter),
                at_the_importer_in_memory: There(Link::Memory, Way::ToImporter),
                at_the_exporter_in_a_message: InAMessage(Link::Memory, Way::ToExporter),
                at_the_importer_in_a_message: InAMessage(Link::Tcp, Way::ToImporter),
            });
        })+
    };
}

/// Runs behaviours with the actor in each place but at an importer: an exported recipient does not end
/// with one of its importers.
macro_rules! here_and_at_the_exporter {
    ($($behaviour:ident),+ $(,)?) => {
        $(mod $behaviour {
            in_places!($behaviour {
                here: Here,
                by_tcp: There(Link::Tcp, Way::ToExporter),
                in_memory: There(Link::Memory, Way::ToExporter),
                in_a_message: InAMessage(Link::Memory, Way::ToExporter),
                in_a_message_to_the_importer: InAMessage(Link::Memory, Way::ToImporter),
            });
        })+
    };
}

macro_rules! in_places {
    ($behaviour:ident { $($name:ident: $kind:ident $(($link:expr, $way:expr))?,)+ }) => {
        use crate::place::{Link, Place, TestResult, Way, World, guarded};

        $(#[actix::test]
        async fn $name() -> TestResult {
            let place = Place::$kind $(($link, $way))?;
            guarded(async { super::$behaviour(World::new(place).await?).await }).await
        })+
    };
}

/// Where the actor is that a recipient leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// In this system, and the recipient is its own.
    Here,
    /// On the other side, and the recipient is that of a channel with a name.
    There(Link, Way),
    /// On the other side, and the recipient came in a message.
    InAMessage(Link, Way),
}

/// What is between the sides.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Link {
    Tcp,
    Memory,
}

/// Which way messages go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    ToExporter,
    ToImporter,
}

/// A place, with the two sides if it needs them.
pub(crate) struct World {
    sides: Option<Sides>,
    is_in_message: bool,
}

/// An exporter and an importer of it.
pub(crate) struct Sides {
    pub(crate) exporter: Addr<ExporterActor>,
    pub(crate) importer: Addr<ImporterActor>,
    pub(crate) way: Way,
    /// What is between them, if it is a network in memory.
    pub(crate) network: Network,
}

/// Goes there and back.
#[derive(Clone, Copy, Serialize, Deserialize, Message)]
#[rtype(result = "()")]
struct RoundTrip;

/// Settings with which a lost link is replaced at once.
pub(crate) fn quick_config() -> Config {
    let redial = Redial::default().delays(Duration::from_millis(1), Duration::from_millis(20));
    Config::builder().redial(redial).build().expect("the settings can work")
}

impl World {
    pub(crate) async fn new(place: Place) -> TestResult<World> {
        let sides = match place {
            Place::Here => None,
            Place::There(link, way) | Place::InAMessage(link, way) => {
                Some(Sides::new(link, way).await?)
            }
        };
        Ok(World { sides, is_in_message: matches!(place, Place::InAMessage(..)) })
    }

    /// A recipient that leads to an actor in this place.
    pub(crate) async fn lead_to<M>(
        &self,
        name: &str,
        actor: Recipient<M>,
    ) -> TestResult<Recipient<M>>
    where
        M: Value + Message,
        M::Result: Value,
    {
        match &self.sides {
            None => Ok(actor),
            Some(sides) if self.is_in_message => sides.carry(name, actor).await,
            Some(sides) => sides.lead_to(name, actor).await,
        }
    }

    /// Returns when what was done before has had its effect on the other side.
    pub(crate) async fn settle(&self) -> TestResult {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let Some(sides) = &self.sides else { return Ok(()) };
        let name = format!("round trip {}", unique());
        let there_and_back = sides.lead_to(&name, by(|RoundTrip| ()).recipient()).await?;
        for _ in 0..3 {
            there_and_back.send(RoundTrip).await?;
        }
        Ok(())
    }
}

/// A number that no other has.
fn unique() -> usize {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

impl Sides {
    pub(crate) async fn new(link: Link, way: Way) -> TestResult<Sides> {
        let exporter = ExporterActor::new(quick_config()).start();
        let network = Network::new();
        let importer = match link {
            Link::Tcp => {
                let loopback = Address::Tcp("127.0.0.1:0".into());
                let address = exporter.send(ListenAndServe(loopback)).await??;
                ImporterActor::connect(&address, quick_config()).await?
            }
            Link::Memory => {
                exporter.send(Serve(network.listener())).await?;
                ImporterActor::new(network.dialler(), "exporter", quick_config()).start()
            }
        };
        Ok(Sides { exporter, importer, way, network })
    }

    /// The same as [`lead_to`](Sides::lead_to), but the recipient is carried to the one side in a message.
    pub(crate) async fn carry<M>(&self, name: &str, actor: Recipient<M>) -> TestResult<Recipient<M>>
    where
        M: Value + Message,
        M::Result: Value,
    {
        let message = RemoteRecipient::from(actor);
        let carried: RemoteRecipient<M> = match self.way {
            Way::ToExporter => {
                let sender = self.exporter.send(ExportSender::new(name)).await??;
                let import = ImportReceiver::<RemoteRecipient<M>>::new(name);
                let mut receiver = self.importer.send(import).await??;
                sender.send(message).await.map_err(|_| "not sent")?;
                receiver.recv().await?
            }
            Way::ToImporter => {
                let export = ExportReceiver::<RemoteRecipient<M>>::new(name);
                let mut receiver = self.exporter.send(export).await??;
                let sender = self.importer.send(ImportSender::new(name)).await??;
                sender.send(message).await.map_err(|_| "not sent")?;
                receiver.recv().await?
            }
        };
        Ok(carried.recipient())
    }

    /// A recipient on one side that leads to an actor on the other.
    pub(crate) async fn lead_to<M>(
        &self,
        name: &str,
        actor: impl Into<Target<M>>,
    ) -> TestResult<Recipient<M>>
    where
        M: Value + Message,
        M::Result: Value,
    {
        match self.way {
            Way::ToExporter => {
                let receive = ExportReceiver::<M>::new(name).deliver_to(actor);
                self.exporter.send(receive).await??;
                Ok(self.importer.send(ImportRecipient::<M>::new(name)).await??)
            }
            Way::ToImporter => {
                let recipient = self.exporter.send(ExportRecipient::<M>::new(name)).await??;
                let receive = ImportReceiver::<M>::new(name).deliver_to(actor);
                self.importer.send(receive).await??;
                Ok(recipient)
            }
        }
    }
}
