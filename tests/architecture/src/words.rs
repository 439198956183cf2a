//! Retired identifiers: names that were replaced by the terms of the field, and must not come back.

use crate::declarations::{Definition, Kind};
use crate::survey::{SourceFile, Survey};

/// Where a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// As the name of any item or field.
    Anywhere,
    /// As the name of a module only; it is an ordinary word elsewhere.
    AsModule,
    /// As the name of an item of one crate, by its short name; elsewhere it is a term of its own.
    InCrate(&'static str),
    /// As the name of a function of one room, by crate and room.
    AsFunctionIn(&'static str, &'static str),
}

/// A retired name, and the name that took its place.
type Retired = (&'static str, &'static str, Refused);

use Refused::{Anywhere, AsFunctionIn, AsModule, InCrate};

const RETIRED: &[Retired] = &[
    ("Halt", "FlowError", Anywhere),
    ("Hopeless", "FlowError::Unbuildable", Anywhere),
    ("Trouble", "FlowError::Transient", Anywhere),
    ("Rests", "FlowError::RateLimited", Anywhere),
    ("NotNow", "FlowError::Deferred", Anywhere),
    ("Stuck", "FlowError::NeedsOperator", Anywhere),
    ("Held", "FlowError::Blocked", Anywhere),
    ("Run", "TransferContext", Anywhere),
    ("Until", "StopAfter", Anywhere),
    ("turn", "provider_offset", Anywhere),
    ("is_called_off", "cancel", Anywhere),
    ("decide_called_off", "cancel", Anywhere),
    ("is_only_tried_out", "is_simulated", Anywhere),
    ("TriedOut", "PreflightResult", Anywhere),
    ("Lately", "TtlCache", Anywhere),
    ("Known", "Lookup", Anywhere),
    ("Mark", "TransferStep", Anywhere),
    ("Order", "Dispatch", Anywhere),
    ("origin", "rollback_guard", AsModule),
    ("tidy", "decide_auto_consolidation", Anywhere),
    ("lane", "build_slot", Anywhere),
    ("lanes", "build_slots", Anywhere),
    ("Asking", "Replication", Anywhere),
    ("is_rest", "is_rate_limited", Anywhere),
    ("Strip", "ChunkedLog", Anywhere),
    ("Closing", "ProposalOutcome", Anywhere),
    ("Cascaded", "EndedByParent", Anywhere),
    ("has_power_or_patience", "reject_locked_out", Anywhere),
    ("unplannable", "explain_selection_failure", Anywhere),
    ("Sight", "ChainView", Anywhere),
    ("reckon", "quote_from_utxos", Anywhere),
    ("recall", "quote_from_cache", Anywhere),
    ("involved", "require_wallet_operator", Anywhere),
    ("about", "with_field", Anywhere),
    ("Sealed", "CertifiedResponse", Anywhere),
    ("Measure", "CounterKind", Anywhere),
    ("Look", "EvaluationContext", Anywhere),
    ("again", "is_recheck", Anywhere),
    ("Bound", "ApplicablePolicies", Anywhere),
    ("Layer", "ScopedPolicy", Anywhere),
    ("Judge", "RuleEvaluator", Anywhere),
    ("Judged", "Assessment", Anywhere),
    ("Judging", "BatchContext", Anywhere),
    ("Holds", "Reservations", Anywhere),
    ("Basis", "ReservedPart", Anywhere),
    ("Facts", "PolicyData", Anywhere),
    ("Circumstances", "RequestContext", Anywhere),
    ("Surroundings", "LintContext", Anywhere),
    ("Seen", "StateFacts, PastFacts, AccountView or Tally", Anywhere),
    ("Act", "Operation", Anywhere),
    ("Paid", "PaymentKind", Anywhere),
    ("Anchor", "RecentHash", Anywhere),
    ("KaspaTerms", "kaspa::TransferParams", Anywhere),
    ("SolanaTerms", "solana::TransferParams", Anywhere),
    ("Panel", "QuorumClient", Anywhere),
    ("Heard", "Responses", Anywhere),
    ("Gathering", "Consolidation", Anywhere),
    ("gather", "select_for_consolidation", Anywhere),
    ("pursue", "rebroadcast_or_expire", Anywhere),
    ("bury", "record_expired", Anywhere),
    ("competitors", "concurrent_transfers", Anywhere),
    ("ample", "max_required_balance", Anywhere),
    // A ledger is a term elsewhere: that of a token, that of the log.
    ("Ledger", "MultisetHash", InCrate("core")),
    // To watch is a word of other rooms too; of the store it meant a change that is not logged.
    ("watch", "mutate_unlogged", AsFunctionIn("canister", "store")),
    ("carry_out", "commit_decision", Anywhere),
    ("stamped", "with_usable_from", Anywhere),
    ("departure", "on_approver_removed", Anywhere),
    ("adoption", "change_parent", Anywhere),
    ("handover", "change_owner", Anywhere),
    ("successor", "next_primary", Anywhere),
    ("Counting", "LimitKind", Anywhere),
    ("counted_as", "canonical_asset", Anywhere),
    ("Suppressed", "DenialAggregator", Anywhere),
    ("not_before_the_log", "monotonic_now", Anywhere),
    ("holds", "reservations", Anywhere),
    ("anchor_slot", "recent_hash_slot", Anywhere),
    ("uses_up", "advances", Anywhere),
    ("StillLive", "NonceUnchanged", Anywhere),
    ("PastSpending", "PriorSpending", Anywhere),
];

/// The messages about definitions with a retired name, in tests too.
pub fn offenders(survey: &Survey) -> Vec<String> {
    let mut messages = Vec::new();
    for file in &survey.files {
        for definition in &file.declarations.definitions {
            if let Some((word, becomes, _)) = RETIRED.iter().find(|retired| is_refused(file, definition, retired)) {
                messages.push(format!("{}:{}: `{word}` is retired; the term is `{becomes}`", file.path, definition.line));
            }
        }
    }
    messages
}

fn is_refused(file: &SourceFile, definition: &Definition, retired: &Retired) -> bool {
    let (word, _, refused) = retired;
    let krate = file.krate.map(|krate| krate.name);
    let applies = match refused {
        Anywhere => true,
        AsModule => definition.kind == Kind::Module,
        InCrate(name) => krate == Some(name),
        AsFunctionIn(name, room) => definition.kind == Kind::Function && krate == Some(name) && file.room == *room,
    };
    applies && definition.name == *word
}
