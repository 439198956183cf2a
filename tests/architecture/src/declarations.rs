//! Declarations of a file: its functions, its named items, its documentation and its plain enums.

use crate::attributes::{documentation, is_test_only};
use crate::paths::{attributes_of, name_of};
use proc_macro2::Span;
use std::ops::RangeInclusive;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Fields, GenericArgument, Ident, PathArguments, ReturnType, Signature, Type, TypeParamBound, Visibility};

/// The kind of a named item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A struct, an enum, a union, a trait, a type alias or a macro.
    Type,
    /// A variant of an enum.
    Variant,
    /// A function or a method.
    Function,
    /// A module.
    Module,
    /// A constant or a static.
    Constant,
    /// A field of a struct or a variant.
    Field,
}

/// A named item.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The line of its name.
    pub line: usize,
}

/// A function with a body.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`.
    pub line: usize,
    /// The lines from `fn` to the closing brace.
    pub lines: usize,
}

/// A documentation comment.
#[derive(Clone, Debug)]
pub struct Documentation {
    /// The name of the item, or `module` for the comment of a file.
    pub subject: String,
    /// The line it begins in.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// Whether the item is `pub`, or the comment is that of a file.
    pub is_public: bool,
}

/// An enum without fields.
#[derive(Clone, Debug)]
pub struct PlainEnum {
    /// Its name.
    pub name: String,
    /// The line of its name.
    pub line: usize,
    /// The names of its variants, sorted.
    pub variants: Vec<String>,
}

/// The declarations of a file.
#[derive(Debug, Default)]
pub struct Declarations {
    /// The functions with a body.
    pub functions: Vec<Function>,
    /// The named items.
    pub definitions: Vec<Definition>,
    /// The documentation comments.
    pub documentation: Vec<Documentation>,
    /// The public functions that return a `Result` and do not say when they fail.
    pub without_errors: Vec<Function>,
    /// The enums without fields.
    pub plain_enums: Vec<PlainEnum>,
    /// The lines of items that exist in tests only.
    pub test_lines: Vec<RangeInclusive<usize>>,
}

impl Declarations {
    /// The declarations of a parsed file.
    pub fn of(file: &syn::File) -> Self {
        let mut reader = Reader::default();
        reader.document("module", true, &file.attrs);
        reader.visit_file(file);
        reader.found
    }
}

/// Reads a file. It knows whether the trait or the enum around a place is public.
#[derive(Default)]
struct Reader {
    found: Declarations,
    outer_is_public: bool,
}

impl Reader {
    fn define(&mut self, ident: &Ident, kind: Kind) {
        self.found.definitions.push(Definition { name: name_of(ident), kind, line: line_of(ident) });
    }

    fn document(&mut self, subject: &str, is_public: bool, attributes: &[Attribute]) {
        if let Some((line, text)) = documentation(attributes) {
            self.found.documentation.push(Documentation { subject: subject.to_owned(), line, text, is_public });
        }
    }

    /// Notes a named item with its documentation.
    fn item(&mut self, ident: &Ident, kind: Kind, is_public: bool, attributes: &[Attribute]) {
        self.define(ident, kind);
        self.document(&name_of(ident), is_public, attributes);
    }

    fn function(&mut self, signature: &Signature, end: Option<Span>, is_public: bool, attributes: &[Attribute]) {
        self.item(&signature.ident, Kind::Function, is_public, attributes);
        let line = signature.fn_token.span.start().line;
        let last = end.map_or(line, |span| span.end().line);
        let function = Function { name: name_of(&signature.ident), line, lines: (last + 1).saturating_sub(line) };
        let says_errors = documentation(attributes).is_some_and(|(_, text)| text.contains("# Errors"));
        if is_public && !says_errors && returns_result(&signature.output) {
            self.found.without_errors.push(function.clone());
        }
        if end.is_some() {
            self.found.functions.push(function);
        }
    }

    /// Notes the lines of an item that exists in tests only.
    fn note_test(&mut self, attributes: &[Attribute], item: &impl Spanned) -> bool {
        let is_test = is_test_only(attributes);
        if is_test {
            let span = item.span();
            self.found.test_lines.push(span.start().line..=span.end().line);
        }
        is_test
    }

