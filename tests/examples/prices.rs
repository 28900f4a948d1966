//! `prices`: a market, a fast watcher and a slow one.

use crate::process::{Example, errors, text};

fn missed(output: &str, name: &str) -> u64 {
    let prefix = format!("{name}: ");
    let line = output.lines().find(|line| line.starts_with(&prefix)).expect("a watcher's line");
    let words: Vec<&str> = line.split(' ').collect();
    let at = words.iter().position(|word| word.starts_with("missed")).expect(line);
    words[at - 1].parse().expect(line)
}

#[tokio::test]
async fn who_is_slow_misses_trades_and_has_the_last_price() {
    let output = Example::start("prices", &[]).end().await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(errors(&output), "");
    let output = text(&output);
    assert!(missed(output, "slow") > 0, "{output}");
    // It may miss some on a machine that is busy.
    assert!(missed(output, "fast") < missed(output, "slow"), "{output}");
    assert_eq!(output.matches(": equal to that of trade 20000\n").count(), 2, "{output}");
    let last = "every watcher has the last price, and knows how many trades it missed";
    assert_eq!(output.lines().last(), Some(last));
}
