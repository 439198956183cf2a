//! The nearest amounts that can be paid, exactly.
//!
//! What one set of coins pays are two ranges of amounts, one with change and one without, each less what weighs too much in storage
//! mass. Their ends are computed; nothing is tried amount by amount. The sets are those that the search tries: the largest coins of
//! each number, the neighbours between whose sums the amount lies, and all sets of few coins. Sets whose amounts are further away than
//! one that was found are passed over, so there are never more steps than coins times inputs, and hardly ever more than a few for
//! each number of inputs. Only a payment that is refused comes here.

use super::search::Search;
use crate::base::Amount;
use crate::chains::kaspa::fee::{self, COST_OF_AN_INPUT};
use crate::chains::kaspa::mass::{self, MAX_STORAGE_MASS, Masses};

/// A set of coins, and the amounts for which it is tried.
struct Candidate {
    count: usize,
    sum: u64,
    /// Of its coins, in storage mass.
    weights: u64,
    low: u64,
    high: u64,
}

/// A range of amounts, of which those are paid whose outputs weigh at most `budget`.
struct Range {
    low: u64,
    high: u64,
    /// What amount and change are together, if there is change; then `high` is less.
    pot: Option<u64>,
    /// What amount and change may weigh together.
    budget: u64,
}

impl Search<'_> {
    /// The nearest smaller amount that can be sent.
    pub fn nearest_below(&self, amount: u64) -> Option<Amount> {
        let to = amount.checked_sub(1)?;
        let mut best = None;
        for count in 1..=self.usable() {
            best = self.better_below(best, to, &self.window(0, count));
            let first = self.tightest(count, to).unwrap_or(0).max(1);
            for start in first..=self.coins.len() - count {
                let candidate = self.window(start, count);
                if best.is_some_and(|best| candidate.high <= best) {
                    break;
                }
                best = self.better_below(best, to, &candidate);
            }
        }
        let best = self.all_of_few_as_candidates().fold(best, |best, candidate| self.better_below(best, to, &candidate));
        best.map(Amount::new)
    }

    /// The nearest larger amount that can be sent.
    pub fn nearest_above(&self, amount: u64) -> Option<Amount> {
        let from = amount.checked_add(1)?;
        let mut best = None;
        for count in 1..=self.usable() {
            let Some(last) = self.tightest(count, from) else { continue };
            best = self.better_above(best, from, &self.window(0, count));
            for start in (1..=last).rev() {
                let candidate = self.window(start, count);
                if best.is_some_and(|best| candidate.low >= best) {
                    break;
                }
                best = self.better_above(best, from, &candidate);
            }
        }
        let best = self.all_of_few_as_candidates().fold(best, |best, candidate| self.better_above(best, from, &candidate));
        best.map(Amount::new)
    }

    fn better_below(&self, best: Option<u64>, to: u64, candidate: &Candidate) -> Option<u64> {
        let low = best.map_or(candidate.low, |best| candidate.low.max(best + 1));
        let high = candidate.high.min(to);
        self.ranges(candidate).filter_map(|range| range.greatest(low, high)).chain(best).max()
    }

    fn better_above(&self, best: Option<u64>, from: u64, candidate: &Candidate) -> Option<u64> {
        let low = candidate.low.max(from);
        let high = best.map_or(candidate.high, |best| candidate.high.min(best - 1));
        self.ranges(candidate).filter_map(|range| range.least(low, high)).chain(best).min()
    }

    /// Neighbours. The largest coins are tried for whatever they cover, all others for what the next ones do not cover.
    fn window(&self, start: usize, count: usize) -> Candidate {
        let sum = self.sum(start, count);
        let next = (start > 0 && start + 1 + count <= self.coins.len()).then(|| self.most(count, self.sum(start + 1, count)));
        let low = next.flatten().map_or(1, |most| most + 1);
        Candidate { count, sum, weights: self.weight(start, count), low, high: self.most(count, sum).unwrap_or(0) }
    }

    fn all_of_few_as_candidates(&self) -> impl Iterator<Item = Candidate> {
        self.all_of_few().map(|coins| {
            let sum = coins.iter().map(|utxo| utxo.amount.get()).sum();
            let weights = coins.iter().map(|utxo| mass::output_weight(utxo.amount)).sum();
            Candidate { count: coins.len(), sum, weights, low: 1, high: self.most(coins.len(), sum).unwrap_or(0) }
        })
    }

    fn ranges(&self, candidate: &Candidate) -> impl Iterator<Item = Range> {
        [self.with_change_range(candidate), self.without_change_range(candidate)].into_iter().flatten()
    }

    fn with_change_range(&self, candidate: &Candidate) -> Option<Range> {
        let masses = self.changed.get(candidate.count)?;
        let budget = self.budget(candidate, masses, 2)?;
        let fee = self.payment.limits.fee.least(masses.relay_mass()).ok()?;
        let pot = candidate.sum.checked_sub(self.more)?.checked_sub(fee.get())?;
        Some(Range { low: 1, high: pot.checked_sub(COST_OF_AN_INPUT.get())?, pot: Some(pot), budget })
    }

    fn without_change_range(&self, candidate: &Candidate) -> Option<Range> {
        let masses = self.plain.get(candidate.count)?;
        let budget = self.budget(candidate, masses, 1)?;
        let limits = &self.payment.limits;
        let due = limits.fee.least(masses.relay_mass()).ok()?;
        let most_fee = due.checked_add(limits.max_dust_to_fee).unwrap_or(Amount::MAX).min(limits.fee.max_fee);
        let all = candidate.sum.checked_sub(self.more)?;
        let (low, high) = (all.saturating_sub(most_fee.get()), all.checked_sub(fee::floor(masses).get())?);
        Some(Range { low, high, pot: None, budget })
    }

    /// What the outputs besides the further recipients' may weigh, when there are so many; `None` when another mass is too large.
    fn budget(&self, candidate: &Candidate, masses: &Masses, outputs: usize) -> Option<u64> {
        let cap = self.payment.limits.storage_mass_cap;
        masses.check_limits(cap).ok()?;
        let more = self.payment.more;
        let relief = mass::input_weight(candidate.count, outputs + more.len(), candidate.sum, candidate.weights);
        let others = more.iter().try_fold(0u64, |sum, output| sum.checked_add(mass::output_weight(output.amount)))?;
        cap.min(MAX_STORAGE_MASS).checked_add(relief)?.checked_sub(others)
    }
}

impl Range {
    /// The least amount in the range, from `low` to `high`.
    fn least(&self, low: u64, high: u64) -> Option<u64> {
        self.first(low.max(self.low), high.min(self.high))
    }

    /// The greatest one. With change it is where the change is least, and the two weigh alike.
    fn greatest(&self, low: u64, high: u64) -> Option<u64> {
        let (low, high) = (low.max(self.low).max(1), high.min(self.high));
        if low > high {
            return None;
        }
        match self.pot {
            Some(pot) => self.first(pot - high, pot - low).map(|change| pot - change),
            None => self.first(high, high),
        }
    }

    /// The first of `low..=high` that together with the rest of the pot is within the budget. While the first grows, the rest shrinks
    /// and weighs more; so whatever fits is at least what would fit beside the present rest, and that is the next to be looked at.
    fn first(&self, low: u64, high: u64) -> Option<u64> {
        let mut amount = low.max(1);
        while amount <= high {
            let rest = self.pot.map_or(0, |pot| mass::output_weight(Amount::new(pot - amount)));
            let room = self.budget.checked_sub(rest)?;
            if mass::output_weight(Amount::new(amount)) <= room {
                return Some(amount);
            }
            amount = mass::least_of_weight(room);
        }
        None
    }
}
