//! What the events and answers change in the model, and what is checked of it after a change.

use super::*;

impl Model {
    /// A request was decided and its answer is committed at `now`; of a batch every denial and every part, of which the first counts as
    /// an attempt, and which people are asked about with the whole.
    pub fn answered(
        &mut self,
        agent: Principal,
        request: &TransferRequest,
        evaluation: &Evaluation,
        let_through: Option<(TransferId, usize)>,
    ) {
        let paid = if let_through.is_some() { request.payments().len() } else { 0 };
        let scopes = self.scopes(agent, request.wallet, request.session);
        for scope in &scopes {
            let attempts = usize::from(!request.is_later_part());
            let requests = self.requests.entry(*scope).or_default();
            requests.push_back((self.now, attempts, paid));
            while requests.front().is_some_and(|(at, ..)| at + DAY_NS < self.now) {
                requests.pop_front();
            }
        }
        let Some((id, quorum)) = let_through else { return };
        let waits = evaluation.decision == Decision::RequireApproval;
        self.keys.insert((agent, request.idempotency_key.clone()));
        let entry = self.entry(id, agent, request, scopes, waits, quorum);
        assert!(self.entries.insert(id, entry).is_none(), "ids are never reused");
    }

    fn entry(
        &self,
        id: TransferId,
        agent: Principal,
        request: &TransferRequest,
        scopes: Vec<Scope>,
        waits: bool,
        quorum: usize,
    ) -> Entry {
        let (amount, fee) = (request.amount.get(), request.max_fee.get());
        // What is worth more than can be counted has no value that a counter could hold.
        let value = self.value(request.asset, amount + fee).filter(|value| *value <= u128::from(u64::MAX));
        let has_limits = |scope: &Scope| self.limits.get(scope).is_some_and(|limits| limits.small.is_some());
        Entry {
            id,
            agent,
            wallet: request.wallet,
            asset: request.asset,
            session: request.session,
            limited: scopes.iter().copied().filter(has_limits).collect(),
            held: scopes,
            added: Vec::new(),
            fresh: Vec::new(),
            excused: Vec::new(),
            small: small(request),
            recipients: request.payments().into_iter().map(|(to, _)| number(to)).collect(),
            amount,
            fee,
            value,
            lowest: value,
            highest: value,
            posted: None,
            built: false,
            signed: false,
            quarantined: false,
            asked: waits,
            waits,
            quorum,
            yes: BTreeSet::new(),
            agreed_at: None,
            late: false,
            operation: request.nonce_operation(),
            revoked: false,
            batch: request.batch.as_ref().map(|batch| batch.request),
        }
    }

    /// An operation was reserved: no policy is asked, but it counts.
    fn operated(&mut self, reserved: &TransferReserved) {
        let request = &reserved.request;
        if let Some(NonceOperation::Revoke { transfer }) = request.nonce_operation() {
            entry(&mut self.entries, &transfer).revoked = true;
        }
        let scopes = self.scopes(reserved.agent, request.wallet, request.session);
        let made = self.entry(reserved.id, reserved.agent, request, scopes, false, 0);
        assert!(self.entries.insert(reserved.id, made).is_none(), "ids are never reused");
    }

    /// The payments of one request, in their order: each was denied as the agent's own doing, passed without anybody being asked, or says
    /// nothing. A payment that passes ends the row at its place, and forgives no row that was too long before it. Answers whether the
    /// agent's breaker opens.
    pub fn denied(&mut self, agent: Principal, wallet: WalletId, answers: impl IntoIterator<Item = Answer>) -> bool {
        let breaker = self.breakers.entry((wallet, agent)).or_default();
        let mut opens = false;
        for answer in answers {
            match answer {
                Answer::Denied => {
                    breaker.denials += 1;
                    opens |= breaker.denials >= DENIALS;
                }
                Answer::Passed => breaker.denials = 0,
                Answer::Silent => {}
            }
        }
        if opens {
            *breaker = Breaker { denials: 0, open_until: self.now + BREAKER_NS };
        }
        opens
    }

