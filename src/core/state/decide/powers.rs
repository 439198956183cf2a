//! Roles, groups and agents: given, taken, and what falls with them.

use super::governance::closed;
use super::rejection::rejected;
use super::{Decided, authenticated, invalid, not_found};
use crate::access::Role;
use crate::access::{AgentChange, RoleChange};
use crate::base::{Timestamp, TransferId, WalletId};
use crate::event::{Event, ModeChanged};
use crate::governance::{Action, Group, MAX_GROUP_MEMBERS, MAX_GROUPS, MAX_MEMBERS, ProposalOutcome};
use crate::policy::{MAX_NAME_BYTES, Mode, ReasonCode};
use crate::state::{Refusal, State};
use crate::transfer::MAX_REASON_BYTES;
use crate::wallet::WalletChange;
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

impl<M: Memory> State<M> {
    /// An admin or a guardian takes an agent's wallet away. Its transfers that nothing was signed for end with it, and so do its
    /// sessions; what may already be on its way is followed to its end.
    ///
    /// # Errors
    /// When the caller may not, or there is no such agent.
    pub fn decide_remove_agent(&self, caller: Principal, wallet: WalletId, agent: Principal) -> Result<Decided, Refusal> {
        self.require_admin_or_guardian(caller)?;
        if !self.is_agent(wallet, &agent) {
            return Err(not_found("agent", format!("{agent} of wallet {wallet}")));
        }
        Ok(Decided { actor: Some(caller), events: self.agent_removal(wallet, agent) })
    }