    fn inside(&mut self, is_public: bool, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.outer_is_public, is_public);
        visit(self);
        self.outer_is_public = outer;
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.note_test(attributes_of(item), item);
        visit::visit_item(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.item(&item.ident, Kind::Constant, is_public(&item.vis), &item.attrs);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.item(&item.ident, Kind::Constant, is_public(&item.vis), &item.attrs);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.item(&item.ident, Kind::Type, is_public(&item.vis), &item.attrs);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.item(&item.ident, Kind::Type, is_public(&item.vis), &item.attrs);
        visit::visit_item_union(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.item(&item.ident, Kind::Type, is_public(&item.vis), &item.attrs);
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if let Some(ident) = &item.ident {
            self.item(ident, Kind::Type, false, &item.attrs);
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.item(&item.ident, Kind::Type, is_public(&item.vis), &item.attrs);
        if item.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit)) {
            let mut variants: Vec<String> = item.variants.iter().map(|variant| name_of(&variant.ident)).collect();
            variants.sort();
            self.found.plain_enums.push(PlainEnum { name: name_of(&item.ident), line: line_of(&item.ident), variants });
        }
        self.inside(is_public(&item.vis), |reader| visit::visit_item_enum(reader, item));
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        let is_public = self.outer_is_public;
        self.item(&variant.ident, Kind::Variant, is_public, &variant.attrs);
        visit::visit_variant(self, variant);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(ident) = &field.ident {
            let is_public = is_public(&field.vis) || self.outer_is_public;
            self.item(ident, Kind::Field, is_public, &field.attrs);
        }
        visit::visit_field(self, field);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.item(&item.ident, Kind::Module, is_public(&item.vis), &item.attrs);
        visit::visit_item_mod(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, Some(item.block.brace_token.span.close()), is_public(&item.vis), &item.attrs);
        self.inside(false, |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.item(&item.ident, Kind::Type, is_public(&item.vis), &item.attrs);
        self.inside(is_public(&item.vis), |reader| visit::visit_item_trait(reader, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        let is_public = self.outer_is_public;
        let end = item.default.as_ref().map(|block| block.brace_token.span.close());
        self.function(&item.sig, end, is_public, &item.attrs);
        self.inside(false, |reader| visit::visit_trait_item_fn(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note_test(&item.attrs, item);
        self.function(&item.sig, Some(item.block.brace_token.span.close()), is_public(&item.vis), &item.attrs);
        self.inside(false, |reader| visit::visit_impl_item_fn(reader, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.item(&item.ident, Kind::Constant, is_public(&item.vis), &item.attrs);
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn line_of(ident: &Ident) -> usize {
    ident.span().start().line
}

/// Whether a function is fallible: it returns a `Result`, or a future of one.
fn returns_result(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, returned) if is_result(returned))
}

fn is_result(returned: &Type) -> bool {
    match returned {
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if last.ident == "Result" => true,
            // `BoxFuture<'_, Result<…>>` and `Pin<Box<dyn Future<Output = Result<…>>>>`.
            Some(last) if last.ident.to_string().ends_with("Future") || last.ident == "Pin" || last.ident == "Box" => {
                arguments(&last.arguments).any(is_result)
            }
            _ => false,
        },
        Type::ImplTrait(future) => future.bounds.iter().any(is_future_of_result),
        Type::TraitObject(future) => future.bounds.iter().any(is_future_of_result),
        _ => false,
    }
}

fn is_future_of_result(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else { return false };
    bound.path.segments.last().is_some_and(|last| last.ident == "Future" && arguments(&last.arguments).any(is_result))
}

fn arguments(arguments: &PathArguments) -> impl Iterator<Item = &Type> {
    let listed = match arguments {
        PathArguments::AngleBracketed(listed) => Some(listed.args.iter()),
        _ => None,
    };
    listed.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(argument) => Some(argument),
        GenericArgument::AssocType(output) => Some(&output.ty),
        _ => None,
    })
}
