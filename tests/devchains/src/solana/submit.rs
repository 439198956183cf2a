//! The methods that take a transaction or a message.

use std::sync::LazyLock;

use ic_ed25519::PrivateKey;
use serde_json::{Value, json};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};
use solana_message::{Message, VersionedMessage};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use super::bank::{Bank, Executed};
use super::chain::{Commitment, has_valid_signatures};
use super::error::RpcError;
use super::node::Node;
use super::params::{Config, Params, parse_list};
use super::reply::{Reply, in_context, show_blockhash};
use super::view::{View, health};
use super::wire::{self, Encoding};

/// The faucet's key.
static FAUCET: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate_from_seed(b"localnet Solana faucet"));

/// `sendTransaction`: performs the requested preflight, then forwards. With `drops` it forwards nothing.
///
/// # Errors
/// Invalid params, or the failure of the preflight.
pub fn send_transaction(node: &mut Node, view: View, params: &Params<'_>, drops: bool) -> Reply {
    let config = params.config(1)?;
    let encoding = Encoding::of_transaction(config.encoding(), Encoding::Base58)?;
    let (wire, tx) = wire::transaction(params.string(0)?, encoding)?;
    if config.flag("skipPreflight") {
        // Without preflight a node looks at the slot only.
        config.block_of(&node.chain, view, Commitment::Processed)?;
    } else {
        preflight(node, view, config, &tx)?;
    }
    let signature = tx.signatures[0].to_string();
    if !drops {
        node.chain.submit(tx, wire, config.integer("maxRetries"));
    }
    Ok(signature.into())
}

fn preflight(node: &Node, view: View, config: Config<'_>, tx: &VersionedTransaction) -> Result<(), RpcError> {
    let head = config.block_of(&node.chain, view, config.commitment("preflightCommitment")?)?;
    verify(tx)?;
    health(view)?;
    let (executed, _) = node.chain.simulate(tx, head);
    let Some(error) = &executed.error else {
        return Ok(());
    };
    let message = format!("Transaction simulation failed: {}", error.text);
    Err(RpcError::with_data(-32002, message, show_simulation(&executed, Value::Null, Value::Null)))
}

fn verify(tx: &VersionedTransaction) -> Result<(), RpcError> {
    if has_valid_signatures(tx) {
        return Ok(());
    }
    Err(RpcError::new(-32003, "Transaction signature verification failure"))
}

/// `simulateTransaction`.
///
/// # Errors
/// Invalid params, or a bad signature.
pub fn simulate_transaction(node: &Node, view: View, params: &Params<'_>) -> Reply {
    let config = params.config(1)?;
    let encoding = Encoding::of_transaction(config.encoding(), Encoding::Base58)?;
    let (_, mut tx) = wire::transaction(params.string(0)?, encoding)?;
    let head = config.block(&node.chain, view)?;
    let (verifies, replaces) = (config.flag("sigVerify"), config.flag("replaceRecentBlockhash"));
    if verifies && replaces {
        return Err(RpcError::invalid_params("sigVerify may not be used with replaceRecentBlockhash"));
    }
    if verifies {
        verify(&tx)?;
    }
    if replaces {
        tx.message.set_recent_blockhash(head.hash);
    }
    let (executed, after) = node.chain.simulate(&tx, head);
    let accounts = show_accounts(&after, executed.error.is_some(), config)?;
    let replacement = if replaces { show_blockhash(head) } else { Value::Null };
    Ok(in_context(view, head, config, show_simulation(&executed, accounts, replacement)))
}

/// The accounts a simulation was asked for; all null if it failed.
fn show_accounts(after: &Bank, failed: bool, config: Config<'_>) -> Reply {
    let Some(wanted) = config.get("accounts") else {
        return Ok(Value::Null);
    };
    if wanted.get("encoding").and_then(Value::as_str).is_some_and(|encoding| encoding != "base64") {
        return Err(RpcError::invalid_params("base64 is the only account encoding of simulations here"));
    }
    let listed = wanted.get("addresses").and_then(Value::as_array);
    let addresses: Vec<Address> = parse_list(listed.map_or(&[], Vec::as_slice), 64)?;
    addresses
        .iter()
        .map(|address| match after.account(address) {
            Some(account) if !failed => wire::account(&account, Some("base64"), None),
            _ => Ok(Value::Null),
        })
        .collect()
}

fn show_simulation(executed: &Executed, accounts: Value, replacement: Value) -> Value {
    json!({
        "err": executed.error.as_ref().map(|error| &error.json),
        "logs": executed.logs,
        "accounts": accounts,
        "unitsConsumed": executed.units,
        "returnData": null,
        "innerInstructions": null,
        "replacementBlockhash": replacement,
        "fee": executed.fee,
        "preBalances": executed.pre_balances,
        "postBalances": executed.post_balances,
    })
}

/// `getFeeForMessage`: lamports, or null for a message that could not land.
///
/// # Errors
/// Invalid params.
pub fn fee_for_message(node: &Node, view: View, params: &Params<'_>) -> Reply {
    let message = wire::message(params.string(0)?)?;
    let config = params.config(1)?;
    let head = config.block(&node.chain, view)?;
    let signatures = vec![Signature::default(); usize::from(message.header().num_required_signatures)];
    let tx = VersionedTransaction { signatures, message };
    Ok(in_context(view, head, config, node.chain.fee(&tx, head).into()))
}

/// `requestAirdrop`: an ordinary transfer from the faucet.
///
/// # Errors
/// Invalid params.
pub fn request_airdrop(node: &mut Node, params: &Params<'_>) -> Reply {
    let to: Address = params.parsed(0)?;
    let lamports = params.integer(1)?;
    let faucet = faucet_address();
    // System instruction 2, `Transfer`: a little-endian u32 and the lamports.
    let mut data = 2_u32.to_le_bytes().to_vec();
    data.extend(lamports.to_le_bytes());
    let accounts = vec![AccountMeta::new(faucet, true), AccountMeta::new(to, false)];
    let transfer = Instruction { program_id: Address::default(), accounts, data };
    let newest = node.chain.block(Commitment::Processed, 0).hash;
    let message = VersionedMessage::Legacy(Message::new_with_blockhash(&[transfer], Some(&faucet), &newest));
    let signature = Signature::from(FAUCET.sign_message(&message.serialize()));
    let tx = VersionedTransaction { signatures: vec![signature], message };
    let wire = wincode::serialize(&tx).map_err(|e| RpcError::new(-32603, format!("Internal error: {e}")))?;
    node.chain.submit(tx, wire, None);
    Ok(signature.to_string().into())
}

/// The faucet's address.
pub fn faucet_address() -> Address {
    Address::new_from_array(FAUCET.public_key().serialize_raw())
}
