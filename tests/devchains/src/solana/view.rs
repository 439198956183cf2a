//! The view of one call: the block that the node has reached.

use serde_json::json;

use super::error::RpcError;

/// A node that is further behind calls itself unhealthy (Agave's default `health-check-slot-distance`).
const HEALTHY_SLOTS_BEHIND_MAX: u64 = 128;

/// The view of a node at one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    /// Slots this node is behind the others.
    pub slots_behind: u64,
    /// The running number of the call, which varies `context` between calls.
    pub call: u64,
}

/// Checks that the node is close enough to the others.
///
/// # Errors
/// -32005 with the distance.
pub fn health(view: View) -> Result<(), RpcError> {
    let behind = view.slots_behind;
    if behind > HEALTHY_SLOTS_BEHIND_MAX {
        let data = json!({ "numSlotsBehind": behind });
        return Err(RpcError::with_data(-32005, format!("Node is behind by {behind} slots"), data));
    }
    Ok(())
}
