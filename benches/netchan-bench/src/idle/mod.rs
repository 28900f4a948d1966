//! The command `idle`: what connections cost on which nothing happens.
//!
//! Each side is a process of its own, so that each is measured alone: the program starts itself
//! twice, with a [`Role`], and tells its children over their standard input when to measure. Memory is
//! `RssAnon` of `/proc/self/status`: what the process has of the system beside its files, freed memory
//! that the allocator keeps included; what the kernel holds for sockets is not in it. Wake-ups are the
//! voluntary context switches of all threads but the one that measures: each is a wait for events that
//! has ended.

mod child;
mod netchan_side;
mod process;
mod raw_side;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use self::child::Role;
use self::child::{Child, Measured, Task};
use crate::Failure;
use crate::growth::curve::Machine;
use crate::growth::machine;

/// What the command line asks for.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Connections
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    connections: usize,

    /// Channels of each of them
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    channels: usize,

    /// How long wake-ups are counted
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    seconds: u64,

    /// Does it run? Ten connections and one second, which gives no figures to quote
    #[arg(long, conflicts_with_all = ["connections", "seconds"])]
    quick: bool,

    /// Where to write what was measured, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// What this process is; the program starts itself so
    #[arg(long, hide = true)]
    role: Option<Role>,

    /// Values flow over each connection before it is idle
    #[arg(long, hide = true)]
    used: bool,

    /// Where the other process listens
    #[arg(long, hide = true, default_value = "")]
    address: String,
}

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Idle {
    /// What was measured: `idle`.
    pub kind: String,
    /// Where it was measured.
    pub machine: Machine,
    /// How long wake-ups were counted.
    pub seconds: u64,
    /// Each side of each kind of connection.
    pub processes: Vec<Process>,
}

/// One side of all connections of one kind.
#[derive(Debug, Serialize, Deserialize)]
pub struct Process {
    /// Which.
    pub name: String,
    /// Its connections.
    pub connections: usize,
    /// Channels of each.
    pub channels: usize,
    /// Values have come over each connection, or gone, before it was idle.
    pub used: bool,
    /// Its memory before there were connections, in bytes.
    pub before_bytes: u64,
    /// Its memory at the end, in bytes.
    pub after_bytes: u64,
    /// Its wake-ups in a second.
    pub wake_ups_per_second: f64,
}

impl Process {
    /// What its connections take.
    pub fn grown_bytes(&self) -> u64 {
        self.after_bytes.saturating_sub(self.before_bytes)
    }

    /// What one of them takes, with its channels.
    pub fn bytes_of_connection(&self) -> f64 {
        self.grown_bytes() as f64 / self.connections.max(1) as f64
    }
}

impl Idle {
    /// What one unused channel takes: the difference to the process of the same name without channels.
    pub fn bytes_of_channel(&self, process: &Process) -> Option<f64> {
        let without = self
            .processes
            .iter()
            .find(|other| other.name == process.name && other.channels == 0)?;
        let more = process.bytes_of_connection() - without.bytes_of_connection();
        (process.channels > 0 && !process.used).then(|| more / process.channels as f64)
    }
}

/// Runs the command.
///
/// # Errors
///
/// When the machine has not enough open files, and when a process fails.
pub fn run(options: Options) -> Result<(), Failure> {
    // Each process has one side only, but also one file for each connection of it.
    crate::growth::raise_open_files(options.connections as u64 + 100)?;
    let (connections, seconds) =
        if options.quick { (10, 1) } else { (options.connections, options.seconds) };
    let task = Task { connections, channels: options.channels, seconds, used: options.used };
    if let Some(role) = options.role {
        return child::run(role, task, &options.address);
    }
    let mut processes = Vec::new();
    let without = Task { channels: 0, ..task };
    for (task, exporter, importer) in [
        (without, Role::RawListener, Role::RawDialer),
        (without, Role::Exporter, Role::Importer),
        (task, Role::Exporter, Role::Importer),
        (Task { used: true, ..task }, Role::Exporter, Role::Importer),
    ] {
        eprintln!("{} connections with {} channels", task.connections, task.channels);
        processes.extend(measure(task, exporter, importer)?);
    }
    let idle = Idle { kind: "idle".to_owned(), machine: machine::this(), seconds, processes };
    print(&idle);
    if let Some(file) = &options.json {
        let mut json = serde_json::to_string_pretty(&idle)?;
        json.push('\n');
        std::fs::write(file, json).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// Starts both sides, and measures them at the same time.
fn measure(task: Task, listener: Role, dialer: Role) -> Result<[Process; 2], Failure> {
    let mut listening = Child::start(listener, task, "")?;
    let address = listening.line()?;
    let mut dialing = Child::start(dialer, task, &address)?;
    // All connections and channels are there when both say so.
    for child in [&mut dialing, &mut listening] {
        child.line()?;
    }
    for child in [&mut dialing, &mut listening] {
        child.tell("measure")?;
    }
    let dialed = dialing.measured()?;
    let listened = listening.measured()?;
    dialing.end()?;
    listening.end()?;
    Ok([process(dialer, task, dialed), process(listener, task, listened)])
}

fn process(role: Role, task: Task, measured: Measured) -> Process {
    Process {
        name: role.title().to_owned(),
        connections: task.connections,
        channels: task.channels,
        used: task.used,
        before_bytes: measured.before_bytes,
        after_bytes: measured.after_bytes,
        wake_ups_per_second: measured.wake_ups as f64 / task.seconds.max(1) as f64,
    }
}

fn print(idle: &Idle) {
    println!(
        "{:18} {:>12} {:>9} {:>14} {:>14} {:>14} {:>12}",
        "process",
        "connections",
        "channels",
        "memory, KiB",
        "B/connection",
        "B/channel",
        "wake-ups/s"
    );
    for process in &idle.processes {
        let of_channel = idle.bytes_of_channel(process);
        println!(
            "{:18} {:12} {:9} {:>6} {:14} {:14.0} {:>14} {:12.1}",
            process.name,
            process.connections,
            process.channels,
            if process.used { "yes" } else { "no" },
            process.grown_bytes() / 1024,
            process.bytes_of_connection(),
            of_channel.map_or("-".to_owned(), |bytes| format!("{bytes:.0}")),
            process.wake_ups_per_second
        );
    }
}
