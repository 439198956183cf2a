//! Random command sequences: what must hold whatever anybody does, in whatever order.

use super::fixture::*;
use super::kaspa;
use crate::access::Role;
use crate::audit::Block;
use crate::base::codec::decode_value;
use crate::base::{Amount, Asset, BlockIndex, Chain, MINUTE_NS, Mint, TransferId};
use crate::chains::registry::Params;
use crate::chains::solana;
use crate::policy::{ReasonCode, Rule, Window};
use crate::state::{BatchItem, BatchOutcome, BatchRequest, Decided, ItemOutcome, Refusal, State, TransferFilter};
use crate::transfer::BatchOutput;
use crate::transfer::{Status, Transfer, TransferRequest};
use crate::wallet::KeyKind;
use ic_stable_structures::VectorMemory;
use proptest::prelude::*;

const TOKEN: Asset = Asset::Spl { mint: Mint([7; 32]) };

#[derive(Clone, Debug)]
enum Command {
    Transfer { amount: u64, key: u8, listed: bool },
    Batch { payments: Vec<Item>, tokens: bool, key: u8 },
    Cancel(u64),
    Built(u64),
    Signed(u64),
    Submitted(u64),
    Confirmed(u64, u64),
    Failed(u64, u64),
    Expired(u64),
    Quarantined(u64),
    Resolve(u64, bool),
    Emergency(bool),
    SetPolicy(u64, u64),
    Agent(bool),
    Grant(u8, bool),
}

/// One payment of a batch.
#[derive(Clone, Debug)]
struct Item {
    amount: u64,
    listed: bool,
    /// Of its memo; 0 is none.
    bytes: usize,
}

/// Mostly small enough that several pass together, and at times more than fit into one transaction.
fn batch() -> impl Strategy<Value = Command> {
    let amount = prop_oneof![8 => 1..DAILY / 40, 1 => 0..PER_TRANSACTION + 2];
    let bytes = prop_oneof![3 => Just(0), 1 => 1..20usize, 1 => 250..=256usize];
    let item = (amount, prop::bool::weighted(0.9), bytes).prop_map(|(amount, listed, bytes)| Item { amount, listed, bytes });
    let items = prop_oneof![3 => prop::collection::vec(item.clone(), 1..6), 1 => prop::collection::vec(item, 6..24)];
    // Few keys, some of them those of transfers.
    (items, any::<bool>(), 25..40u8).prop_map(|(payments, tokens, key)| Command::Batch { payments, tokens, key })
}

fn request(payments: &[Item], tokens: bool, key: u8) -> BatchRequest {
    let item = |item: &Item| BatchItem {
        params: (item.bytes > 0).then(|| payment(Some(&"m".repeat(item.bytes)), item.bytes % 2 == 1)).flatten(),
        ..BatchItem::new(recipient(Chain::Solana, if item.listed { 5 } else { 6 }), Amount::new(item.amount))
    };
    BatchRequest {
        asset: if tokens { TOKEN } else { Asset::Sol },
        source: KeyKind::Solana,
        items: payments.iter().map(item).collect(),
        max_fee: Amount::new(5_000),
        params: Params::new(Chain::Solana),
        ..kaspa::batch(&[], &format!("key {key}"))
    }
}

/// Demands that the lists by agent and status hold exactly the transfers that their records say, newest first.
fn lists_hold_what_they_say(state: &TestState) -> Result<(), TestCaseError> {
    let all = state.transfers(WALLET, None, usize::MAX);
    let statuses = all.iter().map(|transfer| Some(transfer.status)).chain([None, Some(Status::Rejected), Some(Status::Reserved)]);
    for status in statuses {
        for agent in [None, Some(agent()), Some(guardian())] {
            let of = |transfer: &&Transfer| agent.is_none_or(|agent| agent == transfer.agent);
            let passes = |transfer: &&Transfer| status.is_none_or(|status| status == transfer.status);
            let expected: Vec<TransferId> = all.iter().filter(of).filter(passes).map(|transfer| transfer.id).collect();
            let filter = TransferFilter { wallet: WALLET, agent, status };
            let listed: Vec<TransferId> = state.transfers_before(filter, None).map(|transfer| transfer.id).collect();
            prop_assert_eq!(&listed, &expected, "{:?} {:?}", agent, status);
            let later: Vec<TransferId> = expected.iter().skip(1).copied().collect();
            let rest = state.transfers_before(filter, expected.first().copied()).map(|transfer| transfer.id);
            prop_assert!(expected.is_empty() || rest.eq(later), "a list goes on behind its cursor");
        }
    }
    Ok(())
}

