//! The calls that only Solana has, in words.

use super::description::Description;
use super::payments::with_transfer;
use super::scene::{Scene, read};
use purser_types::ConsentError;

/// Describes a call of Solana's own; `None` when the method is none of them.
///
/// # Errors
/// When the arguments cannot be read, or name something that does not exist.
pub(super) fn describe(scene: Scene<'_>, method: &str, arg: &[u8]) -> Result<Option<Description>, ConsentError> {
    Ok(Some(match method {
        "set_solana_nonce_pool" => {
            let (id, size): (u64, u16) = read(arg)?;
            let description = Description::new("Create nonce accounts on Solana").text("Wallet", scene.wallet(id)?);
            description
                .text("How many in all", size)
                .text("Costs", "rent for each that is missing, which stays the wallet's, and fees")
        }
        "revoke_solana_transfer" => {
            let (id,): (u64,) = read(arg)?;
            with_transfer(Description::new(format!("Keep transfer {id} from landing, if it has not")), &scene.transfer(id)?)
        }
        _ => return Ok(None),
    }))
}
