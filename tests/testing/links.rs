//! What each call does to the bytes of a link.

use std::io::ErrorKind;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use netchan::limits::TEST_BACKLOG_LINKS;
use netchan::net::{Address, Dial, Listener, Transport};
use netchan::testing::{Network, Way};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::support::{TestResult, guarded};

type End = Box<dyn Transport>;

/// The importer's end of a new link, and the exporter's.
async fn link(network: &Network, listener: &Listener) -> TestResult<(End, End)> {
    let near = network.dialler().dial().await?;
    let far = listener.accept().await?;
    Ok((near.into_transport(), far.into_transport()))
}

/// What a read gives now, if anything.
fn read_now(end: &mut End) -> Option<Result<Vec<u8>, ErrorKind>> {
    let mut bytes = [0; 64];
    let mut buffer = ReadBuf::new(&mut bytes);
    match Pin::new(end).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer) {
        Poll::Ready(Ok(())) => Some(Ok(buffer.filled().to_vec())),
        Poll::Ready(Err(error)) => Some(Err(error.kind())),
        Poll::Pending => None,
    }
}

/// How much a write takes now, if anything.
fn write_now(end: &mut End, bytes: &[u8]) -> Option<Result<usize, ErrorKind>> {
    match Pin::new(end).poll_write(&mut Context::from_waker(Waker::noop()), bytes) {
        Poll::Ready(Ok(count)) => Some(Ok(count)),
        Poll::Ready(Err(error)) => Some(Err(error.kind())),
        Poll::Pending => None,
    }
}

/// Whether a future is not done when it is polled now.
async fn is_waiting(future: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_pending())).await
}

fn bytes(text: &str) -> Option<Result<Vec<u8>, ErrorKind>> {
    Some(Ok(text.into()))
}

const RESET: ErrorKind = ErrorKind::ConnectionReset;

