//! `ask`: by one command, and several askers by hand.

use crate::process::{Example, errors, text};

const EQUAL: &str = "10 counters: equal to the sums made here";

#[tokio::test]
async fn every_question_is_answered() {
    let output = Example::start("ask", &[]).end().await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(errors(&output), "");
    let lines: Vec<&str> = text(&output).lines().collect();
    let [connected, error, timeout, speed, equal] = &lines[..] else { panic!("{output:?}") };
    assert!(connected.starts_with("connected to tcp:127.0.0.1:"), "{connected}");
    assert_eq!(*error, "the store's own error: there is no such counter");
    assert_eq!(*timeout, "no answer within 100ms: given up");
    assert!(speed.starts_with("20000 answers in ") && speed.ends_with(" per second"), "{speed}");
    assert_eq!(*equal, EQUAL);
}

#[tokio::test]
async fn several_ask_the_same_store() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", folder.path().join("socket").display());
    let mut store = Example::start("ask", &["--listen", &socket]);
    let address = store.line_after("listening on ").await;
    let mut askers = [(); 2].map(|()| Example::start("ask", &["--connect", &address]));
    for asker in &mut askers {
        let output = asker.end().await;
        assert!(output.status.success(), "{output:?}");
        assert_eq!(text(&output).lines().last(), Some(EQUAL));
    }
}
