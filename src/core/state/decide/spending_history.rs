//! Spending before a limit was set, which counts against the limit.
//!
//! The spending of a scope is counted by asset whether there is a limit or not, so a new limit over time, in base units or in value, counts
//! earlier spending by itself. The spending to one recipient is counted only while the recipient has a limit of its own: a counter for
//! every recipient that was ever paid would have no bound. When such a limit is set, the spending is read from the transfers instead:
//! those under way, and the newest [`MAX_SCANNED_TRANSFERS`] of all. When more of them landed within the 24 hours, the rest of the scope's spending
//! counts as if the recipient had received all of it.

use crate::base::{Amount, Asset, Bytes, DAY_NS, Destination, MINUTE_NS, Timestamp, TransferId};
use crate::event::{AddedReservations, CounterPostings, Posting, PriorSpending};
use crate::policy::{CounterKey, Policy, Reservation, Reservations, ReservedPart, Rule, Scope, Spent, Window};
use crate::state::State;
use crate::state::evaluation::CounterOverrides;
use crate::state::reservations::{recipient_limits, reservation};
use crate::transfer::{Status, Transfer};
use ic_stable_structures::Memory;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The most transfers that are read beside those under way.
const MAX_SCANNED_TRANSFERS: usize = 1_000;
/// The length of a posting's bucket in nanoseconds: the precision with which a window of 24 hours is counted.
const BUCKET_NS: u64 = 30 * MINUTE_NS;

/// The earlier spending that counts against the limits of a new policy.
#[derive(Debug, Default)]
pub(super) struct SpendingHistory {
    postings: BTreeMap<Bytes, Vec<Posting>>,
    reservations: BTreeMap<TransferId, Reservations>,
    counter_overrides: Rc<CounterOverrides>,
}

impl SpendingHistory {
    /// Returns the payload for the event; `None` when no earlier spending counts.
    pub fn into_payload(self) -> Option<Box<PriorSpending>> {
        let Self { postings, reservations, counter_overrides: _ } = self;
        if postings.is_empty() && reservations.is_empty() {
            return None;
        }
        let postings = postings.into_iter().map(|(key, posted)| CounterPostings { key, posted }).collect();
        let reservations = reservations.into_iter();
        let reservations = reservations.map(|(transfer, reservations)| AddedReservations { transfer, reservations }).collect();
        Some(Box::new(PriorSpending { postings, reservations }))
    }

    /// Returns a transfer with the reservations that the new policy adds to it.
    pub fn with_added_reservations(&self, mut transfer: Transfer) -> Transfer {
        let added = self.reservations.get(&transfer.id).into_iter().flat_map(|reservations| &reservations.0);
        transfer.reservations.0.extend(added.cloned());
        transfer
    }

    /// Returns the counters that the new policy changes, as they will be.
    pub fn counter_overrides(&self) -> Rc<CounterOverrides> {
        Rc::clone(&self.counter_overrides)
    }
}

/// A recipient that the new policy gives a limit of its own.
struct NewRecipientLimit<'a> {
    asset: Asset,
    to: &'a Destination,
    /// The key of the recipient's counter.
    key: Bytes,
    /// The key of the counter of all spending of the asset in the scope. A transfer with a reservation in it falls into the scope.
    units: Bytes,
}

/// A transfer with the sums that its recipients receive.
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

    /// Returns the reservation in a counter, which the record keeps after the transfer has ended.
    fn reservation(&self, key: &Bytes) -> Option<&Reservation> {
        self.transfer.reservations.0.iter().find(|reservation| reservation.key == *key)
    }

    fn has_ended(&self) -> bool {
        self.transfer.status.is_terminal()
    }

    /// Whether the transfer ended within the window of 24 hours, or in the bucket in which the window begins.
    fn ended_in_window(&self, now: Timestamp) -> bool {
        let first = now.nanos().saturating_sub(DAY_NS) / BUCKET_NS;
        self.has_ended() && self.transfer.updated_at.nanos() / BUCKET_NS >= first
    }

    /// Whether the transfer ended and its amount moved, or may have: signed bytes of a failed transfer may have landed when admins ended
    /// its quarantine.
    fn may_have_moved(&self) -> bool {
        let Transfer { status, signed, .. } = &self.transfer;
        *status == Status::Confirmed || (*status == Status::Failed && signed.is_some())
    }
}

