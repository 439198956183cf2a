//! Chains, assets, wallets, balances and what counts against a limit.

use super::solana::{MintText, parse_mint};
use super::{Error, address};
use candid::{CandidType, Principal};
use purser_core::base::{self, Bytes, WalletId};
use purser_core::chains::kaspa;
use purser_core::policy::{Policy, Rule, Window};
use purser_core::state::Usage as CoreUsage;
use purser_core::wallet::{KeyKind, NewKeys, NewWallet, Signing as CoreSigning, Wallet as CoreWallet};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A blockchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Chain {
    /// The Kaspa BlockDAG.
    Kaspa,
    /// Solana.
    Solana,
}

/// What is sent and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Asset {
    /// Kaspa's coin, in sompi.
    Kas,
    /// Solana's coin, in lamports.
    Sol,
    /// A token on Solana, in its own base units.
    Spl {
        /// The address of its mint.
        mint: MintText,
    },
}

/// Which of a wallet's two Kaspa keys pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum KaspaKey {
    /// The BIP340 key.
    Schnorr,
    /// The ECDSA key.
    Ecdsa,
}

/// One set of funds under one policy.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Wallet {
    /// Never reused.
    pub id: u64,
    /// For people.
    pub label: String,
    /// The admin who created it.
    pub created_by: Principal,
    /// When, in nanoseconds since the epoch.
    pub created_at: u64,
    /// The Ed25519 key's address; empty when the owner of a client-side wallet registered no such key.
    pub solana_address: String,
    /// The BIP340 key's address; empty likewise.
    pub kaspa_schnorr_address: String,
    /// The ECDSA key's address; empty likewise.
    pub kaspa_ecdsa_address: String,
    /// Whose wallet it is.
    pub owner: Principal,
    /// The wallet whose policy binds it too.
    pub parent: Option<u64>,
    /// Who signs.
    pub signing: SigningMode,
    /// Whether new transfers are taken.
    pub active: bool,
    /// Whether it stands first among its owner's.
    pub primary: bool,
}

/// Who signs a wallet's transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum SigningMode {
    /// The canister, with threshold keys derived for the wallet.
    Threshold,
    /// The owner.
    ClientSide,
}

/// Who signs for a new wallet.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Signing {
    /// The canister, with threshold keys derived for the wallet.
    Threshold,
    /// The owner, with keys of its own; at least one.
    ClientSide {
        /// An Ed25519 public key of 32 bytes.
        solana_key: Option<ByteBuf>,
        /// A secp256k1 public key: 33 bytes for both of Kaspa's addresses, 32 for the Schnorr one.
        kaspa_key: Option<ByteBuf>,
    },
}

/// A wallet to be created.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct CreateWalletArgs {
    /// For people.
    pub label: String,
    /// Whose it is; the caller's when absent.
    pub owner: Option<Principal>,
    /// The wallet whose policy binds it too.
    pub parent: Option<u64>,
    /// Who signs.
    pub signing: Signing,
}

/// How many wallets an owner has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct WalletCount {
    /// Those that take transfers.
    pub active: u64,
    /// All of them.
    pub total: u64,
    /// How many may be active.
    pub max_active: u64,
}

/// What a provider said about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Balance {
    /// Base units.
    pub amount: u64,
    /// When the answer arrived, in nanoseconds since the epoch.
    pub observed_at: u64,
}

/// The balances of a wallet's three addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Balances {
    /// Lamports.
    pub sol: Balance,
    /// Sompi at the BIP340 key's address.
    pub kas_schnorr: Balance,
    /// Sompi at the ECDSA key's address.
    pub kas_ecdsa: Balance,
}

/// What counts against a wallet's rolling limit of one asset, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Usage {
    /// Of what.
    pub asset: Asset,
    /// Spent in the last 24 hours, fees included.
    pub posted: u64,
    /// Held for transfers under way.
    pub reserved: u64,
    /// The limit, when the policy has one.
    pub limit: Option<u64>,
    /// What is left of it.
    pub remaining: Option<u64>,
}

