//! Two machines in one: network namespaces that are joined by a pair of interfaces.
//!
//! They can be made by a user who may do that, with iproute2. Their addresses exist nowhere else.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};

/// The port at which the exporter listens; it is alone in its namespace.
const PORT: u16 = 4_000;

/// Two namespaces and what joins them. They are removed when this is dropped.
pub(crate) struct Namespaces {
    exporter: Side,
    importer: Side,
}

struct Side {
    namespace: String,
    interface: String,
    address: Ipv4Addr,
}

impl Namespaces {
    /// Makes them; the error says why they cannot be made here.
    pub(crate) fn make() -> Result<Namespaces, String> {
        let id = std::process::id();
        let [_, _, high, low] = id.to_be_bytes();
        let side = |letter, last| Side {
            namespace: format!("netchan-{id}-{letter}"),
            interface: format!("nc{id}{letter}"),
            // A network for each process. Even if its number were another one's, nothing would be
            // shared: it is in these namespaces only.
            address: Ipv4Addr::new(10, 199, high ^ low, last),
        };
        // From here on, what was made is removed, also when the rest cannot be made.
        let made = Namespaces { exporter: side('e', 1), importer: side('i', 2) };
        let Namespaces { exporter, importer } = &made;
        ip(&["netns", "add", &exporter.namespace])?;
        ip(&["netns", "add", &importer.namespace])?;
        let [near, far] = [&exporter.interface, &importer.interface];
        let [here, there] = [&exporter.namespace, &importer.namespace];
        ip(&[
            "link", "add", near, "netns", here, "type", "veth", "peer", "name", far, "netns", there,
        ])?;
        for side in [exporter, importer] {
            let address = format!("{}/24", side.address);
            side.ip(&["address", "add", &address, "dev", &side.interface])?;
            side.ip(&["link", "set", "lo", "up"])?;
            side.ip(&["link", "set", &side.interface, "up"])?;
        }
        Ok(made)
    }

    pub(crate) fn exporter_address(&self) -> SocketAddr {
        (self.exporter.address, PORT).into()
    }

    /// The command that becomes another one in the exporter's namespace.
    pub(crate) fn at_exporter(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.exporter.namespace]
    }

    /// The same in the importer's.
    pub(crate) fn at_importer(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.importer.namespace]
    }

    /// From now on nothing goes from one to the other, not even a word that it is so.
    pub(crate) fn part(&self) {
        let Side { interface, .. } = &self.exporter;
        self.exporter.ip(&["link", "set", interface, "down"]).unwrap();
    }

    pub(crate) fn heal(&self) {
        let Side { interface, .. } = &self.exporter;
        self.exporter.ip(&["link", "set", interface, "up"]).unwrap();
    }
}

impl Side {
    fn ip(&self, arguments: &[&str]) -> Result<(), String> {
        ip(&[&["-n", &self.namespace], arguments].concat())
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for side in [&self.exporter, &self.importer] {
            // The interfaces go with them. There may be none if they could not be made.
            let _missing = ip(&["netns", "delete", &side.namespace]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(format!("ip {}: {}", arguments.join(" "), error.trim()))
}
