//! The released modules. The suite runs the modules that `scripts/build` made, never a build of its own.

use std::path::{Path, PathBuf};

/// The folder of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies two folders deep").to_path_buf()
}

/// The canister's module.
///
/// # Panics
/// When it was not built.
pub fn purser() -> Vec<u8> {
    read("purser.wasm")
}

/// The canister's module, compressed.
///
/// # Panics
/// When it was not built.
pub fn purser_compressed() -> Vec<u8> {
    read("purser.wasm.gz")
}

/// The module of the probe canister.
///
/// # Panics
/// When it was not built.
pub fn probe() -> Vec<u8> {
    read("probe.wasm")
}

fn read(name: &str) -> Vec<u8> {
    let path = root().join("target").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run scripts/build first", path.display()))
}
