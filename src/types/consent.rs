//! ICRC-21: what a person is shown before a call is signed. The types are the standard's.

use candid::{CandidType, Nat};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Which call is about to be signed, and how its description is to be shown.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentMessageRequest {
    /// The method.
    pub method: String,
    /// Its encoded arguments.
    pub arg: ByteBuf,
    /// How the person wants it.
    pub user_preferences: ConsentMessageSpec,
}

/// How a description is to be shown.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentMessageSpec {
    /// Language and time zone.
    pub metadata: ConsentMessageMetadata,
    /// On what; a generic display when absent or unknown.
    pub device_spec: Option<DeviceSpec>,
}

/// Language and time zone of a description.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentMessageMetadata {
    /// A BCP-47 tag.
    pub language: String,
    /// Absent where nothing depends on it.
    pub utc_offset_minutes: Option<i16>,
}

/// What a description is shown on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum DeviceSpec {
    /// Large, renders Markdown.
    GenericDisplay,
    /// Small, shows named fields of plain text.
    FieldsDisplay,
}

/// A description and what it is made for.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentInfo {
    /// The description.
    pub consent_message: ConsentMessage,
    /// Its language and time zone.
    pub metadata: ConsentMessageMetadata,
}

/// A description in one of the standard's two forms.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ConsentMessage {
    /// Markdown.
    GenericDisplayMessage(String),
    /// Named fields.
    FieldsDisplayMessage(FieldsDisplay),
}

/// Named fields.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct FieldsDisplay {
    /// What the call does.
    pub intent: String,
    /// In the order in which they matter.
    pub fields: Vec<(String, FieldValue)>,
}

/// What a field says.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum FieldValue {
    /// Plain text.
    Text {
        /// As it is shown.
        content: String,
    },
    /// Money.
    TokenAmount {
        /// How many of the digits stand after the point.
        decimals: u8,
        /// Base units.
        amount: u64,
        /// Of what.
        symbol: String,
    },
    /// A moment.
    TimestampSeconds {
        /// Since the epoch.
        amount: u64,
    },
    /// A stretch of time.
    DurationSeconds {
        /// How long.
        amount: u64,
    },
}

/// For developers.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentErrorInfo {
    /// What is wrong.
    pub description: String,
}

/// Why there is no description.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ConsentError {
    /// The call would be refused: no such method, or arguments that cannot be read.
    UnsupportedCanisterCall(ConsentErrorInfo),
    /// The call is nothing that people sign.
    ConsentMessageUnavailable(ConsentErrorInfo),
    /// Never: descriptions cost nothing.
    InsufficientPayment(ConsentErrorInfo),
    /// Never: the others say it all.
    GenericError {
        /// For programs.
        error_code: Nat,
        /// What is wrong.
        description: String,
    },
}

impl ConsentError {
    /// A call that would be refused.
    pub fn unsupported(description: impl Into<String>) -> Self {
        Self::UnsupportedCanisterCall(ConsentErrorInfo { description: description.into() })
    }
}
