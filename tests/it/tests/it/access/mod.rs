mod client_side;
mod sessions;
mod wallets;
