//! Survey of the repository: everything that the rules need to know, gathered in one pass over the sources.

use crate::declarations::Declarations;
use crate::layout::{Crate, crate_of, crates, is_test_place, room_of};
use crate::paths::PathUse;
use crate::resolve::{Resolver, Target};
use crate::sources::Sources;
use crate::text::{Line, lines};
use crate::tree::{Module, Tree};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is known of one source file.
#[derive(Debug)]
pub struct SourceFile {
    /// The path from the root of the repository.
    pub path: String,
    /// The crate it belongs to, when it belongs to one.
    pub krate: Option<Crate>,
    /// The room of the crate it lies in.
    pub room: String,
    /// Whether it is a test as a whole.
    pub is_test: bool,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Its functions, types and documentation.
    pub declarations: Declarations,
}

impl SourceFile {
    /// Whether it belongs to a crate that is delivered, and is no test.
    pub fn is_product(&self) -> bool {
        !self.is_test && self.krate.is_some_and(|krate| krate.product)
    }

    /// The number of its lines.
    pub fn line_count(&self) -> usize {
        let ends_with_newline = self.lines.last().is_some_and(|line| *line == Line::default());
        self.lines.len() - usize::from(ends_with_newline)
    }

    /// Whether a line, counted from 1, is compiled in tests only.
    pub fn is_test_line(&self, line: usize) -> bool {
        self.is_test || self.declarations.test_lines.iter().any(|range| range.contains(&line))
    }
}

/// The use of something in another file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// The index of the file that names something.
    pub from: usize,
    /// The index of the file that defines it.
    pub to: usize,
    /// The line of the path.
    pub line: usize,
    /// The path as it is written.
    pub path: String,
}

/// Everything that the rules need to know about the sources.
#[derive(Debug)]
pub struct Survey {
    /// The crates.
    pub crates: Vec<Crate>,
    /// The files, by path.
    pub files: Vec<SourceFile>,
    /// Which file uses which, without tests.
    pub edges: Vec<Edge>,
    /// The text of the README.
    pub readme: String,
}

impl Survey {
    /// Surveys the sources, with the crates that the layout of this repository says.
    ///
    /// # Errors
    /// When a file cannot be parsed, or a crate or a module has no file.
    pub fn of(sources: &Sources) -> Result<Self, String> {
        Self::with_crates(sources, &crates(sources))
    }

    /// Surveys the sources as these crates.
    ///
    /// # Errors
    /// When a file cannot be parsed, or a crate or a module has no file.
    pub fn with_crates(sources: &Sources, crates: &[Crate]) -> Result<Self, String> {
        let mut parsed = BTreeMap::new();
        for (path, text) in &sources.files {
            let file = syn::parse_file(text).map_err(|error| format!("{path}:{}: {error}", error.span().start().line))?;
            parsed.insert(path.clone(), file);
        }
        let tree = Tree::of(crates, &parsed)?;
        let modules = tree.files();
        let files = sources.files.iter().map(|(path, text)| {
            let krate = crate_of(crates, path).copied();
            SourceFile {
                path: path.clone(),
                krate,
                room: krate.map(|krate| room_of(&krate, path)).unwrap_or_default(),
                is_test: is_test_place(path) || modules.get(path.as_str()).copied().unwrap_or(false),
                lines: lines(text),
                declarations: Declarations::of(&parsed[path]),
            }
        });
        let files: Vec<SourceFile> = files.collect();
        let edges = edges(&tree, crates, &files);
        Ok(Self { crates: crates.to_vec(), files, edges, readme: sources.readme.clone() })
    }

    /// A place for messages: path and line.
    pub fn place(&self, edge: &Edge) -> String {
        format!("{}:{}", self.files[edge.from].path, edge.line)
    }
}

/// Which file uses which: every path of code that is no test, resolved to the file that defines what it names.
fn edges(tree: &Tree, crates: &[Crate], files: &[SourceFile]) -> Vec<Edge> {
    let resolver = Resolver::new(tree, crates);
    let indices: HashMap<&str, usize> = files.iter().enumerate().map(|(index, file)| (file.path.as_str(), index)).collect();
    let mut edges = HashSet::new();
    for (index, module) in tree.modules.iter().enumerate().filter(|(_, module)| !module.is_test) {
        let mut add = |target: &Module, line: usize, segments: &[String]| {
            let (from, to) = (indices[module.file.as_str()], indices[target.file.as_str()]);
            if from != to {
                edges.insert(Edge { from, to, line, path: segments.join("::") });
            }
        };
        for import in &module.imports {
            if let Some(target) = target_module(&resolver, index, &import.segments) {
                // A module that re-exports what lies inside it lists its contents; it does not use them.
                if !(import.is_reexport && tree.is_inside(target, index)) {
                    add(&tree.modules[target], import.line, &import.segments);
                }
            }
        }
        for PathUse { segments, line } in &module.uses {
            match resolver.resolve(index, segments) {
                Some(Target::Item(target)) if is_imported(&resolver, index, module, &segments[0], target) => {}
                Some(Target::Item(target)) => add(&tree.modules[target], *line, segments),
                // One name alone that is a module's is a local value of the same name: modules are no values.
                Some(Target::Module(target)) if segments.len() > 1 => add(&tree.modules[target], *line, segments),
                _ => {}
            }
        }
    }
    let mut edges: Vec<Edge> = edges.into_iter().collect();
    edges.sort();
    edges
}

/// Whether a name came into scope by an import that is an edge to the same module already. What a module re-exports and uses itself is
/// not: the re-export alone is no edge.
fn is_imported(resolver: &Resolver, index: usize, module: &Module, name: &str, target: usize) -> bool {
    let mut imports = module.imports.iter().filter(|import| !import.is_reexport && import.name.as_deref() == Some(name));
    imports.any(|import| resolver.resolve(index, &import.segments) == Some(Target::Item(target)))
}

fn target_module(resolver: &Resolver, from: usize, segments: &[String]) -> Option<usize> {
    match resolver.resolve(from, segments)? {
        Target::Module(target) | Target::Item(target) => Some(target),
        Target::External => None,
    }
}
