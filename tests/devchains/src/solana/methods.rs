//! The methods that only read the chain.

use serde_json::{Value, json};
use solana_address::Address;
use solana_hash::Hash;
use solana_message::VersionedMessage;
use solana_signature::Signature;

use super::chain::{Block, Chain, Commitment, Landed, STATUS_CACHE_SLOTS};
use super::error::RpcError;
use super::params::{Config, Params};
use super::reply::{API_VERSIONS, Reply, in_context, show_blockhash};
use super::tokens;
use super::view::{View, health};
use super::wire::{self, Encoding};

const SLOTS_PER_EPOCH: u64 = 432_000;
/// Warm-up epochs of mainnet's schedule: their number and their slots.
const WARMUP_EPOCHS: u64 = 14;
const WARMUP_SLOTS: u64 = 524_256;
const SLOT_MILLIS: u64 = 200;
/// Unix time of slot 0 of the made-up clock behind `blockTime`, in seconds.
const EPOCH_SECONDS: u64 = 1_700_000_000;

/// Answers a method that only reads.
///
/// # Errors
/// The method's error, or -32601 for an unknown method.
pub fn read(chain: &Chain, view: View, method: &str, params: &Params<'_>) -> Reply {
    match method {
        "getAccountInfo" => account_info(chain, view, params),
        "getBalance" => balance(chain, view, params),
        "getBlock" => block(chain, view, params),
        "getBlockHeight" => Ok(params.config(0)?.block(chain, view)?.height.into()),
        "getEpochInfo" => epoch_info(chain, view, params),
        "getGenesisHash" => Ok(Chain::genesis_hash().to_string().into()),
        "getHealth" => health(view).map(|()| "ok".into()),
        "getLatestBlockhash" => latest_blockhash(chain, view, params),
        "getMinimumBalanceForRentExemption" => minimum_balance(chain, view, params),
        "getMultipleAccounts" => multiple_accounts(chain, view, params),
        "getRecentPrioritizationFees" => prioritization_fees(chain, view, params),
        "getSignatureStatuses" => signature_statuses(chain, view, params),
        "getSlot" => Ok(params.config(0)?.block(chain, view)?.slot.into()),
        "getTransaction" => transaction(chain, view, params),
        "getVersion" => Ok(json!({ "solana-core": API_VERSIONS[0], "feature-set": 3_604_001_754_u32 })),
        "isBlockhashValid" => is_blockhash_valid(chain, view, params),
        _ => Err(RpcError::new(-32601, "Method not found")),
    }
}

fn balance(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let address: Address = params.parsed(0)?;
    let config = params.config(1)?;
    let block = config.block(chain, view)?;
    Ok(in_context(view, block, config, chain.bank(block).balance(&address).into()))
}

fn account_info(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let address = params.parsed(0)?;
    let config = params.config(1)?;
    let block = config.block(chain, view)?;
    Ok(in_context(view, block, config, show_account(chain, block, &address, config)?))
}

fn multiple_accounts(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let addresses: Vec<Address> = params.parsed_list(0, 100)?;
    let config = params.config(1)?;
    let block = config.block(chain, view)?;
    let accounts: Vec<_> = addresses.iter().map(|address| show_account(chain, block, address, config)).collect::<Result<_, _>>()?;
    Ok(in_context(view, block, config, accounts.into()))
}

fn show_account(chain: &Chain, block: &Block, address: &Address, config: Config<'_>) -> Reply {
    let Some(account) = chain.bank(block).account(address) else { return Ok(Value::Null) };
    wire::account(&account, config.encoding(), config.data_slice()?)
}

