pub mod client_side;
pub mod sessions;
pub mod wallets;
