//! The calls of agents, approvers, owners and guardians in words.

use super::description::Description;
use super::payments::{payments, terms_of, with_transfer};
use super::scene::{Scene, read};
use super::{kaspa, solana};
use candid::Principal;
use purser_core::base::{SECOND_NS, SessionId, Timestamp};
use purser_types::convert::policy::parse_rules;
use purser_types::{BatchArgs, ConfirmArchiveArgs, ConsentError, CreateWalletArgs, OpenSessionArgs, Signing, TransferArgs};
use serde_bytes::ByteBuf;

/// Describes a call.
///
/// # Errors
/// When there is no such update, it moves neither money nor power, its arguments cannot be read, or it is about something that does not
/// exist.
pub(super) fn describe(scene: Scene<'_>, method: &str, arg: &[u8]) -> Result<Description, ConsentError> {
    Ok(match method {
        "transfer" => pay(scene, read(arg)?)?,
        "approve_transfer" => {
            let (id, intent): (u64, ByteBuf) = read(arg)?;
            approve(scene, id, &intent)?
        }
        "reject_transfer" => {
            let (id, note): (u64, String) = read(arg)?;
            with_transfer(Description::new(format!("Say no to transfer {id}")), &scene.transfer(id)?).quote("Note", Some(note))
        }
        "cancel_transfer" => {
            let (id, note): (u64, Option<String>) = read(arg)?;
            with_transfer(Description::new(format!("Call off transfer {id}")), &scene.transfer(id)?).quote("Note", note)
        }
        "quarantine_transfer" => {
            let (id, note): (u64, String) = read(arg)?;
            with_transfer(Description::new(format!("Leave transfer {id} to people")), &scene.transfer(id)?)
                .quote("Note", Some(note))
        }
        "batch_transfer" => pay_many(scene, read(arg)?)?,
        "create_wallet" => create_wallet(scene, read(arg)?)?,
        "open_session" => open_session(scene, read(arg)?)?,
        "close_session" => {
            let (id,): (u64,) = read(arg)?;
            let session = scene.state.session(SessionId::new(id));
            let session = session.ok_or_else(|| ConsentError::unsupported(format!("there is no session {id}")))?;
            let description = Description::new(format!("Close session {id}")).text("Agent", session.agent);
            description.text("Wallet", scene.wallet(session.wallet.get())?)
        }
        "submit_signatures" => {
            let (id, _): (u64, Vec<ByteBuf>) = read(arg)?;
            with_transfer(Description::new(format!("Send the signed transfer {id}")), &scene.transfer(id)?)
        }
        "set_provider_key" => {
            let (url, key): (String, Option<String>) = read(arg)?;
            let intent = if key.is_some() { "Set a provider's API key" } else { "Take a provider's API key away" };
            // The key is a secret, also here.
            Description::new(intent).text("Provider", url)
        }
        "start_emergency" => {
            let (reason,): (String,) = read(arg)?;
            let description = Description::new("Stop all payments").text("Effect", "nothing new is reserved, signed or sent");
            description.quote("Reason", Some(reason))
        }
        "confirm_archive" => {
            let (args,): (ConfirmArchiveArgs,) = read(arg)?;
            Description::new("Vouch for a copy of the audit log")
                .text("Up to entry", args.last)
                .quote("Where it is", Some(args.location))
                .text("Effect", "the canister may give these entries up once they are old enough")
        }
        "set_agent_label" => {
            let (id, agent, label): (u64, Principal, Option<String>) = read(arg)?;
            let intent = if label.is_some() { "Give an agent another label" } else { "Take an agent's label away" };
            Description::new(intent).text("Agent", agent).text("Wallet", scene.wallet(id)?).optional("Label", label)
        }
        "remove_agent" => {
            let (id, agent): (u64, Principal) = read(arg)?;
            Description::new("Remove an agent").text("Agent", agent).text("Wallet", scene.wallet(id)?)
        }
        _ => match of_chains(scene, method, arg)? {
            Some(description) => description,
            None => super::changes::describe(scene, method, arg)?,
        },
    })
}