/// `getTokenAccountsByOwner` with a program: the associated accounts of this chain's mints, newest mints first, since the order has
/// no meaning.
///
/// # Errors
/// Invalid params.
pub fn token_accounts_by_owner(chain: &Chain, mints: &[(Address, Address)], view: View, params: &Params<'_>) -> Reply {
    let owner: Address = params.parsed(0)?;
    let filter = params.config(1)?;
    let program = filter.get("programId").and_then(Value::as_str).and_then(|text| text.parse::<Address>().ok());
    let program = program.ok_or_else(|| RpcError::invalid_params("this dev chain filters by programId"))?;
    let config = params.config(2)?;
    let block = config.block(chain, view)?;
    let mut list = Vec::new();
    for (mint, _) in mints.iter().rev().filter(|(_, of)| *of == program) {
        let address = tokens::associated(&owner, mint, &program);
        if let Some(account) = chain.bank(block).account(&address) {
            let shown = wire::account(&account, config.encoding(), config.data_slice()?)?;
            list.push(json!({ "pubkey": address.to_string(), "account": shown }));
        }
    }
    Ok(in_context(view, block, config, list.into()))
}

fn minimum_balance(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let bytes = usize::try_from(params.integer(0)?).map_err(|e| RpcError::invalid_params(e.to_string()))?;
    let block = params.config(1)?.block(chain, view)?;
    Ok(chain.bank(block).rent_exempt_minimum(bytes).into())
}

fn latest_blockhash(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let config = params.config(0)?;
    let block = config.block(chain, view)?;
    Ok(in_context(view, block, config, show_blockhash(block)))
}

fn is_blockhash_valid(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let hash: Hash = params.parsed(0)?;
    let config = params.config(1)?;
    let block = config.block(chain, view)?;
    Ok(in_context(view, block, config, chain.is_hash_valid(&hash, block).into()))
}

fn epoch_info(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let block = params.config(0)?.block(chain, view)?;
    let normal = block.slot - WARMUP_SLOTS;
    Ok(json!({
        "absoluteSlot": block.slot,
        "blockHeight": block.height,
        "epoch": WARMUP_EPOCHS + normal / SLOTS_PER_EPOCH,
        "slotIndex": normal % SLOTS_PER_EPOCH,
        "slotsInEpoch": SLOTS_PER_EPOCH,
        "transactionCount": chain.landed().iter().filter(|landed| landed.height <= block.height).count(),
    }))
}

fn prioritization_fees(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    params.parsed_list_or_empty::<Address>(0, 128)?;
    let head = chain.block(Commitment::Processed, view.slots_behind);
    // A made-up market: between 0 and 4,000 micro-lamports per compute unit, by slot.
    Ok(chain.recent_slots(head, 150).map(|slot| json!({ "slot": slot, "prioritizationFee": slot % 5 * 1_000 })).collect())
}

fn signature_statuses(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let signatures: Vec<Signature> = params.parsed_list(0, 256)?;
    let config = params.config(1)?;
    let head = config.block_of(chain, view, Commitment::Processed)?;
    let searches = config.flag("searchTransactionHistory");
    let statuses: Vec<_> = signatures
        .iter()
        .map(|signature| {
            let landed = chain.find(signature).filter(|landed| landed.height <= head.height);
            let kept = |landed: &&Landed| searches || head.slot - landed.slot <= STATUS_CACHE_SLOTS;
            landed.filter(kept).map_or(Value::Null, |landed| show_status(chain, view, head, landed))
        })
        .collect();
    Ok(in_context(view, head, config, statuses.into()))
}

fn show_status(chain: &Chain, view: View, head: &Block, landed: &Landed) -> Value {
    let reached = [Commitment::Finalized, Commitment::Confirmed]
        .into_iter()
        .find(|commitment| landed.height <= chain.block(*commitment, view.slots_behind).height)
        .unwrap_or(Commitment::Processed);
    let confirmations = (reached != Commitment::Finalized).then(|| head.height - landed.height);
    json!({
        "slot": landed.slot,
        "confirmations": confirmations,
        "err": show_error(landed),
        "status": show_result(landed),
        "confirmationStatus": reached.name(),
    })
}

fn show_error(landed: &Landed) -> Value {
    landed.executed.error.as_ref().map_or(Value::Null, |error| error.json.clone())
}

fn show_result(landed: &Landed) -> Value {
    landed.executed.error.as_ref().map_or(json!({ "Ok": null }), |error| json!({ "Err": error.json }))
}

