//! One KAS transfer, from the reservation to its end.
//!
//! Up to the broadcast there are one signature per input and three outcalls: the network's score, the wallet's outputs, the broadcast.
//!
//! A Kaspa transaction never expires, so there is only ever one per transfer: the same bytes are offered until they are accepted.
//! One that a node keeps refusing is left to people, because nothing but a transaction that spends the same inputs could make it
//! harmless.

use super::outcalls::{self, Asking};
use super::reserve::insufficient;
use super::{Halt, Progress, Run, unreadable};
use crate::ports::Runtime;
use purser_core::chains::kaspa::fee::COST_OF_AN_INPUT;
use purser_core::chains::kaspa::intent::{self, Intent};
use purser_core::chains::kaspa::mass::DEFAULT_STORAGE_MASS_CAP;
use purser_core::chains::kaspa::rest::{self, Acceptance, Failure, Request, SubmitOutcome};
use purser_core::chains::kaspa::script::ScriptForm;
use purser_core::chains::kaspa::select::{self, Limits, Payment, SelectError};
use purser_core::chains::kaspa::{
    Address, FeePolicy, KeyKind as Scheme, Network, Outpoint, Plan, ScriptPublicKey, Transaction, TxId, UnsignedTx, Utxo, WalletKey,
};
use purser_core::primitives::{Amount, Bytes};
use purser_core::transfer::{BuiltTx, SignedTx};
use purser_core::wallet::KeyKind;
use std::collections::BTreeSet;
use std::num::NonZeroU64;

/// Each input costs a signature, and they are made one after the other.
const MAX_INPUTS: usize = 20;
/// How many unspent outputs an answer has room for at first.
const EXPECTED_UTXOS: u32 = 256;
/// The most that an answer may have room for; about as many as the Internet Computer allows.
const MOST_UTXOS: u32 = 4_096;
/// Private networks are slow or short: bounds that lag by 30 seconds of the public ones would never be reached there.
const PRIVATE_STEP: NonZeroU64 = NonZeroU64::new(10).unwrap();
/// How long bytes are left to spread before they are offered again.
const REBROADCAST_AFTER_SECONDS: u64 = 20;
/// After this long without an acceptance, the other route through the server's database is asked too.
const SECOND_ROUTE_AFTER_SECONDS: u64 = 120;
/// How long a transaction that nodes refuse is offered before it is left to people.
const PATIENCE_SECONDS: u64 = 3_600;

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Trouble(format!("Kaspa: {failure}"))
    }
}

/// Reads the chain, selects coins that nothing else spends, builds the payment and records it, which locks its inputs.
pub(super) async fn build<R: Runtime>(run: &Run<'_, R>) -> Result<(), Halt> {
    let network = network(run);
    let key = key(run)?;
    let address = key.address(network);
    // One that ends during the reading may leave its change out of what is read.
    let others_before = !run.others_in_flight().is_empty();
    let body = ask(run, Asking::AllReplicas, &Request::Dag { step: step(network) }).await?;
    let score = rest::parse_dag(&body, network)?;
    let utxos = rest::parse_utxos(&ask_utxos(run, address, score).await?, &[address])?;
    run.recheck()?;
    // The locks are read in the very message that commits the plan, so that no other transfer can take the same coins between.
    let locked = run.rt.read(|state| state.locked_outpoints(run.wallet.id));
    let payment = Payment {
        utxos: &utxos,
        reserved: &locked.iter().filter_map(|bytes| Outpoint::from_bytes(bytes)).collect::<BTreeSet<_>>(),
        virtual_daa_score: score,
        recipient: &recipient(run)?,
        amount: run.transfer.request.amount,
        change: &key.script_public_key(),
        limits: limits(run),
    };
    let plan = match select::plan(&payment) {
        Ok(plan) => plan,
        Err(SelectError::InvalidUtxos) => return Err(Halt::Trouble(SelectError::InvalidUtxos.to_string())),
        // Coins that other transfers hold, and the change that these will return, may be enough a little later.
        Err(_) if others_before || !run.others_in_flight().is_empty() => return Err(Halt::Held),
        Err(error) => return Err(unplannable(run, address, &utxos, &error).await?),
    };
    if let Err(short) = run.keeps_minimum(unlocked(&utxos, &payment), plan.fee.checked_add(payment.amount).unwrap_or(Amount::MAX)) {
        // The change of a transfer under way may make up for it.
        return Err(if others_before || !run.others_in_flight().is_empty() { Halt::Held } else { short });
    }
    let built = record(run, &plan)?;
    run.commit(|state| state.decide_built(run.transfer.id, built))
}

