//! What the calls of agents, approvers and guardians do, in words.

use super::{Description, Scene};
use crate::api::consent::ConsentError;
use crate::api::policy::parse_rules;
use crate::api::session::OpenSessionArgs;
use crate::api::text::shown;
use crate::api::transfer::{Transfer, TransferArgs};
use crate::api::wallet::{Asset, CreateWalletArgs, Signing};
use crate::endpoints::transfers;
use candid::Principal;
use candid::utils::{ArgumentDecoder, decode_args};
use purser_core::primitives::{SECOND_NS, SessionId, Timestamp, TransferId, WalletId};
use serde_bytes::ByteBuf;

/// A call in words.
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
            about(Description::new(format!("Say no to transfer {id}")), &transfer(scene, id)?).optional("Note", Some(note))
        }
        "cancel_transfer" => {
            let (id, note): (u64, Option<String>) = read(arg)?;
            about(Description::new(format!("Call off transfer {id}")), &transfer(scene, id)?).optional("Note", note)
        }
        "quarantine_transfer" => {
            let (id, note): (u64, String) = read(arg)?;
            about(Description::new(format!("Leave transfer {id} to people")), &transfer(scene, id)?).optional("Note", Some(note))
        }
        "create_wallet" => create_wallet(scene, read(arg)?)?,
        "open_session" => open_session(scene, read(arg)?)?,
        "close_session" => {
            let (id,): (u64,) = read(arg)?;
            let session = scene.state.session(SessionId::new(id));
            let session = session.ok_or_else(|| ConsentError::unsupported(format!("there is no session {id}")))?;
            let description = Description::new(format!("Close session {id}")).text("Agent", session.agent);
            description.text("Wallet", wallet(scene, session.wallet.get())?)
        }
        "submit_signatures" => {
            let (id, _): (u64, Vec<ByteBuf>) = read(arg)?;
            about(Description::new(format!("Send the signed transfer {id}")), &transfer(scene, id)?)
        }
        "start_emergency" => {
            let (reason,): (String,) = read(arg)?;
            let description = Description::new("Stop all payments").text("Effect", "nothing new is reserved, signed or sent");
            description.optional("Reason", Some(reason))
        }
        "remove_agent" => {
            let (id, agent): (u64, Principal) = read(arg)?;
            Description::new("Remove an agent").text("Agent", agent).text("Wallet", wallet(scene, id)?)
        }
        _ => super::changes::describe(scene, method, arg)?,
    })
}

pub(super) fn read<'a, T: ArgumentDecoder<'a>>(arg: &'a [u8]) -> Result<T, ConsentError> {
    decode_args(arg).map_err(|_| ConsentError::unsupported("the arguments are not those of the method"))
}

fn pay(scene: Scene<'_>, (args,): (TransferArgs,)) -> Result<Description, ConsentError> {
    let (config, id) = (scene.state.config(), args.wallet_id);
    let coin = args.asset;
    let configured = match coin {
        Asset::Kas => config.kaspa.max_fee,
        Asset::Sol => config.solana.max_fee,
    };
    let (to, amount, key) = (args.to.clone(), args.amount, args.idempotency_key.clone());
    let (max_fee, reason) = (args.max_fee.unwrap_or(configured.get()), args.reason.clone());
    // What cannot be read as a request would be refused, so nobody should be asked to sign it.
    args.into_request(&config).map_err(|error| ConsentError::unsupported(error.message))?;
    let description = Description::new(format!("Pay {}", coin.show(amount))).amount("Amount", coin, amount).text("To", to);
    let description = description.text("From", wallet(scene, id)?).amount("Fee at most", coin, max_fee);
    Ok(description.optional("Reason", reason).text("Reference", key))
}

fn approve(scene: Scene<'_>, id: u64, intent: &[u8]) -> Result<Description, ConsentError> {
    let transfer = transfer(scene, id)?;
    let waiting = transfer.approval.as_ref().filter(|approval| approval.intent_hash[..] == *intent);
    let Some(approval) = waiting else {
        return Err(ConsentError::unsupported("the intent hash is not that of what the transfer waits for"));
    };
    let left = Timestamp::from_nanos(approval.expires_at).nanos_since(scene.now) / SECOND_NS;
    let description = about(Description::new(format!("Agree to pay {}", transfer.asset.show(transfer.amount))), &transfer);
    Ok(description.text("From", wallet(scene, transfer.wallet_id)?).seconds("Time left to agree", left))
}

fn create_wallet(scene: Scene<'_>, (args,): (CreateWalletArgs,)) -> Result<Description, ConsentError> {
    let signing = match args.signing {
        Signing::Threshold => "the canister, with threshold keys",
        Signing::ClientSide { .. } => "the owner, with their own keys",
    };
    let description = Description::new("Create a wallet").optional("Label", Some(args.label)).optional("Owner", args.owner);
    let parent = args.parent.map(|id| wallet(scene, id)).transpose()?;
    Ok(description.optional("Under", parent).text("Signed by", signing))
}

fn open_session(scene: Scene<'_>, (args,): (OpenSessionArgs,)) -> Result<Description, ConsentError> {
    let rules = parse_rules(args.rules, scene.state.config().kaspa.network);
    let rules = rules.map_err(|error| ConsentError::unsupported(error.message))?;
    let description =
        Description::new("Open a session").text("Wallet", wallet(scene, args.wallet_id)?).optional("Agent", args.agent);
    let description = description.seconds("Lasts", args.ttl_seconds).optional("Label", args.label);
    Ok(description.rules(scene, &rules))
}

/// What a transfer is about.
pub(super) fn about(description: Description, transfer: &Transfer) -> Description {
    let description = description.amount("Amount", transfer.asset, transfer.amount).text("To", &transfer.to);
    let description = description.amount("Fee at most", transfer.asset, transfer.max_fee).text("Asked for by", transfer.agent);
    description.optional("Reason", transfer.reason.as_ref())
}

pub(super) fn transfer(scene: Scene<'_>, id: u64) -> Result<Transfer, ConsentError> {
    transfers::find(scene.state, TransferId::new(id)).map_err(|error| ConsentError::unsupported(error.message))
}

/// A wallet's number and label.
pub(super) fn wallet(scene: Scene<'_>, id: u64) -> Result<String, ConsentError> {
    let wallet =
        scene.state.wallet(WalletId::new(id)).ok_or_else(|| ConsentError::unsupported(format!("there is no wallet {id}")))?;
    Ok(if wallet.label.is_empty() { format!("wallet {id}") } else { format!("wallet {id}, {}", shown(&wallet.label)) })
}
