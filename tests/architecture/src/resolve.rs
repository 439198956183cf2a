//! Resolution of paths: which file defines what a path names, through imports and re-exports.

use crate::layout::Crate;
use crate::tree::{Module, Tree};
use std::collections::HashSet;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A module.
    Module(usize),
    /// An item that a module defines.
    Item(usize),
    /// Something of another crate, outside this repository.
    External,
}

/// Resolves paths in a tree of modules.
#[derive(Debug)]
pub struct Resolver<'a> {
    tree: &'a Tree,
    crates: &'a [Crate],
}

/// The lookups that are under way, so that imports that lead to each other end.
type Visited = HashSet<(usize, String, bool)>;

impl<'a> Resolver<'a> {
    /// A resolver for the modules of these crates.
    pub fn new(tree: &'a Tree, crates: &'a [Crate]) -> Self {
        Self { tree, crates }
    }

    /// What a path leads to, as seen from a module; nothing when it begins with a local name or one of the language.
    pub fn resolve(&self, from: usize, segments: &[String]) -> Option<Target> {
        self.follow(from, segments, false, &mut Visited::new())
    }

    /// Resolves a path. Where a name is both a module's and an item's, `as_module` says which of the two is meant at its end.
    fn follow(&self, from: usize, segments: &[String], as_module: bool, visited: &mut Visited) -> Option<Target> {
        let (first, rest) = segments.split_first()?;
        let first_as_module = !rest.is_empty() || as_module;
        let start = match first.as_str() {
            "crate" => Target::Module(self.tree.roots[self.module(from).krate]),
            "self" => Target::Module(from),
            "super" => Target::Module(self.module(from).parent?),
            "Self" => return None,
            "" => {
                let (name, rest) = rest.split_first()?;
                return self.descend(from, self.crate_root(name)?, rest, as_module, visited);
            }
            name => match self.lookup(from, name, from, first_as_module, visited) {
                Some(target) => target,
                None => self.crate_root(name)?,
            },
        };
        self.descend(from, start, rest, as_module, visited)
    }

    /// Follows the rest of a path from a target on, and stops at the first item: what comes after it is inside that item.
    fn descend(&self, from: usize, start: Target, rest: &[String], as_module: bool, visited: &mut Visited) -> Option<Target> {
        let mut target = start;
        for (index, name) in rest.iter().enumerate() {
            let Target::Module(module) = target else { return Some(target) };
            let next_as_module = index + 1 < rest.len() || as_module;
            target = match name.as_str() {
                "super" => Target::Module(self.module(module).parent?),
                name => match self.lookup(module, name, from, next_as_module, visited) {
                    Some(found) => found,
                    // The name leads back to itself, here; another import may still lead to its item.
                    None if visited.contains(&(module, name.to_owned(), next_as_module)) => return None,
                    // What is not found is defined by a macro, whose call is in that module.
                    None => Target::Item(module),
                },
            };
        }
        Some(target)
    }

    /// What a name means in a module, as far as the module `from` can see it.
    fn lookup(&self, within: usize, name: &str, from: usize, as_module: bool, visited: &mut Visited) -> Option<Target> {
        let lookup = (within, name.to_owned(), as_module);
        if !visited.insert(lookup.clone()) {
            return None;
        }
        let found = self.find(within, name, from, as_module, visited);
        visited.remove(&lookup);
        found
    }

    fn find(&self, within: usize, name: &str, from: usize, as_module: bool, visited: &mut Visited) -> Option<Target> {
        let module = self.module(within);
        let item = module.items.contains(name).then_some(Target::Item(within));
        let child = module.children.get(name).filter(|child| !self.module(**child).is_test).map(|child| Target::Module(*child));
        let sees_private = self.tree.is_inside(from, within);
        let mut named = module.imports.iter().filter(|import| import.name.as_deref() == Some(name));
        let mut imported = || {
            let import = named.find(|import| import.is_reexport || sees_private)?;
            // What begins with no module and no crate of ours names something external.
            let is_own = import.segments.first().is_some_and(|first| matches!(first.as_str(), "crate" | "self" | "super"));
            let external = (!is_own).then_some(Target::External);
            self.follow(within, &import.segments, as_module, visited).or(external)
        };
        let found = if as_module { child.or_else(&mut imported).or(item) } else { item.or_else(&mut imported).or(child) };
        found.or_else(|| self.find_in_globs(within, name, from, as_module, visited))
    }

    fn find_in_globs(&self, within: usize, name: &str, from: usize, as_module: bool, visited: &mut Visited) -> Option<Target> {
        let sees_private = self.tree.is_inside(from, within);
        let globs =
            self.module(within).imports.iter().filter(|import| import.name.is_none() && (import.is_reexport || sees_private));
        for glob in globs {
            // A glob over an enum brings its variants; the import itself is the edge to that enum. A glob brings what its own module
            // can see, wherever the search began.
            if let Some(Target::Module(module)) = self.follow(within, &glob.segments, true, visited)
                && let Some(target) = self.lookup(module, name, within, as_module, visited)
            {
                return Some(target);
            }
        }
        None
    }

    fn crate_root(&self, name: &str) -> Option<Target> {
        let index = self.crates.iter().position(|krate| krate.import == name)?;
        Some(Target::Module(self.tree.roots[index]))
    }

    fn module(&self, index: usize) -> &Module {
        &self.tree.modules[index]
    }
}
