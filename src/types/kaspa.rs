//! What only Kaspa has: fee speeds, consolidations, replacements, quotes, and its errors.

use super::wallet::KaspaKey;
use super::{Error, address, at_most};
use crate::flows::kaspa::{Quote, QuoteBasis, QuoteError};
use candid::CandidType;
use purser_core::base::{Amount, Asset, Bytes, Chain, WalletId};
use purser_core::chains::kaspa::money::Kas;
use purser_core::chains::kaspa::replace::ReplaceError;
use purser_core::chains::kaspa::select::{Obstacle, SelectError};
use purser_core::governance::config::Config;
use purser_core::transfer::kaspa::{Consolidation, KaspaTransferParams, MAX_KASPA_INPUTS};
use purser_core::transfer::{self, MAX_IDEMPOTENCY_KEY_BYTES, TransferRequest};
use serde::{Deserialize, Serialize};

/// The most coins that a consolidation takes when the caller does not say.
const DEFAULT_CONSOLIDATED: u32 = 40;
/// The most characters of an unusable address that an error repeats; no address is longer.
const MAX_SHOWN_ADDRESS: usize = 100;

/// Which of the network's suggested fee rates is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum FeeSpeed {
    /// For the next block.
    Priority,
    /// For acceptance within a minute.
    Normal,
    /// For acceptance within an hour.
    Low,
}

/// Making one coin of many.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ConsolidateArgs {
    /// The wallet.
    pub wallet_id: u64,
    /// Which key's coins; Schnorr's when absent.
    pub kaspa_key: Option<KaspaKey>,
    /// The most coins to take, 2 to 84.
    pub max_inputs: Option<u32>,
    /// These coins and no others, for an address with more coins than can be listed.
    pub coins: Option<Vec<NamedCoin>>,
    /// The most it may cost; the configured cap when absent.
    pub max_fee: Option<u64>,
    /// The caller's own name for it.
    pub idempotency_key: String,
}

/// An unspent output.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct NamedCoin {
    /// 64 hexadecimal digits.
    pub transaction_id: String,
    /// Its place in the transaction.
    pub index: u32,
    /// In sompi; a wrong number makes the signature worthless and nothing else.
    pub amount: u64,
}

/// Paying more for a transaction that is stuck.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ReplaceArgs {
    /// Which transfer; it must be submitted.
    pub transfer_id: u64,
    /// The whole new fee in sompi; twice the present one when absent.
    pub fee: Option<u64>,
}

/// What a KAS transfer would cost.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct FeeQuote {
    /// In sompi, dust included.
    pub fee: u64,
    /// In sompi per gram of mass.
    pub feerate: u64,
    /// How many coins it would spend.
    pub inputs: u32,
    /// What would return to the wallet, in sompi.
    pub change: u64,
    /// What of the fee is change too small to be worth an output.
    pub dust: u64,
    /// Compute mass in grams.
    pub compute_mass: u64,
    /// Storage mass in grams.
    pub storage_mass: u64,
    /// When the coins were seen, in nanoseconds since the epoch; absent when none were, and the smallest transaction that could make
    /// the payment is quoted.
    pub observed_at: Option<u64>,
    /// The transfer waits first: for coins that are too young, for mining rewards, or for the change of transfers under way.
    pub waits: bool,
}

/// What is wrong with something that was asked of Kaspa.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum KaspaError {
    /// A recipient cannot be paid.
    InvalidAddress {
        /// What was given, at most 100 characters of it.
        address: String,
        /// Which one, and why not.
        problem: String,
    },
    /// The key that would pay is none.
    InvalidPublicKey {
        /// Why.
        problem: String,
    },
    /// Not the registered key's signature of what was to be signed.
    InvalidSignature {
        /// Which one, or how many are needed.
        problem: String,
    },
    /// No transaction can pay exactly this amount with the coins at hand.
    InvalidAmount {
        /// The nearest larger amount that can be paid.
        min: Option<u64>,
        /// The nearest smaller amount that can be paid.
        max: Option<u64>,
    },
    /// The wallet does not have the amount and its fee ready.
    InsufficientFunds {
        /// The amount, in sompi; the fee comes on top.
        required: u64,
        /// What can be spent now, in sompi.
        available: u64,
        /// Mining rewards that are not yet mature, in sompi.
        immature: u64,
        /// Held by transfers under way, in sompi.
        reserved: u64,
        /// The most that can be paid now, its fee left aside; absent when nothing can.
        max: Option<u64>,
    },
    /// The transaction cannot be made so.
    InvalidTransaction {
        /// Why.
        problem: String,
    },
    /// The fee that the network asks is above the cap.
    FeeTooHigh {
        /// In sompi.
        required: u64,
        /// In sompi.
        max_fee: u64,
    },
    /// No provider gave a usable answer.
    NetworkError {
        /// The HTTP status of the last one, if there was one.
        status_code: Option<u16>,
        /// What happened.
        problem: String,
    },
    /// A transaction cannot be written or read in its encoding.
    SerializationError {
        /// Why.
        problem: String,
    },
    /// What is to be signed cannot be computed.
    CryptographicError {
        /// Why.
        problem: String,
    },
    /// The installation does not fit the network: a provider is of another one.
    ConfigurationError {
        /// What does not fit.
        problem: String,
    },
    /// An argument cannot be accepted.
    ValidationError {
        /// Its name.
        field: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// The canister's own records contradict themselves; nothing was done.
    InternalError {
        /// What was found.
        problem: String,
    },
}

