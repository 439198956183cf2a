//! What agents ask for: by themselves, again, under other names, in sessions; and what is not theirs to ask.

use super::model::{Answer, is_own_doing};
use super::promises::Promise;
use super::*;
use crate::chains::registry::Params;
use crate::policy::{Decision, Evaluation, Rule, RuleKind};
use crate::state::Refusal;
use crate::transfer::Outcome;

/// How many requests are kept to be repeated.
const REMEMBERED: usize = 200;

/// A request that was let through.
#[derive(Clone, Debug)]
pub struct Asked {
    caller: Principal,
    request: TransferRequest,
    id: TransferId,
}

impl Game {
    /// Keeps a request to repeat it.
    fn remember(&mut self, caller: Principal, request: &TransferRequest, id: TransferId) {
        if self.asked.len() >= REMEMBERED {
            let place = self.dice.below(REMEMBERED as u64) as usize;
            self.asked.swap_remove(place);
        }
        self.asked.push(Asked { caller, request: request.clone(), id });
        if request.idempotency_key.starts_with(OPERATION) {
            self.named.push(Asked { caller, request: request.clone(), id });
        }
    }

    /// A key of the agent's choice; at times one that an operation of the canister itself would be called by.
    fn key(&mut self) -> String {
        match self.dice.below(12) {
            0 => format!("{OPERATION}{}", self.state.transfer_count() + 1 + self.dice.below(8)),
            _ => format!("{}", self.dice.below(1_000_000)),
        }
    }

    /// The next request of the adversary or its accomplice.
    pub fn request(&mut self) -> (Principal, TransferRequest) {
        match self.dice.below(24) {
            // The same payment under another key, perhaps after the first was cancelled.
            0..3 if !self.cancelled.is_empty() => {
                let (caller, mut request) = self.dice.pick(&self.cancelled);
                request.idempotency_key = self.key();
                request.created_at = None;
                return (caller, request);
            }
            3 if !self.asked.is_empty() => {
                let Asked { caller, mut request, .. } = self.dice.pick(&self.asked);
                request.amount = Amount::new(request.amount.get() + 1);
                return (caller, request);
            }
            _ => {}
        }
        let caller = self.dice.pick(&[agent(), agent(), agent(), agent(), agent(), agent(), accomplice(), accomplice(), admin()]);
        let asset = self.dice.pick(&[Asset::Sol, Asset::Sol, Asset::Kas]);
        let chain = asset.chain();
        let strange = self.dice.pick(&[DENIED, EXPIRING, COLD, 6]);
        let to = self.dice.pick(&[OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, SMALL, SMALL, strange]);
        let amount = match self.dice.below(24) {
            0 => 0,
            1 => u64::MAX - self.dice.below(10_000),
            2..8 => 1 + self.dice.below(400_000),
            8..16 => 1 + self.dice.below(3_600_000),
            16..18 => 2_499_999 + self.dice.below(3),
            _ => 1 + self.dice.below(5_100_000),
        };
        let least = if asset == Asset::Sol { 5_000 } else { MINIMUM_TRANSFER_FEE };
        let now = self.model.now;
        let request = TransferRequest {
            wallet: if caller == agent() { self.dice.pick(&[WALLET, WALLET, WALLET, PARENT]) } else { WALLET },
            asset,
            to: recipient(chain, to),
            amount: Amount::new(amount),
            max_fee: Amount::new(if self.dice.one_in(40) { self.dice.roll() } else { least + self.dice.below(2) }),
            source: if asset == Asset::Sol { KeyKind::Solana } else { KeyKind::KaspaSchnorr },
            idempotency_key: self.key(),
            session: self.session(caller),
            created_at: match self.dice.below(16) {
                0 => Some(Timestamp::from_nanos(now - self.dice.below(20 * MINUTE_NS))),
                1 => Some(Timestamp::from_nanos(now + self.dice.below(2 * MINUTE_NS))),
                _ => None,
            },
            params: Params::new(chain),
            ..sol(0, "")
        };
        (caller, request)
    }

    /// Mostly none or an open one of its own; at times one that is not, is over or never was.
    fn session(&mut self, caller: Principal) -> Option<SessionId> {
        match self.dice.below(14) {
            0..8 => None,
            8..13 => {
                let is_own = |session: &model::Session| session.agent == caller && !session.ended;
                let open = self.model.sessions.iter().filter(|(_, session)| is_own(session) && session.expires_at > self.model.now);
                let open: Vec<SessionId> = open.map(|(id, _)| *id).collect();
                let newest = open.last().copied().filter(|_| self.dice.one_in(2));
                if open.is_empty() { None } else { newest.or_else(|| Some(self.dice.pick(&open))) }
            }
            _ => Some(SessionId::new(1 + self.dice.below(9))),
        }
    }