impl<M: Memory> State<M> {
    /// Returns the earlier spending in a scope that the limits of a new policy count and those of the current one do not.
    pub(super) fn spending_before(&self, scope: Scope, policy: &Policy, now: Timestamp) -> SpendingHistory {
        let old = self.tables.policy(&scope);
        let limits = new_recipient_limits(scope, old.as_ref(), policy);
        let valued: BTreeSet<Asset> =
            value_limited_assets(Some(policy)).difference(&value_limited_assets(old.as_ref())).copied().collect();
        let mut prior = SpendingHistory::default();
        if limits.is_empty() && valued.is_empty() {
            return prior;
        }
        let (newest, is_all) = self.newest_transfers_in(scope);
        let under_way = self.active_transfers_in(scope).into_iter().map(|transfer| (transfer.id, transfer));
        let transfers: BTreeMap<TransferId, Transfer> = newest.into_iter().chain(under_way).collect();
        let transfers: Vec<TransferPayments> = transfers.into_values().map(TransferPayments::new).collect();
        for paid in transfers.iter().filter(|paid| !paid.has_ended()) {
            let mut added = self.value_reservations(scope, &paid.transfer, &valued, now);
            added.extend(limits.iter().filter_map(|limit| limit.reservation_for(paid)));
            if !added.is_empty() {
                prior.reservations.insert(paid.transfer.id, Reservations(added));
            }
        }
        let mut unread = BTreeMap::new();
        for limit in &limits {
            let rest = *unread
                .entry(limit.asset)
                .or_insert_with(|| if is_all { Amount::ZERO } else { self.unscanned_amount(limit, &transfers, now) });
            let posted = limit.postings(&transfers, rest, now);
            // A counter that an earlier limit of the recipient left behind is out of date, so it is replaced even by an empty one.
            if !posted.is_empty() || self.tables.spent(&limit.key) != Spent::default() {
                prior.postings.insert(limit.key.clone(), posted);
            }
        }
        prior.counter_overrides = Rc::new(self.overrides_of(&prior));
        prior
    }

    /// Returns the newest transfers of a scope's wallets, and whether there are no others.
    fn newest_transfers_in(&self, scope: Scope) -> (Vec<(TransferId, Transfer)>, bool) {
        let mut ids = Vec::new();
        for wallet in self.wallets_in(scope) {
            let keys = self.tables.transfers_by_wallet.keys_range((wallet.get(), 0)..=(wallet.get(), u64::MAX)).rev();
            ids.extend(keys.take(MAX_SCANNED_TRANSFERS + 1).map(|(_, id)| TransferId::new(id)));
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let is_all = ids.len() <= MAX_SCANNED_TRANSFERS;
        let newest = ids.into_iter().take(MAX_SCANNED_TRANSFERS).filter_map(|id| Some((id, self.tables.transfer(id)?)));
        (newest.collect(), is_all)
    }

    /// Returns the scope's spending of an asset within the window, posted or reserved, that belongs to none of these transfers.
    fn unscanned_amount(&self, limit: &NewRecipientLimit<'_>, transfers: &[TransferPayments], now: Timestamp) -> Amount {
        let total = self.tables.spent(&limit.units).used(&Window::Rolling24h, now);
        let counted = transfers.iter().filter(|paid| paid.ended_in_window(now) || !paid.has_ended());
        let counted = counted.filter_map(|paid| Some((paid, paid.reservation(&limit.units)?)));
        let read = counted.map(|(paid, reservation)| {
            let Transfer { request, fee_paid, .. } = &paid.transfer;
            if !paid.has_ended() {
                return reservation.amount;
            }
            let is_amount = request.asset.canonical_asset() == limit.asset && paid.may_have_moved();
            let amount = if is_amount { request.amount } else { Amount::ZERO };
            let fee = fee_paid.filter(|_| limit.asset.native_asset() == limit.asset).unwrap_or_default();
            amount.checked_add(fee).unwrap_or(Amount::MAX)
        });
        total.remaining_after(Amount::checked_sum(read).unwrap_or(Amount::MAX))
    }

    /// Returns the reservations in value that a transfer lacks, at the current rates, because there was no rate when it was requested.
    fn value_reservations(&self, scope: Scope, transfer: &Transfer, valued: &BTreeSet<Asset>, now: Timestamp) -> Vec<Reservation> {
        let mut added = Vec::new();
        for asset in valued {
            let (units, key) = (CounterKey::units(scope, *asset).key(), CounterKey::value(scope, *asset));
            let reservations = &transfer.reservations.0;
            let is_valued = reservations.iter().any(|reservation| reservation.key[..] == key.key()[..]);
            let unvalued = reservations.iter().find(|reservation| reservation.key[..] == units[..]).filter(|_| !is_valued);
            let rate = self.tables.rate(*asset);
            added.extend(unvalued.and_then(|units| Some(reservation(&key, units.part, rate?.value(units.amount, now)?))));
        }
        added
    }

    fn overrides_of(&self, prior: &SpendingHistory) -> CounterOverrides {
        let mut counters = CounterOverrides::new();
        for (key, posted) in &prior.postings {
            let posted = posted.iter().map(|posted| (posted.at, posted.amount));
            counters.insert(key.to_vec(), self.tables.spent(key).with_posted(posted));
        }
        for reservation in prior.reservations.values().flat_map(|reservations| &reservations.0) {
            let counter = counters.entry(reservation.key.to_vec()).or_insert_with(|| self.tables.spent(&reservation.key));
            if let Some(reserved) = counter.clone().reserve(reservation.amount) {
                *counter = reserved;
            }
        }
        counters
    }
}

impl NewRecipientLimit<'_> {
    /// Returns the sum that the recipient receives from a transfer in the scope.
    fn amount_received(&self, paid: &TransferPayments) -> Option<Amount> {
        let amount = paid.paid.get(self.to)?;
        let counts = paid.transfer.request.asset.canonical_asset() == self.asset && paid.reservation(&self.units).is_some();
        counts.then_some(*amount)
    }

