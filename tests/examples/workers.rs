//! `workers`: by one command, and workers by hand that are killed and come back.

use crate::process::{Example, errors, text};

fn assert_done(output: &std::process::Output) {
    assert!(output.status.success(), "{output:?}");
    let last = text(output).lines().last().unwrap();
    let repeated = last
        .strip_prefix("400 jobs done, ")
        .and_then(|rest| rest.strip_suffix(" of them given out twice: every product is right"));
    let repeated: u64 = repeated.and_then(|number| number.parse().ok()).expect(last);
    // What a worker may have at the same time.
    assert!(repeated <= 16, "{last}");
}

#[tokio::test]
async fn every_job_is_done_when_a_worker_is_killed() {
    let output = Example::start("workers", &[]).end().await;
    assert_done(&output);
    assert_eq!(errors(&output), "");
    let killed = "\n100 jobs are done, and a worker is killed\n";
    assert!(text(&output).contains(killed), "{output:?}");
}

#[tokio::test]
async fn workers_run_by_hand() {
    let mut queue = Example::start("workers", &["--listen", "127.0.0.1:0"]);
    let address = queue.line_after("listening on ").await;
    let mut killed = Example::start("workers", &["--connect", &address]);
    assert_eq!(killed.line().await, "working");
    killed.kill();
    killed.end().await;
    let mut worker = Example::start("workers", &["--connect", &address]);
    assert_done(&queue.end().await);
    assert!(worker.end().await.status.success());
}
