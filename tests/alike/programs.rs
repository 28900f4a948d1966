//! The shapes of actix's own examples, in which one address is replaced and nothing else changes.

use std::cell::Cell;
use std::rc::Rc;

use actix::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::place::{TestResult, World};

in_each_place!(ping, ring);

/// The example `ping`: what is sent is counted, and the count comes back.
#[derive(Serialize, Deserialize)]
struct Ping(usize);

impl Message for Ping {
    type Result = usize;
}

struct MyActor {
    count: usize,
}

impl Actor for MyActor {
    type Context = Context<Self>;
}

impl Handler<Ping> for MyActor {
    type Result = usize;

    fn handle(&mut self, msg: Ping, _: &mut Context<Self>) -> Self::Result {
        self.count += msg.0;
        self.count
    }
}

async fn ping(world: World) -> TestResult {
    let addr = MyActor { count: 10 }.start().recipient();
    let addr = world.lead_to("ping", addr).await?;

    let res = addr.send(Ping(10)).await;

    assert_eq!(res?, 20);
    Ok(())
}

/// The example `ring`: actors in a ring, around which a message goes.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "()")]
struct Payload(usize);

struct Node {
    limit: usize,
    next: Recipient<Payload>,
    received: Rc<Cell<usize>>,
    over: Option<oneshot::Sender<usize>>,
}

impl Actor for Node {
    type Context = Context<Self>;
}

impl Handler<Payload> for Node {
    type Result = ();

    fn handle(&mut self, msg: Payload, _: &mut Context<Self>) {
        self.received.set(self.received.get() + 1);
        if msg.0 >= self.limit {
            let _unread = self.over.take().map(|over| over.send(msg.0));
            return;
        }
        self.next.do_send(Payload(msg.0 + 1));
    }
}

async fn ring(world: World) -> TestResult {
    let (nodes, rounds) = (10, 100);
    // The first node is the one that a round ends at.
    let limit = nodes * rounds + 1;
    let received = Rc::new(Cell::new(0));
    let (over, is_over) = oneshot::channel();

    let context = Context::new();
    let node = |next| Node { limit, next, received: received.clone(), over: None };
    // The step of the ring that leads to another machine.
    let mut next = world.lead_to("ring", context.address().recipient()).await?;
    for _ in 1..nodes {
        next = node(next).start().recipient();
    }
    let first = context.run(Node { over: Some(over), ..node(next) });

    first.send(Payload(1)).await?;
    assert_eq!(is_over.await?, limit);
    assert_eq!(received.get(), limit);
    Ok(())
}
