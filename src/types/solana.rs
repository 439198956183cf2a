//! What there is on Solana only: tokens, memos, nonce accounts, providers, and the options of an installation.

use super::Error;
use super::batch::Payment;
use crate::flows::{Health, TokenHolding};
use candid::CandidType;
use candid::types::{Serializer as CandidSerializer, Type, TypeInner};
use purser_core::base::{Amount, Bytes, Mint};
use purser_core::chains::kaspa::Network;
use purser_core::chains::solana::{Address, Blockhash, ParseError, TokenProgram as CoreProgram};
use purser_core::governance::config;
use purser_core::transfer::Transfer;
use purser_core::transfer::solana as domain;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// The address of a mint as text, at most 44 bytes of it: what is longer is no address, and is read as none. It is copied like the
/// number that it stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MintText {
    bytes: [u8; 44],
    length: u8,
}

impl MintText {
    /// The text of a mint.
    pub fn new(text: &str) -> Self {
        let mut bytes = [0; 44];
        let fits = bytes.get_mut(..text.len()).map(|room| room.copy_from_slice(text.as_bytes()));
        let length = fits.map_or(0, |()| text.len() as u8);
        Self { bytes, length }
    }

    /// The text, empty when it could not be an address.
    pub fn as_str(&self) -> &str {
        self.bytes.get(..usize::from(self.length)).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for MintText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl CandidType for MintText {
    fn _ty() -> Type {
        TypeInner::Text.into()
    }

    fn idl_serialize<S: CandidSerializer>(&self, serializer: S) -> Result<(), S::Error> {
        serializer.serialize_text(self.as_str())
    }
}

impl Serialize for MintText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

struct MintVisitor;

impl de::Visitor<'_> for MintVisitor {
    type Value = MintText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address of a mint")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<MintText, E> {
        Ok(MintText::new(text))
    }
}

impl<'de> Deserialize<'de> for MintText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(MintVisitor)
    }
}

impl TryFrom<MintText> for Mint {
    type Error = ParseError;

    fn try_from(text: MintText) -> Result<Self, ParseError> {
        Address::parse(text.as_str()).map(|address| Self(*address.as_bytes()))
    }
}

impl From<Mint> for MintText {
    fn from(mint: Mint) -> Self {
        Self::new(&mint.to_string())
    }
}

/// Whether transfers are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Execution {
    /// Everything up to the signature, and nothing after it.
    Simulate,
    /// Carried out.
    Live,
}

impl From<domain::Execution> for Execution {
    fn from(execution: domain::Execution) -> Self {
        match execution {
            domain::Execution::Simulate => Self::Simulate,
            domain::Execution::Live => Self::Live,
        }
    }
}

/// What has a default on Solana.
#[derive(Clone, Debug, Default, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaOptions {
    /// Whether transfers are carried out.
    pub execution: Option<Execution>,
    /// How many providers must agree.
    pub quorum: Option<u8>,
    /// The most offered per compute unit, in millionths of a lamport.
    pub max_unit_price: Option<u64>,
    /// The most paid for creating a recipient's token account, in lamports.
    pub max_rent: Option<u64>,
    /// The genesis hash of a local cluster, in base58.
    pub genesis: Option<String>,
}

/// The options from now on: what is not named stays as it is.
pub(super) fn options(named: Option<SolanaOptions>, current: Option<config::SolanaOptions>) -> Option<config::SolanaOptions> {
    let Some(named) = named else { return current };
    let current = current.unwrap_or_default();
    let execution = named.execution.map(|execution| match execution {
        Execution::Simulate => domain::Execution::Simulate,
        Execution::Live => domain::Execution::Live,
    });
    // What is no hash has no 32 bytes, and the configuration is refused for that.
    let genesis =
        named.genesis.map(|text| Blockhash::parse(&text).map_or_else(|_| Bytes::default(), |hash| Bytes::new(*hash.as_bytes())));
    Some(config::SolanaOptions {
        execution: execution.or(current.execution),
        quorum: named.quorum.or(current.quorum),
        max_unit_price: named.max_unit_price.or(current.max_unit_price),
        max_rent: named.max_rent.map(Amount::new).or(current.max_rent),
        genesis: genesis.or(current.genesis),
    })
}

/// What a request says about Solana.
#[derive(Clone, Debug, Default, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaTerms {
    /// What the chain's log says with the payment.
    pub memo: Option<String>,
    /// Whether the recipient may be a program's vault.
    pub allow_off_curve: Option<bool>,
}

