//! The transform of outcalls: every replica reduces its own answer to a canonical body, on which the replicas then agree.
//!
//! Headers are dropped and the status is made constant, because the meaning of both is in the body.

use ic_cdk_management_canister::{HttpRequestResult, TransformArgs};

/// Reduces an answer by the rules of a chain, from the context, the status and the body.
pub(super) fn reduce(args: TransformArgs, canonicalise: fn(&[u8], u16, &[u8]) -> Vec<u8>) -> HttpRequestResult {
    // A status beyond 16 bits is no HTTP status; 0 is read as a failure like every status outside 200-299.
    let status = u16::try_from(&args.response.status.0).unwrap_or(0);
    let body = canonicalise(&args.context, status, &args.response.body);
    HttpRequestResult { status: 200u16.into(), headers: Vec::new(), body }
}
