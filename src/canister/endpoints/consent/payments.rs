//! The payments of a call in words.

use super::description::Description;
use purser_types::{Asset, Payment, Transfer};

/// Adds the amount, the recipients, the fee, the agent and the reason of a transfer of an asset.
pub(super) fn with_transfer(description: Description, (transfer, asset): &(Transfer, Asset)) -> Description {
    let asset = *asset;
    let description = description.amount("Amount", asset, transfer.amount);
    let description = match &transfer.payments[..] {
        [] => description.text("To", &transfer.to),
        batch => payments(description, asset, batch),
    };
    let description =
        description.amount("Fee at most", asset.native_asset(), transfer.max_fee).text("Asked for by", transfer.agent);
    let description = terms_of(description, "", transfer.memo(), transfer.allows_off_curve());
    description.quote("Reason", transfer.reason.as_ref())
}

/// Adds the memo of a payment, and whether its recipient may be a vault. `whose` follows the names of the fields.
pub(super) fn terms_of(description: Description, whose: &str, memo: Option<&str>, off_curve: bool) -> Description {
    let vault = off_curve.then_some("may be a program's vault, for which nobody holds a private key");
    description.quote(&format!("Memo{whose}"), memo).optional(&format!("Recipient{whose}"), vault)
}

/// Adds every payment of a batch, however many there are: people agree to each.
pub(super) fn payments(mut description: Description, asset: Asset, payments: &[Payment]) -> Description {
    for (n, payment) in (1..).zip(payments) {
        let text = format!("{} to {}", asset.show(payment.amount), payment.to);
        description = terms_of(
            description.text(&format!("Payment {n}"), text),
            &format!(" of payment {n}"),
            payment.memo(),
            payment.allows_off_curve(),
        );
    }
    description
}