/// Describes a call of a method that only one chain has; `None` when the method is none of these.
fn of_chains(scene: Scene<'_>, method: &str, arg: &[u8]) -> Result<Option<Description>, ConsentError> {
    Ok(kaspa::describe(scene, method, arg)?.or(solana::describe(scene, method, arg)?))
}

fn pay(scene: Scene<'_>, (args,): (TransferArgs,)) -> Result<Description, ConsentError> {
    let (config, id) = (scene.state.config(), args.wallet_id);
    let (asset, to, amount, key) = (args.asset, args.to.clone(), args.amount, args.idempotency_key.clone());
    let reason = args.reason.clone();
    // What cannot be read as a request would be refused, so nobody should be asked to sign it.
    let request = args.into_request(config).map_err(|error| ConsentError::unsupported(error.message))?;
    let description = Description::new(format!("Pay {}", asset.show(amount))).amount("Amount", asset, amount).text("To", to);
    let description =
        description.text("From", scene.wallet(id)?).amount("Fee at most", asset.native_asset(), request.max_fee.get());
    let payment = request.solana_payments().pop().unwrap_or_default();
    let description = terms_of(description, "", payment.memo.as_deref(), payment.off_curve);
    Ok(description.quote("Reason", reason).quote("Reference", Some(key)))
}

fn approve(scene: Scene<'_>, id: u64, intent: &[u8]) -> Result<Description, ConsentError> {
    let paid = scene.transfer(id)?;
    let (transfer, asset) = &paid;
    let waiting = transfer.approval.as_ref().filter(|approval| approval.intent_hash[..] == *intent);
    let Some(approval) = waiting else {
        return Err(ConsentError::unsupported("the intent hash is not that of what the transfer waits for"));
    };
    let left = Timestamp::from_nanos(approval.expires_at).nanos_since(scene.now) / SECOND_NS;
    let description = with_transfer(Description::new(format!("Agree to pay {}", asset.show(transfer.amount))), &paid);
    Ok(description.text("From", scene.wallet(transfer.wallet_id)?).seconds("Time left to agree", left))
}

fn create_wallet(scene: Scene<'_>, (args,): (CreateWalletArgs,)) -> Result<Description, ConsentError> {
    let signing = match args.signing {
        Signing::Threshold => "the canister, with threshold keys",
        Signing::ClientSide { .. } => "the owner, with their own keys",
    };
    let description = Description::new("Create a wallet").quote("Label", Some(args.label)).optional("Owner", args.owner);
    let parent = args.parent.map(|id| scene.wallet(id)).transpose()?;
    Ok(description.optional("Under", parent).text("Signed by", signing))
}

fn open_session(scene: Scene<'_>, (args,): (OpenSessionArgs,)) -> Result<Description, ConsentError> {
    let rules = parse_rules(args.rules, &scene.state.config().chains);
    let rules = rules.map_err(|error| ConsentError::unsupported(error.message))?;
    let description =
        Description::new("Open a session").text("Wallet", scene.wallet(args.wallet_id)?).optional("Agent", args.agent);
    let description = description.seconds("Lasts", args.ttl_seconds).quote("Label", args.label);
    Ok(description.rules(scene, &rules))
}

fn pay_many(scene: Scene<'_>, (args,): (BatchArgs,)) -> Result<Description, ConsentError> {
    let request = args.clone().into_request(scene.state.config()).map_err(|error| ConsentError::unsupported(error.message))?;
    let sum = args.payments.iter().try_fold(0u64, |sum, payment| sum.checked_add(payment.amount));
    let sum = sum.ok_or_else(|| ConsentError::unsupported("the payments are beyond all money"))?;
    let asset = args.asset;
    let intent = format!("Make {} payments of {} together", args.payments.len(), asset.show(sum));
    let description = payments(Description::new(intent).amount("Amount", asset, sum), asset, &args.payments);
    let description = description.text("From", scene.wallet(args.wallet_id)?);
    let most = request.largest_fee(scene.state.config());
    let description = description.amount("Fee of each transaction at most", asset.native_asset(), most.get());
    Ok(description.quote("Reason", args.reason).quote("Reference", Some(args.idempotency_key)))
}
