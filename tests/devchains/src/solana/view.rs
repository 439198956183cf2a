//! The point of the chain from which one call is answered.

use serde_json::json;

use super::error::RpcError;

/// A node that is further behind calls itself unhealthy (Agave's default `health-check-slot-distance`).
const HEALTHY_SLOTS_BEHIND_MAX: u64 = 128;

/// Where a call is answered from.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    /// Slots this node is behind the others.
    pub slots_behind: u64,
    /// Running number of the call; makes `context` move between calls.
    pub call: u64,
}

/// Whether the node is close enough to the others.
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
