//! The processes, and how the first one talks with the others: line by line.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{netchan_side, process, raw_side};
use crate::{Failure, memory};

/// What a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Exports the channels.
    Exporter,
    /// Imports them, once for each connection.
    Importer,
    /// Accepts sockets.
    RawListener,
    /// Dials them.
    RawDialer,
}

impl Role {
    /// Its name on the command line.
    fn argument(self) -> &'static str {
        match self {
            Role::Exporter => "exporter",
            Role::Importer => "importer",
            Role::RawListener => "raw-listener",
            Role::RawDialer => "raw-dialer",
        }
    }

    /// Its name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Role::Exporter => "netchan, exporter",
            Role::Importer => "netchan, importer",
            Role::RawListener => "raw, listener",
            Role::RawDialer => "raw, dialer",
        }
    }
}

/// What a process is to hold, and how long it is watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    pub(super) connections: usize,
    pub(super) channels: usize,
    pub(super) seconds: u64,
    /// Values flow over each connection before it is idle.
    pub(super) used: bool,
}

/// What a process says of itself.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) before_bytes: u64,
    pub(super) after_bytes: u64,
    pub(super) wake_ups: u64,
}

/// A process that this one has started. It is killed when it is dropped before its end.
pub(super) struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Child {
    pub(super) fn start(role: Role, task: Task, address: &str) -> Result<Child, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["idle", "--role", role.argument()])
            .args(["--connections", &task.connections.to_string()])
            .args(["--channels", &task.channels.to_string()])
            .args(["--seconds", &task.seconds.to_string()])
            .args(["--address", address])
            .args(task.used.then_some("--used"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("the child has no input")?;
        let output = process.stdout.take().ok_or("the child has no output")?;
        Ok(Child { process, input, output: BufReader::new(output) })
    }

    /// The next line that it says.
    pub(super) fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a child has ended too early; what it says is above".into());
        }
        Ok(line.trim_end().to_owned())
    }

    pub(super) fn tell(&mut self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(self.input, "{line}")?)
    }

    pub(super) fn measured(&mut self) -> Result<Measured, Failure> {
        Ok(serde_json::from_str(&self.line()?)?)
    }

    /// Lets it end, and waits for that.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        self.tell("end")?;
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(format!("a child ended with {status}").into()) }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Both fail when it has ended, which is as well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a side says, from its own thread.
pub(super) enum Said {
    /// Where it listens.
    Address(String),
    /// All connections and channels are there. Counts the connections that are still there.
    Ready(Box<dyn Fn() -> usize + Send + Sync>),
}

/// What a side says, or why it has failed.
pub(super) type Told = mpsc::Sender<Result<Said, Failure>>;

/// Is such a process, until it is told to end.
pub(super) fn run(role: Role, task: Task, address: &str) -> Result<(), Failure> {
    let before_bytes = memory::held_bytes()?;
    let telling = start(role, task, address.to_owned())?;
    let mut output = std::io::stdout();
    let alive = loop {
        match telling.recv()?? {
            Said::Address(address) => writeln!(output, "{address}")?,
            Said::Ready(alive) => break alive,
        }
    };
    writeln!(output, "ready")?;
    for line in std::io::stdin().lines() {
        if line? != "measure" {
            break;
        }
        let woken_before = process::wake_ups()?;
        std::thread::sleep(Duration::from_secs(task.seconds));
        let measured = Measured {
            before_bytes,
            wake_ups: process::wake_ups()? - woken_before,
            after_bytes: memory::held_bytes()?,
        };
        // What is gone costs nothing, and would be no figure.
        if alive() != task.connections {
            return Err(format!("only {} connections are left", alive()).into());
        }
        writeln!(output, "{}", serde_json::to_string(&measured)?)?;
    }
    Ok(())
}

/// Runs the side on a thread of its own, which ends with the process.
fn start(
    role: Role,
    task: Task,
    address: String,
) -> Result<mpsc::Receiver<Result<Said, Failure>>, Failure> {
    let (told, telling) = mpsc::channel();
    let side = move || {
        let failed = told.clone();
        let side = async {
            match role {
                Role::Exporter => netchan_side::exporter(task, told).await,
                Role::Importer => netchan_side::importer(task, &address, told).await,
                Role::RawListener => raw_side::listener(task, told).await,
                Role::RawDialer => raw_side::dialer(task, &address, told).await,
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let ended = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(side));
        if let Err(error) = ended {
            // Nobody listens when the process is about to end.
            let _ = failed.send(Err(error));
        }
    };
    std::thread::Builder::new().name("side".to_owned()).spawn(side)?;
    Ok(telling)
}
