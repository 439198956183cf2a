//! Source texts of the repository, keyed by their path from its root.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folders that hold Rust sources, from the root of the repository.
const FOLDERS: [&str; 2] = ["src", "tests"];

/// Source texts, keyed by their path from the root of the repository, with `/` between folders.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The texts of the Rust files.
    pub files: BTreeMap<String, String>,
    /// The text of the README.
    pub readme: String,
}

impl Sources {
    /// Reads every Rust file of a repository.
    ///
    /// # Errors
    /// When a folder or a file cannot be read.
    pub fn read(root: &Path) -> Result<Self, String> {
        let mut files = BTreeMap::new();
        for folder in FOLDERS.iter().filter(|folder| root.join(folder).is_dir()) {
            read_folder(root, Path::new(folder), &mut files)?;
        }
        let readme = std::fs::read_to_string(root.join("README.md")).unwrap_or_default();
        Ok(Self { files, readme })
    }

    /// Sources from texts in memory, for tests of the rules.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { files, readme: String::new() }
    }
}

/// The root of the repository that this crate was compiled in.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read_folder(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) -> Result<(), String> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    for entry in std::fs::read_dir(root.join(folder)).map_err(|error| failed(folder, error))? {
        let name = entry.map_err(|error| failed(folder, error))?.file_name();
        let path = folder.join(&name);
        if root.join(&path).is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                read_folder(root, &path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(root.join(&path)).map_err(|error| failed(&path, error))?;
            files.insert(path.to_string_lossy().replace('\\', "/"), text);
        }
    }
    Ok(())
}
