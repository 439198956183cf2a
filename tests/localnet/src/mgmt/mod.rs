//! What the management canister needs: prices, threshold keys, and outcalls.

pub mod cycles;
pub mod http;
pub mod keys;
