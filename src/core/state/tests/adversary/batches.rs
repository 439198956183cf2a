//! Batches of SOL: cut to the last unit of a limit, divided by memos, repeated and forged.

use super::model::{Answer, is_own_doing};
use super::promises::Promise;
use super::*;
use crate::chains::registry::{Params, PaymentParams};
use crate::chains::solana;
use crate::state::{BatchItem, BatchOutcome, ItemOutcome, Refusal};
use crate::transfer::{Batch, BatchOutput};

/// What was let through, as one payment of its sum: that is how it is judged.
fn whole(base: &TransferRequest, request: &BatchRequest, outputs: &[BatchOutput], parts: u64) -> TransferRequest {
    let batch = Batch { outputs: outputs.to_vec(), part: 0, parts: 1, request: Hash([0; 32]) };
    TransferRequest {
        to: outputs[0].to.clone(),
        amount: Amount::new(outputs.iter().map(|output| output.amount.get()).sum()),
        max_fee: Amount::new(request.max_fee.get() * parts),
        batch: Some(batch),
        ..base.clone()
    }
}

impl Game {
    /// A batch with the answers of an ordinary request for its wallet, session, key and dates.
    fn many(&mut self) -> (Principal, TransferRequest, BatchRequest) {
        let (caller, base) = loop {
            let (caller, base) = self.request();
            if base.asset == Asset::Sol {
                break (caller, base);
            }
        };
        let count = if self.dice.one_in(12) { 7 + self.dice.below(30) } else { 1 + self.dice.below(6) };
        let memos: Vec<Option<String>> = (0..count)
            .map(|_| match self.dice.below(6) {
                0 => Some("m".repeat(1 + self.dice.below(20) as usize)),
                1..=3 => Some("m".repeat(256)),
                _ => None,
            })
            .collect();
        let lengths: Vec<_> = memos.iter().map(Option::as_deref).collect();
        let parts = solana::batch::pack(&lengths, Asset::Sol).len() as u64;
        let mut sum = base.amount.get().min(6_000_000);
        // Exactly at the edge of a limit, with the fees of all its transactions.
        if let Ok(evaluation) = self.state.simulate(caller, base.clone(), self.time())
            && self.dice.one_in(2)
        {
            let most = evaluation.denials().filter_map(|finding| finding.suggested_max).min().map_or(sum, Amount::get);
            sum = most.saturating_sub((parts - 1) * base.max_fee.get()).saturating_add(self.dice.below(2));
        }
        // One that passes among many that do not.
        let many_are_denied = self.dice.one_in(10);
        let mut items = Vec::new();
        for (memo, left) in memos.into_iter().zip((1..=count).rev()) {
            let amount = if left == 1 { sum } else { self.dice.below(2 * sum / left + 1).min(sum) };
            sum -= amount;
            let mostly_denied = many_are_denied && left > 1;
            let strange = self.dice.pick(&[SMALL, SMALL, DENIED, EXPIRING, COLD, 6]);
            let to = if self.dice.one_in(if mostly_denied { 1 } else { 8 }) { strange } else { OPEN };
            let amount = Amount::new(if self.dice.one_in(60) { amount } else { amount.max(1) });
            let params = payment(memo.as_deref(), self.dice.one_in(3));
            items.push(BatchItem { params, ..BatchItem::new(recipient(Chain::Solana, to), amount) });
        }
        let request = BatchRequest {
            wallet: base.wallet,
            asset: Asset::Sol,
            source: base.source,
            items,
            max_fee: base.max_fee,
            fee_named: true,
            params: Params::new(Chain::Solana),
            idempotency_key: base.idempotency_key.clone(),
            reason: None,
            session: base.session,
            created_at: base.created_at,
        };
        (caller, base, request)
    }

    /// The same batch is what it was; another one under its key is none.
    fn repeat(&mut self) {
        let (caller, mut request, transfers) = self.dice.pick(&self.asked_for_many);
        let forged = self.dice.one_in(2);
        if forged {
            let at = self.dice.below(request.items.len() as u64) as usize;
            match self.dice.below(3) {
                0 => request.items[at].amount = Amount::new(request.items[at].amount.get() + 1),
                1 => request.items[at].params = payment(Some("forged"), false),
                _ => {
                    let Some(PaymentParams::Solana(params)) = &mut request.items[at].params else { unreachable!("each has some") };
                    params.off_curve = !params.off_curve;
                }
            }
        }
        let how = match self.state.decide_batch(caller, &request, self.time()) {
            Ok((None, outcome)) if !forged && outcome.transfers == transfers => return self.seen.repeated += 1,
            Ok((decided, outcome)) => format!("{decided:?} {outcome:?}"),
            Err(refusal @ Refusal::IdempotencyConflict { .. }) if !forged => refusal.to_string(),
            // It is another batch, the agent was removed, or the session is over.
            Err(_) => return,
        };
        let forged = if forged { ", forged," } else { "" };
        let how = format!("{caller}'s batch of {transfers:?}{forged} asked for again: {how}: {request:?}");
        self.found.put(self.command, (Promise::Retry, how));
    }

