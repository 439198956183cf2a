//! What several tests share.

use purser::api::*;
use purser_it::recipients;
use purser_it::world::{KAS, SOL};

/// 1 SOL and 20 KAS at a time, 3 SOL and 50 KAS a day, to recipient 1.
pub fn rules() -> Vec<Rule> {
    vec![
        Rule::PerTransaction { asset: Asset::Sol, max: SOL },
        Rule::Rolling24h { asset: Asset::Sol, max: 3 * SOL },
        Rule::Allowlist { chain: Chain::Solana, addresses: vec![recipients::solana(1)] },
        Rule::PerTransaction { asset: Asset::Kas, max: 20 * KAS },
        Rule::Rolling24h { asset: Asset::Kas, max: 50 * KAS },
        Rule::Allowlist { chain: Chain::Kaspa, addresses: vec![recipients::kaspa(1)] },
    ]
}

/// A payment to recipient 1.
pub fn payment(wallet: u64, asset: Asset, amount: u64, key: &str) -> TransferArgs {
    TransferArgs {
        wallet_id: wallet,
        asset,
        to: match asset {
            Asset::Sol => recipients::solana(1),
            Asset::Kas => recipients::kaspa(1),
        },
        amount,
        max_fee: None,
        kaspa_key: None,
        idempotency_key: key.into(),
        reason: None,
    }
}

/// The only denying finding of an answer.
pub fn denial(answer: Result<TransferOutcome, Error>) -> Finding {
    let Ok(TransferOutcome::Denied { evaluation }) = answer else { panic!("not denied: {answer:?}") };
    assert_eq!(evaluation.decision, Decision::Deny);
    let mut denying: Vec<Finding> = evaluation.findings.into_iter().filter(|finding| !finding.passed).collect();
    assert_eq!(denying.len(), 1, "{denying:?}");
    denying.remove(0)
}

/// The entry of one asset.
pub fn usage_of(usages: &[Usage], asset: Asset) -> Usage {
    usages.iter().find(|usage| usage.asset == asset).expect("every asset has an entry").clone()
}
