//! Other processes: the binary of this test, started again with something else to do.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::task::{Outcome, Task, Word, value_of};

/// Where another process finds its task. In a normal run of the tests there is none.
const TASK: &str = "NETCHAN_CHAOS_TASK";

/// Goes before what another process says; the rest of its output is the test harness's.
const WORD: &str = "word: ";

/// Only a hang takes so long.
const DEADLINE: Duration = Duration::from_secs(150);

/// Another process. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start(task: &Task) -> Process {
        Process::start_with(&[], task)
    }

    /// Starts it with a command before it, such as one that enters a namespace and becomes it.
    pub(crate) fn start_with(before: &[&str], task: &Task) -> Process {
        let this = std::env::current_exe().unwrap();
        let mut command = match before {
            [] => Command::new(this),
            [first, others @ ..] => {
                let mut command = Command::new(first);
                command.args(others).arg(this);
                command
            }
        };
        let mut child = command
            .args(["--exact", "duties::another_process", "--nocapture", "--test-threads=1"])
            .env(TASK, serde_json::to_string(task).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        Process { child, stdin, stdout }
    }

    /// The next thing it says; `None` when it has ended.
    async fn word(&mut self) -> Option<Word> {
        while let Some(line) = self.stdout.next_line().await.unwrap() {
            if let Some(word) = line.strip_prefix(WORD) {
                return Some(serde_json::from_str(word).unwrap());
            }
        }
        None
    }

    /// Reads what it says until something fits.
    pub(crate) async fn until<A>(&mut self, what: &str, fits: impl Fn(Word) -> Option<A>) -> A {
        let reading = async {
            loop {
                match self.word().await {
                    Some(word) => {
                        if let Some(answer) = fits(word) {
                            return answer;
                        }
                    }
                    None => panic!("it ended before it said: {what}"),
                }
            }
        };
        match timeout(DEADLINE, reading).await {
            Ok(answer) => answer,
            Err(_) => panic!("it did not say in time: {what}"),
        }
    }

    pub(crate) async fn listening(&mut self) -> std::net::SocketAddr {
        let fits = |word| match word {
            Word::Listening(address) => Some(address),
            _ => None,
        };
        self.until("where it listens", fits).await
    }

    pub(crate) async fn took(&mut self, least: u64) {
        let fits =
            |word| matches!(word, Word::Took { values, .. } if values >= least).then_some(());
        self.until("that it took values", fits).await
    }

    /// The same of one that takes the values of several generations. What it says of an earlier one
    /// may be late.
    pub(crate) async fn took_of(&mut self, generation: u64, least: u64) {
        let least = value_of(generation, least);
        let fits = |word| matches!(word, Word::Took { last, .. } if last >= least).then_some(());
        self.until("that it took values of a generation", fits).await
    }

    pub(crate) async fn done(&mut self) -> Outcome {
        let fits = |word| match word {
            Word::Done(outcome) => Some(outcome),
            _ => None,
        };
        self.until("what it has done", fits).await
    }

    /// Tells it that it is enough.
    pub(crate) async fn tell_enough(&mut self) {
        self.stdin.as_mut().unwrap().write_all(b"\n").await.unwrap();
    }

    /// SIGKILL: it has no chance to say anything to anybody.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// It is not needed any more, and ends by itself.
    pub(crate) async fn release(mut self) {
        drop(self.stdin.take());
        let ending = async {
            while let Some(_line) = self.stdout.next_line().await.unwrap() {}
            self.child.wait().await.unwrap()
        };
        let status = timeout(DEADLINE, ending).await.expect("an end in time");
        assert!(status.success(), "{status}");
    }
}

/// In another process: what it has to do.
pub(crate) fn task() -> Option<Task> {
    let text = std::env::var(TASK).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// In another process: says something to the test. A line is one write, so lines do not mix.
pub(crate) fn say(word: &Word) {
    let line = format!("\n{WORD}{}\n", serde_json::to_string(word).unwrap());
    // Nobody may listen any more; then this process is about to end.
    let _nobody_listens = std::io::stdout().write_all(line.as_bytes());
    let _nobody_listens = std::io::stdout().flush();
}

/// In another process: waits until it is enough.
pub(crate) async fn enough() {
    let _line = tokio::io::stdin().read_u8().await;
}

/// In another process: waits until it is not needed any more.
pub(crate) async fn released() {
    let _end = tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await;
}
