//! The effect of a call in one line and named fields.

use super::scene::Scene;
use purser_core::base::text::{quoted, shown, visible};
use purser_core::base::{self, Amount, Coin, SECOND_NS, Timestamp, decimal_text};
use purser_core::policy::{Rule, describe};
use purser_types::convert::address;
use purser_types::{Asset, FieldValue};
use std::fmt::Write;

/// The description of a call: its effect in one line, and named fields.
pub(super) struct Description {
    /// The effect of the call, in one line.
    pub(super) intent: String,
    /// The fields, the most important first.
    pub(super) fields: Vec<(String, FieldValue)>,
}

impl Description {
    /// Returns a description without fields.
    pub(super) fn new(intent: impl Into<String>) -> Self {
        Self { intent: intent.into(), fields: Vec::new() }
    }

    fn field(mut self, name: &str, value: FieldValue) -> Self {
        self.fields.push((name.to_owned(), value));
        self
    }

    /// Adds a text of at most 200 characters on one line, made safe to show: it may be a caller's.
    pub(super) fn text(self, name: &str, text: impl ToString) -> Self {
        let content = shown(&text.to_string());
        self.field(name, FieldValue::Text { content })
    }

    /// Adds a text, and nothing when it is absent or empty.
    pub(super) fn optional(self, name: &str, text: Option<impl ToString>) -> Self {
        match text.map(|text| text.to_string()).filter(|text| !text.is_empty()) {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Adds a caller's own words as a quotation, and nothing when they are absent or empty.
    pub(super) fn quote(self, name: &str, words: Option<impl ToString>) -> Self {
        match words.map(|words| words.to_string()).filter(|words| !words.is_empty()) {
            Some(words) => self.field(name, FieldValue::Text { content: quoted(&words) }),
            None => self,
        }
    }

    /// Adds an amount of an asset, in base units.
    pub(super) fn amount(self, name: &str, asset: Asset, amount: u64) -> Self {
        // A token is named by its mint, because nobody vouches for a symbol; the field of the standard has no place for it.
        let native = base::Asset::try_from(asset).ok().filter(|asset| asset.mint().is_none());
        let Some(Coin { symbol, decimals, .. }) = native.and_then(base::Asset::coin) else {
            return self.text(name, asset.show(amount));
        };
        self.field(name, FieldValue::TokenAmount { decimals, amount, symbol: symbol.to_owned() })
    }

    /// Adds a duration, in seconds.
    pub(super) fn seconds(self, name: &str, amount: u64) -> Self {
        self.field(name, FieldValue::DurationSeconds { amount })
    }

    /// Adds rules in sentences: whole, however long, each on one line.
    pub(super) fn rules(mut self, scene: Scene<'_>, rules: &[Rule]) -> Self {
        let chains = &scene.state.config().chains;
        for (n, rule) in (1..).zip(rules) {
            let sentence = describe(rule, scene.now, &|to| address::text(to, chains));
            self = self.field(&format!("Rule {n}"), FieldValue::Text { content: visible(&sentence) });
        }
        self
    }

    /// Adds a time.
    pub(super) fn moment(self, name: &str, at: Timestamp) -> Self {
        self.field(name, FieldValue::TimestampSeconds { amount: at.nanos() / SECOND_NS })
    }

    /// Returns the description as Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("# {}\n", self.intent);
        for (name, value) in &self.fields {
            let value = match value {
                FieldValue::Text { content } => content.clone(),
                FieldValue::TokenAmount { decimals, amount, symbol } => {
                    format!("{} {symbol}", decimal_text(Amount::new(*amount), *decimals))
                }
                FieldValue::TimestampSeconds { amount } => format!("{amount} seconds after 1970"),
                FieldValue::DurationSeconds { amount } => format!("{amount} seconds"),
            };
            // Writing to a string cannot fail.
            let _ = write!(text, "\n**{name}:** `{value}`\n");
        }
        text
    }
}
