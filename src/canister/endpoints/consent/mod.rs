//! ICRC-21: a call in words, before somebody signs it.

mod calls;
mod changes;

use crate::api::consent::{
    ConsentError, ConsentInfo, ConsentMessage, ConsentMessageMetadata, ConsentMessageRequest, DeviceSpec, FieldValue, FieldsDisplay,
};
use crate::api::text::{shown, visible};
use crate::api::{Asset, address};
use crate::store::{self, Store};
use purser_core::base::{Amount, SECOND_NS, Timestamp};
use purser_core::policy::{Rule, decimal, describe};
use std::fmt::Write;

/// The longest arguments that are read; no call that people sign needs more.
const MAX_ARG_BYTES: usize = 64 * 1024;

/// An update so that its answer is certified; the standard wants it open to everybody. It changes nothing.
#[ic_cdk::update]
fn icrc21_canister_call_consent_message(request: ConsentMessageRequest) -> Result<ConsentInfo, ConsentError> {
    store::read(|state| answer(Scene { state, now: store::now() }, &request))
}

/// What a call is described against.
#[derive(Clone, Copy)]
struct Scene<'a> {
    state: &'a Store,
    now: Timestamp,
}

fn answer(scene: Scene<'_>, request: &ConsentMessageRequest) -> Result<ConsentInfo, ConsentError> {
    if request.arg.len() > MAX_ARG_BYTES {
        return Err(ConsentError::unsupported(format!("at most {MAX_ARG_BYTES} bytes of arguments are read")));
    }
    let description = calls::describe(scene, &request.method, &request.arg)?;
    let consent_message = match request.user_preferences.device_spec {
        Some(DeviceSpec::FieldsDisplay) => {
            ConsentMessage::FieldsDisplayMessage(FieldsDisplay { intent: description.intent, fields: description.fields })
        }
        Some(DeviceSpec::GenericDisplay) | None => ConsentMessage::GenericDisplayMessage(description.markdown()),
    };
    Ok(ConsentInfo { consent_message, metadata: ConsentMessageMetadata { language: "en".into(), utc_offset_minutes: None } })
}

/// What a call does, in words and fields.
struct Description {
    intent: String,
    fields: Vec<(String, FieldValue)>,
}

impl Description {
    fn new(intent: impl Into<String>) -> Self {
        Self { intent: intent.into(), fields: Vec::new() }
    }

    fn field(mut self, name: &str, value: FieldValue) -> Self {
        self.fields.push((name.to_owned(), value));
        self
    }

    /// The canister's own words, or somebody else's: both are shown as one line without any power over what is around them.
    fn text(self, name: &str, text: impl ToString) -> Self {
        let content = shown(&text.to_string());
        self.field(name, FieldValue::Text { content })
    }

    /// A text that may be absent; then so is the field.
    fn optional(self, name: &str, text: Option<impl ToString>) -> Self {
        match text.map(|text| text.to_string()).filter(|text| !text.is_empty()) {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    fn amount(self, name: &str, asset: Asset, amount: u64) -> Self {
        let (decimals, symbol) = match asset {
            Asset::Kas => (8, "KAS"),
            Asset::Sol => (9, "SOL"),
            // Only the chain knows where a token's point stands, and nobody vouches for its name.
            Asset::Spl { .. } => return self.text(name, asset.show(amount)),
        };
        self.field(name, FieldValue::TokenAmount { decimals, amount, symbol: symbol.to_owned() })
    }

    fn seconds(self, name: &str, amount: u64) -> Self {
        self.field(name, FieldValue::DurationSeconds { amount })
    }

    /// Rules in sentences of the canister's own: whole, however long, but each on one line.
    fn rules(mut self, scene: Scene<'_>, rules: &[Rule]) -> Self {
        let network = scene.state.config().kaspa.network;
        for (n, rule) in (1..).zip(rules) {
            let sentence = describe(rule, scene.now, &|to| address::text(to, network));
            self = self.field(&format!("Rule {n}"), FieldValue::Text { content: visible(&sentence) });
        }
        self
    }

    fn moment(self, name: &str, at: Timestamp) -> Self {
        self.field(name, FieldValue::TimestampSeconds { amount: at.nanos() / SECOND_NS })
    }

    fn markdown(&self) -> String {
        let mut text = format!("# {}\n", self.intent);
        for (name, value) in &self.fields {
            let value = match value {
                FieldValue::Text { content } => content.clone(),
                FieldValue::TokenAmount { decimals, amount, symbol } => {
                    format!("{} {symbol}", decimal(Amount::new(*amount), *decimals))
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

#[cfg(test)]
mod tests;