impl From<SolanaTerms> for domain::SolanaTransferParams {
    fn from(terms: SolanaTerms) -> Self {
        Self { memo: terms.memo, off_curve: terms.allow_off_curve.unwrap_or(false), operation: None, batch: None }
    }
}

/// A transfer that is no payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum NonceOperation {
    /// Creates a nonce account.
    Create {
        /// Its number.
        index: u16,
    },
    /// Keeps a transfer from landing.
    Revoke {
        /// Which.
        transfer_id: u64,
    },
}

/// What is known of a Solana transfer beside what every transfer has.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaDetails {
    /// What the chain's log says with it.
    pub memo: Option<String>,
    /// Whether the recipient may be a program's vault.
    pub off_curve: bool,
    /// What it does when it is no payment.
    pub operation: Option<NonceOperation>,
    /// The part of the fee that is rent for accounts it creates; once it has ended, what was paid of it.
    pub rent: u64,
    /// The nonce account it stands on; a recent blockhash otherwise.
    pub nonce: Option<u16>,
    /// The least that arrives, when the mint takes a fee.
    pub arrives: Option<u64>,
    /// The last transfer that was to keep it from landing.
    pub revoked_by: Option<u64>,
    /// Whether it is only simulated.
    pub simulated: bool,
    /// Everybody who is paid by a part of a batch.
    pub payments: Vec<Payment>,
}

impl SolanaDetails {
    /// The details of a transfer.
    pub fn new(transfer: &Transfer, network: Network) -> Self {
        let terms = transfer.request.solana.as_ref();
        let built = transfer.built.as_ref().and_then(|built| built.solana.clone()).unwrap_or_default();
        Self {
            memo: terms.and_then(|terms| terms.memo.clone()),
            off_curve: terms.is_some_and(|terms| terms.off_curve),
            operation: transfer.request.nonce_operation().map(|operation| match operation {
                domain::NonceOperation::Create { index } => NonceOperation::Create { index },
                domain::NonceOperation::Revoke { transfer } => NonceOperation::Revoke { transfer_id: transfer.get() },
            }),
            rent: rent(transfer).get(),
            nonce: built.nonce.map(|nonce| nonce.index),
            arrives: built.arrives.map(Amount::get),
            revoked_by: transfer.solana.as_ref().and_then(|progress| progress.revoked_by).map(|id| id.get()),
            simulated: transfer.simulated,
            payments: Payment::of_batch(&transfer.request, network),
        }
    }
}

/// The rent that is planned, or once it is known what was paid, the part of that beyond the fee.
fn rent(transfer: &Transfer) -> Amount {
    let Some(built) = &transfer.built else { return Amount::ZERO };
    let planned = built.solana.as_ref().map_or(Amount::ZERO, |built| built.rent);
    let fee = built.fee.remaining_after(planned);
    transfer.fee_paid.map_or(planned, |paid| paid.remaining_after(fee).min(planned))
}

/// How a wallet's transactions are bounded in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum LifetimeChoice {
    /// On a nonce when the wallet has nonce accounts that work.
    Auto,
    /// Always on a recent blockhash.
    Blockhash,
}

/// What an admin decides about a wallet on Solana.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaSettings {
    /// How its transactions are bounded in time.
    pub lifetime: LifetimeChoice,
}

impl From<SolanaSettings> for domain::SolanaSettings {
    fn from(settings: SolanaSettings) -> Self {
        let lifetime = match settings.lifetime {
            LifetimeChoice::Auto => domain::LifetimeChoice::Auto,
            LifetimeChoice::Blockhash => domain::LifetimeChoice::Blockhash,
        };
        Self { lifetime }
    }
}

/// Whether a nonce account can be used.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum NonceStatus {
    /// A transfer creates it.
    Creating {
        /// Which.
        transfer_id: u64,
    },
    /// It exists.
    Ready,
    /// Something else is at its address.
    Broken {
        /// What was found.
        reason: String,
    },
}

/// A nonce account of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct NonceAccount {
    /// Its number within the wallet.
    pub index: u16,
    /// Where it is.
    pub address: String,
    /// Whether it can be used.
    pub status: NonceStatus,
    /// The transfer that stands on its present value.
    pub held_by: Option<u64>,
}

impl NonceAccount {
    /// A nonce account as the interface shows it.
    pub fn new(index: u16, address: &Address, record: domain::NonceRecord) -> Self {
        let status = match record.status {
            domain::NonceStatus::Creating { transfer } => NonceStatus::Creating { transfer_id: transfer.get() },
            domain::NonceStatus::Ready => NonceStatus::Ready,
            domain::NonceStatus::Broken { reason } => NonceStatus::Broken { reason },
        };
        Self { index, address: address.to_string(), status, held_by: record.holder.map(|id| id.get()) }
    }
}