/// The commitment of a method that reads the ledger, which has no processed blocks.
fn ledger_block<'a>(chain: &'a Chain, view: View, config: Config<'a>) -> Result<&'a Block, RpcError> {
    let commitment = config.commitment("commitment")?;
    if commitment == Commitment::Processed {
        return Err(RpcError::invalid_params("Method does not support commitment below `confirmed`"));
    }
    config.block_of(chain, view, commitment)
}

fn transaction(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let signature: Signature = params.parsed(0)?;
    let config = params.config(1)?;
    let encoding = Encoding::of_transaction(config.encoding(), Encoding::Base64)?;
    let block = ledger_block(chain, view, config)?;
    let Some(landed) = chain.find(&signature).filter(|landed| landed.height <= block.height) else {
        return Ok(Value::Null);
    };
    let mut reply = json!({
        "slot": landed.slot,
        "blockTime": block_time(landed.slot),
        "transaction": [encoding.encode(&landed.wire), encoding.name()],
        "meta": show_meta(landed),
    });
    match (config.integer("maxSupportedTransactionVersion"), version(landed)) {
        (None, None) => {}
        (Some(_), None) => reply["version"] = "legacy".into(),
        (Some(newest), Some(version)) if version <= newest => reply["version"] = version.into(),
        (_, Some(version)) => return Err(unsupported_version(version)),
    }
    Ok(reply)
}

fn unsupported_version(version: u64) -> RpcError {
    RpcError::new(
        -32015,
        format!(
            "Transaction version ({version}) is not supported by the requesting client. Please try the request again with the \
             following configuration parameter: \"maxSupportedTransactionVersion\": {version}"
        ),
    )
}

fn version(landed: &Landed) -> Option<u64> {
    match landed.tx.message {
        VersionedMessage::Legacy(_) => None,
        VersionedMessage::V0(_) => Some(0),
        VersionedMessage::V1(_) => Some(1),
    }
}

/// Balances are those of the message's static accounts: looked-up ones are not listed.
fn show_meta(landed: &Landed) -> Value {
    let executed = &landed.executed;
    json!({
        "err": show_error(landed),
        "status": show_result(landed),
        "fee": executed.fee,
        "preBalances": executed.pre_balances,
        "postBalances": executed.post_balances,
        "innerInstructions": [],
        "logMessages": executed.logs,
        "preTokenBalances": [],
        "postTokenBalances": [],
        "rewards": [],
        "loadedAddresses": { "writable": [], "readonly": [] },
        "computeUnitsConsumed": executed.units,
    })
}

fn block_time(slot: u64) -> u64 {
    EPOCH_SECONDS + slot * SLOT_MILLIS / 1_000
}

/// `getBlock` for the two levels of detail that need no version: `none` and `signatures`.
fn block(chain: &Chain, view: View, params: &Params<'_>) -> Reply {
    let slot = params.integer(0)?;
    let config = params.config(1)?;
    let details = config.get("transactionDetails").and_then(Value::as_str);
    if !matches!(details, Some("none" | "signatures")) {
        return Err(RpcError::invalid_params("this dev chain serves transactionDetails \"none\" and \"signatures\""));
    }
    if slot > ledger_block(chain, view, config)?.slot {
        return Err(RpcError::new(-32004, format!("Block not available for slot {slot}")));
    }
    let first = chain.first_slot();
    if slot < first {
        let message = format!("Block {slot} cleaned up, does not exist on node. First available block: {first}");
        return Err(RpcError::new(-32001, message));
    }
    let Some(block) = chain.block_at_slot(slot) else {
        let message = format!("Slot {slot} was skipped, or missing due to ledger jump to recent snapshot");
        return Err(RpcError::new(-32007, message));
    };
    let mut reply = json!({
        "blockHeight": block.height,
        "blockTime": block_time(slot),
        "blockhash": block.hash.to_string(),
        "parentSlot": block.parent_slot,
        "previousBlockhash": block.parent_hash.to_string(),
    });
    if details == Some("signatures") {
        let here = chain.landed().iter().filter(|landed| landed.slot == slot);
        reply["signatures"] = here.map(|landed| landed.tx.signatures[0].to_string()).collect();
    }
    Ok(reply)
}
