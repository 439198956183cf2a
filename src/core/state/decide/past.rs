//! What was spent before a limit was set, so that it counts against it.
//!
//! What a scope spends of an asset is counted whether there is a limit or not, and so limits over time, in base units or in value, count
//! what was spent before. What one recipient receives is counted only where the recipient has a limit of its own: a counter for every
//! recipient that was ever paid would have no bound. It is found in the transfers instead when such a limit is set: those that have not
//! ended, and the newest [`MAX_SCANNED_TRANSFERS`] of all. Had more of them landed within the 24 hours, then what was spent beyond those counts
//! as if the recipient had received all of it.

use crate::base::{Amount, Asset, Bytes, DAY_NS, Destination, MINUTE_NS, Timestamp, TransferId};
use crate::event::{PastSpending, Posted, Received, ReservedSince};
use crate::policy::{CounterKey, Policy, Reservation, Reservations, ReservedPart, Rule, Scope, Spent, Window};
use crate::state::State;
use crate::state::facts::{Counters, own_limits, reservation};
use crate::transfer::{Status, Transfer};
use ic_stable_structures::Memory;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The most transfers that are looked at beside those under way.
const MAX_SCANNED_TRANSFERS: usize = 1_000;
/// What is noted in one: how exactly a window of 24 hours is counted.
const STEP_NS: u64 = 30 * MINUTE_NS;

/// What counts against new limits of what was spent before.
#[derive(Debug, Default)]
pub(super) struct SpendingHistory {
    received: BTreeMap<Bytes, Vec<Posted>>,
    held: BTreeMap<TransferId, Reservations>,
    counters: Rc<Counters>,
}

impl SpendingHistory {
    /// As the event has it; `None` when nothing of the past counts.
    pub fn into_event(self) -> Option<Box<PastSpending>> {
        let Self { received, held, counters: _ } = self;
        if received.is_empty() && held.is_empty() {
            return None;
        }
        let received = received.into_iter().map(|(key, posted)| Received { key, posted }).collect();
        let held = held.into_iter().map(|(transfer, holds)| ReservedSince { transfer, holds }).collect();
        Some(Box::new(PastSpending { received, held }))
    }

    /// A transfer with all that it will hold.
    pub fn with_added_reservations(&self, mut transfer: Transfer) -> Transfer {
        let more = self.held.get(&transfer.id).into_iter().flat_map(|holds| &holds.0);
        transfer.holds.0.extend(more.cloned());
        transfer
    }

    /// The counters as they will be.
    pub fn counters(&self) -> Rc<Counters> {
        Rc::clone(&self.counters)
    }
}

/// A recipient that newly has a limit of its own.
struct NewRecipientLimit<'a> {
    asset: Asset,
    to: &'a Destination,
    /// Its counter.
    key: Bytes,
    /// The counter of all that the scope spends of the asset, which tells whether a transfer counts in the scope.
    units: Bytes,
}

/// A transfer, and what each of its recipients receives.
struct TransferPayments {
    transfer: Transfer,
    paid: BTreeMap<Destination, Amount>,
}

impl TransferPayments {
    fn new(transfer: Transfer) -> Self {
        let mut paid = BTreeMap::<Destination, Amount>::new();
        for (to, amount) in transfer.request.payments() {
            let sum = paid.entry(to.clone()).or_default();
            *sum = sum.checked_add(amount).unwrap_or(Amount::MAX);
        }
        Self { transfer, paid }
    }

    /// What it holds, or held until it ended, against a counter.
    fn hold(&self, key: &Bytes) -> Option<&Reservation> {
        self.transfer.holds.0.iter().find(|hold| hold.key == *key)
    }

    /// Whether it has ended so lately that it counts within the window, with the whole step in which the window begins.
    fn is_recent(&self, now: Timestamp) -> bool {
        let first = now.nanos().saturating_sub(DAY_NS) / STEP_NS;
        self.transfer.status.is_terminal() && self.transfer.updated_at.nanos() / STEP_NS >= first
    }

