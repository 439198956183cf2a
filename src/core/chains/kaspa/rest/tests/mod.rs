//! Tests of the REST API: requests as they are sent, and answers as servers give them.
//!
//! The shapes are recorded from kaspa-rest-server in front of a rusty-kaspa 2.1.0 node.

mod reading;
mod requests;
mod submitting;

use super::{Grid, Request, canonicalise};
use crate::chains::kaspa::{Address, Network, TxId};
use serde_json::Value;
use std::num::NonZeroU64;

const ADDRESS: &str = "kaspasim:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uj52ehfcn";
/// The script of that address.
const SCRIPT: &str = "207a7440ee783988a2e132bea6b22f991fb971c4eca2f3378e2a99aded7df353aeac";

fn address() -> Address {
    Address::parse(ADDRESS, Network::Simnet).expect("valid")
}

fn step(step: u64) -> Grid {
    Grid::of(NonZeroU64::new(step).expect("not zero"))
}

fn tx_id(byte: u8) -> TxId {
    TxId([byte; 32])
}

/// The canonical body of a server's answer.
fn reduce(request: &Request, status: u16, body: &Value) -> Vec<u8> {
    canonicalise(&request.transform_context(), status, body.to_string().as_bytes())
}
