//! Registry of the chains: the records that have one form for each chain.
//!
//! Only the chain folders and this file match on a chain. Another chain is a variant of each sum here; the compiler then names the arms that are missing.

use super::rules::{ChainRules, ParamsError, Purpose};
use super::{kaspa, solana};
use crate::base::{Chain, TransferId, WalletId};
use kaspa::rules::KaspaRules;
use kaspa::transfer::{KaspaBuilt, KaspaEvent, KaspaProgress};
use serde::{Deserialize, Serialize};
use solana::rules::SolanaRules;
use solana::transfer::{SolanaBuilt, SolanaEvent, SolanaProgress};

/// Returns the rules of a chain.
pub fn rules(chain: Chain) -> &'static dyn ChainRules {
    match chain {
        Chain::Kaspa => &KaspaRules,
        Chain::Solana => &SolanaRules,
    }
}

/// The parameters of a request that only its chain has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Params {
    /// The parameters on Kaspa.
    Kaspa(kaspa::transfer::TransferParams),
    /// The parameters on Solana.
    Solana(solana::transfer::TransferParams),
}

/// The parameters of one payment that only its chain has. A payment on Kaspa has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentParams {
    /// The parameters on Solana.
    Solana(solana::transfer::PaymentParams),
}

/// The record of a built transaction that only its chain has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Built {
    /// The record on Kaspa.
    Kaspa(KaspaBuilt),
    /// The record on Solana.
    Solana(SolanaBuilt),
}

/// The progress of a transfer that only its chain has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// The progress on Kaspa.
    Kaspa(KaspaProgress),
    /// The progress on Solana.
    Solana(SolanaProgress),
}

/// The place of a landed transaction in its chain, where the chain has one to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LandedIn {
    /// The place on Solana.
    Solana(solana::transfer::LandedIn),
}

/// An event that only one chain has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainEvent {
    /// An event of Kaspa.
    Kaspa(KaspaEvent),
    /// An event of Solana.
    Solana(SolanaEvent),
}

impl Params {
    /// Makes the default parameters of a chain.
    pub fn new(chain: Chain) -> Self {
        match chain {
            Chain::Kaspa => Self::Kaspa(kaspa::transfer::TransferParams::default()),
            Chain::Solana => Self::Solana(solana::transfer::TransferParams::default()),
        }
    }

    /// Returns the parameters with those of one payment.
    pub fn with_payment(self, payment: Option<PaymentParams>) -> Self {
        match (self, payment) {
            (Self::Solana(params), Some(PaymentParams::Solana(payment))) => {
                Self::Solana(solana::transfer::TransferParams { payment, ..params })
            }
            (params, _) => params,
        }
    }

    /// Returns the chain.
    pub const fn chain(&self) -> Chain {
        match self {
            Self::Kaspa(_) => Chain::Kaspa,
            Self::Solana(_) => Chain::Solana,
        }
    }

    /// Returns the parameters on Kaspa.
    pub const fn kaspa(&self) -> Option<&kaspa::transfer::TransferParams> {
        if let Self::Kaspa(params) = self { Some(params) } else { None }
    }

    /// Returns the parameters on Solana.
    pub const fn solana(&self) -> Option<&solana::transfer::TransferParams> {
        if let Self::Solana(params) = self { Some(params) } else { None }
    }

    /// Checks the parameters of a payment that an agent asks for.
    ///
    /// # Errors
    /// When a parameter is out of its bounds.
    pub fn check(&self) -> Result<(), ParamsError> {
        match self {
            Self::Kaspa(_) => Ok(()),
            Self::Solana(params) => params.payment.check(),
        }
    }

    /// Returns the purpose of the transfer.
    pub const fn purpose(&self) -> Purpose {
        match self {
            Self::Kaspa(params) => params.purpose(),
            Self::Solana(params) => params.purpose(),
        }
    }
}

impl PaymentParams {
    /// Returns the chain.
    pub const fn chain(&self) -> Chain {
        match self {
            Self::Solana(_) => Chain::Solana,
        }
    }

    /// Returns the memo that the payment carries on the chain.
    pub fn memo(&self) -> Option<&str> {
        match self {
            Self::Solana(params) => params.memo.as_deref(),
        }
    }
}

impl Built {
    /// Makes the record of a transaction of a chain that has nothing to record.
    pub fn new(chain: Chain) -> Self {
        match chain {
            Chain::Kaspa => Self::Kaspa(KaspaBuilt::default()),
            Chain::Solana => Self::Solana(SolanaBuilt::default()),
        }
    }

    /// Returns the chain.
    pub const fn chain(&self) -> Chain {
        match self {
            Self::Kaspa(_) => Chain::Kaspa,
            Self::Solana(_) => Chain::Solana,
        }
    }

    /// Returns the record on Kaspa.
    pub const fn kaspa(&self) -> Option<&KaspaBuilt> {
        if let Self::Kaspa(built) = self { Some(built) } else { None }
    }

    /// Returns the record on Solana.
    pub const fn solana(&self) -> Option<&SolanaBuilt> {
        if let Self::Solana(built) = self { Some(built) } else { None }
    }
}

impl Progress {
    /// Makes the progress of a transfer that has made none.
    pub fn new(chain: Chain) -> Self {
        match chain {
            Chain::Kaspa => Self::Kaspa(KaspaProgress::default()),
            Chain::Solana => Self::Solana(SolanaProgress::default()),
        }
    }

    /// Drops the progress of the attempts before, when a new attempt is built.
    pub fn begin_attempt(&mut self) {
        match self {
            Self::Kaspa(progress) => *progress = KaspaProgress::default(),
            Self::Solana(progress) => progress.deadline_height = None,
        }
    }

    /// Drops the progress of signing, when the signed transaction is recorded.
    pub fn finish_signing(&mut self) {
        match self {
            // The signed transaction contains the signatures of all inputs, which need not be stored twice.
            Self::Kaspa(progress) => *progress = KaspaProgress::default(),
            Self::Solana(_) => {}
        }
    }

    /// Marks a transfer that is followed again although it was quarantined.
    pub const fn leave_quarantine(&mut self) {
        match self {
            // Only a revocation leads out of quarantine, and Kaspa has none.
            Self::Kaspa(_) => {}
            Self::Solana(progress) => progress.was_quarantined = true,
        }
    }

    /// Returns the progress on Kaspa.
    pub const fn kaspa(&self) -> Option<&KaspaProgress> {
        if let Self::Kaspa(progress) = self { Some(progress) } else { None }
    }

    /// Returns the progress on Solana.
    pub const fn solana(&self) -> Option<&SolanaProgress> {
        if let Self::Solana(progress) = self { Some(progress) } else { None }
    }
}

impl ChainEvent {
    /// The name of every variant, as it appears in the log.
    pub const NAMES: [&'static str; 2] = ["kaspa", "solana"];

    /// Returns the transfer that the event is about.
    pub const fn transfer(&self) -> Option<TransferId> {
        match self {
            Self::Kaspa(event) => event.transfer(),
            Self::Solana(event) => event.transfer(),
        }
    }

    /// Returns the wallet that the event is about, unless it is about a transfer.
    pub const fn wallet(&self) -> Option<WalletId> {
        match self {
            Self::Kaspa(_) => None,
            Self::Solana(event) => event.wallet(),
        }
    }
}
