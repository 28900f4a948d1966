//! Making a recipient, and what can be asked of it afterwards.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use actix::dev::channel::channel;
use actix::{Addr, ArbiterHandle, Message, Recipient};
use futures::future::BoxFuture;
use netchan::channel::Overflow;
use netchan::limits::{OUTLET_MAILBOX_MESSAGES, OUTLET_WAITING_MESSAGES_DEFAULT};

use crate::outlet::address::Opener;
use crate::outlet::counters::Counters;
use crate::outlet::mailbox::{Bounds, Mailbox, MailboxFeeder};
use crate::outlet::outbound::Outbound;
use crate::outlet::tally::{Counted, Registration, Tally, Uncounted};
use crate::outlet::task::Outlet;

/// Settings of a `Recipient` of a channel, made by [`SenderExt::outlet`](crate::SenderExt::outlet).
///
/// ```
/// # use actix::prelude::*;
/// # use netchan::net::SendSettings;
/// # use netchan_actix::messages::ExportSender;
/// # use netchan_actix::{ExporterActor, SenderExt};
/// use netchan::channel::Overflow;
/// # #[derive(Message, serde::Serialize, serde::Deserialize)]
/// # #[rtype(result = "()")]
/// # struct Sample(u32);
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # System::new().block_on(async {
/// # let exporter = ExporterActor::new(Default::default()).start();
/// # let samples = exporter.send(ExportSender::<Sample>::new("samples")).await??;
/// let (recipient, outlet) =
///     samples.outlet().overflow(Overflow::DropOldest).waiting_max(100).start();
/// recipient.do_send(Sample(1));
/// assert_eq!(outlet.dropped_messages(), 0);
/// # Ok(())
/// # })
/// # }
/// ```
#[must_use = "a recipient is made by `start`"]
pub struct OutletBuilder<M, O> {
    outbound: O,
    policy: Overflow,
    waiting_max: usize,
    message: PhantomData<fn(M)>,
}

impl<M, O> OutletBuilder<M, O> {
    pub(super) fn new(outbound: O) -> OutletBuilder<M, O> {
        let waiting_max = OUTLET_WAITING_MESSAGES_DEFAULT;
        OutletBuilder { outbound, policy: Overflow::Wait, waiting_max, message: PhantomData }
    }

    /// What becomes of messages by `do_send` while the channel is full; by default they
    /// [wait](Overflow::Wait).
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.policy = policy;
        self
    }

    /// How many messages may wait before some are dropped, if they are. By default
    /// [`OUTLET_WAITING_MESSAGES_DEFAULT`].
    ///
    /// It does not count those that are in the mailbox: all outlets that drop messages have at most
    /// [`OUTLET_SWEEP_MESSAGES`](netchan::limits::OUTLET_SWEEP_MESSAGES) there together, and
    /// [`OUTLET_SWEEP_MESSAGES_EACH`](netchan::limits::OUTLET_SWEEP_MESSAGES_EACH) more for each of
    /// them.
    pub fn waiting_max(mut self, messages: usize) -> Self {
        self.waiting_max = messages;
        self
    }
}

#[allow(private_bounds, reason = "where messages go is for this crate to add to")]
impl<M: Message + Send + 'static, O: Outbound<M>> OutletBuilder<M, O>
where
    M::Result: Send,
{
    /// Makes a recipient whose task runs on the current runtime, and a handle that counts.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime; an arbiter has one.
    pub fn start(self) -> (Recipient<M>, OutletHandle) {
        self.start_with(|task| drop(tokio::spawn(task)))
    }

    /// The same, with a task that runs in another arbiter. If that has ended, so has the recipient.
    pub fn start_in(self, arbiter: &ArbiterHandle) -> (Recipient<M>, OutletHandle) {
        // A task that is not spawned is dropped, and closes its address.
        self.start_with(|task| _ = arbiter.spawn(task))
    }

    fn start_with(
        self,
        spawn: impl FnOnce(BoxFuture<'static, ()>),
    ) -> (Recipient<M>, OutletHandle) {
        if self.policy == Overflow::Wait {
            let (outlet, address) = self.build::<Uncounted>();
            outlet.publish(address, spawn)
        } else {
            let (mut outlet, address) = self.build::<Counted>();
            outlet.registration = Some(Registration::new(&outlet.mailbox));
            outlet.publish(address, spawn)
        }
    }

    fn build<C: Tally>(self) -> (Outlet<O, M, C>, Addr<Opener<M, C>>) {
        let (sender, receiver) = channel(OUTLET_MAILBOX_MESSAGES);
        let slots = self.outbound.slots();
        let bounds = Bounds { policy: self.policy, waiting_max: self.waiting_max, slots };
        let mailbox = Mailbox::new(receiver, bounds);
        let outlet =
            Outlet { outbound: self.outbound, mailbox, registration: None, hand: VecDeque::new() };
        (outlet, Addr::new(sender))
    }
}

impl<O: Outbound<M>, M: Message + Send + 'static, C: Tally> Outlet<O, M, C>
where
    M::Result: Send,
{
    fn publish(
        self,
        address: Addr<Opener<M, C>>,
        spawn: impl FnOnce(BoxFuture<'static, ()>),
    ) -> (Recipient<M>, OutletHandle) {
        self.outbound.add_feeder(Arc::new(MailboxFeeder::new(&address)));
        let handle = OutletHandle { counters: self.mailbox.counters() };
        spawn(Box::pin(self.run()));
        (address.recipient(), handle)
    }
}

/// Counts what a recipient of a channel does. It keeps neither of them.
#[derive(Clone)]
pub struct OutletHandle {
    counters: Arc<Counters>,
}

impl OutletHandle {
    /// Messages that were dropped because the channel was full, since the beginning.
    #[must_use]
    pub fn dropped_messages(&self) -> u64 {
        self.counters.dropped()
    }

    /// Messages that were refused because they cannot be encoded, since the beginning.
    #[must_use]
    pub fn refused_messages(&self) -> u64 {
        self.counters.refused()
    }

    /// Messages that wait for the channel now, without those in the mailbox, which does not tell.
    #[must_use]
    pub fn waiting_messages(&self) -> usize {
        self.counters.waiting()
    }
}

impl fmt::Debug for OutletHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutletHandle")
            .field("dropped", &self.dropped_messages())
            .field("refused", &self.refused_messages())
            .field("waiting", &self.waiting_messages())
            .finish()
    }
}