impl Wallet {
    /// A wallet as the interface shows it, with its Kaspa addresses on `network`.
    ///
    /// # Panics
    /// When a stored key is not a point of its curve, which no derivation yields.
    pub fn new(wallet: CoreWallet, network: kaspa::Network) -> Self {
        const BUG: &str = "BUG: a wallet with an impossible key";
        let if_any = |key: &[u8], address: &dyn Fn(&[u8]) -> String| if key.is_empty() { String::new() } else { address(key) };
        let solana = |key: &[u8]| address::solana_text(key.try_into().expect(BUG));
        let schnorr = |key: &[u8]| kaspa::Address::from_schnorr_key(network, key.try_into().expect(BUG)).expect(BUG).to_string();
        let ecdsa = |key: &[u8]| kaspa::Address::from_ecdsa_key(network, key.try_into().expect(BUG)).expect(BUG).to_string();
        Self {
            owner: wallet.owner(),
            parent: wallet.parent.map(WalletId::get),
            signing: wallet.signing.into(),
            active: !wallet.deactivated,
            primary: wallet.primary,
            id: wallet.id.get(),
            label: wallet.label,
            created_by: wallet.created_by,
            created_at: wallet.created_at.nanos(),
            solana_address: if_any(&wallet.solana_key, &solana),
            kaspa_schnorr_address: if_any(&wallet.kaspa_schnorr_key, &schnorr),
            kaspa_ecdsa_address: if_any(&wallet.kaspa_ecdsa_key, &ecdsa),
        }
    }
}

impl From<CreateWalletArgs> for NewWallet {
    fn from(args: CreateWalletArgs) -> Self {
        let CreateWalletArgs { label, owner, parent, signing } = args;
        let bytes = |key: Option<ByteBuf>| key.map(|key| Bytes::new(key.into_vec()));
        let keys = match signing {
            Signing::Threshold => NewKeys::Threshold,
            Signing::ClientSide { solana_key, kaspa_key } => {
                NewKeys::ClientSide { solana: bytes(solana_key), kaspa: bytes(kaspa_key) }
            }
        };
        Self { label, owner, parent: parent.map(WalletId::new), keys }
    }
}

impl From<CoreSigning> for SigningMode {
    fn from(signing: CoreSigning) -> Self {
        match signing {
            CoreSigning::Threshold => Self::Threshold,
            CoreSigning::ClientSide => Self::ClientSide,
        }
    }
}

impl Usage {
    /// What counts, beside the limit that `policy` sets.
    pub fn new(asset: base::Asset, usage: CoreUsage, policy: Option<&Policy>) -> Self {
        let limit = policy.and_then(|policy| {
            policy.rules.iter().find_map(|rule| match rule {
                Rule::SpendingLimit { asset: of, window: Window::Rolling24h, max } if *of == asset => Some(*max),
                _ => None,
            })
        });
        let remaining = limit.map(|max| max.remaining_after(usage.posted).remaining_after(usage.reserved).get());
        Self {
            asset: asset.into(),
            posted: usage.posted.get(),
            reserved: usage.reserved.get(),
            limit: limit.map(base::Amount::get),
            remaining,
        }
    }
}

impl From<Chain> for base::Chain {
    fn from(chain: Chain) -> Self {
        match chain {
            Chain::Kaspa => Self::Kaspa,
            Chain::Solana => Self::Solana,
        }
    }
}

impl From<base::Chain> for Chain {
    fn from(chain: base::Chain) -> Self {
        match chain {
            base::Chain::Kaspa => Self::Kaspa,
            base::Chain::Solana => Self::Solana,
        }
    }
}

impl Asset {
    /// The asset in the domain; `field` is what the argument is called that names it.
    ///
    /// # Errors
    /// When a mint is no address.
    pub fn read(self, field: impl FnOnce() -> String) -> Result<base::Asset, Error> {
        Ok(match self {
            Self::Kas => base::Asset::Kas,
            Self::Sol => base::Asset::Sol,
            Self::Spl { mint } => base::Asset::Spl { mint: parse_mint(mint, field)? },
        })
    }
}