/// Asks the key for one signature per input of exactly the recorded transaction. Signatures whose answers were lost are asked for
/// again: the transaction's id does not depend on them.
pub(super) async fn sign<R: Runtime>(run: &Run<'_, R>) -> Result<(), Halt> {
    let built = run.transfer.built.as_ref().ok_or_else(|| unreadable("there is none"))?;
    let unsigned = UnsignedTx::from_bytes(&built.unsigned).map_err(unreadable)?;
    check(run, &unsigned).map_err(unreadable)?;
    let key = key(run)?;
    let mut signatures = Vec::new();
    for digest in unsigned.digests(&key).map_err(unreadable)? {
        signatures.push(run.signature(&digest).await?);
        run.recheck()?;
    }
    let transaction = unsigned.attach(&key, &signatures).map_err(|error| Halt::Trouble(error.to_string()))?;
    let bytes = transaction.to_bytes().map_err(unreadable)?;
    let signed = SignedTx { signed: Bytes::new(bytes), txid: transaction.id().to_string() };
    run.commit(|state| state.decide_signed(run.transfer.id, signed))
}

/// Records that the bytes leave, then sends them. Whatever comes back, they may have arrived.
pub(super) async fn submit<R: Runtime>(run: &Run<'_, R>) -> Result<(), Halt> {
    let transaction = recorded(run)?;
    run.commit(|state| state.decide_submitted(run.transfer.id))?;
    match send(run, transaction).await? {
        SubmitOutcome::Accepted => Ok(()),
        other => Err(Halt::Trouble(format!("the broadcast was not taken: {}", describe(&other)))),
    }
}

/// Asks whether the transaction is accepted deep enough; offers it again while it is not.
pub(super) async fn follow<R: Runtime>(run: &Run<'_, R>) -> Result<Progress, Halt> {
    let transaction = recorded(run)?;
    let config = run.rt.read(|state| state.config()).kaspa;
    // The score first: what is accepted below the cutoff afterwards is at least that deep.
    let body = ask(run, Asking::AllReplicas, &Request::BlueScore { step: step(config.network) }).await?;
    // A chain shorter than the demanded depth settles nothing.
    let cutoff = rest::settled_blue_score(rest::parse_blue_score(&body)?, config.confirmations);
    let id = transaction.id();
    let request = Request::Acceptance { transactions: id.into(), max_blue_score: cutoff.unwrap_or(0) };
    let accepted = rest::parse_acceptance(&ask(run, Asking::AllReplicas, &request).await?, &[id])?;
    let mut is_deep = matches!(accepted[..], [accepted] if is_settled(accepted, cutoff));
    if !is_deep && run.age_seconds() > SECOND_ROUTE_AFTER_SECONDS {
        // The batch forgets blue scores that this route still knows.
        is_deep = is_settled(ask_transaction(run, id, cutoff.unwrap_or(0)).await?, cutoff);
    }
    run.unchanged()?;
    if is_deep {
        let fee = run.transfer.built.as_ref().map(|built| built.fee).ok_or_else(|| unreadable("its fee is missing"))?;
        run.commit(|state| state.decide_confirmed(run.transfer.id, fee, None))?;
        return Ok(Progress::Ended);
    }
    if run.is_emergency() || run.age_seconds() < REBROADCAST_AFTER_SECONDS {
        return Ok(Progress::Waiting);
    }
    match send(run, transaction).await? {
        SubmitOutcome::Accepted => Ok(Progress::Waiting),
        refusal if is_refusal(&refusal) && run.age_seconds() >= PATIENCE_SECONDS => give_up(run, id, &refusal).await,
        other => Err(Halt::Trouble(format!("the broadcast was not taken: {}", describe(&other)))),
    }
}

/// Leaves to people what nodes keep refusing, unless it was refused for having been accepted, however lately.
async fn give_up<R: Runtime>(run: &Run<'_, R>, id: TxId, refusal: &SubmitOutcome) -> Result<Progress, Halt> {
    let acceptance = ask_transaction(run, id, u64::MAX).await?;
    run.unchanged()?;
    match acceptance {
        Acceptance::Accepted { .. } => Ok(Progress::Waiting),
        Acceptance::Unsettled => {
            Err(Halt::Stuck(format!("not accepted within an hour, and refused by the node: {}", describe(refusal))))
        }
    }
}