/// Demands that every payment that was let through is in exactly one transaction, as it was asked for, and every transaction fits.
fn divided(state: &TestState, request: &BatchRequest, outcome: &BatchOutcome) -> Result<(), TestCaseError> {
    let mut found = vec![Vec::new(); request.items.len()];
    for (part, id) in outcome.transfers.iter().enumerate() {
        let transfer = state.transfer(*id).unwrap().request;
        let batch = transfer.batch.as_ref().unwrap();
        prop_assert_eq!((batch.part as usize, batch.parts as usize), (part, outcome.transfers.len()));
        let sum = Amount::checked_sum(batch.outputs.iter().map(|output| output.amount));
        prop_assert_eq!(sum, Some(transfer.amount), "it is held for what it pays");
        let payments = transfer.solana_payments();
        let memos: Vec<_> = payments.iter().map(|payment| payment.memo.as_deref()).collect();
        prop_assert_eq!(solana::batch::pack(&memos, request.asset), vec![memos.len()], "one transaction can pay it");
        for output in &batch.outputs {
            let BatchOutput { item, to, amount, params } = output.clone();
            found[item as usize].push(*id);
            prop_assert_eq!(&BatchItem { to, amount, params }, &request.items[item as usize]);
        }
    }
    for (item, ids) in outcome.items.iter().zip(found) {
        let wanted = match item {
            ItemOutcome::Accepted { transfer } | ItemOutcome::Pending { transfer } => vec![*transfer],
            ItemOutcome::Denied { .. } | ItemOutcome::DeniedBefore => Vec::new(),
        };
        prop_assert_eq!(ids, wanted);
    }
    Ok(())
}

fn command() -> impl Strategy<Value = Command> {
    let id = 1..8u64;
    prop_oneof![
        3 => batch(),
        6 => (0..PER_TRANSACTION + 2, 0..30u8, prop::bool::weighted(0.9)).prop_map(|(amount, key, listed)| Command::Transfer { amount, key, listed }),
        1 => id.clone().prop_map(Command::Cancel),
        4 => id.clone().prop_map(Command::Built),
        4 => id.clone().prop_map(Command::Signed),
        4 => id.clone().prop_map(Command::Submitted),
        3 => (id.clone(), 0..5_001u64).prop_map(|(id, fee)| Command::Confirmed(id, fee)),
        1 => (id.clone(), 0..5_001u64).prop_map(|(id, fee)| Command::Failed(id, fee)),
        1 => id.clone().prop_map(Command::Expired),
        1 => id.clone().prop_map(Command::Quarantined),
        1 => (id, any::<bool>()).prop_map(|(id, landed)| Command::Resolve(id, landed)),
        1 => prop::bool::weighted(0.2).prop_map(Command::Emergency),
        1 => (1..PER_TRANSACTION, 1..DAILY).prop_map(|(max, daily)| Command::SetPolicy(max, daily)),
        1 => any::<bool>().prop_map(Command::Agent),
        1 => (1..5u8, any::<bool>()).prop_map(|(who, give)| Command::Grant(who, give)),
    ]
}

