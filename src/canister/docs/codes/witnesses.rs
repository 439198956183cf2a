//! The tests that produce each code.

use super::super::read;
use purser_core::policy::ReasonCode;
use std::collections::BTreeSet;

/// A code, the file of a test that produces it, and the name of the test.
const WITNESSES: &[(ReasonCode, &str, &str)] = {
    use ReasonCode::*;
    &[
        (PolicyDenied, "src/core/policy/tests/amounts.rs", "what_no_rule_speaks_for_is_denied"),
        (SpendingLimitExceeded, "tests/it/tests/it/policy/policies.rs", "denials_explain_themselves"),
        (AddressNotAllowed, "tests/it/tests/it/policy/policies.rs", "denials_explain_themselves"),
        (EmergencyMode, "tests/it/tests/it/policy/policies.rs", "an_emergency_stops_money_and_nothing_else"),
        (RateLimitExceeded, "src/core/state/tests/sessions.rs", "agents_share_no_breaker_and_no_quota"),
        (OutsideTimeWindow, "src/core/policy/tests/hours.rs", "the_first_minute_is_inside_and_the_last_is_not"),
        (
            CircuitBreakerOpen,
            "src/core/state/tests/guards.rs",
            "five_denials_open_the_agents_breaker_and_what_comes_then_has_no_entry",
        ),
        (ChainError, "src/core/state/tests/guards.rs", "an_open_chain_breaker_stops_what_is_new_and_nothing_else"),
        (
            WalletDraining,
            "src/core/state/tests/queue/endings.rs",
            "a_deactivated_wallet_calls_off_what_waits_or_is_reserved_there_and_below",
        ),
        (
            InsufficientBalance,
            "src/canister/flows/tests/minimum_balance.rs",
            "the_minimum_of_sol_is_kept_to_the_lamport_after_amount_and_fee",
        ),
        (ApprovalRejected, "src/core/state/tests/approvals.rs", "one_no_is_enough_from_whoever_is_asked_an_admin_or_a_guardian"),
        (ApprovalTimeout, "src/core/state/tests/approvals.rs", "nobody_in_time_means_no_whether_or_not_anybody_looked"),
        (ApprovalOutdated, "src/core/state/tests/approvals.rs", "a_new_policy_ends_what_was_asked_under_the_old_one"),
        (
            ApprovalRequired,
            "src/core/state/tests/queue/approvals.rs",
            "a_policy_that_asks_people_calls_off_what_they_were_not_asked_about",
        ),
        (AgentRemoved, "src/core/state/tests/queue/endings.rs", "nothing_is_built_again_for_an_agent_or_a_session_that_is_gone"),
        (SessionClosed, "src/core/state/tests/sessions.rs", "closing_a_session_calls_off_its_own_transfers_and_no_others"),
        (CancelledByAgent, "src/core/state/tests/transfers.rs", "each_ending_settles_the_reservation_exactly"),
        (
            CancelledByOperator,
            "src/canister/flows/tests/kaspa.rs",
            "an_emergency_or_a_cancellation_between_signatures_stops_the_transfer",
        ),
        (
            Revoked,
            "src/canister/flows/tests/revocations.rs",
            "a_revocation_uses_a_blockhash_and_the_revoked_transaction_is_not_sent_again",
        ),
        (
            SimulationOnly,
            "tests/it/tests/it/solana/providers.rs",
            "what_is_only_tried_out_signs_and_sends_nothing_and_counts_nothing",
        ),
        (AlreadyExists, "src/core/state/tests/solana/nonces.rs", "a_nonce_account_that_failed_is_tried_again"),
        (
            SimulationFailed,
            "src/canister/flows/tests/waiting.rs",
            "a_failed_simulation_is_final_when_another_provider_says_the_same",
        ),
        (
            TransactionFailed,
            "src/canister/flows/tests/failures.rs",
            "a_failure_releases_the_money_when_the_blockhash_is_dead_and_costs_the_fee_only",
        ),
        (
            TransactionInvalid,
            "src/canister/flows/tests/kaspa/refusals.rs",
            "without_other_coins_the_transfer_fails_and_releases_the_money",
        ),
        (TransactionExpired, "src/canister/flows/tests/solana/expiry.rs", "a_proven_death_leads_to_exactly_one_new_attempt"),
        (Unbuildable, "src/canister/flows/tests/kaspa/ends.rs", "a_consolidation_of_a_single_coin_fails"),
        (AmountNotPayable, "src/canister/flows/tests/batches.rs", "every_recipient_is_checked"),
        (FeeCapExceeded, "src/canister/flows/tests/kaspa/ends.rs", "a_fee_above_the_cap_of_the_request_fails_the_transfer"),
        (RecipientNotPayable, "src/canister/flows/tests/solana/conditions.rs", "an_account_that_is_no_wallet_is_not_paid"),
        (
            TokenNotPayable,
            "src/canister/flows/tests/tokens.rs",
            "a_payment_that_would_fail_or_surprise_is_refused_before_anything_is_signed",
        ),
        (AttemptsExhausted, "src/canister/flows/tests/solana/conditions.rs", "attempts_are_bounded"),
        (NotBuiltInTime, "src/canister/flows/tests/solana/conditions.rs", "a_transfer_that_is_not_built_within_a_day_fails"),
        (
            SignatureTimeout,
            "src/canister/flows/tests/client_side.rs",
            "a_transfer_that_its_owner_does_not_sign_within_ten_minutes_ends",
        ),
        (
            NothingToRevoke,
            "src/canister/flows/tests/revocations.rs",
            "a_transfer_that_ends_before_its_revocation_is_signed_costs_no_fee",
        ),
        (NotLanded, "src/core/state/tests/transfers.rs", "a_quarantine_that_did_not_land_counts_in_full_while_its_bytes_may"),
        (
            QuarantinedByAdmin,
            "src/core/state/tests/solana/revocations.rs",
            "what_is_signed_or_quarantined_on_a_nonce_is_revoked_and_followed_again",
        ),
        (RepeatedTraps, "tests/it/tests/it/operations/faults.rs", "what_traps_again_and_again_is_left_to_an_admin"),
        (
            OutcomeUnknown,
            "src/canister/flows/tests/solana/expiry.rs",
            "a_transaction_that_was_never_looked_up_in_time_goes_into_quarantine",
        ),
        (
            RefusedByNodes,
            "src/canister/flows/tests/kaspa/refusals.rs",
            "a_refusal_by_policy_is_offered_again_and_then_goes_into_quarantine",
        ),
        (
            RevocationFailed,
            "src/canister/flows/tests/revocations.rs",
            "a_transfer_out_of_quarantine_expires_or_goes_back_but_is_never_sent",
        ),
        (SignerError, "src/canister/flows/tests/client_side.rs", "no_threshold_key_is_ever_asked_to_sign_for_an_owner"),
        (StoreError, "src/canister/flows/tests/batches.rs", "a_message_whose_memos_are_not_with_their_payments_is_not_signed"),
    ]
};

/// Returns the text of a test: from its name to the line that closes it.
fn body<'a>(source: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = source.split_once(&format!("#[test]\nfn {name}() {{\n"))?;
    rest.split_once("\n}\n").map(|(body, _)| body)
}

/// Every code has a test that looks for it at the end of a transfer or in a finding, and not only hands it in.
#[test]
fn every_code_is_produced_by_a_test() {
    let named: BTreeSet<ReasonCode> = WITNESSES.iter().map(|(code, ..)| *code).collect();
    let missing: Vec<&ReasonCode> = ReasonCode::ALL.iter().filter(|code| !named.contains(code)).collect();
    assert!(missing.is_empty(), "name a test that produces these: {missing:?}");
    for (code, file, name) in WITNESSES {
        let source = read(file);
        let body = body(&source, name).unwrap_or_else(|| panic!("{file} has no test {name}"));
        let expects = |line: &str| {
            !line.contains("decide_") && (line.contains(&format!("ReasonCode::{code:?}")) || line.contains(code.as_str()))
        };
        assert!(body.lines().any(expects), "{file}: {name} does not expect {code}");
    }
}
