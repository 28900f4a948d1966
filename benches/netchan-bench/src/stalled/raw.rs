//! By hand: what holds the sender up is the buffers of the sockets.

use crate::link::Runtime;
use crate::raw::{receive, send};
use crate::stalled::{Stall, held};
use crate::{Block, Failure, Plan, Side, memory, with_transport};

/// What the process holds, in MiB.
///
/// # Errors
///
/// When a value is missing, doubled or swapped.
pub fn raw(stall: Stall) -> Result<f64, Failure> {
    let Stall { link, bytes, window, run } = stall;
    let plan =
        Plan { link, sender: Side::Importer, connections: 1, channels: 1, window, bytes, run };
    let before = memory::held_bytes()?;
    let (near, far) = link.pair()?;
    let importer = async || with_transport!(near, stream => send::<Block>(plan, 0, stream).await);
    let exporter = async || {
        let held = held(before, run).await?;
        let received = with_transport!(far, stream => receive::<Block>(plan, 0, stream).await)?;
        Ok((held, received))
    };
    let (sent, (held, received)) = link.run(Runtime::Tokio, importer, exporter)?;
    sent.check(received)?;
    Ok(held)
}
