//! `reply_to`: three processes by one command.

use crate::process::{Example, errors, text};

#[tokio::test]
async fn reports_come_back_through_the_process_between() {
    let output = Example::start("reply_to", &[]).end().await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(errors(&output), "");
    let lines: Vec<&str> = text(&output).lines().collect();
    let [connected, reports, released] = &lines[..] else { panic!("{output:?}") };
    assert!(connected.starts_with("connected to tcp:127.0.0.1:"), "{connected}");
    assert_eq!(*reports, "400 reports of 200 orders came through the desk");
    assert_eq!(*released, "all ways back are released: the customer's actor has ended");
}
