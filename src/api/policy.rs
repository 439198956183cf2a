//! Rules and the explanation of a decision.

use super::wallet::{Asset, Chain};
use super::{Error, address};
use candid::CandidType;
use purser_core::chains::kaspa;
use purser_core::policy as domain;
use purser_core::primitives::Amount;
use serde::{Deserialize, Serialize};

/// One demand of a policy.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Rule {
    /// What one transfer may send, fees not counted.
    PerTransaction {
        /// Of what.
        asset: Asset,
        /// Inclusive, in base units.
        max: u64,
    },
    /// What 24 hours may spend, fees included.
    Rolling24h {
        /// Of what.
        asset: Asset,
        /// Inclusive, in base units.
        max: u64,
    },
    /// The only recipients on a chain.
    Allowlist {
        /// Which chain.
        chain: Chain,
        /// As text.
        addresses: Vec<String>,
    },
    /// Every recipient on a chain.
    AnyAddress {
        /// Which chain.
        chain: Chain,
    },
}

/// All rules of a wallet at one version.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Policy {
    /// Counts up from 1.
    pub version: u64,
    /// In evaluation order; the order never changes a decision.
    pub rules: Vec<Rule>,
}

/// The kind of a rule that speaks in a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum RuleKind {
    /// Whether the canister is in emergency mode.
    Mode,
    /// Whether the wallet has any policy.
    Policy,
    /// [`Rule::PerTransaction`].
    PerTransaction,
    /// [`Rule::Rolling24h`].
    Rolling24h,
    /// [`Rule::Allowlist`] or [`Rule::AnyAddress`].
    Allowlist,
}

/// Why a rule is not content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum ReasonCode {
    /// No rule speaks for the asset or chain.
    PolicyDenied,
    /// A limit would be exceeded.
    SpendingLimitExceeded,
    /// The recipient is not on the allowlist.
    AddressNotAllowed,
    /// The canister is in emergency mode.
    EmergencyMode,
}

/// What one rule found; amounts in base units.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Finding {
    /// The kind of rule.
    pub rule: RuleKind,
    /// Its position in the policy; absent for what holds before any rule.
    pub rule_index: Option<u32>,
    /// Whether it is content.
    pub passed: bool,
    /// Why not.
    pub code: Option<ReasonCode>,
    /// The limit.
    pub limit: Option<u64>,
    /// What counted against it before this request.
    pub used: Option<u64>,
    /// What was left of it before this request.
    pub remaining: Option<u64>,
    /// The largest amount that this rule would let pass now, with the same fee cap.
    pub suggested_max: Option<u64>,
    /// After this time the same request passes this rule if nothing else happens.
    pub retry_after_ns: Option<u64>,
    /// For people.
    pub message: String,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Decision {
    /// Every rule is content.
    Allow,
    /// At least one is not.
    Deny,
}

/// The decision with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Evaluation {
    /// The strictest of all findings.
    pub decision: Decision,
    /// 0 when the wallet has no policy.
    pub policy_version: u64,
    /// What every rule found.
    pub findings: Vec<Finding>,
}

/// Reads the rules of a policy. Sizes are checked before the first address is decoded; whether the rules work together is the
/// domain's to say.
///
/// # Errors
/// The first field that cannot be read.
pub fn parse_rules(rules: Vec<Rule>, network: kaspa::Network) -> Result<Vec<domain::Rule>, Error> {
    if rules.len() > domain::MAX_RULES {
        return Err(Error::invalid("rules", format!("{} rules; at most {}", rules.len(), domain::MAX_RULES)));
    }
    for (index, rule) in rules.iter().enumerate() {
        if let Rule::Allowlist { addresses, .. } = rule
            && addresses.len() > domain::MAX_ALLOWLIST_ENTRIES
        {
            let problem = format!("{} addresses; at most {}", addresses.len(), domain::MAX_ALLOWLIST_ENTRIES);
            return Err(Error::invalid(format!("rules[{index}].addresses"), problem));
        }
    }
    rules.into_iter().enumerate().map(|(index, rule)| parse_rule(index, rule, network)).collect()
}

