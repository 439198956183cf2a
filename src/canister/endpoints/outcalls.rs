//! The transforms that the canister names in its own outcalls. They are pure and open; a stranger who calls one learns nothing and
//! changes nothing.

use crate::flows::transform;
use ic_cdk_management_canister::{HttpRequestResult, TransformArgs};

#[ic_cdk::query]
fn transform_solana(args: TransformArgs) -> HttpRequestResult {
    transform::solana(args)
}

#[ic_cdk::query]
fn transform_kaspa(args: TransformArgs) -> HttpRequestResult {
    transform::kaspa(args)
}
