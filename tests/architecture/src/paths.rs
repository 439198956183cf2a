//! Paths that a piece of code names: in `use` trees, expressions, types, attributes and the tokens of macros.

use crate::attributes::is_test_only;
use proc_macro2::{Spacing, TokenStream, TokenTree};
use std::collections::HashSet;
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, Meta, UseTree, Visibility};

/// A path in the code. A path with a leading `::` begins with an empty segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathUse {
    /// The names between `::`, without generic arguments.
    pub segments: Vec<String>,
    /// The line of its first segment.
    pub line: usize,
}

/// One name that a `use` item brings into scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The name, or nothing for a glob.
    pub name: Option<String>,
    /// The path of what is imported.
    pub segments: Vec<String>,
    /// The line of the last segment.
    pub line: usize,
    /// Whether other modules can name it through this one.
    pub is_reexport: bool,
}

/// Collects the paths and imports of items, without those that exist in tests only.
#[derive(Debug, Default)]
pub struct Collector {
    /// The paths, in the order of the source.
    pub uses: Vec<PathUse>,
    /// The imports of the module, and those inside its functions.
    pub imports: Vec<Import>,
    /// The local names of the functions around the current place, which hide items of the same name.
    locals: Vec<HashSet<String>>,
}

impl Collector {
    fn push(&mut self, segments: Vec<String>, line: usize) {
        let hidden = segments.len() == 1 && self.locals.iter().any(|names| names.contains(&segments[0]));
        if !hidden {
            self.uses.push(PathUse { segments, line });
        }
    }