impl KaspaError {
    /// Why a transfer of `required` has no quote.
    pub fn of_quote(error: QuoteError, required: Amount) -> Self {
        match error {
            QuoteError::Coins(error) => Self::of_coins(error, required),
            QuoteError::Provider { problem, status_code } => Self::NetworkError { status_code, problem },
            QuoteError::Impossible(problem) => Self::InvalidTransaction { problem },
            QuoteError::Key(problem) => Self::InvalidPublicKey { problem },
            QuoteError::WrongNetwork(problem) => Self::ConfigurationError { problem },
            QuoteError::Internal(problem) => Self::InternalError { problem },
        }
    }

    fn of_coins(error: SelectError, required: Amount) -> Self {
        let get = |amount: Option<Amount>| amount.map(Amount::get);
        match error {
            SelectError::InsufficientFunds { spendable, immature, reserved, largest } => Self::InsufficientFunds {
                required: required.get(),
                available: spendable.get(),
                immature: immature.get(),
                reserved: reserved.get(),
                max: get(largest),
            },
            SelectError::Unbuildable { obstacle: Obstacle::Fee(over), .. } => {
                Self::FeeTooHigh { required: over.floor.get(), max_fee: over.max_fee.get() }
            }
            SelectError::Unbuildable { below, above, .. } => Self::InvalidAmount { min: get(above), max: get(below) },
            SelectError::TooManyInputs { largest, .. } => Self::InvalidAmount { min: None, max: get(largest) },
            SelectError::ZeroAmount | SelectError::InvalidUtxos | SelectError::NothingToConsolidate { .. } => {
                Self::InvalidTransaction { problem: error.to_string() }
            }
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let kas = |sompi: &u64| Kas(Amount::new(*sompi));
        let or = |label: &str, amount: &Option<u64>| amount.map(|sompi| format!("; {label} {}", kas(&sompi))).unwrap_or_default();
        match self {
            Self::InvalidAmount { min, max } => {
                let (min, max) = (or("more can be paid from", min), or("less can be paid up to", max));
                format!("no transaction can pay exactly this amount with the coins at hand{max}{min}")
            }
            Self::InsufficientFunds { required, available, immature, reserved, max } => format!(
                "{} and a fee are needed, {} can be spent now; immature: {}; held by transfers under way: {}{}",
                kas(required),
                kas(available),
                kas(immature),
                kas(reserved),
                or("at most this can be paid:", max)
            ),
            Self::InvalidAddress { problem, .. } => problem.clone(),
            Self::InvalidPublicKey { problem } => format!("the key that would pay cannot be used: {problem}"),
            Self::InvalidSignature { problem } => format!("signatures: {problem}"),
            Self::InvalidTransaction { problem } => problem.clone(),
            Self::SerializationError { problem } => format!("the transaction cannot be encoded: {problem}"),
            Self::CryptographicError { problem } => format!("what is to be signed cannot be computed: {problem}"),
            Self::ConfigurationError { problem } => format!("the installation does not fit the network: {problem}"),
            Self::ValidationError { field, problem } => format!("{field}: {problem}"),
            Self::InternalError { problem } => format!("nothing was done, because the records contradict themselves: {problem}"),
            Self::FeeTooHigh { required, max_fee } => {
                format!("the network asks a fee of {} and at most {} are allowed", kas(required), kas(max_fee))
            }
            Self::NetworkError { status_code: Some(status), problem } => {
                format!("Kaspa providers gave no answer (HTTP {status}): {problem}")
            }
            Self::NetworkError { status_code: None, problem } => format!("Kaspa providers gave no answer: {problem}"),
        }
    }
}

impl KaspaError {
    /// An address that cannot be paid, as far as it can be shown.
    pub fn unusable(address: &str, problem: String) -> Self {
        Self::InvalidAddress { address: address.chars().take(MAX_SHOWN_ADDRESS).collect(), problem }
    }
}

impl From<ReplaceError> for KaspaError {
    fn from(error: ReplaceError) -> Self {
        Self::InvalidTransaction { problem: error.to_string() }
    }
}

impl ConsolidateArgs {
    /// Reads the request. `own` is the paying key's own address on the configured network.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn into_request(self, own: &str, config: &Config) -> Result<TransferRequest, Error> {
        let Self { wallet_id, kaspa_key, max_inputs, coins, max_fee, idempotency_key } = self;
        at_most("idempotency_key", &idempotency_key, MAX_IDEMPOTENCY_KEY_BYTES)?;
        if coins.as_ref().is_some_and(|coins| coins.len() > MAX_KASPA_INPUTS as usize) {
            return Err(Error::invalid("coins", format!("at most {MAX_KASPA_INPUTS}")));
        }
        let named = coins.as_ref().map_or(DEFAULT_CONSOLIDATED, |coins| coins.len() as u32);
        let coins = coins.map(|coins| coins.into_iter().map(NamedCoin::read).collect::<Result<Vec<_>, Error>>()).transpose()?;
        let consolidation = Consolidation { max_inputs: max_inputs.unwrap_or(named), coins };
        Ok(TransferRequest {
            wallet: WalletId::new(wallet_id),
            asset: Asset::Kas,
            to: address::parse(own, Chain::Kaspa, config.kaspa.network).map_err(|problem| Error::invalid("wallet_id", problem))?,
            amount: Amount::ZERO,
            max_fee: max_fee.map_or(config.kaspa.max_fee, Amount::new),
            fee_named: max_fee.is_some(),
            source: kaspa_key.unwrap_or(KaspaKey::Schnorr).kind(),
            idempotency_key,
            reason: None,
            session: None,
            created_at: None,
            solana: None,
            kaspa: Some(KaspaTransferParams {
                speed: Some(transfer::kaspa::FeeSpeed::Low),
                batch: None,
                consolidation: Some(consolidation),
            }),
        })
    }
}

