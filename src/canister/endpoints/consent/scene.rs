//! The state that a call is described against, and the arguments of the call.

use crate::endpoints::requests;
use crate::store::Store;
use candid::utils::{ArgumentDecoder, decode_args};
use purser_core::base::text::quoted;
use purser_core::base::{Timestamp, TransferId, WalletId};
use purser_types::{Asset, ConsentError, Transfer};

/// The state and the time at which a call is described.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The state.
    pub(super) state: &'a Store,
    /// The time of the message.
    pub(super) now: Timestamp,
}

impl Scene<'_> {
    /// Returns a transfer as answers show it.
    ///
    /// # Errors
    /// When there is no such transfer.
    pub(super) fn transfer(self, id: u64) -> Result<(Transfer, Asset), ConsentError> {
        let transfer = requests::find(self.state, TransferId::new(id)).map_err(|error| ConsentError::unsupported(error.message))?;
        let asset = transfer
            .asset
            .value
            .ok_or_else(|| ConsentError::unsupported(format!("the asset {} is unknown", transfer.asset.name)))?;
        Ok((transfer, asset))
    }

    /// Returns the number and the label of a wallet.
    ///
    /// # Errors
    /// When there is no such wallet.
    pub(super) fn wallet(self, id: u64) -> Result<String, ConsentError> {
        let wallet =
            self.state.wallet(WalletId::new(id)).ok_or_else(|| ConsentError::unsupported(format!("there is no wallet {id}")))?;
        Ok(if wallet.label.is_empty() { format!("wallet {id}") } else { format!("wallet {id}, {}", quoted(&wallet.label)) })
    }
}

/// Decodes the arguments of a call.
///
/// # Errors
/// When they are not the method's.
pub(super) fn read<'a, T: ArgumentDecoder<'a>>(arg: &'a [u8]) -> Result<T, ConsentError> {
    decode_args(arg).map_err(|_| ConsentError::unsupported("the arguments are not those of the method"))
}
