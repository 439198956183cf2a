mod batches;
mod lifetimes;
mod nonces;
mod providers;
mod revocations;
mod sol_rpc;
mod tokens;
