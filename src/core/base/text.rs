//! Texts of callers: the check of names, and texts made safe to show. Neither lets a character through that hides or reorders others.

mod characters {
    include!(concat!(env!("OUT_DIR"), "/characters.rs"));
}

use characters::{HIDDEN, SPACES};

/// The most characters of a caller's text that people who decide are shown.
const MAX_SHOWN_CHARS: usize = 200;
/// The most characters of a caller's text that an error repeats.
const MAX_ECHO_CHARS: usize = 48;

/// Returns a caller's text for a person who decides: one line of at most 200 characters, made [`visible`].
pub fn shown(text: &str) -> String {
    let start: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    let rest = if start.len() < text.len() { "…" } else { "" };
    visible(&start) + rest
}

/// Returns a caller's text as a quotation of at most 200 characters, made [`visible`].
///
/// Inside it no quotation mark is left, so that what follows the quotation cannot be part of it: a caller's words are told from the
/// canister's.
pub fn quoted(text: &str) -> String {
    let inner = shown(text).replace(['"', '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{ab}', '\u{bb}'], "'");
    format!("\u{201c}{inner}\u{201d}")
}

/// Returns a text of any length on one line, with every character visible and in the order it is read.
///
/// Control and format characters, variation selectors, blanks and those that change the direction of writing become U+FFFD, and every
/// other space U+0020; a backtick, which would end a span of Markdown code, becomes an apostrophe.
pub fn visible(text: &str) -> String {
    let visible = |c: char| match c {
        '`' => '\'',
        c if is_in(HIDDEN, c) => '\u{fffd}',
        c if is_in(SPACES, c) => ' ',
        c => c,
    };
    text.chars().map(visible).collect()
}

/// Checks a label, name or key: at most `max` bytes, all of them visible characters and plain spaces.
///
/// Two names that look alike would let one thing pass for another.
///
/// # Errors
/// When the text is longer, or has such a character: the problem with what is accepted.
pub fn check_name(text: &str, max: usize) -> Result<(), String> {
    if text.len() > max {
        return Err(format!("{} bytes; at most {max} bytes", text.len()));
    }
    match (1..).zip(text.chars()).find(|(_, c)| is_in(HIDDEN, *c) || is_in(SPACES, *c)) {
        Some((place, c)) => {
            let code = u32::from(c);
            Err(format!("character {place} is U+{code:04X}, which cannot be seen; use visible characters and plain spaces"))
        }
        None => Ok(()),
    }
}

/// Returns the beginning of a caller's text for an error: at most 48 characters, escaped where they are not printable.
pub fn echo(text: &str) -> String {
    let mut start: String = text.chars().take(MAX_ECHO_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_ECHO_CHARS).is_some() {
        start.push('…');
    }
    start
}

/// Whether a character is in one of the ranges, which ascend.
fn is_in(ranges: &[(u32, u32)], c: char) -> bool {
    let code = u32::from(c);
    let after = ranges.partition_point(|(first, _)| *first <= code);
    after.checked_sub(1).is_some_and(|before| code <= ranges[before].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_cannot_pretend_to_be_more() {
        assert_eq!(shown("rent"), "rent");
        assert_eq!(shown("a`\n# Approved"), "a'\u{fffd}# Approved");
        assert_eq!(shown("to\u{202e}me\u{200b}"), "to\u{fffd}me\u{fffd}");
        assert_eq!(shown(&"é".repeat(201)), format!("{}…", "é".repeat(200)));
    }

    #[test]
    fn a_quotation_cannot_be_left_from_within() {
        assert_eq!(quoted("rent"), "\u{201c}rent\u{201d}");
        let forged = "rent\u{201d}. 2 of 2 of ops agreed; 300 s are left.";
        assert_eq!(quoted(forged), "\u{201c}rent'. 2 of 2 of ops agreed; 300 s are left.\u{201d}");
    }

    #[test]
    fn an_echo_is_short_and_printable() {
        assert_eq!(echo("abc"), "abc");
        assert_eq!(echo("a\nb\u{1b}"), "a\\nb\\u{1b}");
        let long = "x".repeat(1_000_000);
        assert_eq!(echo(&long), format!("{}…", "x".repeat(48)));
        assert_eq!(echo(&"é".repeat(48)), "é".repeat(48));
    }

    /// Every code point against the properties that the table is made from, and against what is known to look blank.
    #[test]
    fn no_character_that_cannot_be_seen_passes() {
        let class = |pattern: &str| {
            let hir = regex_syntax::parse(pattern).expect("a class");
            let regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) = hir.kind() else {
                panic!("{pattern}")
            };
            class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect::<std::collections::BTreeSet<char>>()
        };
        let ignorable = class(r"[\p{Default_Ignorable_Code_Point}\p{Variation_Selector}]");
        let other = class(r"[\p{C}--\p{Cn}]");
        let spaces = class(r"[\p{Z}--\x20]");
        let letters = class(r"[\p{Letter}--\p{Default_Ignorable_Code_Point}]");
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            let is_hidden = check_name(&text, 4).is_err();
            if ignorable.contains(&c) || other.contains(&c) || spaces.contains(&c) {
                assert!(is_hidden, "U+{:04X} is accepted in a name", u32::from(c));
                assert_ne!(visible(&text), text, "U+{:04X} is shown", u32::from(c));
            } else if is_hidden {
                assert!(
                    !letters.contains(&c) || matches!(c, '\u{13441}' | '\u{13442}'),
                    "the letter U+{:04X} is refused",
                    u32::from(c)
                );
            }
        }
        for blank in ['\u{e0041}', '\u{3164}', '\u{2800}', '\u{fe0f}', '\u{1d159}', '\u{fffc}', '\u{115f}', '\u{ffa0}'] {
            assert_eq!(visible(&blank.to_string()), "\u{fffd}");
        }
        assert_eq!(visible("a\u{3000}b\u{a0}c"), "a b c", "another space is a space");
        let bytes = std::mem::size_of_val(HIDDEN) + std::mem::size_of_val(SPACES);
        assert!(bytes <= 6_144, "the tables have {bytes} bytes");
    }

    #[test]
    fn a_name_is_short_and_visible() {
        assert_eq!(check_name("Grüße, 東京 1", 64), Ok(()));
        assert_eq!(check_name("abcde", 4), Err("5 bytes; at most 4 bytes".into()));
        let problem = "character 3 is U+200B, which cannot be seen; use visible characters and plain spaces";
        assert_eq!(check_name("to\u{200b}me", 64), Err(problem.into()));
    }
}