    pub fn denials_of(&self, agent: Principal, wallet: WalletId) -> u32 {
        self.breakers.get(&(wallet, agent)).map_or(0, |breaker| breaker.denials)
    }

    pub fn breaker_open_until(&self, agent: Principal, wallet: WalletId) -> u64 {
        self.breakers.get(&(wallet, agent)).map_or(0, |breaker| breaker.open_until)
    }

    /// What the canister says of a breaker is taken for true, after it was told that it is not.
    pub fn forget_breaker(&mut self, agent: Principal, wallet: WalletId, denials: u32, open_until: u64) {
        self.breakers.insert((wallet, agent), Breaker { denials, open_until });
    }

    /// Whatever else happened, at `now`.
    pub fn happened(&mut self, event: &Event) {
        let now = self.now;
        match event {
            Event::WalletCreated(wallet) => {
                let Self { wallets, .. } = self;
                let known =
                    Wallet { owner: wallet.owner(), parent: wallet.parent, active: !wallet.deactivated, primary: wallet.primary };
                wallets.insert(wallet.id, known);
            }
            Event::WalletChanged(changed) => self.wallet_changed(changed.wallet, &changed.change),
            Event::AgentAdded(change) => {
                self.agents.insert((change.wallet, change.agent));
            }
            Event::AgentLabelled(_) => {}
            Event::AgentRemoved(change) => {
                self.agents.remove(&(change.wallet, change.agent));
            }
            Event::RoleGranted(RoleChange { principal, role: Role::Approver }) => {
                self.approvers.insert(*principal);
            }
            Event::RoleRevoked(RoleChange { principal, role: Role::Approver }) => {
                self.approvers.remove(principal);
            }
            Event::GroupSet(group) => self.members = group.members.clone(),
            Event::RateSet(rate) => {
                self.rates.insert(rate.asset, (rate.value.get(), rate.per.get(), rate.expires_at.nanos()));
                self.revalue(rate.asset);
            }
            Event::ModeChanged(change) => {
                self.share = match change.mode {
                    Mode::Normal => 100,
                    Mode::Emergency { .. } => 0,
                    Mode::Limited { percent, .. } => u64::from(percent),
                }
            }
            Event::ChainBreakerOpened(opened) => self.chain_open_until = opened.until.nanos(),
            Event::SessionOpened(opened) => {
                let session = &opened.session;
                let known =
                    Session { wallet: session.wallet, agent: session.agent, expires_at: session.expires_at.nanos(), ended: false };
                self.sessions.insert(session.id, known);
            }
            Event::SessionClosed(closed) => self.sessions.get_mut(&closed.id).expect("it was opened").ended = true,
            Event::TransferReserved(reserved) if reserved.request.nonce_operation().is_some() => self.operated(reserved),
            _ => self.moved(event),
        }
        // What is older than every window counts nowhere.
        let horizon = now.saturating_sub(31 * DAY_NS + 12 * HOUR_NS);
        self.entries.retain(|_, entry| entry.posted.is_none_or(|(at, amount, fee)| at > horizon && amount + fee > 0));
    }

