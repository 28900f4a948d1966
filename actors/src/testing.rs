//! A test kit: two sides in one process, a network between them that fails on request, and a clock
//! that costs no time.
//!
//! Needs the feature `testing`, which belongs into the `dev-dependencies` of a program:
//!
//! ```toml
//! [dev-dependencies]
//! netchan-actix = { version = "0.1", features = ["testing"] }
//! ```
//!
//! A service that takes orders, and what it makes of a cut, of a link that is silent for longer
//! than the heartbeat allows, and of a restart:
//!
//! ```
//! use std::collections::BTreeSet;
//!
//! use actix::prelude::*;
//! use netchan_actix::messages::{ExportReceiver, ImportSender, Serve};
//! use netchan_actix::testing::{self, Network};
//! use netchan_actix::{ExporterActor, ImporterActor, SenderExt};
//! use tokio::sync::watch;
//!
//! #[derive(Message, serde::Serialize, serde::Deserialize)]
//! #[rtype(result = "()")]
//! struct Order(u32);
//!
//! /// The service. An order that comes twice, after a restart, counts once.
//! struct Orders(watch::Sender<BTreeSet<u32>>);
//!
//! impl Actor for Orders {
//!     type Context = Context<Self>;
//! }
//!
//! impl Handler<Order> for Orders {
//!     type Result = ();
//!     fn handle(&mut self, Order(number): Order, _: &mut Context<Self>) {
//!         self.0.send_modify(|numbers| drop(numbers.insert(number)));
//!     }
//! }
//!
//! /// The exporter's program: it offers the service.
//! async fn offer(service: Recipient<Order>) -> Result<Addr<ExporterActor>, Box<dyn std::error::Error>> {
//!     let exporter = ExporterActor::new(Default::default()).start();
//!     exporter.send(ExportReceiver::new("orders").deliver_to(service)).await??;
//!     Ok(exporter)
//! }
//!
//! testing::block_on_paused_clock(async {
//!     let (taken, mut orders) = watch::channel(BTreeSet::new());
//!     let service = Orders(taken).start();
//!     let network = Network::new();
//!     let exporter = offer(service.clone().recipient()).await?;
//!     exporter.send(Serve(network.listener())).await?;
//!
//!     // The importer's program, in which the service is a Recipient like any other.
//!     let importer =
//!         ImporterActor::new(network.dialler(), "orders", Default::default()).start();
//!     let remote: Recipient<Order> =
//!         importer.send(ImportSender::new("orders")).await??.recipient();
//!     remote.do_send(Order(1));
//!     orders.wait_for(|numbers| numbers.len() == 1).await?;
//!
//!     // The link is cut. What was on the way is sent again over the next one.
//!     remote.do_send(Order(2));
//!     network.cut();
//!     orders.wait_for(|numbers| numbers.len() == 2).await?;
//!
//!     // The network is silent until the importer has given up the link and dialled again.
//!     let made = network.traffic().links_made;
//!     network.stall();
//!     remote.do_send(Order(3));
//!     network.wait_for(|traffic| traffic.links_made > made).await;
//!     network.resume();
//!     orders.wait_for(|numbers| numbers.len() == 3).await?;
//!
//!     // The exporter's program dies, and comes back without a memory of its sessions.
//!     let listener = network.restart_exporter();
//!     remote.do_send(Order(4));
//!     let exporter = offer(service.recipient()).await?;
//!     exporter.send(Serve(listener)).await?;
//!     orders.wait_for(|numbers| numbers.len() == 4).await?;
//!     # Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::future::Future;

use actix::System;

#[doc(no_inline)]
pub use netchan::testing::{Dialler, Network, Traffic, Way};

/// Runs a test in an actix system of its own, on a clock that stands still while anything can be
/// done, and jumps to the next deadline when all wait: heartbeats, redials and expiries take no
/// time. All must then happen on this thread and in memory. A socket, another thread, and so each
/// [`Arbiter`](actix::Arbiter) are waited for without being seen, and the clock jumps meanwhile.
///
/// # Panics
///
/// Inside of a tokio runtime, and when the operating system gives no resources for another.
///
/// ```
/// use std::time::Duration;
///
/// netchan_actix::testing::block_on_paused_clock(async {
///     tokio::time::sleep(Duration::from_secs(3600)).await; // at once
/// });
/// ```
pub fn block_on_paused_clock<F: Future>(test: F) -> F::Output {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("the operating system gives the resources of a runtime")
    };
    System::with_tokio_rt(runtime).block_on(test)
}