    /// The same once more is what it was.
    fn ask_again(&mut self) {
        let from = if !self.named.is_empty() && self.dice.one_in(3) { &self.named } else { &self.asked };
        if from.is_empty() {
            return;
        }
        let Asked { caller, request, id } = self.dice.pick(from);
        let how = match self.state.decide_transfer(caller, request.clone(), self.time()) {
            Ok((None, Outcome::Duplicate { transfer })) if transfer == id => return self.seen.duplicates += 1,
            Ok((_, outcome)) => format!("{outcome:?}"),
            Err(refusal @ Refusal::IdempotencyConflict { .. }) => refusal.to_string(),
            // The agent was removed, or the session is over.
            Err(_) => return self.seen.refused += 1,
        };
        let how = format!("{caller}'s transfer {id} under the key {:?}, asked for again: {how}", request.idempotency_key);
        self.found.put(self.command, (Promise::Retry, how));
    }

    pub fn ask(&mut self) {
        if self.dice.one_in(10) {
            return self.ask_again();
        }
        let (caller, mut request) = self.request();
        // The largest amount that would pass, as the canister itself says: exactly at the edge of a limit.
        if let Ok(evaluation) = self.state.simulate(caller, request.clone(), self.time())
            && let Some(most) = evaluation.denials().filter_map(|finding| finding.suggested_max).min()
            && self.dice.one_in(2)
        {
            request.amount = Amount::new(most.get().max(1).saturating_add(self.dice.below(2)));
        }
        let simulated = self.state.simulate(caller, request.clone(), self.time());
        let (decided, outcome) = match self.state.decide_transfer(caller, request.clone(), self.time()) {
            Ok(answer) => answer,
            Err(refusal) => return self.refused(caller, &request, simulated, refusal),
        };
        self.tick();
        let (evaluation, id) = match outcome {
            Outcome::Duplicate { .. } => return self.seen.duplicates += 1,
            Outcome::Denied { evaluation } => (evaluation, None),
            Outcome::Accepted { transfer, evaluation } | Outcome::Pending { transfer, evaluation } => (evaluation, Some(transfer)),
        };
        assert_eq!(simulated.as_ref(), Ok(&evaluation), "a simulation says what the request then meets");
        let Some(decided) = decided else { return self.seen.suppressed += 1 };
        let own = self.commit_ends(caller, decided);
        self.check_explanation(&request, &evaluation);
        let waits = evaluation.decision == Decision::RequireApproval;
        if let Some(id) = id {
            let broken = self.model.broken_by(caller, &request, waits);
            self.report(broken, &format!("{request:?}"));
            self.open.push(id);
            self.remember(caller, &request, id);
            if waits { self.seen.pending += 1 } else { self.seen.accepted += 1 }
        } else {
            self.seen.denied += 1;
        }
        let quorum = self.model.quorum(caller, &request).0;
        self.model.answered(caller, &request, &evaluation, id.map(|id| (id, quorum)));
        let denials = u32::from(id.is_none() && is_own_doing(&evaluation));
        let answer = match id {
            None if is_own_doing(&evaluation) => Answer::Denied,
            Some(_) if !waits => Answer::Passed,
            _ => Answer::Silent,
        };
        let opens = self.model.denied(caller, request.wallet, [answer]);
        self.commit(Decided { actor: Some(caller), events: own });
        self.check_breaker(caller, request.wallet, denials, opens);
    }

    fn refused(&mut self, caller: Principal, request: &TransferRequest, simulated: Result<Evaluation, Refusal>, refusal: Refusal) {
        self.seen.refused += 1;
        if !matches!(refusal, Refusal::IdempotencyConflict { .. }) {
            return assert_eq!(simulated, Err(refusal), "a simulation is refused like the request");
        }
        if !self.model.keys.contains(&(caller, request.idempotency_key.clone())) {
            let how = format!("{caller} never used the key {:?}: {refusal}", request.idempotency_key);
            self.found.put(self.command, (Promise::Retry, how));
        }
    }

    /// Commits what is late and therefore over before the request is looked at, and gives back the rest.
    pub fn commit_ends(&mut self, caller: Principal, decided: Decided) -> Vec<Event> {
        let (before, own) = decided.events.into_iter().partition(|event| matches!(event, Event::TransferRejected(_)));
        self.commit(Decided { actor: Some(caller), events: before });
        own
    }