    fn wallet_changed(&mut self, id: WalletId, change: &WalletChange) {
        let wallet = self.wallets.get_mut(&id).expect("it was created");
        match change {
            WalletChange::Activate => wallet.active = true,
            WalletChange::Deactivate => (wallet.active, wallet.primary) = (false, false),
            WalletChange::MakePrimary => {
                let owner = wallet.owner;
                self.wallets.values_mut().filter(|other| other.owner == owner).for_each(|other| other.primary = false);
                self.wallets.get_mut(&id).unwrap().primary = true;
            }
            WalletChange::Owner(owner) => (wallet.owner, wallet.primary) = (*owner, false),
            WalletChange::Parent(ParentChange { parent }) => wallet.parent = *parent,
        }
        let below = |entry: &Entry| match change {
            WalletChange::Owner(_) => entry.wallet == id,
            WalletChange::Parent(_) => self.above(entry.wallet).contains(&Scope::Wallet(id)),
            WalletChange::Activate | WalletChange::Deactivate | WalletChange::MakePrimary => false,
        };
        // What has not ended counts in every scope that stands above it from now on. What may still be cancelled counts no longer in
        // those that do not: whether it is paid is for the new ones to say. What may be on its way goes on counting in those that let it
        // through, and what has landed stays where it was counted.
        let open = self.entries.iter().filter(|(_, entry)| entry.posted.is_none() && below(entry));
        let now_above: Vec<_> = open.map(|(id, entry)| (*id, self.scopes_of(entry))).collect();
        for (id, scopes) in now_above {
            let entry = entry(&mut self.entries, &id);
            if entry.may_be_cancelled() {
                entry.held.retain(|scope| scopes.contains(scope));
                entry.added.retain(|scope| scopes.contains(scope));
            }
            let new: Vec<_> = scopes.into_iter().filter(|scope| entry.within(*scope).is_none()).collect();
            if entry.may_be_cancelled() {
                entry.fresh = new.clone();
            } else {
                entry.excused.extend(&new);
            }
            entry.added.extend(new);
        }
    }

    /// A scope demands something else from now on. What may be on its way cannot be cancelled any more: should it prove dead it is
    /// built again as what it was, without being asked about, within the limits of then.
    pub fn demand(&mut self, scope: Scope, limits: Limits) {
        self.limits.insert(scope, limits);
        let within = |entry: &Entry| entry.posted.is_none() && !entry.may_be_cancelled() && entry.within(scope).is_some();
        self.entries.values_mut().filter(|entry| within(entry)).for_each(|entry| entry.excused.push(scope));
    }

    /// Nothing stays under a scope that demands something else now, or came to stand above it, that people would have to be asked about
    /// and were not. Asked when all that belongs to the change has happened; what came under a scope later changes nothing for those
    /// that were there.
    pub fn check_asked(&mut self, changed: Option<Scope>) {
        let mut broken = Vec::new();
        for (id, entry) in self.entries.iter().filter(|(_, entry)| entry.may_be_cancelled() && !entry.asked) {
            let scopes = changed.filter(|scope| self.scopes_of(entry).contains(scope)).into_iter();
            for scope in scopes.chain(entry.fresh.iter().copied()).filter(|scope| !entry.excused.contains(scope)) {
                let approval = self.limits.get(&scope).and_then(|limits| limits.approval);
                let how = approval.and_then(|approval| self.asks(*id, entry, scope, approval));
                broken.extend(how.map(|how| (Promise::Unasked, format!("transfer {id} stays to be built: {how}"))));
            }
        }
        self.broken.extend(broken);
        self.entries.values_mut().for_each(|entry| entry.fresh.clear());
    }

    /// Of each owner with active wallets exactly one of them stands first. Asked when all that belongs to a change has happened.
    pub fn check_first(&mut self) {
        let mut owners = BTreeMap::<Principal, (u32, u32)>::new();
        for wallet in self.wallets.values() {
            let (active, first) = owners.entry(wallet.owner).or_default();
            *active += u32::from(wallet.active);
            *first += u32::from(wallet.primary);
        }
        let wrong = |(active, first): &(u32, u32)| *first != u32::from(*active > 0);
        if let Some((owner, (active, first))) = owners.into_iter().find(|(_, counts)| wrong(counts)) {
            self.broken.push((Promise::First, format!("of {active} active wallets of {owner} {first} stand first")));
        }
    }

