//! Module trees of the crates: which file each module lies in, its items, its imports and the paths in its code.

use crate::attributes::{is_test_only, path_value};
use crate::layout::{Crate, folder};
use crate::paths::{Collector, Import, PathUse, attributes_of, name_of};
use std::collections::{BTreeMap, HashMap, HashSet};
use syn::visit::Visit;
use syn::{Item, ItemMod};

/// One module of a crate.
#[derive(Debug)]
pub struct Module {
    /// The index of its crate.
    pub krate: usize,
    /// The module around it; nothing for the root of a crate.
    pub parent: Option<usize>,
    /// The file it is written in.
    pub file: String,
    /// Whether it exists in tests only.
    pub is_test: bool,
    /// The modules inside it, by name.
    pub children: HashMap<String, usize>,
    /// The names of the items it defines.
    pub items: HashSet<String>,
    /// What its `use` items bring into scope.
    pub imports: Vec<Import>,
    /// The paths that its code names.
    pub uses: Vec<PathUse>,
}

/// The modules of all crates.
#[derive(Debug, Default)]
pub struct Tree {
    /// The modules; others refer to them by index.
    pub modules: Vec<Module>,
    /// The root modules of the crates, in the order of the crates.
    pub roots: Vec<usize>,
}

impl Tree {
    /// The module trees of these crates.
    ///
    /// # Errors
    /// When the root of a crate or the file of a module is missing.
    pub fn of(crates: &[Crate], files: &BTreeMap<String, syn::File>) -> Result<Self, String> {
        let mut tree = Self::default();
        for (krate, described) in crates.iter().enumerate() {
            let file = files.get(described.root).ok_or_else(|| {
                format!("{}: the root of crate `{}` is not there; correct the list in `layout.rs`", described.root, described.name)
            })?;
            let root = tree.add(Module::new(krate, None, described.root, false));
            tree.roots.push(root);
            let place = Place { files, folder: folder(described.root).to_owned() };
            tree.add_items(root, &file.items, &place)?;
        }
        Ok(tree)
    }

    /// The files that are modules, with whether they exist in tests only.
    pub fn files(&self) -> HashMap<&str, bool> {
        let mut files = HashMap::new();
        for module in &self.modules {
            *files.entry(module.file.as_str()).or_insert(true) &= module.is_test;
        }
        files
    }

    /// Whether one module is another, or lies inside it.
    pub fn is_inside(&self, module: usize, outer: usize) -> bool {
        module == outer || self.modules[module].parent.is_some_and(|parent| self.is_inside(parent, outer))
    }

    fn add(&mut self, module: Module) -> usize {
        self.modules.push(module);
        self.modules.len() - 1
    }

    fn add_items(&mut self, module: usize, items: &[Item], place: &Place) -> Result<(), String> {
        let mut collector = Collector::default();
        for item in items {
            match item {
                Item::Mod(inner) => self.add_module(module, inner, place)?,
                _ if self.modules[module].is_test || is_test_only(attributes_of(item)) => {}
                _ => {
                    self.modules[module].items.extend(defined_name(item));
                    collector.visit_item(item);
                }
            }
        }
        self.modules[module].imports = collector.imports;
        self.modules[module].uses = collector.uses;
        Ok(())
    }

    fn add_module(&mut self, parent: usize, inner: &ItemMod, place: &Place) -> Result<(), String> {
        let name = name_of(&inner.ident);
        let is_test = self.modules[parent].is_test || is_test_only(&inner.attrs);
        let krate = self.modules[parent].krate;
        let outer_file = self.modules[parent].file.clone();
        let (file, items, inside) = match &inner.content {
            Some((_, items)) => (outer_file, items, format!("{}{name}/", place.folder)),
            None => {
                let candidates = match path_value(&inner.attrs) {
                    Some(path) => vec![normal(&format!("{}{path}", folder(&outer_file)))],
                    None => vec![format!("{}{name}.rs", place.folder), format!("{}{name}/mod.rs", place.folder)],
                };
                let (file, parsed) = candidates.iter().find_map(|path| place.files.get_key_value(path)).ok_or_else(|| {
                    format!("{outer_file}: the file of `mod {name}` is not there; expected {}", candidates.join(" or "))
                })?;
                (file.clone(), &parsed.items, folder_of_children(file))
            }
        };
        let child = self.add(Module::new(krate, Some(parent), &file, is_test));
        // A module may exist in two versions, for two targets; both are read, and paths lead to the first.
        self.modules[parent].children.entry(name).or_insert(child);
        self.add_items(child, items, &Place { files: place.files, folder: inside })
    }
}

impl Module {
    fn new(krate: usize, parent: Option<usize>, file: &str, is_test: bool) -> Self {
        Self {
            krate,
            parent,
            file: file.to_owned(),
            is_test,
            children: HashMap::new(),
            items: HashSet::new(),
            imports: Vec::new(),
            uses: Vec::new(),
        }
    }
}

/// Where the files of a module's children are looked for.
struct Place<'a> {
    files: &'a BTreeMap<String, syn::File>,
    folder: String,
}

/// The folder of the children of a module file: its own for `mod.rs`, otherwise the one with its name.
fn folder_of_children(file: &str) -> String {
    match file.strip_suffix("mod.rs") {
        Some(own) if own.ends_with('/') => own.to_owned(),
        _ => format!("{}/", file.strip_suffix(".rs").unwrap_or(file)),
    }
}

/// A path without `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." => {}
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The name that an item defines in its module.
fn defined_name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name_of(ident))
}