    pub fn ask_for_many(&mut self) {
        if self.dice.one_in(8) && !self.asked_for_many.is_empty() {
            return self.repeat();
        }
        let (caller, base, request) = self.many();
        let (decided, outcome) = match self.state.decide_batch(caller, &request, self.time()) {
            Ok((Some(decided), outcome)) => (decided, outcome),
            Ok((None, _)) => return self.seen.suppressed += 1,
            Err(_) => return self.seen.refused += 1,
        };
        self.tick();
        let own = self.commit_ends(caller, decided);
        let quorum = self.judge_many(caller, &base, &request, &outcome);
        let (mut parts, mut denials) = (Vec::new(), 0);
        for event in &own {
            match event {
                Event::TransferDenied(denied) => {
                    self.model.answered(caller, &denied.request, &denied.evaluation, None);
                    denials += u32::from(is_own_doing(&denied.evaluation));
                    self.seen.denied += 1;
                }
                Event::TransferReserved(part) => {
                    self.model.answered(caller, &part.request, &part.evaluation, Some((part.id, quorum)));
                    parts.push((part.id, part.request.clone()));
                }
                _ => {}
            }
        }
        let waits = outcome.items.iter().any(|item| matches!(item, ItemOutcome::Pending { .. }));
        // A sum that is denied is one denial beside those of single payments; a batch that waits for people forgives nothing.
        let answers: Vec<Answer> = match parts.is_empty() {
            true => vec![Answer::Denied; denials as usize],
            false => outcome.items.iter().map(|item| answer(item, waits)).collect(),
        };
        let opens = self.model.denied(caller, request.wallet, answers);
        self.commit(Decided { actor: Some(caller), events: own });
        self.check_breaker(caller, request.wallet, denials, opens);
        if parts.is_empty() {
            return;
        }
        assert_eq!(parts.iter().map(|(id, _)| *id).collect::<Vec<_>>(), outcome.transfers);
        let paid = parts.iter().flat_map(|(_, part)| part.batch.as_ref().unwrap().outputs.clone()).collect::<Vec<_>>();
        assert_eq!(paid, let_through(&request, &outcome), "every payment that was let through is in one part, in order");
        self.open.extend(&outcome.transfers);
        if self.asked_for_many.len() >= 100 {
            self.asked_for_many.remove(0);
        }
        self.asked_for_many.push((caller, request, outcome.transfers));
    }

    /// Demands that each payment that was let through may be made, and all of them together; answers how many people have to agree.
    fn judge_many(&mut self, caller: Principal, base: &TransferRequest, request: &BatchRequest, outcome: &BatchOutcome) -> usize {
        let outputs = let_through(request, outcome);
        if outputs.is_empty() {
            assert!(outcome.transfers.is_empty(), "{outcome:?}");
            return 0;
        }
        let waits = outcome.items.iter().any(|item| matches!(item, ItemOutcome::Pending { .. }));
        let whole = whole(base, request, &outputs, outcome.transfers.len() as u64);
        let broken = self.model.broken_by(caller, &whole, waits);
        self.report(broken, &format!("{request:?}"));
        for output in &outputs {
            let single = TransferRequest { to: output.to.clone(), amount: output.amount, ..base.clone() };
            // Whether people have to be asked is a question about the sum.
            let broken = self.model.broken_by(caller, &single, true);
            self.report(broken, &format!("one of many: {request:?}"));
        }
        self.seen.batches += 1;
        self.seen.partly += u64::from(outputs.len() < outcome.items.len());
        self.seen.several += u64::from(outcome.transfers.len() > 1);
        self.seen.held += u64::from(waits);
        self.model.quorum(caller, &whole).0
    }
}

/// What one payment of a batch of which some are let through says to the breaker.
fn answer(item: &ItemOutcome, waits: bool) -> Answer {
    match item {
        ItemOutcome::Denied { evaluation } if is_own_doing(evaluation) => Answer::Denied,
        ItemOutcome::Accepted { .. } if !waits => Answer::Passed,
        _ => Answer::Silent,
    }
}

/// The payments that are part of a transfer, as they were asked for.
fn let_through(request: &BatchRequest, outcome: &BatchOutcome) -> Vec<BatchOutput> {
    let passed = |item: &ItemOutcome| matches!(item, ItemOutcome::Accepted { .. } | ItemOutcome::Pending { .. });
    let items = (0u32..).zip(&request.items).zip(&outcome.items).filter(|(_, outcome)| passed(outcome));
    items
        .map(|((item, asked), _)| {
            let BatchItem { to, amount, params } = asked.clone();
            BatchOutput { item, to, amount, params }
        })
        .collect()
}
