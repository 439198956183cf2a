//! Wallets, keys and usage, from and to the domain.

use super::chain::key_addresses;
use crate::chain::{Asset, PublicKey};
use crate::error::Error;
use crate::wallet::{CreateWalletArgs, Signing, SigningMode, Usage, Wallet};
use purser_core::base::{self, WalletId};
use purser_core::chains::configs::ChainConfigs;
use purser_core::policy::{Policy, Rule, Window};
use purser_core::state;
use purser_core::wallet::{self, NewKeys, NewWallet};

impl Wallet {
    /// Returns a wallet of the domain with its addresses on the configured networks.
    ///
    /// A key that is not registered has none.
    ///
    /// # Panics
    /// When a stored key is not a point of its curve, which no derivation yields.
    pub fn new(wallet: wallet::Wallet, chains: &ChainConfigs) -> Self {
        let addresses = key_addresses(&wallet, chains);
        Self {
            owner: wallet.owner(),
            parent: wallet.parent.map(WalletId::get),
            signing: SigningMode::from(wallet.signing).into(),
            active: !wallet.deactivated,
            primary: wallet.primary,
            id: wallet.id.get(),
            label: wallet.label,
            created_by: wallet.created_by,
            created_at: wallet.created_at.nanos(),
            addresses,
        }
    }
}

impl TryFrom<CreateWalletArgs> for NewWallet {
    type Error = Error;

    fn try_from(args: CreateWalletArgs) -> Result<Self, Error> {
        let CreateWalletArgs { label, owner, parent, signing } = args;
        let keys = match signing {
            Signing::Threshold => NewKeys::Threshold,
            Signing::ClientSide { keys } => PublicKey::read_all(keys)?,
        };
        Ok(Self { label, owner, parent: parent.map(WalletId::new), keys })
    }
}

impl Usage {
    /// Returns the usage of an asset, with the limit that `policy` sets.
    pub fn new(asset: base::Asset, usage: state::Usage, policy: Option<&Policy>) -> Self {
        let limit = policy.and_then(|policy| {
            policy.rules.iter().find_map(|rule| match rule {
                Rule::SpendingLimit { asset: of, window: Window::Rolling24h, max } if *of == asset => Some(*max),
                _ => None,
            })
        });
        let remaining = limit.map(|max| max.remaining_after(usage.posted).remaining_after(usage.reserved).get());
        Self {
            asset: Asset::from(asset).into(),
            posted: usage.posted.get(),
            reserved: usage.reserved.get(),
            limit: limit.map(base::Amount::get),
            remaining,
            units: asset.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Amount, Timestamp};
    use candid::Principal;
    use purser_core::base::Bytes;

    #[test]
    fn a_wallet_shows_the_addresses_of_its_own_keys() {
        let key = hex::decode("027a7440ee783988a2e132bea6b22f991fb971c4eca2f3378e2a99aded7df353ae").expect("hex");
        let other = hex::decode("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").expect("hex");
        let mut chains = crate::fixture::config().chains;
        chains.kaspa.network = purser_core::chains::kaspa::Network::Mainnet;
        let of = |schnorr: &[u8], ecdsa: &[u8]| {
            let wallet = wallet::Wallet {
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
            Wallet::new(wallet, &chains)
        };
        let schnorr = "kaspa:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uayhcthxq";
        let ecdsa = "kaspa:qyp85azqaeurnz9zuyetaf4j97v3lwt3cnk29ueh3c4fnt0d0he48tsfqyrrcue";
        let wallet = of(&key, &other);
        assert_eq!((wallet.id, wallet.created_at), (3, 5));
        assert_eq!(wallet.solana_address(), "11111111111111111111111111111112");
        assert_eq!(wallet.kaspa_schnorr_address(), schnorr);
        assert_ne!(wallet.kaspa_ecdsa_address(), ecdsa);
        assert_eq!(of(&other, &key).kaspa_ecdsa_address(), ecdsa);
        assert_eq!(of(&key, &[]).kaspa_ecdsa_address(), "", "a key that was never registered has no address");
    }

    #[test]
    fn usage_counts_what_is_posted_and_reserved_against_the_assets_own_limit() {
        let usage = state::Usage { posted: Amount::new(30), reserved: Amount::new(50) };
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
        assert_eq!(
            with,
            Usage {
                asset: Asset::Sol.into(),
                posted: 30,
                reserved: 50,
                limit: Some(100),
                remaining: Some(20),
                units: base::Asset::Sol.into()
            }
        );
        let lowered = Usage::new(base::Asset::Sol, usage, Some(&policy(40)));
        assert_eq!((lowered.limit, lowered.remaining), (Some(40), Some(0)));
        let without = Usage::new(base::Asset::Sol, usage, None);
        assert_eq!((without.limit, without.remaining), (None, None));
    }
}