impl NamedCoin {
    fn read(self) -> Result<transfer::kaspa::NamedCoin, Error> {
        let mut outpoint = [0; 36];
        let (id, index) = outpoint.split_at_mut(32);
        hex::decode_to_slice(&self.transaction_id, id)
            .map_err(|_| Error::invalid("coins", "a transaction id is 64 hexadecimal digits"))?;
        index.copy_from_slice(&self.index.to_le_bytes());
        Ok(transfer::kaspa::NamedCoin { outpoint: Bytes::new(outpoint), amount: Amount::new(self.amount) })
    }
}

impl From<FeeSpeed> for transfer::kaspa::FeeSpeed {
    fn from(speed: FeeSpeed) -> Self {
        match speed {
            FeeSpeed::Priority => Self::Priority,
            FeeSpeed::Normal => Self::Normal,
            FeeSpeed::Low => Self::Low,
        }
    }
}

impl From<transfer::kaspa::FeeSpeed> for FeeSpeed {
    fn from(speed: transfer::kaspa::FeeSpeed) -> Self {
        match speed {
            transfer::kaspa::FeeSpeed::Priority => Self::Priority,
            transfer::kaspa::FeeSpeed::Normal => Self::Normal,
            transfer::kaspa::FeeSpeed::Low => Self::Low,
        }
    }
}

impl From<Quote> for FeeQuote {
    fn from(quote: Quote) -> Self {
        Self {
            fee: quote.fee.get(),
            feerate: quote.feerate,
            inputs: quote.inputs as u32,
            change: quote.change.get(),
            dust: quote.dust.get(),
            compute_mass: quote.masses.compute,
            storage_mass: quote.masses.storage,
            observed_at: match quote.basis {
                QuoteBasis::Coins(at) => Some(at.nanos()),
                QuoteBasis::SmallestTransaction => None,
            },
            waits: quote.waits,
        }
    }
}

#[cfg(test)]
mod tests;
