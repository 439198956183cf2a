//! The calls that only Kaspa has, in words.

use super::description::Description;
use super::payments::with_transfer;
use super::scene::{Scene, read};
use purser_types::{Asset, ConsentError, ConsolidateArgs, ReplaceArgs};

/// Describes a call of Kaspa's own; `None` when the method is none of them.
///
/// # Errors
/// When the arguments cannot be read, or name something that does not exist.
pub(super) fn describe(scene: Scene<'_>, method: &str, arg: &[u8]) -> Result<Option<Description>, ConsentError> {
    Ok(Some(match method {
        "consolidate_kaspa" => consolidate(scene, read(arg)?)?,
        "replace_kaspa_transfer" => replace(scene, read(arg)?)?,
        _ => return Ok(None),
    }))
}

fn consolidate(scene: Scene<'_>, (args,): (ConsolidateArgs,)) -> Result<Description, ConsentError> {
    let max_fee = args.max_fee.unwrap_or(scene.state.config().chains.kaspa.max_fee.get());
    let description = Description::new("Make one Kaspa coin of many").text("Wallet", scene.wallet(args.wallet_id)?);
    let description = description.text("Effect", "the money stays in the wallet; only a fee leaves");
    Ok(description.amount("Fee at most", Asset::Kas, max_fee).quote("Reference", Some(args.idempotency_key)))
}

fn replace(scene: Scene<'_>, (args,): (ReplaceArgs,)) -> Result<Description, ConsentError> {
    let paid = scene.transfer(args.transfer_id)?;
    let intent = format!("Pay a higher fee for transfer {}", args.transfer_id);
    let description = with_transfer(Description::new(intent), &paid);
    Ok(match args.fee {
        Some(fee) => description.amount("New fee", Asset::Kas, fee),
        None => description.text("New fee", "twice the present one"),
    })
}