fn parse_rule(index: usize, rule: Rule, network: kaspa::Network) -> Result<domain::Rule, Error> {
    Ok(match rule {
        Rule::PerTransaction { asset, max } => domain::Rule::PerTransaction { asset: asset.into(), max: Amount::new(max) },
        Rule::Rolling24h { asset, max } => domain::Rule::Rolling24h { asset: asset.into(), max: Amount::new(max) },
        Rule::AnyAddress { chain } => domain::Rule::AnyAddress { chain: chain.into() },
        Rule::Allowlist { chain, addresses } => {
            let chain = chain.into();
            let entry = |(position, text): (usize, &String)| {
                let field = || format!("rules[{index}].addresses[{position}]");
                address::parse(text, chain, network).map_err(|problem| Error::invalid(field(), problem))
            };
            let entries = addresses.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
            domain::Rule::Allowlist { chain, entries }
        }
    })
}

impl Policy {
    /// A policy as the interface shows it.
    pub fn new(policy: domain::Policy, network: kaspa::Network) -> Self {
        Self { version: policy.version, rules: policy.rules.into_iter().map(|rule| Rule::new(rule, network)).collect() }
    }
}

impl Rule {
    fn new(rule: domain::Rule, network: kaspa::Network) -> Self {
        match rule {
            domain::Rule::PerTransaction { asset, max } => Self::PerTransaction { asset: asset.into(), max: max.get() },
            domain::Rule::Rolling24h { asset, max } => Self::Rolling24h { asset: asset.into(), max: max.get() },
            domain::Rule::AnyAddress { chain } => Self::AnyAddress { chain: chain.into() },
            domain::Rule::Allowlist { chain, entries } => Self::Allowlist {
                chain: chain.into(),
                addresses: entries.iter().map(|entry| address::text(entry, network)).collect(),
            },
        }
    }
}

impl From<domain::RuleKind> for RuleKind {
    fn from(kind: domain::RuleKind) -> Self {
        match kind {
            domain::RuleKind::Mode => Self::Mode,
            domain::RuleKind::Policy => Self::Policy,
            domain::RuleKind::PerTransaction => Self::PerTransaction,
            domain::RuleKind::Rolling24h => Self::Rolling24h,
            domain::RuleKind::Allowlist => Self::Allowlist,
        }
    }
}

impl From<domain::ReasonCode> for ReasonCode {
    fn from(code: domain::ReasonCode) -> Self {
        match code {
            domain::ReasonCode::PolicyDenied => Self::PolicyDenied,
            domain::ReasonCode::SpendingLimitExceeded => Self::SpendingLimitExceeded,
            domain::ReasonCode::AddressNotAllowed => Self::AddressNotAllowed,
            domain::ReasonCode::EmergencyMode => Self::EmergencyMode,
        }
    }
}

impl From<domain::Finding> for Finding {
    fn from(finding: domain::Finding) -> Self {
        Self {
            rule: finding.rule.into(),
            rule_index: finding.rule_index,
            passed: finding.passed,
            code: finding.code.map(Into::into),
            limit: finding.limit.map(Amount::get),
            used: finding.used.map(Amount::get),
            remaining: finding.remaining.map(Amount::get),
            suggested_max: finding.suggested_max.map(Amount::get),
            retry_after_ns: finding.retry_after_ns,
            message: finding.message,
        }
    }
}

