//! Characters that cannot be seen, as a Rust table for `base::text`.
//!
//! The properties are Unicode's, as `regex-syntax` has them; it is a build dependency only.

use regex_syntax::hir::{Class, HirKind};
use std::fmt::Write;

/// Control and format characters, variation selectors, fillers and other default-ignorable ones, line separators, private use.
const CLASS: &str =
    r"[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}\p{Noncharacter_Code_Point}]";
/// Spaces other than U+0020.
const SPACES: &str = r"[\p{Zs}--\x20]";
/// Characters whose glyph is blank although no property says so: Braille blank, hieroglyph blanks, the Khitan filler, the null note head,
/// the object replacement.
const BLANK: [char; 6] = ['\u{2800}', '\u{13441}', '\u{13442}', '\u{16fe4}', '\u{1d159}', '\u{fffc}'];

/// Returns the table as source text.
pub fn tables() -> String {
    let blank: String = BLANK.iter().map(|c| format!("\\u{{{:x}}}", u32::from(*c))).collect();
    let hidden = ranges(&format!("[{CLASS}{blank}--[{SPACES}]]"));
    format!("{}{}", table("HIDDEN", &hidden), table("SPACES", &ranges(SPACES)))
}

fn ranges(class: &str) -> Vec<(u32, u32)> {
    let hir = regex_syntax::parse(class).unwrap_or_else(|error| panic!("{class}: {error}"));
    let HirKind::Class(Class::Unicode(class)) = hir.kind() else { panic!("{class} is no class of characters") };
    class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
}

fn table(name: &str, ranges: &[(u32, u32)]) -> String {
    let mut text = format!("pub(super) static {name}: &[(u32, u32)] = &[");
    for (first, last) in ranges {
        write!(text, "({first:#x}, {last:#x}), ").expect("writing to a string");
    }
    text + "];\n"
}
