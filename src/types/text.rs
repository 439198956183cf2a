//! Texts of callers, made safe to show: bounded in length, without characters that hide or reorder others.

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

/// Returns a text of any length on one line, with every character visible and in the order it is read.
///
/// Control characters, invisible characters and those that change the direction of writing become U+FFFD; a backtick, which would end a
/// span of Markdown code, becomes an apostrophe.
pub fn visible(text: &str) -> String {
    let visible = |c: char| match c {
        '`' => '\'',
        c if c.is_control() || is_deceptive(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(visible).collect()
}

/// Returns the beginning of a caller's text for an error: at most 48 characters, escaped where they are not printable.
pub fn echo(text: &str) -> String {
    let mut start: String = text.chars().take(MAX_ECHO_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_ECHO_CHARS).is_some() {
        start.push('…');
    }
    start
}

/// Zero-width characters, line separators, and those that change the direction of writing.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
    fn an_echo_is_short_and_printable() {
        assert_eq!(echo("abc"), "abc");
        assert_eq!(echo("a\nb\u{1b}"), "a\\nb\\u{1b}");
        let long = "x".repeat(1_000_000);
        assert_eq!(echo(&long), format!("{}…", "x".repeat(48)));
        assert_eq!(echo(&"é".repeat(48)), "é".repeat(48));
    }
}
