//! Effects of events about policies, and of requests on the counters of their scopes.

use crate::base::Timestamp;
use crate::event::{AddedReservations, CounterPostings, PolicySet, PriorSpending, TransferDenied};
use crate::policy::{Policy, Reservation, Scope};
use crate::state::State;
use crate::transfer::TransferRequest;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    pub(super) fn apply_policy_set(&mut self, set: &PolicySet, at: Timestamp) {
        let PolicySet { scope, version, name, rules, prior_spending } = set;
        self.tables.set_policy(scope, Policy { version: *version, name: name.clone(), rules: rules.clone() }, at);
        prior_spending.iter().for_each(|prior| self.apply_prior_spending(prior));
    }

    /// Counts earlier spending against the limits of a new policy.
    fn apply_prior_spending(&mut self, prior: &PriorSpending) {
        for CounterPostings { key, posted } in &prior.postings {
            let counter = self.tables.spent(key).with_posted(posted.iter().map(|posted| (posted.at, posted.amount)));
            self.tables.set_spent(key, &counter);
        }
        for AddedReservations { transfer, reservations } in &prior.reservations {
            let mut transfer = self.existing_transfer(*transfer);
            for reservation in &reservations.0 {
                self.reserve(reservation);
            }
            transfer.reservations.0.extend(reservations.0.iter().cloned());
            self.tables.set_transfer(&transfer);
        }
    }

    /// Adds a reservation to its counter.
    pub(super) fn reserve(&mut self, reservation: &Reservation) {
        let spent = self.tables.spent(&reservation.key).reserve(reservation.amount);
        self.tables.set_spent(&reservation.key, &spent.expect("BUG: more is held than all transfers could"));
    }

    pub(super) fn apply_denied(&mut self, denied: &TransferDenied, at: Timestamp) {
        let TransferDenied { agent, request, evaluation } = denied;
        let counts = evaluation.is_agent_fault();
        self.count_request(*agent, request, false, at, |denials| denials.saturating_add(u32::from(counts)));
    }

    /// Counts a decided request in the activity of every scope: one attempt, and each payment as an execution when it is executed.
    ///
    /// `denials` gives the agent's new number of denials in a row from the old one.
    pub(super) fn count_request(
        &mut self,
        agent: Principal,
        request: &TransferRequest,
        executed: bool,
        at: Timestamp,
        denials: impl Fn(u32) -> u32,
    ) {
        // The parts of a batch were asked for in one request, which its first part stands for.
        let attempts = u16::from(!request.is_later_part());
        let paid = if executed && !request.is_consolidation() { request.payments().len() } else { 0 };
        let executions = u16::try_from(paid).unwrap_or(u16::MAX);
        for scope in self.scopes_with(agent, request, None) {
            let mut activity = self.tables.activity(&scope);
            activity.note_many(attempts, executions, at);
            if matches!(scope, Scope::Agent { .. }) {
                activity.denials = denials(activity.denials);
            }
            self.tables.set_activity(&scope, &activity);
        }
    }
}