async fn ask_transaction<R: Runtime>(run: &Run<'_, R>, transaction: TxId, max_blue_score: u64) -> Result<Acceptance, Halt> {
    let request = Request::Transaction { transaction, max_blue_score };
    Ok(rest::parse_transaction(&ask(run, Asking::AllReplicas, &request).await?)?)
}

/// Whether an acceptance lies at the cutoff or below it.
fn is_settled(acceptance: Acceptance, cutoff: Option<u64>) -> bool {
    matches!(acceptance, Acceptance::Accepted { blue_score } if cutoff.is_some_and(|cutoff| blue_score <= cutoff))
}

fn network<R: Runtime>(run: &Run<'_, R>) -> Network {
    run.rt.read(|state| state.config().kaspa.network)
}

const fn step(network: Network) -> NonZeroU64 {
    match network {
        Network::Mainnet | Network::Testnet10 => rest::DEFAULT_SCORE_STEP,
        Network::Simnet | Network::Devnet => PRIVATE_STEP,
    }
}

/// The key that pays, and that the change returns to.
fn key<R: Runtime>(run: &Run<'_, R>) -> Result<WalletKey, Halt> {
    let key = match run.transfer.request.source {
        KeyKind::KaspaSchnorr => WalletKey::new(Scheme::Schnorr, &run.wallet.kaspa_schnorr_key),
        KeyKind::KaspaEcdsa => WalletKey::new(Scheme::Ecdsa, &run.wallet.kaspa_ecdsa_key),
        KeyKind::Solana => return Err(Halt::Hopeless("KAS cannot be paid from a Solana key".to_owned())),
    };
    key.map_err(|error| Halt::Trouble(error.to_string()))
}

/// The script of the decoded destination: version byte and payload.
fn recipient<R: Runtime>(run: &Run<'_, R>) -> Result<ScriptPublicKey, Halt> {
    let payload = &run.transfer.request.to.payload;
    let form = match payload.split_first() {
        Some((0, key)) => key.try_into().ok().map(ScriptForm::PubKey),
        Some((1, key)) => key.try_into().ok().map(ScriptForm::PubKeyEcdsa),
        Some((8, hash)) => hash.try_into().ok().map(ScriptForm::ScriptHash),
        _ => None,
    };
    let script = form.map(ScriptPublicKey::pay_to);
    let payable = script.filter(|script| Address::from_script(network(run), script).is_some());
    payable.ok_or_else(|| Halt::Hopeless("the recipient is no address that could ever spend the payment".to_owned()))
}

fn limits<R: Runtime>(run: &Run<'_, R>) -> Limits {
    let feerate = run.rt.read(|state| state.config().kaspa.feerate);
    Limits {
        fee: FeePolicy { feerate, max_feerate: feerate, max_fee: run.transfer.request.max_fee },
        max_inputs: MAX_INPUTS,
        storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
        max_dust_to_fee: COST_OF_AN_INPUT,
    }
}

/// What the source has, less what other transfers spend.
fn unlocked(utxos: &[Utxo], payment: &Payment<'_>) -> Amount {
    let free = utxos.iter().filter(|utxo| !payment.reserved.contains(&utxo.outpoint));
    Amount::checked_sum(free.map(|utxo| utxo.amount)).unwrap_or(Amount::MAX)
}

/// What to do about a payment that the listed coins do not allow. The list leaves out coins that are younger than the score, and all
/// of them when there are too many, but the balance counts every one: where it shows more, waiting may help.
async fn unplannable<R: Runtime>(run: &Run<'_, R>, address: Address, utxos: &[Utxo], error: &SelectError) -> Result<Halt, Halt> {
    let balance = rest::parse_balance(&ask(run, Asking::AllReplicas, &Request::Balance { address }).await?)?;
    let immature = match error {
        SelectError::InsufficientFunds { immature, .. } => *immature,
        _ => Amount::ZERO,
    };
    let listed = Amount::checked_sum(utxos.iter().map(|utxo| utxo.amount)).unwrap_or(Amount::MAX);
    let ready = listed.checked_sub(immature).unwrap_or(Amount::ZERO);
    if balance > ready {
        return Ok(Halt::Held);
    }
    Ok(match error {
        SelectError::InsufficientFunds { .. } => insufficient(error.to_string()),
        _ => Halt::Hopeless(error.to_string()),
    })
}

