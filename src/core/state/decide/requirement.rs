//! Requirements of an action: how many admins must approve it, and how long it must wait.

use crate::access::Role;
use crate::base::Timestamp;
use crate::governance::{Action, PolicyChange, Rate};
use crate::policy;
use crate::state::State;
use crate::state::decide::changes::with_usable_from;
use crate::wallet::{ParentChange, WalletChange};
use candid::Principal;
use ic_stable_structures::Memory;

/// The quorum of admins and the time lock of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChangeRequirement {
    pub quorum: u32,
    pub time_lock_ns: u64,
}

impl ChangeRequirement {
    /// The requirement of an action that narrows power: one admin's word.
    const NONE: Self = Self { quorum: 1, time_lock_ns: 0 };

    /// Whether the action takes effect at once, on one admin's word.
    pub const fn is_immediate(self) -> bool {
        self.quorum <= 1 && self.time_lock_ns == 0
    }
}

impl<M: Memory> State<M> {
    /// Returns the requirement of an action in the current state. An action that narrows power has none.
    pub(super) fn requirement(&self, action: &Action) -> ChangeRequirement {
        let settings = self.settings();
        let full = ChangeRequirement { quorum: settings.quorum, time_lock_ns: settings.time_lock_ns };
        let quorum = ChangeRequirement { time_lock_ns: 0, ..full };
        let when = |condition: bool, requirement: ChangeRequirement| if condition { requirement } else { ChangeRequirement::NONE };
        match action {
            Action::SetPolicy(change) => when(self.policy_widens(change), full),
            Action::GrantRole(_) | Action::AddAgent(_) | Action::EndEmergency { .. } | Action::ResolveQuarantine(_) => full,
            Action::RevokeRole(change) => self.revocation_requirement(change.principal, change.role, full),
            // Fewer members are fewer who can refuse. Without a group nothing that asks it passes.
            Action::SetGroup(group) => when(!group.members.is_empty(), full),
            // A shorter retention lets blocks be pruned before people have looked at them.
            Action::ConfigureAudit(new) => when(new.retention_days < self.retention().settings.retention_days, full),
            // A rate is a fact of the day: at the end of a time lock it would be out of date.
            Action::SetRate(rate) => when(self.rate_widens(rate), quorum),
            Action::ChangeSettings(new) if settings.widens(new) => full,
            // A harder quorum narrows power, but one admin alone could use it to keep the others from ever undoing it.
            Action::ChangeSettings(new) => when(!settings.has_same_governance(new), quorum),
            Action::ChangeWallet { wallet, change } => {
                let wallet = self.tables.wallet(*wallet);
                let widens = match change {
                    WalletChange::Deactivate | WalletChange::MakePrimary => false,
                    WalletChange::Activate | WalletChange::Owner(_) => true,
                    WalletChange::Parent(ParentChange { .. }) => wallet.is_some_and(|wallet| wallet.parent.is_some()),
                };
                when(widens, full)
            }
            // Without a recovery nobody may ask for it.
            Action::RecoverAdmins(_) => self
                .config()
                .recovery
                .as_ref()
                .map_or(full, |recovery| ChangeRequirement { quorum: recovery.quorum, time_lock_ns: recovery.time_lock_ns }),
            Action::RemovePrincipal(principal) => {
                let roles = self.tables.roles(principal);
                let requirements = roles.0.iter().map(|role| self.revocation_requirement(*principal, *role, full));
                let strictest = requirements.max_by_key(|requirement| (requirement.time_lock_ns, requirement.quorum));
                strictest.unwrap_or(ChangeRequirement::NONE)
            }
        }
    }

    /// Whether a policy widens power against the one that it replaces.
    fn policy_widens(&self, change: &PolicyChange) -> bool {
        let old = self.tables.policy(&change.scope);
        // A new recipient widens power, however long its cool-down is: so it is compared as if it were usable at once.
        let new = with_usable_from(&change.rules, old.as_ref(), Timestamp::default());
        policy::widens(&change.scope, old.as_ref(), &new)
    }

    /// Whether a rate lets more pass than the current one: it values the asset lower, or is valid for longer.
    fn rate_widens(&self, new: &Rate) -> bool {
        let Some(old) = self.tables.rate(new.asset) else { return true };
        // Compares value/per of both rates without a division.
        let scaled = |a: &Rate, b: &Rate| u128::from(a.value.get()) * u128::from(b.per.get());
        scaled(new, &old) < scaled(&old, new) || new.expires_at > old.expires_at
    }

    /// Returns the requirement of a revocation, which is none except where it makes something easier to pass.
    ///
    /// Without an admin the quorum is easier to reach. Without a guardian there is one fewer to object during a time lock, and without an
    /// approver one fewer to refuse in the groups with other members.
    fn revocation_requirement(&self, principal: Principal, role: Role, full: ChangeRequirement) -> ChangeRequirement {
        let is_one_of_several =
            || self.tables.all_groups().any(|group| group.members.contains(&principal) && group.members.len() > 1);
        match role {
            Role::Admin => ChangeRequirement { time_lock_ns: 0, ..full },
            Role::Guardian => full,
            Role::Approver if is_one_of_several() => full,
            Role::Approver | Role::Auditor | Role::Viewer => ChangeRequirement::NONE,
        }
    }
}
