//! Where the released modules lie. The suite runs what `scripts/build` made, never a build of its own.

use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies two folders deep").to_path_buf()
}

/// The canister, compressed as it is deployed.
///
/// # Panics
/// When it was not built.
pub fn purser() -> Vec<u8> {
    read("PURSER_WASM", "purser.wasm.gz")
}

/// The canister, uncompressed.
///
/// # Panics
/// When it was not built.
pub fn purser_uncompressed() -> Vec<u8> {
    read("PURSER_WASM_UNCOMPRESSED", "purser.wasm")
}

fn read(variable: &str, name: &str) -> Vec<u8> {
    let path = std::env::var_os(variable).map_or_else(|| root().join("target").join(name), PathBuf::from);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run scripts/build first", path.display()))
}
