//! `Host` and `Remote`: the common case in one line.

use actix::prelude::*;
use netchan::net::ImportError;
use netchan_actix::messages::{Close, ExportRecipient};
use netchan_actix::{HandleError, Host, Remote};
use serde::{Deserialize, Serialize};

use crate::support::TestResult;

#[derive(Message, Serialize, Deserialize)]
#[rtype(result = "u64")]
struct Double(u64);

struct Doubler;

impl Actor for Doubler {
    type Context = Context<Self>;
}

impl Handler<Double> for Doubler {
    type Result = u64;

    fn handle(&mut self, Double(number): Double, _: &mut Context<Self>) -> u64 {
        2 * number
    }
}

async fn doubling_host() -> TestResult<Host> {
    let host = Host::listen("127.0.0.1:0").await?;
    host.publish("doubler", Doubler.start().recipient()).await?;
    Ok(host)
}

#[actix::test]
async fn a_recipient_keeps_its_connection_when_the_handle_is_dropped() -> TestResult {
    let host = doubling_host().await?;
    let remote = Remote::connect(host.address()).await?;
    let importer = remote.addr().downgrade();
    let doubler: Recipient<Double> = remote.recipient("doubler").await?;
    drop(remote);
    // The importer's actor is gone, and so is what it kept alive.
    while importer.upgrade().is_some_and(|importer| importer.connected()) {
        tokio::task::yield_now().await;
    }
    for number in 0..1000 {
        assert_eq!(doubler.send(Double(number)).await?, 2 * number);
    }
    assert!(doubler.connected());
    Ok(())
}

#[actix::test]
async fn a_delivery_keeps_its_connection_when_the_handle_is_dropped() -> TestResult {
    let host = Host::listen("127.0.0.1:0").await?;
    let work = host.addr().send(ExportRecipient::<Double>::new("work")).await??;
    Remote::connect(host.address()).await?.deliver("work", Doubler.start().recipient()).await?;
    for number in 0..1000 {
        assert_eq!(work.send(Double(number)).await?, 2 * number);
    }
    Ok(())
}

#[actix::test]
async fn an_actor_stays_published_when_its_importers_have_left() -> TestResult {
    let host = doubling_host().await?;
    for number in 0..10 {
        let remote = Remote::connect(host.address()).await?;
        let doubler: Recipient<Double> = remote.recipient("doubler").await?;
        assert_eq!(doubler.send(Double(number)).await?, 2 * number);
        drop(doubler);
        remote.addr().send(Close).await?;
    }
    Ok(())
}

#[actix::test]
async fn a_host_outlives_its_handle_and_may_come_after_its_remotes() -> TestResult {
    let folder = tempfile::tempdir()?;
    let address = format!("unix:{}", folder.path().join("socket").display());
    let remote = Remote::connect_later(address.as_str())?;
    let early = tokio::spawn({
        let remote = remote.clone();
        async move { remote.recipient::<Double>("doubler").await }
    });
    let host = Host::listen(address.as_str()).await?;
    host.publish("doubler", Doubler.start().recipient()).await?;
    drop(host);
    assert_eq!(early.await??.send(Double(4)).await?, 8);
    Ok(())
}

#[actix::test]
async fn errors_say_what_failed_and_who() -> TestResult {
    let error = Remote::connect("nowhere").await.unwrap_err();
    assert!(matches!(&error, HandleError::Address(_)), "{error}");

    let folder = tempfile::tempdir()?;
    let missing = format!("unix:{}", folder.path().join("missing").display());
    let error = Remote::connect(missing.as_str()).await.unwrap_err();
    assert!(matches!(&error, HandleError::Connect { .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("cannot connect to {missing}: ")), "{error}");

    let missing = format!("unix:{}", folder.path().join("missing/socket").display());
    let error = Host::listen(missing.as_str()).await.unwrap_err();
    assert!(matches!(&error, HandleError::Listen { .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("cannot listen at {missing}: ")), "{error}");

    let host = doubling_host().await?;
    let error = host.publish("doubler", Doubler.start().recipient()).await.unwrap_err();
    assert!(matches!(&error, HandleError::Export { name, .. } if name == "doubler"), "{error}");

    let remote = Remote::connect(host.address()).await?;
    let error = remote.recipient::<Double>("nobody").await.unwrap_err();
    let HandleError::Import { name, address, error } = error else { return Err(error.into()) };
    assert!(matches!(*error, ImportError::UnknownName { .. }), "{error}");
    assert_eq!((name.as_str(), &address), ("nobody", host.address()));

    host.addr().send(Close).await?;
    while host.addr().connected() {
        tokio::task::yield_now().await;
    }
    let error = host.publish("late", Doubler.start().recipient()).await.unwrap_err();
    assert!(matches!(error, HandleError::Stopped { actor: "exporter" }), "{error}");
    Ok(())
}