/// Which program a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum TokenProgram {
    /// SPL Token.
    Classic,
    /// Token-2022.
    Token2022,
}

/// What a wallet holds of a token.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct TokenBalance {
    /// Of what.
    pub mint: String,
    /// Its program.
    pub program: TokenProgram,
    /// The token account.
    pub account: String,
    /// In the mint's base units.
    pub amount: u64,
    /// Whether nothing moves in or out.
    pub frozen: bool,
}

impl From<TokenHolding> for TokenBalance {
    fn from(holding: TokenHolding) -> Self {
        let TokenHolding { balance, program } = holding;
        Self {
            mint: balance.mint.to_string(),
            program: match program {
                CoreProgram::Classic => TokenProgram::Classic,
                CoreProgram::Token2022 => TokenProgram::Token2022,
            },
            account: balance.account.to_string(),
            amount: balance.amount.get(),
            frozen: balance.frozen,
        }
    }
}

/// How a provider is doing since the last installation or upgrade.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct SolanaProvider {
    /// Its address; where it takes an API key, a placeholder stands for it.
    pub url: String,
    /// Whether its API key is set.
    pub has_key: bool,
    /// The genesis hash it was seen to serve, once it was asked.
    pub genesis: Option<String>,
    /// Answers with a result.
    pub answers: u64,
    /// Calls without one.
    pub failures: u64,
    /// How long the last answer took, in nanoseconds.
    pub latency_ns: u64,
    /// Asked only if nobody else can be, until then; in nanoseconds since the epoch.
    pub rests_until: Option<u64>,
}

impl SolanaProvider {
    /// A provider as the interface shows it.
    pub fn new(url: String, has_key: bool, genesis: Option<Bytes>, health: Health) -> Self {
        let rests_until = health.resting_until().nanos();
        Self {
            url,
            has_key,
            genesis: genesis.and_then(|hash| hash[..].try_into().ok()).map(|hash| Blockhash::from_bytes(hash).to_string()),
            answers: health.answers,
            failures: health.failures,
            latency_ns: health.latency_ns,
            rests_until: (rests_until > 0).then_some(rests_until),
        }
    }
}

/// The asset's mint, read; `field` is what the argument is called that names it.
///
/// # Errors
/// When the text is no address.
pub(super) fn parse_mint(mint: MintText, field: impl FnOnce() -> String) -> Result<Mint, Error> {
    Mint::try_from(mint).map_err(|problem| Error::invalid(field(), format!("the mint is no address: {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";

    #[test]
    fn a_mint_comes_back_as_it_was_written() {
        let text = MintText::new(USDC);
        assert_eq!((text.as_str(), MintText::from(Mint::try_from(text).expect("an address"))), (USDC, text));
        let encoded = candid::encode_one(text).expect("it encodes");
        assert_eq!(encoded, candid::encode_one(USDC).expect("it encodes"), "text to everybody else");
        assert_eq!(candid::decode_one::<MintText>(&encoded).expect("it decodes"), text);
    }

    #[test]
    fn what_is_no_address_is_no_mint() {
        for bad in ["", "0", &USDC[..30], &format!("{USDC}1"), &"1".repeat(1_000_000)] {
            let decoded = candid::decode_one::<MintText>(&candid::encode_one(bad).expect("it encodes")).expect("it decodes");
            assert!(Mint::try_from(decoded).is_err(), "{}", bad.len());
        }
    }

    #[test]
    fn options_that_are_not_named_stay() {
        let named = SolanaOptions { quorum: Some(2), max_rent: Some(5), ..SolanaOptions::default() };
        let first = options(Some(named), None).expect("some");
        assert_eq!((first.quorum, first.max_rent, first.execution), (Some(2), Some(Amount::new(5)), None));
        let live = SolanaOptions { execution: Some(Execution::Live), ..SolanaOptions::default() };
        let second = options(Some(live), Some(first.clone())).expect("some");
        assert_eq!((second.quorum, second.execution), (Some(2), Some(domain::Execution::Live)));
        assert_eq!(options(None, Some(first.clone())), Some(first));
        let wrong = SolanaOptions { genesis: Some("zzz".into()), ..SolanaOptions::default() };
        assert_eq!(options(Some(wrong), None).expect("some").genesis, Some(Bytes::default()), "refused for its length");
    }
}
