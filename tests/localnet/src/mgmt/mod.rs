//! Parts of the management canister: prices, threshold keys, and outcalls.

pub mod cycles;
pub mod http;
pub mod keys;
