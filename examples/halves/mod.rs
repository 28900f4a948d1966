//! The other processes of an example: started by the first one, and ended with it.

#![allow(dead_code, reason = "not every example needs everything")]

use std::error::Error;
use std::process::{self, Stdio};
use std::{env, io, thread};

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The option that [`Half::start`] adds; see [`end_with_parent`].
const WITH_PARENT: &str = "--with-parent";

/// Another process of this program. It is killed when this is dropped.
pub(crate) struct Half {
    child: Child,
    /// However this process ends, the pipe ends with it.
    _lifeline: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Half {
    /// Starts this program with other arguments.
    pub(crate) fn start(arguments: &[&str]) -> Result<Half, Box<dyn Error>> {
        let mut child = Command::new(env::current_exe()?)
            .args(arguments)
            .arg(WITH_PARENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let _lifeline = child.stdin.take();
        let stdout = child.stdout.take().ok_or("the other process has no output")?;
        Ok(Half { child, _lifeline, output: BufReader::new(stdout).lines() })
    }

    /// What follows `prefix` in the next line that it prints.
    pub(crate) async fn line_after(&mut self, prefix: &str) -> Result<String, Box<dyn Error>> {
        let line = self.output.next_line().await?.ok_or("the other process has ended")?;
        let rest = line.strip_prefix(prefix).ok_or_else(|| format!("unexpected: {line}"))?;
        Ok(rest.to_owned())
    }

    /// Prints all that it prints, behind its name, until it ends.
    pub(crate) async fn print_as(mut self, name: &str) -> Result<(), Box<dyn Error>> {
        while let Some(line) = self.output.next_line().await? {
            println!("{name}: {line}");
        }
        let status = self.child.wait().await?;
        if status.success() { Ok(()) } else { Err(format!("{name} ended with {status}").into()) }
    }

    /// Kills it (SIGKILL): it has no time to say anything to anybody.
    pub(crate) async fn kill(mut self) -> io::Result<()> {
        self.child.kill().await
    }
}

/// Ends this process when its standard input does, which is when the process that holds it does.
pub(crate) fn end_with_parent() {
    thread::spawn(|| {
        if io::copy(&mut io::stdin().lock(), &mut io::sink()).is_ok() {
            eprintln!("error: the process that started this one has ended");
        }
        process::exit(1);
    });
}