fn decide(state: &TestState, command: &Command, now: crate::base::Timestamp) -> Result<Option<Decided>, Refusal> {
    let id = TransferId::new;
    let fee = Amount::new;
    match command.clone() {
        Command::Transfer { amount, key, listed } => {
            let to = recipient(Chain::Solana, if listed { 5 } else { 6 });
            state
                .decide_transfer(agent(), TransferRequest { to, ..sol(amount, &format!("key {key}")) }, now)
                .map(|(decided, _)| decided)
        }
        Command::Batch { payments, tokens, key } => {
            state.decide_batch(agent(), &request(&payments, tokens, key), now).map(|(decided, _)| decided)
        }
        Command::Cancel(n) => state.decide_cancel(agent(), id(n), None).map(Some),
        Command::Built(n) => state.decide_built(id(n), built(id(n))).map(Some),
        Command::Signed(n) => state.decide_signed(id(n), signed()).map(Some),
        Command::Submitted(n) => state.decide_submitted(id(n)).map(Some),
        Command::Confirmed(n, paid) => state.decide_confirmed(id(n), fee(paid), None).map(Some),
        Command::Failed(n, paid) => state.decide_failed(id(n), fee(paid), ReasonCode::TransactionFailed, "it failed").map(Some),
        Command::Expired(n) => state.decide_expired(id(n), ReasonCode::TransactionExpired, "it is dead").map(Some),
        Command::Quarantined(n) => state.decide_quarantine_by_canister(id(n), ReasonCode::RepeatedTraps, "it trapped").map(Some),
        Command::Resolve(n, landed) => state.decide_resolve_quarantine(admin(), id(n), landed, fee(1), "seen".into()).map(Some),
        Command::Emergency(on) => state.decide_emergency(admin(), on, "test".into(), now).map(Some),
        Command::SetPolicy(max, daily) => {
            state.decide_set_policy(admin(), WALLET, with_tokens(max, daily), now).map(|(decided, _)| Some(decided))
        }
        Command::Agent(true) => state.decide_add_agent(admin(), WALLET, agent()).map(Some),
        Command::Agent(false) => state.decide_remove_agent(admin(), WALLET, agent()).map(Some),
        Command::Grant(who, true) => state.decide_grant_role(admin(), principal(who), Role::Guardian).map(Some),
        Command::Grant(who, false) => state.decide_revoke_role(admin(), principal(who), Role::Guardian).map(Some),
    }
}

/// The same limits for SOL and for the token.
fn with_tokens(max: u64, daily: u64) -> Vec<Rule> {
    let mut rules = rules(max, daily);
    rules.push(Rule::PerTransaction { asset: TOKEN, max: Amount::new(max) });
    rules.push(Rule::SpendingLimit { asset: TOKEN, window: Window::Rolling24h, max: Amount::new(daily) });
    rules
}

/// The largest rolling limit any policy had so far bounds what may ever be counted.
fn daily_limit(state: &TestState) -> u64 {
    let rules = state.policy(WALLET).map(|policy| policy.rules).unwrap_or_default();
    let limits = rules.iter().filter_map(|rule| match rule {
        Rule::SpendingLimit { asset: Asset::Sol, max, .. } => Some(max.get()),
        _ => None,
    });
    limits.max().unwrap_or_default()
}

