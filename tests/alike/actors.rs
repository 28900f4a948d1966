//! Actors that know nothing of networks.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use actix::dev::MessageResponse;
use actix::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// An actor that handles messages by a function.
pub(crate) struct By<M, R, F> {
    handle: F,
    types: PhantomData<fn(M) -> R>,
}

/// Starts an actor that handles messages by a function.
pub(crate) fn by<M, R, F>(handle: F) -> Addr<By<M, R, F>>
where
    M: 'static,
    R: 'static,
    F: FnMut(M) -> R + Unpin + 'static,
{
    By { handle, types: PhantomData }.start()
}

impl<M: 'static, R: 'static, F: Unpin + 'static> Actor for By<M, R, F> {
    type Context = Context<Self>;
}

impl<M, R, F> Handler<M> for By<M, R, F>
where
    M: Message + 'static,
    R: MessageResponse<Self, M> + 'static,
    F: FnMut(M) -> R + Unpin + 'static,
{
    type Result = R;

    fn handle(&mut self, message: M, _: &mut Context<Self>) -> R {
        (self.handle)(message)
    }
}

/// Something to do, and the number it is known by, which is also its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Message)]
#[rtype(result = "u64")]
pub(crate) struct Task(pub(crate) u64, pub(crate) Manner);

/// How a task is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Manner {
    /// At once.
    Now,
    /// When the gate is open, while others are done. Goes down with the actor.
    Held,
    /// When the gate is open, and nothing else is done before.
    Exclusively,
    /// At once, and then the actor stops.
    AndStop,
    /// It panics.
    Panicking,
}

/// Does tasks.
pub(crate) struct Worker {
    seen: Seen,
}

/// What is seen of a worker, and the gate at which it waits.
#[derive(Clone)]
pub(crate) struct Seen {
    begun: Rc<RefCell<Vec<u64>>>,
    done: Rc<RefCell<Vec<u64>>>,
    gate: watch::Sender<bool>,
}

impl Seen {
    pub(crate) fn new() -> Seen {
        Seen { begun: Rc::default(), done: Rc::default(), gate: watch::Sender::new(false) }
    }

    /// Tasks that were begun.
    pub(crate) fn begun(&self) -> Vec<u64> {
        self.begun.borrow().clone()
    }

    /// Tasks that were done to their end.
    pub(crate) fn done(&self) -> Vec<u64> {
        self.done.borrow().clone()
    }

    pub(crate) fn open(&self) {
        self.gate.send_replace(true);
    }

    async fn pass(self, number: u64) -> u64 {
        let mut gate = self.gate.subscribe();
        let _open = gate.wait_for(|is_open| *is_open).await;
        self.done.borrow_mut().push(number);
        number
    }
}

impl Worker {
    /// One in this arbiter.
    pub(crate) fn start() -> (Addr<Worker>, Seen) {
        let seen = Seen::new();
        (Worker { seen: seen.clone() }.start(), seen)
    }

    /// One that is started again when it stops.
    pub(crate) fn start_supervised() -> (Addr<Worker>, Seen) {
        let seen = Seen::new();
        let worker = Worker { seen: seen.clone() };
        (Supervisor::start(|_| worker), seen)
    }
}

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Supervised for Worker {}

impl Handler<Task> for Worker {
    type Result = ActorResponse<Self, u64>;

    fn handle(&mut self, Task(number, manner): Task, ctx: &mut Context<Self>) -> Self::Result {
        self.seen.begun.borrow_mut().push(number);
        let passing = self.seen.clone().pass(number).into_actor(self);
        match manner {
            Manner::Held => return ActorResponse::r#async(passing),
            Manner::Exclusively => {
                ctx.wait(passing.map(|_, _, _| ()));
                return ActorResponse::reply(number);
            }
            Manner::AndStop => ctx.stop(),
            Manner::Panicking => panic!("as it was told"),
            Manner::Now => {}
        }
        self.seen.done.borrow_mut().push(number);
        ActorResponse::reply(number)
    }
}