    /// What was let through before a rate was known is worth something once there is one.
    fn revalue(&mut self, asset: Asset) {
        let Some((worth, per, _)) = self.rates.get(&asset).copied() else { return };
        for entry in self.entries.values_mut().filter(|entry| entry.asset == asset) {
            let value = (u128::from(entry.amount + entry.fee) * u128::from(worth)).div_ceil(u128::from(per));
            let value = value.min(u128::from(u64::MAX));
            entry.lowest = Some(entry.lowest.map_or(value, |lowest| lowest.min(value)));
            entry.highest = Some(entry.highest.map_or(value, |highest| highest.max(value)));
        }
    }

    /// What happened to a transfer.
    fn moved(&mut self, event: &Event) {
        let (now, share) = (self.now, self.share);
        let entries = &mut self.entries;
        match event {
            Event::ApprovalGiven(given) => {
                let may = self.members.contains(&given.approver) && self.approvers.contains(&given.approver);
                assert!(may, "{} may not agree", given.approver);
                let entry = entry(entries, &given.id);
                assert_ne!(given.approver, entry.agent, "the requester never counts");
                entry.yes.insert(given.approver);
                if given.ready_at.is_some() && entry.agreed_at.is_none() {
                    entry.agreed_at = Some(now);
                    let over = |session: &Session| session.ended || now >= session.expires_at;
                    entry.late = entry.session.and_then(|id| self.sessions.get(&id)).is_some_and(over);
                }
            }
            Event::TransferApproved(step) => {
                let entry = entry(entries, &step.id);
                let yes = entry.yes.iter().filter(|yes| self.approvers.contains(yes) && self.members.contains(yes)).count();
                assert!(entry.waits && yes >= entry.quorum, "{yes} of {} agreed", entry.quorum);
                entry.waits = false;
            }
            Event::TransferBuilt(built) => {
                let entry = &entries[&built.id];
                assert!(!entry.waits && !entry.signed && entry.posted.is_none(), "built while it waits, may land or has ended");
                self.judge_built(built.id);
                self::entry(&mut self.entries, &built.id).built = true;
            }
            Event::TransferSigned(signed) => entry(entries, &signed.id).signed = true,
            Event::TransferSubmitted(step) => {
                let entry = entry(entries, &step.id);
                // What is taken back is followed in an emergency too.
                assert!(share > 0 || entry.revoked || entry.operation.is_some(), "sent in an emergency");
                entry.quarantined = false;
            }
            Event::TransferQuarantined(step) => entry(entries, &step.id).quarantined = true,
            Event::TransferExpired(step) => {
                let entry = entry(entries, &step.id);
                (entry.built, entry.signed) = (false, false);
            }
            Event::TransferConfirmed(settled) => {
                let entry = entry(entries, &settled.id);
                assert!((entry.signed || entry.quarantined) && entry.posted.is_none());
                entry.posted = Some((now, entry.amount, settled.fee_paid.get()));
            }
            Event::TransferFailed(TransferFailed { id, fee_paid, .. }) => {
                let entry = entry(entries, id);
                assert_eq!(entry.posted, None, "it ends once");
                // Whatever people say about signed bytes, they may land.
                let may_land = entry.quarantined && entry.signed;
                entry.posted = Some(if may_land { (now, entry.amount, entry.fee) } else { (now, 0, fee_paid.get()) });
            }
            Event::TransferCancelled(step) => {
                let entry = entry(entries, &step.id);
                assert!(!entry.signed && entry.posted.is_none(), "called off though it may land");
                entry.posted = Some((now, 0, 0));
            }
            Event::TransferRejected(rejected) => {
                let entry = entry(entries, &rejected.id);
                assert!(entry.waits && entry.posted.is_none());
                entry.posted = Some((now, 0, 0));
            }
            _ => {}
        }
    }
}

fn entry<'a>(entries: &'a mut BTreeMap<TransferId, Entry>, id: &TransferId) -> &'a mut Entry {
    entries.get_mut(id).expect("it was let through and has not ended")
}
