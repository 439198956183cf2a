//! Amounts and foreign texts as people read them.

use super::wallet::Asset;
use purser_core::base::{self, Amount};
use purser_core::policy::coins;

/// The most characters of a foreign text that are shown to people who decide.
const MAX_SHOWN_CHARS: usize = 200;

impl Asset {
    /// The coin that pays the fees of its transfers.
    pub const fn coin(self) -> Self {
        match self {
            Self::Kas => Self::Kas,
            Self::Sol | Self::Spl { .. } => Self::Sol,
        }
    }

    /// An amount of base units, for people: of a token the base units and the mint, because only the chain knows where its point stands.
    pub fn show(self, base_units: u64) -> String {
        match base::Asset::try_from(self) {
            Ok(asset) => coins(asset, Amount::new(base_units)),
            Err(_) => format!("{base_units} base units of an unknown token"),
        }
    }
}

/// Somebody else's text, shown to a person who decides: one line, of bounded length, without characters that are invisible, reorder what
/// is around them or could end a span of Markdown code.
pub fn shown(text: &str) -> String {
    let start: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    let rest = if start.len() < text.len() { "…" } else { "" };
    visible(&start) + rest
}

/// The same of any length.
pub fn visible(text: &str) -> String {
    let visible = |c: char| match c {
        '`' => '\'',
        c if c.is_control() || is_deceptive(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(visible).collect()
}

/// Zero-width characters, line separators, and those that change the direction of writing.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::policy::decimal;

    #[test]
    fn amounts_have_every_digit_that_matters() {
        assert_eq!(Asset::Sol.show(0), "0 SOL");
        assert_eq!(Asset::Sol.show(1), "0.000000001 SOL");
        assert_eq!(Asset::Sol.show(2_000_000_000), "2 SOL");
        assert_eq!(Asset::Kas.show(150_000_010), "1.5000001 KAS");
        assert_eq!(Asset::Kas.show(u64::MAX), "184467440737.09551615 KAS");
        assert_eq!(decimal(Amount::new(1_200), 0), "1200");
    }

    #[test]
    fn foreign_texts_cannot_pretend_to_be_more() {
        assert_eq!(shown("rent"), "rent");
        assert_eq!(shown("a`\n# Approved"), "a'\u{fffd}# Approved");
        assert_eq!(shown("to\u{202e}me\u{200b}"), "to\u{fffd}me\u{fffd}");
        assert_eq!(shown(&"é".repeat(201)), format!("{}…", "é".repeat(200)));
    }
}
