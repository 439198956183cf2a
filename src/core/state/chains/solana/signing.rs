//! Signatures by the owners of client-side wallets on Solana: one over the whole message.

use crate::base::Bytes;
use crate::chains::solana;
use crate::transfer::{BuiltTx, SignedTx};
use crate::wallet::{KeyKind, Wallet};

/// Returns the transaction with the one signature, which is verified.
pub(super) fn attach(wallet: &Wallet, built: &BuiltTx, signatures: &[&[u8]]) -> Result<SignedTx, String> {
    let [signature] = signatures else {
        return Err(format!("{} signatures; one is needed", signatures.len()));
    };
    let signature = <[u8; 64]>::try_from(*signature).map_err(|_| "a signature has 64 bytes".to_owned())?;
    let unsigned = solana::UnsignedTx::decode(&built.unsigned).map_err(|error| error.to_string())?;
    if unsigned.plan().payer.as_bytes()[..] != wallet.key(KeyKind::Solana)[..] {
        return Err("the recorded transaction is not the wallet's".to_owned());
    }
    let attached = unsigned.attach(solana::TxSignature::from_bytes(signature)).map_err(|error| error.to_string())?;
    Ok(SignedTx { signed: Bytes::new(attached.wire_bytes()), txid: attached.txid().to_string() })
}
