//! Callers: sessions, wallets and their owners, client-side keys.

pub mod client_side;
pub mod sessions;
pub mod wallets;
