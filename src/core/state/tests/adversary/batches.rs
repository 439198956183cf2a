//! Batches of SOL: cut to the last unit of a limit, divided by memos, repeated and forged.

use super::*;
use crate::chains::solana;
use crate::solana_terms::SolanaTerms;
use crate::state::{BatchItem, BatchOutcome, ItemOutcome};
use crate::terms::{Batch, BatchOutput};

/// What was let through, as one payment of its sum: that is how it is judged.
fn whole(base: &TransferRequest, request: &BatchRequest, outputs: &[BatchOutput], parts: u64) -> TransferRequest {
    let batch = Batch { outputs: outputs.to_vec(), part: 0, parts: 1, request: Hash([0; 32]) };
    TransferRequest {
        to: outputs[0].to.clone(),
        amount: Amount::new(outputs.iter().map(|output| output.amount.get()).sum()),
        max_fee: Amount::new(request.max_fee.get() * parts),
        solana: Some(SolanaTerms { batch: Some(batch), ..SolanaTerms::default() }),
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
        let mut items = Vec::new();
        for (memo, left) in memos.into_iter().zip((1..=count).rev()) {
            let amount = if left == 1 { sum } else { self.dice.below(2 * sum / left + 1).min(sum) };
            sum -= amount;
            let strange = self.dice.pick(&[SMALL, SMALL, DENIED, EXPIRING, COLD, 6]);
            let to = if self.dice.one_in(8) { strange } else { OPEN };
            let amount = Amount::new(if self.dice.one_in(60) { amount } else { amount.max(1) });
            items.push(BatchItem { memo, off_curve: self.dice.one_in(3), ..BatchItem::new(recipient(Chain::Solana, to), amount) });
        }
        let request = BatchRequest {
            wallet: base.wallet,
            asset: Asset::Sol,
            source: base.source,
            items,
            max_fee: base.max_fee,
            fee_named: true,
            speed: None,
            idempotency_key: base.idempotency_key.clone(),
            reason: None,
            session: base.session,
            created_at: base.created_at,
        };
        (caller, base, request)
    }

    /// The same batch is what it was; another one under its key is none.
    fn repeat(&mut self) {
        let (caller, mut request, transfers) = self.dice.pick(&self.asked_for_many.clone());
        let forged = self.dice.one_in(2);
        if forged {
            let at = self.dice.below(request.items.len() as u64) as usize;
            match self.dice.below(3) {
                0 => request.items[at].amount = Amount::new(request.items[at].amount.get() + 1),
                1 => request.items[at].memo = Some("forged".into()),
                _ => request.items[at].off_curve = !request.items[at].off_curve,
            }
        }
        match self.state.decide_batch(caller, &request, self.time()) {
            Ok((None, outcome)) => {
                assert!(!forged && outcome.transfers == transfers, "another batch is taken for {transfers:?}: {request:?}");
                self.seen.repeated += 1;
            }
            Ok((Some(_), _)) => panic!("a key pays twice: {request:?}"),
            // The agent was removed, or the session is over.
            Err(refusal) => assert!(forged || !matches!(refusal, Refusal::IdempotencyConflict { .. }), "{refusal}"),
        }
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
        self.model.now = self.model.now.max(self.clock);
        let (before, own): (Vec<_>, Vec<_>) =
            decided.events.into_iter().partition(|event| matches!(event, Event::TransferRejected(_)));
        self.commit(Decided { actor: Some(caller), events: before });
        let quorum = self.judge_many(caller, &base, &request, &outcome);
        let is_too_many = self.model.denied_in_a_row(caller, request.wallet, &outcome);
        let mut parts = Vec::new();
        for event in &own {
            match event {
                Event::TransferDenied(denied) => {
                    self.model.answered(caller, &denied.request, &denied.evaluation, None);
                    self.seen.denied += 1;
                }
                Event::TransferReserved(part) => {
                    self.model.answered(caller, &part.request, &part.evaluation, Some((part.id, quorum)));
                    parts.push((part.id, part.request.clone()));
                }
                _ => {}
            }
        }
        if parts.is_empty() {
            self.model.nothing_passed(caller, request.wallet);
        } else if is_too_many {
            self.model.open_breaker(caller, request.wallet);
        }
        self.commit(Decided { actor: Some(caller), events: own });
        if parts.is_empty() {
            return;
        }
        assert_eq!(parts.iter().map(|(id, _)| *id).collect::<Vec<_>>(), outcome.transfers);
        let paid = parts.iter().flat_map(|(_, part)| part.batch().unwrap().outputs.clone()).collect::<Vec<_>>();
        assert_eq!(paid, let_through(&request, &outcome), "every payment that was let through is in one part, in order");
        self.open.extend(&outcome.transfers);
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
        let broken = self.model.broken(caller, &whole, waits);
        assert!(broken.is_empty(), "let through against {broken:?}: {request:?}");
        for output in &outputs {
            let single = TransferRequest { to: output.to.clone(), amount: output.amount, ..base.clone() };
            // Whether people have to be asked is a question about the sum.
            let broken = self.model.broken(caller, &single, true);
            assert!(broken.is_empty(), "one of many against {broken:?}: {request:?}");
        }
        self.seen.batches += 1;
        self.seen.partly += u64::from(outputs.len() < outcome.items.len());
        self.seen.several += u64::from(outcome.transfers.len() > 1);
        self.seen.held += u64::from(waits);
        self.model.quorum(caller, &whole)
    }
}

/// The payments that are part of a transfer, as they were asked for.
fn let_through(request: &BatchRequest, outcome: &BatchOutcome) -> Vec<BatchOutput> {
    let passed = |item: &ItemOutcome| matches!(item, ItemOutcome::Accepted { .. } | ItemOutcome::Pending { .. });
    let items = (0u32..).zip(&request.items).zip(&outcome.items).filter(|(_, outcome)| passed(outcome));
    items
        .map(|((item, asked), _)| {
            let BatchItem { to, amount, memo, off_curve } = asked.clone();
            BatchOutput { item, to, amount, memo, off_curve }
        })
        .collect()
}