    /// Returns the reservation that the limit adds to a transfer under way.
    fn reservation_for(&self, paid: &TransferPayments) -> Option<Reservation> {
        let amount = self.amount_received(paid).filter(|_| paid.reservation(&self.key).is_none())?;
        Some(Reservation { key: self.key.clone(), part: ReservedPart::Amount, amount })
    }

    /// Returns the postings of the recipient within the window, oldest first. `rest` is posted as of now.
    fn postings(&self, transfers: &[TransferPayments], rest: Amount, now: Timestamp) -> Vec<Posting> {
        let mut buckets = BTreeMap::<u64, Posting>::new();
        let mut add = |at: Timestamp, amount: Amount| {
            if amount.is_zero() {
                return;
            }
            let bucket = buckets.entry(at.nanos() / BUCKET_NS).or_insert(Posting { at, amount: Amount::ZERO });
            let sum = bucket.amount.checked_add(amount).unwrap_or(Amount::MAX);
            *bucket = Posting { at: bucket.at.max(at), amount: sum };
        };
        for paid in transfers.iter().filter(|paid| paid.ended_in_window(now) && paid.may_have_moved()) {
            add(paid.transfer.updated_at, self.amount_received(paid).unwrap_or_default());
        }
        add(now, rest);
        buckets.into_values().collect()
    }
}

/// Returns the limits of recipients in the new policy of a scope that the old one does not have.
fn new_recipient_limits<'a>(scope: Scope, old: Option<&Policy>, new: &'a Policy) -> Vec<NewRecipientLimit<'a>> {
    let known: BTreeSet<_> = recipient_limits(old).collect();
    let added = recipient_limits(Some(new)).filter(|limit| !known.contains(limit));
    let limit = |(asset, to): (Asset, &'a Destination)| NewRecipientLimit {
        asset,
        to,
        key: Bytes::new(CounterKey::to(scope, asset, to.clone()).key()),
        units: Bytes::new(CounterKey::units(scope, asset).key()),
    };
    added.map(limit).collect()
}

/// Returns every asset that a policy limits in value.
fn value_limited_assets(policy: Option<&Policy>) -> BTreeSet<Asset> {
    let rules = policy.into_iter().flat_map(|policy| &policy.rules);
    rules.flat_map(|rule| if let Rule::ValueLimit { assets, .. } = rule { assets.clone() } else { BTreeSet::new() }).collect()
}
