//! Signatures by the owners of client-side wallets on Kaspa: one for each input.

use crate::base::Bytes;
use crate::chains::kaspa;
use crate::transfer::{BuiltTx, SignedTx};
use crate::wallet::{KeyKind, Wallet};

/// Returns the digests of the inputs, in order.
pub(super) fn messages(wallet: &Wallet, source: KeyKind, built: &BuiltTx) -> Option<Vec<Bytes>> {
    let (unsigned, key) = (kaspa::UnsignedTx::from_bytes(&built.unsigned).ok()?, wallet_key(wallet, source).ok()?);
    Some(unsigned.digests(&key).ok()?.into_iter().map(Bytes::new).collect())
}

/// Returns the transaction with the signatures, each of which is verified.
pub(super) fn attach(wallet: &Wallet, source: KeyKind, built: &BuiltTx, signatures: &[&[u8]]) -> Result<SignedTx, String> {
    let unsigned = kaspa::UnsignedTx::from_bytes(&built.unsigned).map_err(|error| error.to_string())?;
    let transaction = unsigned.attach(&wallet_key(wallet, source)?, signatures).map_err(|error| error.to_string())?;
    let bytes = transaction.to_bytes().map_err(|error| error.to_string())?;
    Ok(SignedTx { signed: Bytes::new(bytes), txid: transaction.id().to_string() })
}

fn wallet_key(wallet: &Wallet, source: KeyKind) -> Result<kaspa::WalletKey, String> {
    let scheme = match source {
        KeyKind::KaspaSchnorr => kaspa::KeyKind::Schnorr,
        KeyKind::KaspaEcdsa => kaspa::KeyKind::Ecdsa,
        KeyKind::Solana => return Err("no key of Kaspa's".to_owned()),
    };
    kaspa::WalletKey::new(scheme, wallet.key(source)).map_err(|error| error.to_string())
}