#[tokio::test(start_paused = true)]
async fn a_link_carries_bytes_both_ways_and_then_its_end() -> TestResult {
    guarded(async {
        let network = Network::new();
        let listener = network.listener();
        assert!(matches!(listener.address(), Address::Custom(_)));
        let (mut near, mut far) = link(&network, &listener).await?;
        near.write_all(b"question").await?;
        far.write_all(b"answer!").await?;
        let traffic = network.traffic();
        assert_eq!((traffic.links, traffic.in_flight_bytes), (1, 15));
        assert_eq!(read_now(&mut far), bytes("question"));
        assert_eq!(read_now(&mut near), bytes("answer!"));
        let traffic = network.traffic();
        assert_eq!((traffic.bytes_to_exporter, traffic.bytes_to_importer), (8, 7));
        near.write_all(b"last").await?;
        near.shutdown().await?;
        assert_eq!(write_now(&mut near, b"more"), Some(Err(ErrorKind::BrokenPipe)));
        assert_eq!(read_now(&mut far), bytes("last"));
        assert_eq!(read_now(&mut far), bytes(""));
        far.write_all(b"too").await?;
        drop(far);
        assert_eq!((network.links(), network.traffic().in_flight_bytes), (0, 0));
        let mut rest = String::new();
        near.read_to_string(&mut rest).await?;
        assert_eq!(rest, "too", "what was on the way arrives");
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_full_link_makes_its_writer_wait_until_something_is_read() -> TestResult {
    guarded(async {
        let network = Network::with_link_bytes(4);
        let listener = network.listener();
        let (mut near, mut far) = link(&network, &listener).await?;
        assert_eq!(write_now(&mut near, b"123456"), Some(Ok(4)));
        assert_eq!(write_now(&mut near, b"56"), None);
        let (written, read) = tokio::join!(near.write_all(b"56789"), async {
            let mut all = [0; 9];
            far.read_exact(&mut all).await.map(|_| all)
        });
        written?;
        assert_eq!(&read?, b"123456789");
        assert_eq!(write_now(&mut far, b"the other way has room"), Some(Ok(4)));
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_cut_loses_what_is_on_the_way_and_tells_both_ends() -> TestResult {
    guarded(async {
        let network = Network::new();
        let listener = network.listener();
        let (mut near, mut far) = link(&network, &listener).await?;
        near.write_all(b"lost").await?;
        let mut waiting = pin!(near.read_u8());
        assert!(is_waiting(&mut waiting).await);
        network.cut();
        assert_eq!((network.links(), network.traffic().in_flight_bytes), (0, 0));
        assert_eq!(waiting.await.map_err(|error| error.kind()), Err(RESET));
        assert_eq!(read_now(&mut far), Some(Err(RESET)));
        assert_eq!(write_now(&mut far, b"x"), Some(Err(RESET)));
        let (mut near, mut far) = link(&network, &listener).await?;
        near.write_all(b"next").await?;
        assert_eq!(read_now(&mut far), bytes("next"));
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn one_way_can_be_cut_alone() -> TestResult {
    guarded(async {
        let network = Network::new();
        let listener = network.listener();
        let (mut near, mut far) = link(&network, &listener).await?;
        near.write_all(b"lost").await?;
        far.write_all(b"kept").await?;
        network.cut_one_way(Way::ToExporter);
        assert_eq!((network.links(), network.traffic().in_flight_bytes), (1, 4));
        assert_eq!(read_now(&mut far), Some(Err(RESET)));
        assert_eq!(write_now(&mut near, b"x"), Some(Err(RESET)));
        assert_eq!(read_now(&mut near), bytes("kept"));
        assert_eq!(write_now(&mut far, b"more"), Some(Ok(4)));
        assert_eq!(read_now(&mut near), bytes("more"));
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_stall_holds_bytes_and_ends_back_until_it_is_over() -> TestResult {
    guarded(async {
        let network = Network::with_link_bytes(8);
        let listener = network.listener();
        let (mut near, mut far) = link(&network, &listener).await?;
        network.stall();
        near.write_all(b"held").await?;
        assert_eq!(read_now(&mut far), None);
        assert_eq!(write_now(&mut near, b"and more"), Some(Ok(4)));
        assert_eq!(write_now(&mut near, b"more"), None, "what nobody reads fills the link");
        // A new link is as silent, and an end that is dropped is not heard of.
        let (mut new_near, mut new_far) = link(&network, &listener).await?;
        new_near.write_all(b"new").await?;
        assert_eq!(read_now(&mut new_far), None);
        drop(near);
        assert_eq!(read_now(&mut far), None);
        assert_eq!(write_now(&mut far, b"hello?"), Some(Ok(6)));
        network.resume();
        assert_eq!(read_now(&mut far), bytes("heldand "));
        assert_eq!(read_now(&mut far), bytes(""));
        assert_eq!(write_now(&mut far, b"x"), Some(Err(ErrorKind::BrokenPipe)));
        assert_eq!(read_now(&mut new_far), bytes("new"));
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn one_way_can_be_stalled_alone_and_who_waits_is_woken_at_the_end_of_it() -> TestResult {
    guarded(async {
        let network = Network::with_link_bytes(4);
        let listener = network.listener();
        let (mut near, mut far) = link(&network, &listener).await?;
        network.stall_one_way(Way::ToImporter);
        near.write_all(b"over").await?;
        assert_eq!(read_now(&mut far), bytes("over"));
        far.write_all(b"held").await?;
        // Tasks of their own, which nothing but the network wakes.
        let mut reading = tokio::spawn(async move {
            let mut read = [0; 8];
            near.read_exact(&mut read).await.map(|_| read)
        });
        let mut writing = tokio::spawn(async move { far.write_all(b"more").await });
        tokio::task::yield_now().await;
        assert!(is_waiting(&mut reading).await);
        assert!(is_waiting(&mut writing).await);
        network.resume();
        writing.await??;
        assert_eq!(&reading.await??, b"heldmore");
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_when_the_other_end_goes() -> TestResult {
    guarded(async {
        let network = Network::with_link_bytes(4);
        let listener = network.listener();
        let (mut near, far) = link(&network, &listener).await?;
        let mut reading = tokio::spawn(async move { near.read_u8().await });
        let (mut full, unread) = link(&network, &listener).await?;
        let mut writing = tokio::spawn(async move { full.write_all(b"too long").await });
        tokio::task::yield_now().await;
        assert!(is_waiting(&mut reading).await);
        assert!(is_waiting(&mut writing).await);
        drop((far, unread));
        let error = reading.await?.expect_err("nothing was written");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        let error = writing.await?.expect_err("nobody reads");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_half_open_link_swallows_all_and_nobody_is_told() -> TestResult {
    guarded(async {
        let network = Network::with_link_bytes(4);
        let listener = network.listener();
        let (mut near, mut far) = link(&network, &listener).await?;
        near.write_all(b"lost").await?;
        network.swallow();
        assert_eq!(network.traffic().in_flight_bytes, 0);
        for _ in 0..3 {
            near.write_all(b"as well").await?;
        }
        assert_eq!(read_now(&mut far), None);
        let (mut new_near, mut new_far) = link(&network, &listener).await?;
        new_near.write_all(b"new").await?;
        assert_eq!(read_now(&mut new_far), bytes("new"), "new links work");
        network.resume();
        drop(near);
        assert_eq!(read_now(&mut far), None, "what was swallowed stays so");
        assert_eq!(write_now(&mut far, b"hello?"), Some(Ok(6)));
        network.cut();
        assert_eq!(read_now(&mut far), Some(Err(RESET)), "a cut is always told");
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_link_is_cut_at_the_byte_that_was_asked_for() -> TestResult {
    guarded(async {
        let network = Network::new();
        let listener = network.listener();
        let (mut near, mut far) = link(&network, &listener).await?;
        near.write_all(b"before").await?;
        assert_eq!(read_now(&mut far), bytes("before"));
        network.cut_after(Way::ToExporter, 3);
        network.cut_after(Way::ToExporter, 5);
        far.write_all(b"the other way does not count").await?;
        near.write_all(b"behind").await?;
        assert_eq!(read_now(&mut far), bytes("beh"));
        assert_eq!(read_now(&mut far), Some(Err(RESET)));
        assert_eq!(read_now(&mut near), Some(Err(RESET)));
        assert_eq!(network.links(), 0);

        network.cut_next_after(Way::ToImporter, 1);
        network.cut_next_after(Way::ToExporter, 0);
        let (mut first_near, mut first_far) = link(&network, &listener).await?;
        let (mut second_near, _second_far) = link(&network, &listener).await?;
        let (mut third_near, mut third_far) = link(&network, &listener).await?;
        first_far.write_all(b"12").await?;
        assert_eq!(read_now(&mut first_near), bytes("1"));
        assert_eq!(read_now(&mut first_near), Some(Err(RESET)));
        let _taken = write_now(&mut second_near, b"x");
        assert_eq!(read_now(&mut second_near), Some(Err(RESET)));
        third_near.write_all(b"whole").await?;
        assert_eq!(read_now(&mut third_far), bytes("whole"));
        network.cut_after(Way::ToExporter, 0);
        assert_eq!(network.links(), 0, "at once");
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn dials_are_refused_without_a_listener_or_on_request() -> TestResult {
    guarded(async {
        let network = Network::new();
        let dialler = network.dialler();
        let refused = async || match dialler.dial().await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
            other => Err(format!("{other:?}")),
        };
        refused().await?;
        let listener = network.listener();
        let (mut near, mut far) = link(&network, &listener).await?;
        network.refuse();
        refused().await?;
        near.write_all(b"stays").await?;
        assert_eq!(read_now(&mut far), bytes("stays"));
        network.cut_off();
        refused().await?;
        network.admit();
        let _link = link(&network, &listener).await?;
        drop(listener);
        refused().await?;
        let traffic = network.traffic();
        assert_eq!((traffic.dials, traffic.links_made, traffic.links), (6, 2, 1));
        // Nobody accepts, so no more than the backlog can wait.
        let _listener = network.listener();
        let mut waiting = Vec::new();
        for _ in 0..TEST_BACKLOG_LINKS {
            waiting.push(dialler.dial().await?);
        }
        refused().await?;
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_links_lead_from_the_new_life_to_the_new_life() -> TestResult {
    guarded(async {
        let network = Network::new();
        let before = network.listener();
        let (mut near, _far) = link(&network, &before).await?;
        let listener = network.restart_exporter();
        assert_eq!(read_now(&mut near), Some(Err(RESET)));
        let mut deaf = pin!(before.accept());
        let dialler = network.dialler();
        let (mut near, far) = (dialler.dial().await?.into_transport(), listener.accept().await?);
        assert!(is_waiting(&mut deaf).await);
        let next = network.restart_importer();
        assert_eq!(near.read_u8().await.map_err(|error| error.kind()), Err(RESET));
        drop(far);
        assert!(dialler.dial().await.is_err(), "the dead do not dial");
        let _near = next.dial().await?;
        let _far = listener.accept().await?;
        assert!(network.dialler().dial().await.is_ok(), "it is of the new life");
        Ok(())
    })
    .await
}