    /// Guardians and admins start an emergency at once, whatever the mode was.
    ///
    /// # Errors
    /// When the caller may not, the reason is too long, or there is an emergency already: the mode is what the caller wants.
    pub fn decide_start_emergency(&self, caller: Principal, reason: String, now: Timestamp) -> Result<Decided, Refusal> {
        self.require_admin_or_guardian(caller)?;
        if reason.len() > MAX_REASON_BYTES {
            return Err(invalid("reason", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        if self.mode().is_emergency() {
            return Err(Refusal::AlreadySo { what: "the canister already is in emergency mode" });
        }
        let mode = Mode::Emergency { since: self.monotonic_now(now) };
        Ok(Decided::by(caller, Event::ModeChanged(ModeChanged { mode, reason })))
    }

    pub(super) fn grant_effects(&self, change: &RoleChange) -> Result<Vec<Event>, Refusal> {
        let RoleChange { principal, role } = change;
        if *principal == Principal::anonymous() {
            return Err(invalid("principal", "the anonymous principal is everybody and can hold no role"));
        }
        let roles = self.tables.roles(principal);
        if roles.has(*role) {
            return Err(Refusal::AlreadySo { what: "the principal already has the role" });
        }
        let current = self.tables.all_roles().count();
        if roles.0.is_empty() && current >= MAX_MEMBERS {
            return Err(Refusal::LimitReached { what: "principals with roles", max: MAX_MEMBERS as u64, current: current as u64 });
        }
        Ok(vec![Event::RoleGranted(*change)])
    }

    pub(super) fn revocation_effects(&self, change: &RoleChange) -> Result<Vec<Event>, Refusal> {
        let RoleChange { principal, role } = change;
        if !self.tables.roles(principal).has(*role) {
            return Err(not_found("such role of", principal));
        }
        self.check_admins_left(*principal, *role)?;
        let mut events = vec![Event::RoleRevoked(*change)];
        if *role == Role::Approver {
            events.extend(self.on_approver_removed(*principal, &BTreeSet::new()));
        }
        Ok(events)
    }

    /// A group of approvers as it is from now on. Whoever was asked before is not asked any more: what waits for the group's answer ends.
    pub(super) fn group_effects(&self, group: &Group) -> Result<Vec<Event>, Refusal> {
        if group.name.is_empty() || group.name.len() > MAX_NAME_BYTES {
            return Err(invalid("name", format!("1 to {MAX_NAME_BYTES} bytes")));
        }
        let old = self.tables.group(&group.name);
        if old.as_ref() == Some(group) {
            return Err(Refusal::AlreadySo { what: "these already are the group's members" });
        }
        if old.is_none() && group.members.is_empty() {
            return Err(not_found("group", &group.name));
        }
        let members = group.members.len();
        if members > MAX_GROUP_MEMBERS {
            return Err(Refusal::LimitReached {
                what: "members of the group",
                max: MAX_GROUP_MEMBERS as u64,
                current: members as u64,
            });
        }
        let current = self.tables.all_groups().count() as u64;
        if old.is_none() && current >= MAX_GROUPS {
            return Err(Refusal::LimitReached { what: "groups", max: MAX_GROUPS, current });
        }
        if let Some(member) = group.members.iter().find(|member| !self.tables.roles(member).has(Role::Approver)) {
            return Err(invalid("members", format!("{member} is no Approver; grant the role first")));
        }
        let names = BTreeSet::from([group.name.as_str()]);
        Ok([vec![Event::GroupSet(group.clone())], self.rejections(&names, &BTreeSet::new())].concat())
    }

    /// Everything that one principal can do ends: roles, groups, wallets, sessions, pending transfers, and changes that would give it
    /// something. What it owns stays its own until an admin gives it to somebody else.
    pub(super) fn removal_effects(&self, principal: Principal) -> Result<Vec<Event>, Refusal> {
        let roles = self.tables.roles(&principal);
        let wallets: Vec<WalletId> = self.tables.wallets_of_agent(&principal).collect();
        if roles.0.is_empty() && wallets.is_empty() {
            return Err(not_found("power of", principal));
        }
        let mut events = Vec::new();
        for role in roles.0 {
            self.check_admins_left(principal, role)?;
            events.push(Event::RoleRevoked(RoleChange { principal, role }));
        }
        for wallet in wallets {
            events.extend(self.agent_removal(wallet, principal));
        }
        let cancelled = |event: &Event| if let Event::TransferCancelled(step) = event { Some(step.id) } else { None };
        let ended: BTreeSet<TransferId> = events.iter().filter_map(cancelled).collect();
        events.extend(self.on_approver_removed(principal, &ended));
        let gives = |action: &Action| match action {
            Action::GrantRole(change) => change.principal == principal,
            Action::AddAgent(change) => change.agent == principal,
            Action::SetGroup(group) => group.members.contains(&principal),
            Action::ChangeWallet { change: WalletChange::Owner(owner), .. } => *owner == principal,
            _ => false,
        };
        let void = self.open_proposals().into_iter().filter(|proposal| gives(&proposal.action));
        events.extend(void.map(|proposal| closed(proposal.id, ProposalOutcome::Stale, format!("{principal} was removed"))));
        Ok(events)
    }

    /// An agent's end on one wallet.
    fn agent_removal(&self, wallet: WalletId, agent: Principal) -> Vec<Event> {
        let mut events = vec![Event::AgentRemoved(AgentChange { wallet, agent })];
        events.extend(self.cancellations_of(wallet, agent));
        events.extend(self.session_ends(wallet, Some(agent)));
        events
    }

    /// An approver leaves every group, and what waits for those groups' answers ends (trap T41), but for what has `ended` already.
    fn on_approver_removed(&self, approver: Principal, ended: &BTreeSet<TransferId>) -> Vec<Event> {
        let groups: Vec<Group> = self.tables.all_groups().filter(|group| group.members.contains(&approver)).collect();
        let names = groups.iter().map(|group| group.name.as_str()).collect();
        let rejections = self.rejections(&names, ended);
        let without = |mut group: Group| {
            group.members.remove(&approver);
            Event::GroupSet(group)
        };
        groups.into_iter().map(without).chain(rejections).collect()
    }

    /// The end of every transfer that waits for the answer of one of these groups.
    fn rejections(&self, groups: &BTreeSet<&str>, ended: &BTreeSet<TransferId>) -> Vec<Event> {
        let pending = self.pending_approvals(None).into_iter().filter(|transfer| !ended.contains(&transfer.id));
        let asked = pending.filter(|transfer| {
            let demands = transfer.approval.iter().flat_map(|approval| &approval.demands);
            demands.into_iter().any(|demand| groups.contains(demand.group.as_str()))
        });
        let end = |id| rejected(id, ReasonCode::ApprovalRejected, "a group that was asked has changed");
        asked.map(|transfer| end(transfer.id)).collect()
    }

    /// Whether enough admins are left when `principal` loses `role`.
    fn check_admins_left(&self, principal: Principal, role: Role) -> Result<(), Refusal> {
        if role != Role::Admin {
            return Ok(());
        }
        let left = self.count(Role::Admin).saturating_sub(u64::from(self.tables.roles(&principal).has(Role::Admin)));
        if left == 0 {
            return Err(invalid("principal", "the last admin cannot be removed; grant the role to somebody else first"));
        }
        self.check_quorum(self.settings().quorum, left)
    }

    fn require_admin_or_guardian(&self, caller: Principal) -> Result<(), Refusal> {
        authenticated(caller)?;
        let roles = self.tables.roles(&caller);
        if roles.has(Role::Admin) || roles.has(Role::Guardian) {
            return Ok(());
        }
        Err(Refusal::Unauthorized { needs: "an Admin or a Guardian" })
    }
}
