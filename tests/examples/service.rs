//! `service`: told to stop, killed, and started again.

use crate::process::{Example, errors, text};

const SERVING: &str = "serving \"readings\" at ";

/// Reads lines until one that starts so, and gives it.
async fn line_with(example: &mut Example, prefix: &str) -> String {
    loop {
        let line = example.line().await;
        if line.starts_with(prefix) {
            return line;
        }
    }
}

fn number_in(text: &str) -> u64 {
    let number = text.split(' ').find_map(|word| word.parse().ok());
    number.unwrap_or_else(|| panic!("a number in {text:?}"))
}

#[tokio::test]
async fn a_service_that_is_told_to_stop_delivers_what_it_has() {
    for signal in ["-TERM", "-INT"] {
        let mut service = Example::start("service", &["serve", "127.0.0.1:0"]);
        let address = service.line_after(SERVING).await;
        let mut watcher = Example::start("service", &["watch", &address]);
        line_with(&mut watcher, "reading number 101").await;
        service.signal(signal);

        let output = service.end().await;
        assert!(output.status.success(), "{output:?}");
        assert_eq!(errors(&output), "");
        let last = text(&output).lines().last().unwrap();
        assert!(
            last.starts_with("all of ") && last.ends_with(" readings were delivered"),
            "{last}"
        );
        let delivered = number_in(last);

        let output = watcher.end().await;
        assert!(output.status.success(), "{output:?}");
        let expected = format!("{delivered} readings in all: the peer closed the connection\n");
        assert!(text(&output).ends_with(&expected), "{expected:?} in {output:?}");
    }
}

#[tokio::test]
async fn a_watcher_survives_a_service_that_is_killed_and_started_again() {
    let mut service = Example::start("service", &["serve", "127.0.0.1:0"]);
    let address = service.line_after(SERVING).await;
    let mut watcher = Example::start("service", &["watch", &address]);
    line_with(&mut watcher, "reading number 1").await;
    service.kill();
    service.end().await;
    line_with(&mut watcher, "link lost: ").await;

    let mut service = Example::start("service", &["serve", &address]);
    service.line_after(SERVING).await;
    line_with(&mut watcher, "the service has restarted").await;
    line_with(&mut watcher, "reading number 1").await;
    service.signal("-TERM");
    assert!(service.end().await.status.success());
    let output = watcher.end().await;
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output).ends_with("the peer closed the connection\n"), "{output:?}");
}

#[tokio::test]
async fn a_watcher_may_start_before_its_service() {
    // A port that was free a moment ago.
    let mut service = Example::start("service", &["serve", "127.0.0.1:0"]);
    let address = service.line_after(SERVING).await;
    service.kill();
    service.end().await;

    let mut watcher = Example::start("service", &["watch", &address]);
    let mut service = Example::start("service", &["serve", &address]);
    service.line_after(SERVING).await;
    line_with(&mut watcher, "reading number 1").await;
}
