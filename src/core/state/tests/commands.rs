//! Changes by name, as an installation with one admin and no time lock makes them: at once.

use super::fixture::TestState;
use crate::access::Role;
use crate::access::{LabelledAgent, RoleChange};
use crate::base::{Amount, Timestamp, TransferId, WalletId};
use crate::governance::{Action, PolicyChange, QuarantineEnd};
use crate::policy::{Rule, Scope};
use crate::state::{ChangeOutcome, Decided, Refusal};
use crate::wallet::WalletChange;
use candid::Principal;

impl TestState {
    /// A change that happens at once.
    pub(super) fn applied(&self, caller: Principal, action: Action, now: Timestamp) -> Result<Decided, Refusal> {
        let (decided, change) = self.decide_change(caller, action, now)?;
        assert_eq!(change, ChangeOutcome::Applied);
        Ok(decided)
    }

    pub(super) fn decide_grant_role(&self, caller: Principal, principal: Principal, role: Role) -> Result<Decided, Refusal> {
        self.applied(caller, Action::GrantRole(RoleChange { principal, role }), Timestamp::default())
    }

    pub(super) fn decide_revoke_role(&self, caller: Principal, principal: Principal, role: Role) -> Result<Decided, Refusal> {
        self.applied(caller, Action::RevokeRole(RoleChange { principal, role }), Timestamp::default())
    }

    pub(super) fn decide_add_agent(&self, caller: Principal, wallet: WalletId, agent: Principal) -> Result<Decided, Refusal> {
        self.applied(caller, Action::AddAgent(LabelledAgent { wallet, agent, label: None }), Timestamp::default())
    }

    pub(super) fn decide_set_policy(
        &self,
        caller: Principal,
        wallet: WalletId,
        rules: Vec<Rule>,
        now: Timestamp,
    ) -> Result<(Decided, u64), Refusal> {
        let scope = Scope::Wallet(wallet);
        let replaces = self.last_policy_version(&scope);
        let change = PolicyChange { scope, replaces, name: None, rules };
        Ok((self.applied(caller, Action::SetPolicy(change), now)?, replaces + 1))
    }

    pub(super) fn decide_emergency(&self, caller: Principal, on: bool, reason: String, now: Timestamp) -> Result<Decided, Refusal> {
        if on {
            self.decide_start_emergency(caller, reason, now)
        } else {
            self.applied(caller, Action::EndEmergency { reason }, now)
        }
    }

    pub(super) fn decide_resolve_quarantine(
        &self,
        caller: Principal,
        transfer: TransferId,
        landed: bool,
        fee_paid: Amount,
        note: String,
    ) -> Result<Decided, Refusal> {
        let end = QuarantineEnd { transfer, landed, fee_paid, note };
        self.applied(caller, Action::ResolveQuarantine(end), Timestamp::default())
    }

    pub(super) fn decide_change_wallet(
        &self,
        caller: Principal,
        wallet: WalletId,
        change: WalletChange,
    ) -> Result<Decided, Refusal> {
        self.applied(caller, Action::ChangeWallet { wallet, change }, Timestamp::default())
    }
}
