//! Attributes that decide whether code is compiled for tests only, and those that hold documentation.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Expr, Lit, Meta};

/// Whether an item with these attributes exists in tests only: `#[test]`, `#[cfg(test)]`, or a condition that implies `test`.
pub fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => implies_test(list.tokens.clone()),
        _ => false,
    })
}

/// Whether a condition of `cfg` holds in tests only.
fn implies_test(condition: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = condition.into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(word)] => word == "test",
        [TokenTree::Ident(word), TokenTree::Group(group)] if word == "all" => {
            alternatives(group.stream()).into_iter().any(implies_test)
        }
        [TokenTree::Ident(word), TokenTree::Group(group)] if word == "any" => {
            let all = alternatives(group.stream());
            !all.is_empty() && all.into_iter().all(implies_test)
        }
        _ => false,
    }
}

/// The parts of a list, without the commas between them.
fn alternatives(list: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = list.into_iter().collect();
    let parts = tokens.split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','));
    parts.filter(|part| !part.is_empty()).map(|part| part.iter().cloned().collect()).collect()
}

/// The documentation in these attributes, with the line that it begins in.
pub fn documentation(attributes: &[Attribute]) -> Option<(usize, String)> {
    let mut lines = Vec::new();
    let mut first = None;
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(value) = &pair.value
            && let Lit::Str(text) = &value.lit
        {
            first.get_or_insert(text.span().start().line);
            lines.push(text.value());
        }
    }
    first.map(|line| (line, lines.join("\n")))
}

/// The value of `#[path = "…"]`, which names the file of a module.
pub fn path_value(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(value) => match &value.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::is_test_only;

    #[test]
    fn only_conditions_that_imply_test_are_for_tests() {
        let only = |source: &str| match syn::parse_str::<syn::ItemFn>(source) {
            Ok(function) => is_test_only(&function.attrs),
            Err(error) => panic!("{error}"),
        };
        assert!(only("#[test] fn f() {}"));
        assert!(only("#[cfg(test)] fn f() {}"));
        assert!(only("#[cfg(all(unix, test))] fn f() {}"));
        assert!(!only("#[cfg(not(test))] fn f() {}"));
        assert!(!only("#[cfg(any(test, feature = \"x\"))] fn f() {}"));
        assert!(!only("#[cfg(target_arch = \"wasm32\")] fn f() {}"));
    }
}
