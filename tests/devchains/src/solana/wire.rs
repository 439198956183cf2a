//! Encodings of the JSON-RPC: transactions in, accounts out.

use std::fmt::Display;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use solana_message::VersionedMessage;
use solana_transaction::versioned::VersionedTransaction;

use super::bank::Account;
use super::error::RpcError;

/// Largest legacy or version-0 transaction in bytes (`PACKET_DATA_SIZE`).
pub const TRANSACTION_BYTES_MAX: usize = 1_232;
const BASE58_CHARS_MAX: usize = 1_683;
const BASE64_CHARS_MAX: usize = 1_644;
/// Above this many bytes a node refuses to show account data in base58.
const BASE58_DATA_MAX: usize = 128;
const TRANSACTION_TYPE: &str = "solana_transaction::versioned::VersionedTransaction";
const MESSAGE_TYPE: &str = "solana_message::versions::VersionedMessage";

/// Text encodings of binary data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Base58,
    Base64,
}

impl Encoding {
    /// Reads the `encoding` of a request about transactions; `default` if there is none.
    ///
    /// # Errors
    /// Invalid params for any other encoding.
    pub fn of_transaction(name: Option<&str>, default: Self) -> Result<Self, RpcError> {
        match name {
            None => Ok(default),
            Some("base58") => Ok(Self::Base58),
            Some("base64") => Ok(Self::Base64),
            Some(other) => {
                Err(RpcError::invalid_params(format!("unsupported encoding: {other}. Supported encodings: base58, base64")))
            }
        }
    }

    /// The name in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base58 => "base58",
            Self::Base64 => "base64",
        }
    }

    /// The text form of `bytes`.
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Base58 => bs58::encode(bytes).into_string(),
            Self::Base64 => BASE64.encode(bytes),
        }
    }

    /// The bytes that `text` encodes, of any length.
    ///
    /// # Errors
    /// Invalid params if the text is malformed.
    pub fn decode(self, text: &str) -> Result<Vec<u8>, RpcError> {
        match self {
            Self::Base58 => {
                bs58::decode(text).into_vec().map_err(|e| RpcError::invalid_params(format!("invalid base58 encoding: {e:?}")))
            }
            Self::Base64 => BASE64.decode(text).map_err(|e| RpcError::invalid_params(format!("invalid base64 encoding: {e:?}"))),
        }
    }

    fn decode_packet(self, text: &str, type_name: &str) -> Result<Vec<u8>, RpcError> {
        let chars_max = match self {
            Self::Base58 => BASE58_CHARS_MAX,
            Self::Base64 => BASE64_CHARS_MAX,
        };
        if text.len() > chars_max {
            return Err(RpcError::invalid_params(format!(
                "{} encoded {type_name} too large: {} bytes (max: encoded/raw {chars_max}/{TRANSACTION_BYTES_MAX})",
                self.name(),
                text.len()
            )));
        }
        let bytes = self.decode(text)?;
        if bytes.len() > TRANSACTION_BYTES_MAX {
            return Err(RpcError::invalid_params(format!(
                "decoded {type_name} too large: {} bytes (max: {TRANSACTION_BYTES_MAX} bytes)",
                bytes.len()
            )));
        }
        Ok(bytes)
    }
}

fn malformed(type_name: &str, error: impl Display) -> RpcError {
    RpcError::invalid_params(format!("failed to deserialize {type_name}: {error}"))
}

/// Decodes a signed (or, to be simulated, unsigned) transaction.
///
/// # Errors
/// Invalid params if it is too large, malformed or inconsistent.
pub fn transaction(text: &str, encoding: Encoding) -> Result<(Vec<u8>, VersionedTransaction), RpcError> {
    let bytes = encoding.decode_packet(text, TRANSACTION_TYPE)?;
    let tx: VersionedTransaction = wincode::deserialize_exact(&bytes).map_err(|e| malformed(TRANSACTION_TYPE, e))?;
    tx.sanitize().map_err(|e| RpcError::invalid_params(format!("invalid transaction: {e}")))?;
    Ok((bytes, tx))
}

/// Decodes a message in base64.
///
/// # Errors
/// Invalid params if it is too large, malformed or inconsistent.
pub fn message(text: &str) -> Result<VersionedMessage, RpcError> {
    let bytes = Encoding::Base64.decode_packet(text, MESSAGE_TYPE)?;
    let message: VersionedMessage = wincode::deserialize_exact(&bytes).map_err(|e| malformed(MESSAGE_TYPE, e))?;
    message.sanitize().map_err(|e| RpcError::invalid_params(format!("invalid transaction message: {e}")))?;
    Ok(message)
}

/// An account as `getAccountInfo` shows it. `jsonParsed` falls back to base64, as nodes do for programs they cannot parse.
/// `slice` is the part of the data that was asked for; a part beyond the end is empty, and `space` is the whole length all the same.
///
/// # Errors
/// Invalid params for other encodings; invalid request if the data is too long for base58.
pub fn account(account: &Account, encoding: Option<&str>, slice: Option<Range<usize>>) -> Result<Value, RpcError> {
    let end = account.data.len();
    let range = slice.unwrap_or(0..end);
    let data = &account.data[range.start.min(end)..range.end.min(end)];
    let short = || {
        if data.len() > BASE58_DATA_MAX {
            let message = "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.";
            return Err(RpcError::new(-32600, message));
        }
        Ok(Encoding::Base58.encode(data))
    };
    let data = match encoding {
        // The default is the deprecated bare string.
        None | Some("binary") => json!(short()?),
        Some("base58") => json!([short()?, "base58"]),
        Some("base64" | "jsonParsed") => json!([Encoding::Base64.encode(data), "base64"]),
        Some(other) => return Err(RpcError::invalid_params(format!("unsupported account encoding: {other}"))),
    };
    Ok(json!({
        "data": data,
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": account.owner.to_string(),
        "rentEpoch": account.rent_epoch,
        "space": account.data.len(),
    }))
}
