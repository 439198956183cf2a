use super::kaspa::{dag, fee, utxos};
use super::solana::{accounts, blockhash, ok, simulated, taken};
use super::*;
use purser_core::policy::ReasonCode;

const AMOUNT: u64 = 50_000_000;
const KEPT: u64 = 2_000_000;

#[test]
fn the_minimum_of_sol_is_kept_to_the_lamport_after_amount_and_fee() {
    let needed = AMOUNT + 5_000 + KEPT;
    let rent = || all("getMinimumBalanceForRentExemption", |_| ok(650_240));
    let world = World::keeping("ops".into(), KEPT, 0);
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let short = || accounts(needed - 1, Some(AMOUNT));
    assert_eq!(world.drive(id, 0, vec![short(), rent(), short()]), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.code, transfer.attempt), (Status::Failed, Some(ReasonCode::InsufficientBalance), 0));
    let note = "0.052005 SOL (52,005,000 lamports) are required, 0.002 SOL (2,000,000 lamports) of them to be kept as the minimum balance; 0.052004999 SOL (52,004,999 lamports) are available";
    assert_eq!(transfer.note.as_deref(), Some(note));
    assert_eq!(world.usage(Asset::Sol), (0, 0));

    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let script = vec![accounts(needed, Some(AMOUNT)), simulated(), blockhash(1), signing(KeyKind::Solana), taken()];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
}

#[test]
fn a_transfer_waits_for_money_that_others_may_still_spend() {
    let world = World::keeping("ops".into(), KEPT, 0);
    let first = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let rich = accounts(10 * AMOUNT, Some(AMOUNT));
    assert_eq!(world.drive(first, 0, vec![rich, simulated(), blockhash(1), signing(KeyKind::Solana), taken()]), Progress::Waiting);
    let second = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let enough_for_one = accounts(AMOUNT + 5_000 + KEPT, Some(AMOUNT));
    assert_eq!(world.drive(second, 0, vec![enough_for_one]), Progress::Blocked);
    assert_eq!(world.status(second), Status::Reserved);
}

#[test]
fn the_minimum_of_kas_is_checked_before_anything_is_built() {
    const KAS: u64 = 100_000_000;
    for (kept, expected) in [(2 * KAS, Status::Failed), (KAS, Status::Submitted)] {
        let world = World::keeping("ops".into(), 0, kept);
        let id = world.request(Asset::Kas, KAS, KeyKind::KaspaSchnorr);
        let mut script = vec![dag(5_000), fee(100), utxos(KeyKind::KaspaSchnorr, &[(1, 3 * KAS)])];
        if expected == Status::Submitted {
            script.extend([signing(KeyKind::KaspaSchnorr), super::kaspa::taken()]);
        }
        world.drive(id, 0, script);
        let transfer = world.transfer(id);
        assert_eq!(transfer.status, expected, "3 KAS less 1 KAS and the fee leave less than 2 KAS");
        let code = (expected == Status::Failed).then_some(ReasonCode::InsufficientBalance);
        assert_eq!((transfer.code, transfer.built.is_none()), (code, expected == Status::Failed));
    }
}
