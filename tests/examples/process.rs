//! An example as a process, with its output.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Only a hang takes so long.
const DEADLINE: Duration = Duration::from_secs(120);

/// A running example. It is killed when this is dropped.
pub(crate) struct Example {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Example {
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Example {
        let mut child = Command::new(binary(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        Example { child, stdin, stdout }
    }

    /// The next line that it prints.
    pub(crate) async fn line(&mut self) -> String {
        let line = timeout(DEADLINE, self.stdout.next_line()).await.expect("a line in time");
        match line.unwrap() {
            Some(line) => line,
            None => panic!("it ended: {:?}", self.end().await),
        }
    }

    /// What follows `prefix` in the next line.
    pub(crate) async fn line_after(&mut self, prefix: &str) -> String {
        let line = self.line().await;
        line.strip_prefix(prefix).unwrap_or_else(|| panic!("{prefix:?} in {line:?}")).to_owned()
    }

    /// Writes to its standard input. An error says that it has ended.
    pub(crate) async fn write(&mut self, text: &str) -> std::io::Result<()> {
        let stdin = self.stdin.as_mut().unwrap();
        timeout(DEADLINE, stdin.write_all(text.as_bytes())).await.expect("room in time")
    }

    pub(crate) fn kill(&mut self) {
        self.child.start_kill().unwrap();
    }

    /// Sends it a signal, as `kill` names it.
    pub(crate) fn signal(&mut self, signal: &str) {
        let process = self.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args([signal, &process]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end: of the process, and of all that it has started and that could still
    /// write. Its standard input stays open meanwhile.
    pub(crate) async fn end(&mut self) -> Output {
        let Example { child, stdout, .. } = self;
        let mut stderr = child.stderr.take().unwrap();
        let ending = async {
            let mut lines = Vec::new();
            let mut errors = Vec::new();
            let reading = async {
                while let Some(line) = stdout.next_line().await.unwrap() {
                    lines.extend_from_slice(line.as_bytes());
                    lines.push(b'\n');
                }
            };
            tokio::join!(reading, tokio::io::copy(&mut stderr, &mut errors)).1.unwrap();
            Output { status: child.wait().await.unwrap(), stdout: lines, stderr: errors }
        };
        timeout(DEADLINE, ending).await.expect("an end in time")
    }
}

/// The example that `cargo test` has built: beside the folder of this test.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).expect("a test is in a folder of its profile's folder");
    let path = profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.exists(), "{} is not built: cargo build --examples", path.display());
    path
}

/// The standard output as text.
pub(crate) fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// The standard error as text.
pub(crate) fn errors(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}
