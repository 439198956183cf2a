//! Reservations of requests, and the counters that hold them.

use super::State;
use crate::base::{Amount, Asset, Bytes, Destination, Timestamp};
use crate::policy::{CounterKey, Policy, Reservation, Reservations, ReservedPart, Rule, ScopedPolicy, Spend, Spent};
use crate::transfer::TransferRequest;
use ic_stable_structures::Memory;
use std::collections::BTreeMap;

/// The difference between the counters and what an evaluation takes for reserved.
///
/// An evaluation must leave out reservations that end with the same decision, that are the transfer's own, or that wait behind it in the
/// queue; and it must add reservations that begin with the same decision.
#[derive(Clone, Debug, Default)]
pub(super) struct ReservationAdjustment {
    excluded: BTreeMap<Bytes, Amount>,
    added: BTreeMap<Bytes, Amount>,
}

impl ReservationAdjustment {
    /// Makes the adjustment that leave out some reservations.
    pub(super) fn without<'a>(reservations: impl IntoIterator<Item = &'a Reservations>) -> Self {
        let mut adjustment = Self::default();
        reservations.into_iter().for_each(|reservations| adjustment.exclude(reservations));
        adjustment
    }

    /// Leaves reservations out.
    pub(super) fn exclude(&mut self, reservations: &Reservations) {
        Self::sum_up(&mut self.excluded, reservations);
    }

    /// Adds reservations, which count beside those in the counters.
    pub(super) fn count(&mut self, reservations: &Reservations) {
        Self::sum_up(&mut self.added, reservations);
    }

    fn sum_up(sums: &mut BTreeMap<Bytes, Amount>, reservations: &Reservations) {
        for Reservation { key, amount, .. } in &reservations.0 {
            let sum = sums.entry(key.clone()).or_default();
            *sum = sum.checked_add(*amount).unwrap_or(Amount::MAX);
        }
    }

    /// Returns an adjusted counter; `None` when the counter cannot hold the sum, or holds less than is left out.
    pub(super) fn apply(&self, key: &Bytes, spent: Spent) -> Option<Spent> {
        let of = |sums: &BTreeMap<Bytes, Amount>| sums.get(key).copied().unwrap_or_default();
        let (excluded, added) = (of(&self.excluded), of(&self.added));
        // Only the difference is applied: the full exclusion may exceed the counter before the addition.
        if added > excluded { spent.reserve(added.remaining_after(excluded)) } else { spent.void(excluded.remaining_after(added)) }
    }
}

impl<M: Memory> State<M> {
    /// Whether every counter can take these reservations beside the adjusted ones.
    pub(super) fn fits_counters(&self, reservations: &Reservations, adjustment: &ReservationAdjustment) -> bool {
        let fits = |reservation: &Reservation| {
            let spent = adjustment.apply(&reservation.key, self.tables.spent(&reservation.key));
            spent.and_then(|spent| spent.reserve(reservation.amount)).is_some()
        };
        reservations.0.iter().all(fits)
    }

    /// Returns the reservations of a request in the counters of these scopes; `None` when amount and fee cap overflow together.
    ///
    /// In each scope, amount and fee cap are reserved in base units and, where a rate is valid, in value; and the amount of each recipient
    /// with a limit of its own. A counter has room for the reservations of any number of transfers.
    pub(super) fn reservations(
        &self,
        policies: &[ScopedPolicy],
        request: &TransferRequest,
        now: Timestamp,
    ) -> Option<Reservations> {
        let payments = request.payments();
        let spend = spend(request, &payments);
        let (charges, recipients) = (spend.charges()?, spend.recipients());
        let rates: Vec<_> = charges.iter().map(|(asset, _)| self.tables.rate(*asset)).collect();
        let sent = request.asset.canonical_asset();
        let mut reservations = Vec::new();
        for scoped in policies {
            for ((asset, amount), rate) in charges.iter().zip(&rates) {
                let part = match (*asset == sent, charges.len()) {
                    (true, 1) => ReservedPart::AmountAndFee,
                    (true, _) => ReservedPart::Amount,
                    (false, _) => ReservedPart::Fee,
                };
                reservations.push(reservation(&CounterKey::units(scoped.scope, *asset), part, *amount));
                if let Some(value) = rate.and_then(|rate| rate.value(*amount, now)) {
                    reservations.push(reservation(&CounterKey::value(scoped.scope, *asset), part, value));
                }
            }
            for (to, amount) in recipients.iter().filter(|(to, _)| has_recipient_limit(scoped, sent, to)) {
                let key = CounterKey::to(scoped.scope, sent, (*to).clone());
                reservations.push(reservation(&key, ReservedPart::Amount, *amount));
            }
        }
        Some(Reservations(reservations))
    }
}

/// Makes a reservation in a counter.
pub(super) fn reservation(key: &CounterKey, part: ReservedPart, amount: Amount) -> Reservation {
    Reservation { key: Bytes::new(key.key()), part, amount }
}

/// Whether a recipient has a limit over time of its own.
fn has_recipient_limit(scoped: &ScopedPolicy, asset: Asset, to: &Destination) -> bool {
    recipient_limits(scoped.policy.as_ref()).any(|(of, recipient)| of == asset && recipient == to)
}

/// Returns every recipient with a limit over time of its own, with the asset of the limit.
pub(super) fn recipient_limits(policy: Option<&Policy>) -> impl Iterator<Item = (Asset, &Destination)> {
    let rules = policy.into_iter().flat_map(|policy| &policy.rules);
    let entries = rules.flat_map(|rule| if let Rule::Allowlist { entries, .. } = rule { &entries[..] } else { &[] });
    entries.flat_map(|entry| {
        let limits = entry.limits.iter().filter(|limit| limit.rolling_24h.is_some());
        limits.map(move |limit| (limit.asset, &entry.to))
    })
}

/// Returns the spending of a request as the rules see it. `payments` are the request's own.
pub(super) fn spend<'a>(request: &'a TransferRequest, payments: &'a [(&'a Destination, Amount)]) -> Spend<'a> {
    Spend { asset: request.asset.canonical_asset(), payments, amount: request.amount, max_fee: request.max_fee }
}