/// What a transfer that is under way holds of an asset: of a token the fee is held in SOL.
fn held_of(transfer: &Transfer, asset: Asset) -> u64 {
    match (transfer.request.asset == asset, asset) {
        (true, _) => transfer.reserved.get(),
        (false, Asset::Sol) => transfer.request.max_fee.get(),
        (false, _) => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_breaks_the_laws(commands in prop::collection::vec((command(), 0..90u64), 1..80)) {
        let mut state = installed();
        let (decided, _) = state.decide_set_policy(admin(), WALLET, with_tokens(PER_TRANSACTION, DAILY), at(0)).unwrap();
        state.commit(decided, at(0));
        let mut now = 0u64;
        let mut highest_limit = daily_limit(&state);
        let mut ended: Vec<(TransferId, Status)> = Vec::new();
        for (command, minutes) in &commands {
            now += minutes * MINUTE_NS;
            let before = state.digest();
            let (log, mode) = (state.log_len(), state.mode());
            let batch = match command {
                Command::Batch { payments, tokens, key } => Some(request(payments, *tokens, *key)),
                _ => None,
            };
            let answer = batch.as_ref().and_then(|request| state.decide_batch(agent(), request, at(now)).ok());
            match decide(&state, command, at(now)) {
                Ok(Some(decided)) => {
                    prop_assert_eq!(state.digest(), before, "deciding changes nothing");
                    let events = decided.events.len() as u64;
                    state.commit(decided, at(now));
                    prop_assert_eq!(state.log_len(), log + events, "every event is logged");
                    prop_assert!(events > 0 || state.digest() == before, "every change is logged");
                }
                Ok(None) | Err(_) => prop_assert_eq!(state.digest(), before, "a refusal changes nothing"),
            }
            if let (Some(request), Some((_, outcome))) = (&batch, &answer) {
                divided(&state, request, outcome)?;
                let again = state.decide_batch(agent(), request, at(now)).unwrap();
                prop_assert!(outcome.transfers.is_empty() || (again.0.is_none() && again.1.transfers == outcome.transfers), "paid once");
            }
            if mode.is_emergency() && matches!(command, Command::Transfer { .. } | Command::Batch { .. }) {
                prop_assert!(state.transfers(WALLET, None, 1).first().is_none_or(|newest| newest.created_at < at(now) || *minutes == 0));
            }
            highest_limit = highest_limit.max(daily_limit(&state));
            let transfers = state.transfers(WALLET, None, usize::MAX);
            for asset in [Asset::Sol, TOKEN] {
                let usage = state.usage(WALLET, asset, at(now));
                prop_assert!(usage.posted.get() + usage.reserved.get() <= highest_limit, "posted and reserved exceed every limit there was");
                let held: u64 = transfers.iter().filter(|transfer| !transfer.status.is_terminal()).map(|transfer| held_of(transfer, asset)).sum();
                prop_assert_eq!(held, usage.reserved.get(), "exactly the open transfers are reserved");
            }
            for (id, status) in &ended {
                prop_assert_eq!(state.transfer(*id).unwrap().status, *status, "an end is an end");
            }
            ended = transfers.iter().filter(|transfer| transfer.status.is_terminal()).map(|transfer| (transfer.id, transfer.status)).collect();
        }
        let blocks: Vec<Vec<u8>> = (0..state.log_len()).map(|index| state.block_bytes(BlockIndex::new(index)).unwrap()).collect();
        let replayed = State::replay(VectorMemory::default(), &blocks, state.tip().unwrap().1).unwrap();
        prop_assert_eq!(replayed.digest(), state.digest(), "the log says everything");
        lists_hold_what_they_say(&state)?;
        lists_hold_what_they_say(&replayed)?;
        prop_assert!(state.verify_log(BlockIndex::new(0), u64::MAX).valid);
    }

    #[test]
    fn every_flipped_byte_of_the_log_is_noticed(which in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut state = installed();
        let id = accepted(&mut state, sol(1, "1"), at(1));
        submit(&mut state, id, at(2));
        let mut blocks: Vec<Vec<u8>> = (0..state.log_len()).map(|index| state.block_bytes(BlockIndex::new(index)).unwrap()).collect();
        let total: usize = blocks.iter().map(Vec::len).sum();
        let mut position = which.index(total);
        let block = blocks.iter().position(|block| {
            let here = position < block.len();
            if !here { position -= block.len(); }
            here
        }).unwrap();
        blocks[block][position] ^= 1 << bit;
        let tip = state.tip().unwrap().1;
        prop_assert!(State::replay(VectorMemory::default(), &blocks, tip).is_err(), "block {block}, byte {position}, bit {bit}");
    }
}

/// A blob and a text with the same content have the same ICRC-3 hash, so the chain of hashes alone would not notice the change.
#[test]
fn a_blob_is_not_taken_for_a_text() {
    let state = installed();
    let mut blocks: Vec<Vec<u8>> = (0..state.log_len()).map(|index| state.block_bytes(BlockIndex::new(index)).unwrap()).collect();
    let admin = [&[0x40 | admin().as_slice().len() as u8], admin().as_slice()].concat();
    let position =
        blocks[0].windows(admin.len()).position(|window| window == admin).expect("the admin is a blob of the first block");
    blocks[0][position] ^= 0x20;
    let tip = state.tip().unwrap().1;
    assert!(matches!(
        State::replay(VectorMemory::default(), &blocks, tip),
        Err(crate::state::ReplayError::Unreadable { index: 0, .. })
    ));
}

#[test]
fn blocks_are_what_icrc3_expects() {
    let state = installed();
    let first = state.block(BlockIndex::new(0)).unwrap();
    assert_eq!(first.get("phash"), None);
    assert_eq!(first.get("actor").and_then(|actor| actor.as_blob()), Some(stranger().as_slice()), "who installed it");
    assert_eq!(first.get("btype").and_then(|btype| btype.as_text()), Some("purser.initialised"));
    let second = state.block(BlockIndex::new(1)).unwrap();
    assert_eq!(second.get("phash").and_then(|hash| hash.as_blob()), Some(&first.hash().0[..]));
    for index in 0..state.log_len() {
        let block = Block::from_value(decode_value(&state.block_bytes(BlockIndex::new(index)).unwrap()).unwrap()).unwrap();
        let btype = block.to_value().get("btype").and_then(|btype| btype.as_text().map(str::to_owned)).unwrap();
        assert!(Block::types().contains(&btype), "{btype} is not announced");
    }
}