    /// Whether it has ended and moved its amount. Signed bytes of one that failed may have landed all the same when an admin ended its
    /// quarantine, and then count.
    fn may_have_moved(&self) -> bool {
        let Transfer { status, signed, .. } = &self.transfer;
        *status == Status::Confirmed || (*status == Status::Failed && signed.is_some())
    }
}

impl<M: Memory> State<M> {
    /// What was spent in a scope before a policy that is to replace its present one, as far as that did not count it.
    pub(super) fn spending_before(&self, scope: Scope, policy: &Policy, now: Timestamp) -> SpendingHistory {
        let old = self.tables.policy(&scope);
        let known: BTreeSet<_> = own_limits(old.as_ref()).collect();
        let limited: Vec<NewRecipientLimit<'_>> = own_limits(Some(policy))
            .filter(|limit| !known.contains(limit))
            .map(|(asset, to)| NewRecipientLimit {
                asset,
                to,
                key: Bytes::new(CounterKey::to(scope, asset, to.clone()).key()),
                units: Bytes::new(CounterKey::units(scope, asset).key()),
            })
            .collect();
        let valued: BTreeSet<Asset> =
            value_limited_assets(Some(policy)).difference(&value_limited_assets(old.as_ref())).copied().collect();
        let mut past = SpendingHistory::default();
        if limited.is_empty() && valued.is_empty() {
            return past;
        }
        let (scanned, is_all) = self.newest_within(scope);
        let under_way = self.active_transfers_within(scope).into_iter().map(|transfer| (transfer.id, transfer));
        let transfers: BTreeMap<TransferId, Transfer> = scanned.into_iter().chain(under_way).collect();
        let payments: Vec<TransferPayments> = transfers.into_values().map(TransferPayments::new).collect();
        for payment in payments.iter().filter(|payment| !payment.transfer.status.is_terminal()) {
            let mut holds = self.value_reservations(scope, &payment.transfer, &valued, now);
            holds.extend(limited.iter().filter_map(|limit| limit.reservation_for(payment)));
            if !holds.is_empty() {
                past.held.insert(payment.transfer.id, Reservations(holds));
            }
        }
        let mut rests = BTreeMap::new();
        for limit in &limited {
            let rest = *rests
                .entry(limit.asset)
                .or_insert_with(|| if is_all { Amount::ZERO } else { self.unscanned_amount(limit, &payments, now) });
            let posted = limit.posted(&payments, rest, now);
            // What an earlier limit of the recipient counted has gaps since.
            if !posted.is_empty() || self.tables.spent(&limit.key) != Spent::default() {
                past.received.insert(limit.key.clone(), posted);
            }
        }
        past.counters = Rc::new(self.counters_after(&past));
        past
    }

