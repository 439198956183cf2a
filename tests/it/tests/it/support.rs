//! Helpers that several test modules share.

use purser_it::recipients;
pub use purser_it::recipients::rules;
use purser_it::test_env::{Actor, TestEnv};
use purser_types::{
    Asset, BatchArgs, Decision, Error, Finding, Payment, Scope, Status, Transfer, TransferArgs, TransferOutcome, Usage, Wallet,
};

/// A batch of KAS payments with every default.
pub fn batch_of(wallet: &Wallet, payments: Vec<Payment>, key: &str) -> BatchArgs {
    BatchArgs {
        wallet_id: wallet.id,
        asset: Asset::Kas,
        payments,
        max_fee: None,
        idempotency_key: key.into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    }
}

/// A payment to recipient 1.
pub fn payment(wallet: u64, asset: Asset, amount: u64, key: &str) -> TransferArgs {
    TransferArgs {
        wallet_id: wallet,
        asset,
        to: match asset {
            Asset::Sol | Asset::Spl { .. } => recipients::solana(1),
            Asset::Kas => recipients::kaspa(1),
        },
        amount,
        max_fee: None,
        idempotency_key: key.into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    }
}

/// The only denying finding of a denied request.
pub fn denial(answer: Result<TransferOutcome, Error>) -> Finding {
    let Ok(TransferOutcome::Denied { evaluation }) = answer else { panic!("not denied: {answer:?}") };
    assert_eq!(evaluation.decision, Decision::Deny);
    let mut denying: Vec<Finding> = evaluation.findings.into_iter().filter(|finding| !finding.passed).collect();
    assert_eq!(denying.len(), 1, "{denying:?}");
    denying.remove(0)
}

/// The usage of one asset.
pub fn usage_of(usages: &[Usage], asset: Asset) -> Usage {
    usages.iter().find(|usage| usage.asset == asset).expect("every asset has an entry").clone()
}

/// The coin of each chain.
pub const CHAINS: [Asset; 2] = [Asset::Sol, Asset::Kas];

/// The totals that chain and canister must agree on after every transfer to recipient 1.
pub struct ExpectedTotals {
    wallet: Wallet,
    asset: Asset,
    received: u64,
    spent: u64,
    landed: usize,
}

impl ExpectedTotals {
    /// Records the balances and the number of transactions at the start.
    pub fn new(env: &mut TestEnv, wallet: &Wallet, asset: Asset) -> Self {
        let mut totals = Self { wallet: wallet.clone(), asset, received: 0, spent: 0, landed: 0 };
        totals.received = totals.balance(env);
        totals.landed = totals.landed_now(env).len();
        totals
    }

    fn balance(&self, env: &TestEnv) -> u64 {
        match self.asset {
            Asset::Sol | Asset::Spl { .. } => env.solana.balance(&recipients::solana(1)),
            Asset::Kas => env.kaspa.balance(&recipients::kaspa(1)),
        }
    }

    fn landed_now(&self, env: &TestEnv) -> Vec<String> {
        match self.asset {
            Asset::Sol | Asset::Spl { .. } => env.solana.landed(),
            Asset::Kas => env.kaspa.accepted(),
        }
    }

    /// Checks the totals after `transfer` has ended.
    pub fn check(&mut self, env: &mut TestEnv, transfer: &Transfer, what: &str) {
        let confirmed = transfer.status == Status::Confirmed;
        let fee = transfer.fee_paid.expect("an ended transfer names its fee");
        self.received += if confirmed { transfer.amount } else { 0 };
        self.spent += if confirmed { transfer.amount + fee } else { fee };
        self.landed += usize::from(confirmed);
        assert_eq!(self.balance(env), self.received, "{what}: the recipient has what was sent, once");
        let landed = self.landed_now(env);
        assert_eq!(landed.len(), self.landed, "{what}: one transaction landed, and no other: {landed:?}");
        if confirmed {
            assert_eq!(transfer.txid.as_ref(), landed.last(), "{what}: it is the one that the canister names");
        }
        let usage =
            usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(self.wallet.id)).expect("open").assets, self.asset);
        assert_eq!((usage.posted, usage.reserved), (self.spent, 0), "{what}: what counts is what was spent");
        let report = env.as_actor(Actor::Stranger).verify_integrity(None, None);
        assert!(report.valid, "{what}: {report:?}");
    }
}