    fn import(&mut self, tree: &UseTree, prefix: &mut Vec<String>, is_reexport: bool) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(name_of(&path.ident));
                self.import(&path.tree, prefix, is_reexport);
                prefix.pop();
            }
            UseTree::Name(leaf) if leaf.ident == "self" => {
                self.import_name(prefix.last().cloned(), prefix.clone(), &leaf.ident, is_reexport);
            }
            UseTree::Name(leaf) => {
                let name = name_of(&leaf.ident);
                self.import_name(Some(name.clone()), with(prefix, name), &leaf.ident, is_reexport);
            }
            UseTree::Rename(leaf) => {
                let segments = if leaf.ident == "self" { prefix.clone() } else { with(prefix, name_of(&leaf.ident)) };
                self.import_name(Some(name_of(&leaf.rename)), segments, &leaf.ident, is_reexport);
            }
            UseTree::Glob(leaf) => {
                let line = leaf.star_token.spans[0].start().line;
                self.imports.push(Import { name: None, segments: prefix.clone(), line, is_reexport });
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix, is_reexport);
                }
            }
        }
    }

    fn import_name(&mut self, name: Option<String>, segments: Vec<String>, leaf: &Ident, is_reexport: bool) {
        // `use crate::a::{self}` imports the module under its own name; `use self as x` and the like have no name to import.
        if let Some(name) = name {
            self.imports.push(Import { name: Some(name), segments, line: leaf.span().start().line, is_reexport });
        }
    }

    fn in_function(&mut self, locals: HashSet<String>, visit: impl FnOnce(&mut Self)) {
        self.locals.push(locals);
        visit(self);
        self.locals.pop();
    }

    /// Finds the paths in the tokens of a macro or an attribute, which the parser leaves as they are.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Ident(first) if !follows_dot(&tokens, at) => {
                    let mut segments = Vec::new();
                    if follows_colons(&tokens, at) {
                        segments.push(String::new());
                    }
                    segments.push(name_of(first));
                    while is_colons(&tokens, at + 1)
                        && let Some(TokenTree::Ident(next)) = tokens.get(at + 3)
                    {
                        segments.push(name_of(next));
                        at += 3;
                    }
                    // `name: value` is a field, and no path.
                    if segments.len() > 1 || !is_mark(&tokens, at + 1, ':') {
                        self.push(segments, first.span().start().line);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Finds the paths in the strings of an attribute, as in `#[serde(with = "crate::codec")]`.
    fn scan_strings(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.scan_strings(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let line = literal.span().start().line;
                    if text.contains("::")
                        && let Ok(path) = syn::parse_str::<syn::Path>(text.trim_matches('"'))
                    {
                        self.push(segments_of(&path), line);
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        match &attribute.meta {
            Meta::List(list) => {
                self.scan(list.tokens.clone());
                self.scan_strings(list.tokens.clone());
            }
            Meta::Path(path) => self.push(segments_of(path), line_of(path)),
            Meta::NameValue(_) => {}
        }
    }

    // `pub(in crate::state)` says who may see an item, and uses nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    // Modules have scopes of their own: the tree visits them one by one.
    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut prefix = if item.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
        let is_reexport = !matches!(item.vis, Visibility::Inherited);
        self.import(&item.tree, &mut prefix, is_reexport);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.push(segments_of(path), line_of(path));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.push(segments_of(&call.path), line_of(&call.path));
        self.scan(call.tokens.clone());
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        // A constant or a variant in a pattern looks like a new name; only its first letter tells.
        let name = name_of(&pattern.ident);
        if begins_upper(&name) {
            self.push(vec![name], pattern.ident.span().start().line);
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test_only(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Const(item) => item.attrs.as_slice(),
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            _ => &[],
        };
        if !is_test_only(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_test_only(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !is_test_only(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if !is_test_only(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if !is_test_only(&local.attrs) {
            visit::visit_local(self, local);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let mut locals = Locals::default();
        locals.visit_item_fn(function);
        self.in_function(locals.0, |collector| visit::visit_item_fn(collector, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        let mut locals = Locals::default();
        locals.visit_impl_item_fn(function);
        self.in_function(locals.0, |collector| visit::visit_impl_item_fn(collector, function));
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        let mut locals = Locals::default();
        locals.visit_trait_item_fn(function);
        self.in_function(locals.0, |collector| visit::visit_trait_item_fn(collector, function));
    }
}

/// The names that the patterns of a function bind.
#[derive(Default)]
struct Locals(HashSet<String>);

impl<'ast> Visit<'ast> for Locals {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        let name = name_of(&pattern.ident);
        if !begins_upper(&name) {
            self.0.insert(name);
        }
        visit::visit_pat_ident(self, pattern);
    }
}

/// The attributes of an item.
pub fn attributes_of(item: &syn::Item) -> &[Attribute] {
    use syn::Item;
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The text of an identifier, without the `r#` of a raw one.
pub fn name_of(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

fn segments_of(path: &syn::Path) -> Vec<String> {
    let leading = path.leading_colon.as_ref().map(|_| String::new());
    leading.into_iter().chain(path.segments.iter().map(|segment| name_of(&segment.ident))).collect()
}

fn line_of(path: &syn::Path) -> usize {
    path.segments.first().map_or(0, |segment| segment.ident.span().start().line)
}

fn begins_upper(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}

fn with(prefix: &[String], name: String) -> Vec<String> {
    prefix.iter().cloned().chain([name]).collect()
}

fn is_mark(tokens: &[TokenTree], at: usize, wanted: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == wanted)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    let joined = matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.spacing() == Spacing::Joint);
    joined && is_mark(tokens, at, ':') && is_mark(tokens, at + 1, ':')
}

/// Whether the name at a position is a field or a method, or the rest of a lifetime. The end of a range is neither.
fn follows_dot(tokens: &[TokenTree], at: usize) -> bool {
    let before = |steps: usize, mark| at.checked_sub(steps).is_some_and(|at| is_mark(tokens, at, mark));
    before(1, '\'') || (before(1, '.') && !before(2, '.'))
}

fn follows_colons(tokens: &[TokenTree], at: usize) -> bool {
    at.checked_sub(2).is_some_and(|at| is_colons(tokens, at))
}