impl TryFrom<Asset> for base::Asset {
    type Error = Error;

    fn try_from(asset: Asset) -> Result<Self, Error> {
        asset.read(|| "asset".to_owned())
    }
}

impl From<base::Asset> for Asset {
    fn from(asset: base::Asset) -> Self {
        match asset {
            base::Asset::Kas => Self::Kas,
            base::Asset::Sol => Self::Sol,
            base::Asset::Spl { mint } => Self::Spl { mint: mint.into() },
        }
    }
}

impl KaspaKey {
    /// The key's kind in the domain.
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Schnorr => KeyKind::KaspaSchnorr,
            Self::Ecdsa => KeyKind::KaspaEcdsa,
        }
    }

    /// The Kaspa key that `kind` is, if it is one.
    pub const fn of(kind: KeyKind) -> Option<Self> {
        match kind {
            KeyKind::Solana => None,
            KeyKind::KaspaSchnorr => Some(Self::Schnorr),
            KeyKind::KaspaEcdsa => Some(Self::Ecdsa),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Amount, Timestamp};

    #[test]
    fn a_wallet_shows_the_addresses_of_its_own_keys() {
        let key = hex::decode("027a7440ee783988a2e132bea6b22f991fb971c4eca2f3378e2a99aded7df353ae").expect("hex");
        let other = hex::decode("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").expect("hex");
        let of = |schnorr: &[u8], ecdsa: &[u8]| {
            let wallet = CoreWallet {
                id: WalletId::new(3),
                label: "ops".into(),
                created_by: Principal::management_canister(),
                created_at: Timestamp::from_nanos(5),
                solana_key: Bytes::new([0; 31].into_iter().chain([1]).collect::<Vec<u8>>()),
                kaspa_schnorr_key: Bytes::new(schnorr),
                kaspa_ecdsa_key: Bytes::new(ecdsa),
                owner: None,
                parent: None,
                signing: Default::default(),
                deactivated: false,
                primary: false,
            };
            Wallet::new(wallet, kaspa::Network::Mainnet)
        };
        let schnorr = "kaspa:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uayhcthxq";
        let ecdsa = "kaspa:qyp85azqaeurnz9zuyetaf4j97v3lwt3cnk29ueh3c4fnt0d0he48tsfqyrrcue";
        let wallet = of(&key, &other);
        assert_eq!((wallet.id, wallet.created_at), (3, 5));
        assert_eq!(wallet.solana_address, "11111111111111111111111111111112");
        assert_eq!(wallet.kaspa_schnorr_address, schnorr);
        assert_ne!(wallet.kaspa_ecdsa_address, ecdsa);
        assert_eq!(of(&other, &key).kaspa_ecdsa_address, ecdsa);
        assert_eq!(of(&key, &[]).kaspa_ecdsa_address, "", "a key that was never registered has no address");
    }

    #[test]
    fn usage_counts_what_is_posted_and_reserved_against_the_assets_own_limit() {
        let usage = CoreUsage { posted: Amount::new(30), reserved: Amount::new(50) };
        let policy = |max| Policy {
            version: 1,
            name: None,
            rules: vec![
                Rule::SpendingLimit { asset: base::Asset::Kas, window: Window::Rolling24h, max: Amount::new(7) },
                Rule::PerTransaction { asset: base::Asset::Sol, max: Amount::new(9) },
                Rule::SpendingLimit { asset: base::Asset::Sol, window: Window::Rolling24h, max: Amount::new(max) },
            ],
        };
        let with = Usage::new(base::Asset::Sol, usage, Some(&policy(100)));
        assert_eq!(with, Usage { asset: Asset::Sol, posted: 30, reserved: 50, limit: Some(100), remaining: Some(20) });
        let lowered = Usage::new(base::Asset::Sol, usage, Some(&policy(40)));
        assert_eq!((lowered.limit, lowered.remaining), (Some(40), Some(0)));
        let without = Usage::new(base::Asset::Sol, usage, None);
        assert_eq!((without.limit, without.remaining), (None, None));
    }
}