    /// The newest transfers of a scope's wallets, and whether that is all of them.
    fn newest_within(&self, scope: Scope) -> (Vec<(TransferId, Transfer)>, bool) {
        let (most, mut ids) = (MAX_SCANNED_TRANSFERS, Vec::new());
        for wallet in self.wallets_within(scope) {
            let keys = self.tables.transfers_by_wallet.keys_range((wallet.get(), 0)..=(wallet.get(), u64::MAX)).rev();
            ids.extend(keys.take(most + 1).map(|(_, id)| TransferId::new(id)));
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let is_all = ids.len() <= most;
        let newest = ids.into_iter().take(most).filter_map(|id| Some((id, self.tables.transfer(id)?)));
        (newest.collect(), is_all)
    }

    /// What of an asset was spent within the window, or is held, and is in none of these transfers.
    fn unscanned_amount(&self, limit: &NewRecipientLimit<'_>, payments: &[TransferPayments], now: Timestamp) -> Amount {
        let total = self.tables.spent(&limit.units).used(&Window::Rolling24h, now);
        let counted = payments.iter().filter(|payment| payment.is_recent(now) || !payment.transfer.status.is_terminal());
        let seen = counted.filter_map(|payment| Some((payment, payment.hold(&limit.units)?))).map(|(payment, hold)| {
            let Transfer { request, fee_paid, status, .. } = &payment.transfer;
            if !status.is_terminal() {
                return hold.amount;
            }
            let is_amount = request.asset.canonical_asset() == limit.asset && payment.may_have_moved();
            let amount = if is_amount { request.amount } else { Amount::ZERO };
            let fee = fee_paid.filter(|_| limit.asset.coin() == limit.asset).unwrap_or_default();
            amount.checked_add(fee).unwrap_or(Amount::MAX)
        });
        total.remaining_after(Amount::checked_sum(seen).unwrap_or(Amount::MAX))
    }

    /// What a transfer would hold in value, had there been the present rates when it was asked for.
    fn value_reservations(&self, scope: Scope, transfer: &Transfer, valued: &BTreeSet<Asset>, now: Timestamp) -> Vec<Reservation> {
        let mut holds = Vec::new();
        for asset in valued {
            let (units, key) = (CounterKey::units(scope, *asset).key(), CounterKey::value(scope, *asset));
            let held = &transfer.holds.0;
            let is_valued = held.iter().any(|hold| hold.key[..] == key.key()[..]);
            let unvalued = held.iter().find(|hold| hold.key[..] == units[..]).filter(|_| !is_valued);
            let rate = self.tables.rate(*asset);
            holds.extend(unvalued.and_then(|units| Some(reservation(&key, units.part, rate?.value(units.amount, now)?))));
        }
        holds
    }

    fn counters_after(&self, past: &SpendingHistory) -> Counters {
        let mut counters = Counters::new();
        for (key, posted) in &past.received {
            let posted = posted.iter().map(|posted| (posted.at, posted.amount));
            counters.insert(key.to_vec(), self.tables.spent(key).with_posted(posted));
        }
        for hold in past.held.values().flat_map(|holds| &holds.0) {
            let counter = counters.entry(hold.key.to_vec()).or_insert_with(|| self.tables.spent(&hold.key));
            if let Some(held) = counter.clone().reserve(hold.amount) {
                *counter = held;
            }
        }
        counters
    }
}

impl NewRecipientLimit<'_> {
    /// What the recipient receives of a transfer that counts in the scope.
    fn amount_received(&self, payment: &TransferPayments) -> Option<Amount> {
        let amount = payment.paid.get(self.to)?;
        let counts = payment.transfer.request.asset.canonical_asset() == self.asset && payment.hold(&self.units).is_some();
        counts.then_some(*amount)
    }

    fn reservation_for(&self, payment: &TransferPayments) -> Option<Reservation> {
        let amount = self.amount_received(payment).filter(|_| payment.hold(&self.key).is_none())?;
        Some(Reservation { key: self.key.clone(), part: ReservedPart::Amount, amount })
    }

    /// What the recipient has received within the window, oldest first.
    fn posted(&self, payments: &[TransferPayments], rest: Amount, now: Timestamp) -> Vec<Posted> {
        let mut steps = BTreeMap::<u64, Posted>::new();
        let mut add = |at: Timestamp, amount: Amount| {
            if amount.is_zero() {
                return;
            }
            let step = steps.entry(at.nanos() / STEP_NS).or_insert(Posted { at, amount: Amount::ZERO });
            let sum = step.amount.checked_add(amount).unwrap_or(Amount::MAX);
            *step = Posted { at: step.at.max(at), amount: sum };
        };
        for payment in payments.iter().filter(|payment| payment.is_recent(now) && payment.may_have_moved()) {
            add(payment.transfer.updated_at, self.amount_received(payment).unwrap_or_default());
        }
        add(now, rest);
        steps.into_values().collect()
    }
}

/// Every asset that a policy bounds in value.
fn value_limited_assets(policy: Option<&Policy>) -> BTreeSet<Asset> {
    let rules = policy.into_iter().flat_map(|policy| &policy.rules);
    rules.flat_map(|rule| if let Rule::ValueLimit { assets, .. } = rule { assets.clone() } else { BTreeSet::new() }).collect()
}
