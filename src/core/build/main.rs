//! Writes the tables that come from data of others: time zone rules and characters that cannot be seen.
//!
//! The output depends on nothing but the versions in the lock file.

mod characters;
mod zones;

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build");
    let folder = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    for (name, text) in [("zones.rs", zones::tables()), ("characters.rs", characters::tables())] {
        std::fs::write(Path::new(&folder).join(name), text).expect("OUT_DIR is writable");
    }
}
