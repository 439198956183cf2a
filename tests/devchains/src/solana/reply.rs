//! Parts that the answers of several methods share.

use serde_json::{Value, json};

use super::chain::{BLOCKHASH_AGE_MAX, Block};
use super::error::RpcError;
use super::params::Config;
use super::view::View;

/// Versions the nodes behind one address run: `apiVersion` moves between calls.
pub const API_VERSIONS: [&str; 2] = ["4.3.2", "4.4.0"];
/// `context.slot` is up to this many slots less (exclusive) than the block's.
const CONTEXT_JITTER_SLOTS: u64 = 3;

/// A result, or the error that is answered in its place.
pub type Reply = Result<Value, RpcError>;

/// Wraps `value` as answered from `block`. Slot and version differ from call to call, as behind a load balancer; the slot is never
/// newer than the data and never older than the caller accepts.
pub fn in_context(view: View, block: &Block, config: Config<'_>, value: Value) -> Value {
    let slot = (block.slot - view.call % CONTEXT_JITTER_SLOTS).max(config.min_context_slot());
    let version = API_VERSIONS[(view.call % 2) as usize];
    json!({ "context": { "apiVersion": version, "slot": slot }, "value": value })
}

/// The newest hash `block` knows, which is its own, and the last height it is promised to be valid at.
pub fn show_blockhash(block: &Block) -> Value {
    json!({ "blockhash": block.hash.to_string(), "lastValidBlockHeight": block.height + BLOCKHASH_AGE_MAX })
}
