//! Layout of the repository: its crates, the folders of the chains, and the limits of the rules.

use crate::sources::Sources;

/// The most lines of a file that is no test.
pub const MAX_LINES: usize = 500;
/// The most lines of a test file.
pub const MAX_TEST_LINES: usize = 800;
/// The most words of the first sentence of a documentation comment.
pub const MAX_SENTENCE_WORDS: usize = 20;
/// The most lines of code outside the chain folders that name a chain. It only goes down.
pub const MAX_CHAIN_LINES: usize = 90;
/// The most enums of the interface that repeat one of the domain. It only goes down.
pub const MAX_TWINS: usize = 0;

/// One crate, by the file that its module tree begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crate {
    /// The short name in messages.
    pub name: &'static str,
    /// The name in paths of other crates.
    pub import: &'static str,
    /// The root file, from the root of the repository.
    pub root: &'static str,
    /// Whether it is delivered; the other crates only serve tests.
    pub product: bool,
    /// The crates of this repository that it may name, by their short names.
    pub may_use: &'static [&'static str],
}

const fn product(name: &'static str, import: &'static str, root: &'static str, may_use: &'static [&'static str]) -> Crate {
    Crate { name, import, root, product: true, may_use }
}

const fn support(name: &'static str, import: &'static str, root: &'static str, may_use: &'static [&'static str]) -> Crate {
    Crate { name, import, root, product: false, may_use }
}

/// The crates of the repository.
const CRATES: &[Crate] = &[
    product("types", "purser_types", "src/types/lib.rs", &["core"]),
    product("core", "purser_core", "src/core/lib.rs", &[]),
    product("canister", "purser", "src/canister/lib.rs", &["core", "types"]),
    product("verify", "purser_verify", "src/verify/src/lib.rs", &["core", "types"]),
    support("localnet", "localnet", "tests/localnet/src/lib.rs", &["core"]),
    support("devchains", "devchains", "tests/devchains/src/lib.rs", &["core", "localnet"]),
    support("it", "purser_it", "tests/it/src/lib.rs", &["core", "devchains", "localnet", "types", "verify"]),
    support("probe", "probe", "tests/probe/src/lib.rs", &["core"]),
    support("architecture", "architecture", "tests/architecture/src/lib.rs", &[]),
];

/// The crates that these sources consist of. A crate whose folder has a file must have its root; one without a folder is left out.
pub fn crates(sources: &Sources) -> Vec<Crate> {
    let is_there = |krate: &&Crate| sources.files.keys().any(|path| path.starts_with(package_folder(krate)));
    CRATES.iter().filter(is_there).copied().collect()
}

/// The beginnings of paths whose files may name a chain: the folders of the chains, and the registries that select among them.
pub const CHAIN_FOLDERS: &[&str] = &[
    "src/core/chains/",
    "src/core/state/chains/",
    "src/core/transfer/kaspa",
    "src/core/transfer/solana",
    "src/canister/flows/kaspa",
    "src/canister/flows/registry",
    "src/canister/flows/solana",
    "src/canister/endpoints/consent/kaspa",
    "src/canister/endpoints/consent/solana",
    "src/canister/endpoints/kaspa",
    "src/canister/endpoints/solana",
    "src/types/chain.rs",
    "src/types/convert/chain.rs",
    "src/types/kaspa",
    "src/types/solana",
    "src/types/convert/kaspa",
    "src/types/convert/solana",
];

/// The crate of a file: the one whose root lies nearest above it.
pub fn crate_of<'a>(crates: &'a [Crate], path: &str) -> Option<&'a Crate> {
    crates.iter().filter(|krate| path.starts_with(package_folder(krate))).max_by_key(|krate| package_folder(krate).len())
}

/// The room of a file: the first folder, or the stem of a file, under the folder of the crate's root.
pub fn room_of(krate: &Crate, path: &str) -> String {
    let rest = path.strip_prefix(folder(krate.root)).unwrap_or(path);
    let first = rest.split('/').next().unwrap_or(rest);
    first.strip_suffix(".rs").unwrap_or(first).to_owned()
}

/// Whether the place of a file says that it is a test, an example or a benchmark.
pub fn is_test_place(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "examples" | "benches"))
}

/// The folder of a path, with the last `/`.
pub fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}

/// The folder of a package: the one above `src` when the root file lies in a `src` of its own.
fn package_folder(krate: &Crate) -> &'static str {
    let own = folder(krate.root);
    own.strip_suffix("/src/").map_or(own, |above| &own[..=above.len()])
}