    /// What an evaluation says of every limit over time.
    fn check_explanation(&mut self, request: &TransferRequest, evaluation: &Evaluation) {
        for finding in evaluation.findings.iter().filter(|finding| finding.rule == RuleKind::SpendingLimit) {
            let (Some(index), Some(used)) = (finding.rule_index, finding.used) else { continue };
            let scope = finding.scope.unwrap_or(Scope::Wallet(request.wallet));
            let policy = self.state.policy_of(&scope).expect("a rule of it was found");
            if let Rule::SpendingLimit { asset, window, .. } = &policy.rules[index as usize] {
                self.model.explained(scope, *asset, window, used.get());
            }
        }
    }

    /// After so many denials of one request, or none: exactly those in a row are counted, and the breaker is open exactly when they were
    /// too many.
    pub fn check_breaker(&mut self, caller: Principal, wallet: WalletId, denials: u32, opens: bool) {
        let activity = self.state.activity(&Scope::Agent { wallet, agent: caller });
        let open_until = activity.open_until.map_or(0, Timestamp::nanos);
        let (expected, until) = (self.model.denials_of(caller, wallet), self.model.breaker_open_until(caller, wallet));
        let is_open = open_until > self.model.now;
        if is_open == opens && activity.denials == expected {
            return;
        }
        let how = format!(
            "{denials} payments of a request were denied; {} denials are counted, {expected} should be, and the breaker {}",
            activity.denials,
            if opens { format!("should be open until {until}") } else { "should be shut".into() }
        );
        self.found.put(self.command, (Promise::Denials, how));
        self.model.forget_breaker(caller, wallet, activity.denials, open_until);
    }

    /// Everything that an agent may call and that is not its own to do.
    pub fn overstep(&mut self) {
        let (state, now) = (&self.state, self.time());
        let me = self.dice.pick(&[agent(), accomplice()]);
        let id = self.open.last().copied().unwrap_or(TransferId::new(1));
        let refused = match self.dice.below(11) {
            0 => state.decide_grant_role(me, me, Role::Admin).is_err(),
            1 => state.decide_revoke_role(me, admin(), Role::Admin).is_err(),
            2 => state.decide_add_agent(me, PARENT, me).is_err(),
            3 => state.decide_remove_agent(me, WALLET, accomplice()).is_err(),
            4 => state.decide_set_policy(me, WALLET, Vec::new(), now).is_err(),
            5 => state.decide_emergency(me, self.dice.one_in(2), String::new(), now).is_err(),
            6 => state.decide_create_wallet(me, "".into(), now).is_err(),
            7 => state.decide_quarantine(me, id, String::new()).is_err(),
            8 => state.decide_resolve_quarantine(me, id, false, Amount::ZERO, String::new()).is_err(),
            9 => {
                let transfer = state.transfer(id);
                let intent = transfer.and_then(|transfer| transfer.approval).map_or(Hash([0; 32]), |approval| approval.intent);
                state.decide_approve(accomplice(), id, intent, now).is_err()
            }
            _ => state.decide_reject(accomplice(), id, String::new(), now).is_err(),
        };
        assert!(refused, "an agent did what is not its own to do");
    }

    /// Somebody calls a transfer off, and may ask for the same again.
    pub fn call_off(&mut self) {
        let Some(transfer) = self.some_open() else { return };
        let caller = self.dice.pick(&[agent(), accomplice(), guardian()]);
        let decided = self.state.decide_cancel(caller, transfer.id, None);
        assert!(caller == transfer.agent || caller == guardian() || decided.is_err(), "somebody else's transfer");
        if decided.is_ok() && transfer.request.nonce_operation().is_none() && transfer.request.batch.is_none() {
            if self.cancelled.len() >= 8 {
                self.cancelled.remove(0);
            }
            self.cancelled.push((transfer.agent, transfer.request));
        }
        self.attempt(decided);
    }

    pub fn people(&mut self) {
        let waiting = self.state.pending_approvals(None);
        if waiting.is_empty() {
            return;
        }
        let transfer = self.dice.pick(&waiting);
        let (id, now, caller) = (transfer.id, self.time(), self.dice.pick(&MEMBERS));
        let intent = transfer.approval.unwrap().intent;
        self.tick();
        let session = transfer.request.session.map(|id| &self.model.sessions[&id]);
        self.seen.late += u64::from(session.is_some_and(|session| session.ended || session.expires_at <= self.model.now));
        let decided = match self.dice.below(50) {
            0 => self.state.decide_reject(caller, id, "no".into(), now),
            1 => self.state.decide_approve(caller, id, Hash([1; 32]), now),
            _ => self.state.decide_approve(caller, id, intent, now),
        };
        self.attempt(decided);
    }
}