impl From<domain::Evaluation> for Evaluation {
    fn from(evaluation: domain::Evaluation) -> Self {
        Self {
            decision: match evaluation.decision {
                domain::Decision::Allow => Decision::Allow,
                domain::Decision::Deny => Decision::Deny,
            },
            policy_version: evaluation.policy_version,
            findings: evaluation.findings.into_iter().map(Into::into).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaspa::Network::Simnet;

    const KAS_ADDRESS: &str = "kaspasim:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uj52ehfcn";
    const SOL_ADDRESS: &str = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin";

    fn allowlist(chain: Chain, addresses: &[&str]) -> Rule {
        Rule::Allowlist { chain, addresses: addresses.iter().map(|&text| text.to_owned()).collect() }
    }

    #[test]
    fn rules_come_back_as_they_were_set() {
        let rules = vec![
            Rule::PerTransaction { asset: Asset::Kas, max: 1 },
            Rule::Rolling24h { asset: Asset::Sol, max: u64::MAX },
            allowlist(Chain::Kaspa, &[KAS_ADDRESS]),
            allowlist(Chain::Solana, &[SOL_ADDRESS]),
            Rule::AnyAddress { chain: Chain::Kaspa },
        ];
        let parsed = parse_rules(rules.clone(), Simnet).expect("readable");
        assert_eq!(Policy::new(domain::Policy { version: 4, rules: parsed }, Simnet), Policy { version: 4, rules });
    }

    #[test]
    fn the_same_recipient_twice_is_one_entry() {
        let parsed = parse_rules(vec![allowlist(Chain::Solana, &[SOL_ADDRESS, SOL_ADDRESS])], Simnet).expect("readable");
        assert!(matches!(&parsed[..], [domain::Rule::Allowlist { entries, .. }] if entries.len() == 1), "{parsed:?}");
    }

    #[test]
    fn a_bad_address_is_named_by_its_position() {
        let rules = vec![Rule::AnyAddress { chain: Chain::Solana }, allowlist(Chain::Kaspa, &[KAS_ADDRESS, SOL_ADDRESS])];
        let error = parse_rules(rules, Simnet).expect_err("a Solana address on a Kaspa list");
        assert!(error.message.starts_with("rules[1].addresses[1]: `9xQe"), "{}", error.message);
        assert_eq!(error.code, "VALIDATION_FAILED");
    }

    #[test]
    fn sizes_are_checked_before_any_address() {
        let nonsense = vec!["?"; domain::MAX_ALLOWLIST_ENTRIES + 1];
        let rules = vec![allowlist(Chain::Kaspa, &["?"]), allowlist(Chain::Kaspa, &nonsense)];
        let error = parse_rules(rules, Simnet).expect_err("too many addresses");
        assert_eq!(error.message, "rules[1].addresses: 257 addresses; at most 256");
        let rules = vec![allowlist(Chain::Kaspa, &["?"]); domain::MAX_RULES + 1];
        assert_eq!(parse_rules(rules, Simnet).expect_err("too many rules").message, "rules: 33 rules; at most 32");
    }

    #[test]
    fn a_finding_keeps_each_figure_in_its_place() {
        let finding = domain::Finding {
            rule: domain::RuleKind::Rolling24h,
            rule_index: Some(1),
            passed: false,
            code: Some(domain::ReasonCode::SpendingLimitExceeded),
            limit: Some(Amount::new(2)),
            used: Some(Amount::new(3)),
            remaining: Some(Amount::new(4)),
            suggested_max: Some(Amount::new(5)),
            retry_after_ns: Some(6),
            message: "no".into(),
        };
        let evaluation = domain::Evaluation { decision: domain::Decision::Deny, policy_version: 8, findings: vec![finding] };
        let expected = Finding {
            rule: RuleKind::Rolling24h,
            rule_index: Some(1),
            passed: false,
            code: Some(ReasonCode::SpendingLimitExceeded),
            limit: Some(2),
            used: Some(3),
            remaining: Some(4),
            suggested_max: Some(5),
            retry_after_ns: Some(6),
            message: "no".into(),
        };
        let shown = Evaluation::from(evaluation);
        assert_eq!(shown, Evaluation { decision: Decision::Deny, policy_version: 8, findings: vec![expected] });
    }
}