/// The wallet's outputs, asked with more room each time the answer does not fit: the price depends on the room.
async fn ask_utxos<R: Runtime>(run: &Run<'_, R>, address: Address, max_daa_score: u64) -> Result<Vec<u8>, Halt> {
    let mut expected = EXPECTED_UTXOS;
    loop {
        let request = Request::Utxos { addresses: address.into(), max_daa_score, expected };
        match outcalls::kaspa(run.rt, run.turn, Asking::AllReplicas, &request).await {
            Err(error) if error.is_too_large() && expected < MOST_UTXOS => expected *= 4,
            answer => return Ok(answer?),
        }
    }
}

/// The plan as it is recorded, once it was read back and found to be what was asked for.
fn record<R: Runtime>(run: &Run<'_, R>, plan: &Plan) -> Result<BuiltTx, Halt> {
    let unsigned = plan.unsigned();
    let bytes = unsigned.to_bytes().map_err(|error| Halt::Hopeless(error.to_string()))?;
    let fee = check(run, &unsigned).map_err(|error| Halt::Hopeless(format!("not built as intended: {error}")))?;
    let inputs = unsigned.outpoints().map(|outpoint| Bytes::new(outpoint.to_bytes())).collect();
    Ok(BuiltTx { unsigned: Bytes::new(bytes), fee, inputs })
}

/// Compares a transaction with what was asked for and returns its fee.
fn check<R: Runtime>(run: &Run<'_, R>, unsigned: &UnsignedTx) -> Result<Amount, String> {
    let (key, recipient) = (key(run), recipient(run));
    let (Ok(key), Ok(recipient)) = (key, recipient) else {
        return Err("payer or recipient cannot be used".to_owned());
    };
    let intent = Intent {
        spent: &unsigned.spent,
        recipient: &recipient,
        amount: run.transfer.request.amount,
        change: &key.script_public_key(),
        max_fee: run.transfer.request.max_fee,
        storage_mass_cap: DEFAULT_STORAGE_MASS_CAP,
    };
    intent::check(&unsigned.transaction, &intent).map(|summary| summary.fee).map_err(|deviation| deviation.to_string())
}

/// The recorded signed transaction, which must be the recorded unsigned one with signatures.
fn recorded<R: Runtime>(run: &Run<'_, R>) -> Result<Transaction, Halt> {
    let signed = run.transfer.signed.as_ref().ok_or_else(|| unreadable("there is none"))?;
    let built = run.transfer.built.as_ref().ok_or_else(|| unreadable("what was built is missing"))?;
    let transaction = Transaction::from_bytes(&signed.signed).map_err(unreadable)?;
    let unsigned = UnsignedTx::from_bytes(&built.unsigned).map_err(unreadable)?;
    let same = transaction.id() == unsigned.transaction.id() && transaction.id().to_string() == signed.txid;
    if same && transaction.is_signed() { Ok(transaction) } else { Err(unreadable("it is not the one that was signed")) }
}

async fn send<R: Runtime>(run: &Run<'_, R>, transaction: Transaction) -> Result<SubmitOutcome, Halt> {
    Ok(rest::parse_submit(&ask(run, Asking::OneNode, &Request::Submit(transaction)).await?))
}

/// Whether the node looked at the transaction and will not take these bytes.
fn is_refusal(outcome: &SubmitOutcome) -> bool {
    match outcome {
        SubmitOutcome::Conflict { .. } | SubmitOutcome::Orphan => true,
        SubmitOutcome::Rejected { reason, .. } => !reason.may_pass_later(),
        SubmitOutcome::Accepted | SubmitOutcome::Unknown { .. } => false,
    }
}

fn describe(outcome: &SubmitOutcome) -> String {
    match outcome {
        SubmitOutcome::Accepted => "taken".to_owned(),
        SubmitOutcome::Conflict { with } => format!("an input is being spent by transaction {with}"),
        SubmitOutcome::Orphan => "an input does not exist or is spent".to_owned(),
        SubmitOutcome::Rejected { reason, diagnostic } => format!("{reason} ({diagnostic})"),
        SubmitOutcome::Unknown { diagnostic } => diagnostic.clone(),
    }
}

async fn ask<R: Runtime>(run: &Run<'_, R>, asking: Asking, request: &Request) -> Result<Vec<u8>, Halt> {
    Ok(outcalls::kaspa(run.rt, run.turn, asking, request).await?)
}
