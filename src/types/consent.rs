//! The types of ICRC-21: the description of a call that a person reads before signing it.

use candid::{CandidType, Nat};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A call to describe, and the form of the description.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentMessageRequest {
    /// The method.
    pub method: String,
    /// The encoded arguments.
    pub arg: ByteBuf,
    /// The form of the description.
    pub user_preferences: ConsentMessageSpec,
}

/// The form of a description.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentMessageSpec {
    /// Language and time zone.
    pub metadata: ConsentMessageMetadata,
    /// The display; a generic one when absent or unknown.
    pub device_spec: Option<DeviceSpec>,
}

/// Language and time zone of a description.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentMessageMetadata {
    /// The language, a BCP-47 tag.
    pub language: String,
    /// The offset of the time zone; absent where nothing depends on it.
    pub utc_offset_minutes: Option<i16>,
}

/// A display for descriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum DeviceSpec {
    /// A large display that renders Markdown.
    GenericDisplay,
    /// A small display that shows named fields of plain text.
    FieldsDisplay,
}

/// A description with its language and time zone.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentInfo {
    /// The description.
    pub consent_message: ConsentMessage,
    /// The language and time zone.
    pub metadata: ConsentMessageMetadata,
}

/// A description in one of the two forms of the standard.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ConsentMessage {
    /// Text in Markdown.
    GenericDisplayMessage(String),
    /// Named fields.
    FieldsDisplayMessage(FieldsDisplay),
}

/// A description as named fields.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct FieldsDisplay {
    /// The effect of the call.
    pub intent: String,
    /// The fields, the most important first.
    pub fields: Vec<(String, FieldValue)>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum FieldValue {
    /// Plain text.
    Text {
        /// The text as it is shown.
        content: String,
    },
    /// An amount of money.
    TokenAmount {
        /// The number of decimal places.
        decimals: u8,
        /// The amount, in base units.
        amount: u64,
        /// The symbol of the asset.
        symbol: String,
    },
    /// A time.
    TimestampSeconds {
        /// The seconds since the epoch.
        amount: u64,
    },
    /// A duration.
    DurationSeconds {
        /// The seconds.
        amount: u64,
    },
}

/// The reason why there is no description, for developers.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsentErrorInfo {
    /// The problem.
    pub description: String,
}

/// The error of a call that cannot be described.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ConsentError {
    /// The call would be refused, or moves neither money nor power.
    UnsupportedCanisterCall(ConsentErrorInfo),
    /// Part of the standard; never returned.
    ConsentMessageUnavailable(ConsentErrorInfo),
    /// Part of the standard; never returned, because descriptions cost nothing.
    InsufficientPayment(ConsentErrorInfo),
    /// Part of the standard; never returned.
    GenericError {
        /// The code, for programs.
        error_code: Nat,
        /// The problem.
        description: String,
    },
}

impl ConsentError {
    /// Returns the error of a call that would be refused.
    pub fn unsupported(description: impl Into<String>) -> Self {
        Self::UnsupportedCanisterCall(ConsentErrorInfo { description: description.into() })
    }
}
