//! Decisions about roles, groups and agents, the events that follow from them, and the start of an emergency.

use super::rejection::rejected;
use super::require_authenticated;
use super::standing::affected_proposal;
use super::standing::proposal_closed;
use crate::access::Role;
use crate::access::{AgentChange, LabelledAgent, MAX_AGENT_LABEL_BYTES, RoleChange};
use crate::base::text::check_name;
use crate::base::{ProposalId, Timestamp, TransferId, WalletId};
use crate::event::{Event, ModeChanged};
use crate::governance::{
    Action, Group, MAX_GROUP_MEMBERS, MAX_GROUPS, MAX_MEMBERS, MAX_RECOVERED_ADMINS, Proposal, ProposalOutcome,
};
use crate::policy::{MAX_NAME_BYTES, Mode, ReasonCode};
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::MAX_REASON_BYTES;
use crate::wallet::WalletChange;
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

/// The most agents of one wallet.
const MAX_AGENTS_PER_WALLET: u64 = 100;

impl<M: Memory> State<M> {
    /// Decides an admin's or a guardian's command to remove an agent from a wallet.
    ///
    /// The agent's transfers that can be cancelled and its sessions on the wallet end too. Signed transfers are followed to their end.
    ///
    /// # Errors
    /// When the caller is neither admin nor guardian, or the principal is no agent of the wallet.
    pub fn decide_remove_agent(&self, caller: Principal, wallet: WalletId, agent: Principal) -> Result<Decided, Refusal> {
        self.require_admin_or_guardian(caller)?;
        if !self.is_agent(wallet, &agent) {
            return Err(not_found("agent", format!("{agent} of wallet {wallet}")));
        }
        Ok(Decided { actor: Some(caller), events: self.agent_removal_events(wallet, agent) })
    }

    /// Decides an admin's command to give an agent of a wallet another label, or none.
    ///
    /// # Errors
    /// When the caller is no admin, the principal is no agent of the wallet, the label cannot be accepted, or it is the same.
    pub fn decide_label_agent(
        &self,
        caller: Principal,
        wallet: WalletId,
        agent: Principal,
        label: Option<String>,
    ) -> Result<Decided, Refusal> {
        self.require_role(caller, Role::Admin)?;
        self.require_wallet(wallet)?;
        let record = self.tables.agent(wallet, &agent).ok_or_else(|| not_found("agent", format!("{agent} of wallet {wallet}")))?;
        check_label(label.as_deref())?;
        if record.label == label {
            return Err(Refusal::AlreadySo { what: "the agent already has the label" });
        }
        Ok(Decided::by_caller(caller, Event::AgentLabelled(LabelledAgent { wallet, agent, label })))
    }

    /// Decides an admin's or a guardian's command to start an emergency, from any other mode.
    ///
    /// When an emergency is on, nothing changes: who asks for it has what they want.
    ///
    /// # Errors
    /// When the caller is neither admin nor guardian, or the reason is too long.
    pub fn decide_start_emergency(&self, caller: Principal, reason: String, now: Timestamp) -> Result<Decided, Refusal> {
        self.require_admin_or_guardian(caller)?;
        if reason.len() > MAX_REASON_BYTES {
            return Err(invalid("reason", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        if self.mode().is_emergency() {
            return Ok(Decided { actor: Some(caller), events: Vec::new() });
        }
        let mode = Mode::Emergency { since: self.monotonic_now(now) };
        Ok(Decided::by_caller(caller, Event::ModeChanged(ModeChanged { mode, reason })))
    }

    /// Returns the events of a grant of a role.
    pub(super) fn grant_events(&self, change: &RoleChange) -> Result<Vec<Event>, Refusal> {
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

    /// Returns the events that make principals admins again. Nothing else changes: the quorum, the policies and the mode stay as they are.
    pub(super) fn recovery_events(&self, admins: &BTreeSet<Principal>) -> Result<Vec<Event>, Refusal> {
        let named = admins.len();
        if !(1..=MAX_RECOVERED_ADMINS).contains(&named) {
            return Err(invalid("admins", format!("{named} principals; 1 to {MAX_RECOVERED_ADMINS}")));
        }
        let role = Role::Admin;
        let new: Vec<Principal> = admins.iter().copied().filter(|admin| !self.tables.roles(admin).has(role)).collect();
        if new.is_empty() {
            return Err(Refusal::AlreadySo { what: "all of them are admins" });
        }
        let members = self.tables.all_roles().count();
        let strangers = new.iter().filter(|admin| self.tables.roles(admin).0.is_empty()).count();
        if members + strangers > MAX_MEMBERS {
            return Err(Refusal::LimitReached { what: "principals with roles", max: MAX_MEMBERS as u64, current: members as u64 });
        }
        let grant = |principal| self.grant_events(&RoleChange { principal, role });
        Ok(new.into_iter().map(grant).collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Returns the events of a revocation of a role.
    pub(super) fn revocation_events(&self, change: &RoleChange) -> Result<Vec<Event>, Refusal> {
        let RoleChange { principal, role } = change;
        if !self.tables.roles(principal).has(*role) {
            return Err(not_found("such role of", principal));
        }
        self.check_remaining_admins(*principal, *role)?;
        let mut events = vec![Event::RoleRevoked(*change)];
        match role {
            Role::Approver => events.extend(self.on_approver_removed(*principal, &BTreeSet::new())),
            Role::Admin => events.extend(self.on_admin_removed(*principal)),
            Role::Guardian | Role::Auditor | Role::Viewer => {}
        }
        Ok(events)
    }

    /// Returns the events of a new agent of a wallet.
    pub(super) fn agent_events(&self, change: &LabelledAgent) -> Result<Vec<Event>, Refusal> {
        let LabelledAgent { wallet, agent, label } = change;
        check_label(label.as_deref())?;
        self.require_wallet(*wallet)?;
        if *agent == Principal::anonymous() {
            return Err(invalid("agent", "the anonymous principal is everybody and can be no agent"));
        }
        if self.is_agent(*wallet, agent) {
            return Err(Refusal::AlreadySo { what: "the principal already is an agent of the wallet" });
        }
        let current = self.agents(*wallet).len() as u64;
        if current >= MAX_AGENTS_PER_WALLET {
            return Err(Refusal::LimitReached { what: "agents of the wallet", max: MAX_AGENTS_PER_WALLET, current });
        }
        Ok(vec![Event::AgentAdded(change.clone())])
    }

    /// Returns the events of new members of a group.
    ///
    /// Transfers that wait for the group's approval are rejected: the new members were not asked, and the old ones cannot answer any more.
    pub(super) fn group_events(&self, group: &Group) -> Result<Vec<Event>, Refusal> {
        if group.name.is_empty() {
            return Err(invalid("name", "a group needs a name"));
        }
        check_name(&group.name, MAX_NAME_BYTES).map_err(|problem| invalid("name", problem))?;
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
        Ok([vec![Event::GroupSet(group.clone())], self.group_rejections(&names, &BTreeSet::new())].concat())
    }

    /// Returns the events that remove every power of a principal.
    ///
    /// Roles, group memberships, agencies, sessions and pending transfers end, and proposals that the principal made, or that would give it a
    /// power, become stale. Wallets of the principal keep their owner until an admin changes it.
    pub(super) fn removal_events(&self, principal: Principal) -> Result<Vec<Event>, Refusal> {
        let roles = self.tables.roles(&principal);
        let wallets: Vec<WalletId> = self.tables.wallets_of_agent(&principal).collect();
        if roles.0.is_empty() && wallets.is_empty() {
            return Err(not_found("power of", principal));
        }
        let was_admin = roles.has(Role::Admin);
        let mut events = Vec::new();
        for role in roles.0 {
            self.check_remaining_admins(principal, role)?;
            events.push(Event::RoleRevoked(RoleChange { principal, role }));
        }
        for wallet in wallets {
            events.extend(self.agent_removal_events(wallet, principal));
        }
        let cancelled = |event: &Event| if let Event::TransferCancelled(step) = event { Some(step.id) } else { None };
        let ended: BTreeSet<TransferId> = events.iter().filter_map(cancelled).collect();
        events.extend(self.on_approver_removed(principal, &ended));
        events.extend(self.proposals_giving_power_to(principal).map(|proposal| {
            let note = format!("{principal} was removed");
            proposal_closed(proposal.id, ProposalOutcome::Stale, note)
        }));
        if was_admin {
            let closed: BTreeSet<ProposalId> = events.iter().filter_map(affected_proposal).collect();
            let others = self.on_admin_removed(principal).into_iter();
            events.extend(others.filter(|event| affected_proposal(event).is_none_or(|id| !closed.contains(&id))));
        }
        Ok(events)
    }

    /// Returns the open proposals that would give a principal a power.
    fn proposals_giving_power_to(&self, principal: Principal) -> impl Iterator<Item = Proposal> {
        let gives = move |action: &Action| match action {
            Action::GrantRole(change) => change.principal == principal,
            Action::AddAgent(change) => change.agent == principal,
            Action::SetGroup(group) => group.members.contains(&principal),
            Action::RecoverAdmins(admins) => admins.contains(&principal),
            Action::ChangeWallet { change: WalletChange::Owner(owner), .. } => *owner == principal,
            _ => false,
        };
        self.open_proposals().into_iter().filter(move |proposal| gives(&proposal.action))
    }

    /// Returns the events that remove an agent from a wallet.
    fn agent_removal_events(&self, wallet: WalletId, agent: Principal) -> Vec<Event> {
        let mut events = vec![Event::AgentRemoved(AgentChange { wallet, agent })];
        events.extend(self.agent_cancellations(wallet, agent));
        events.extend(self.session_end_events(wallet, Some(agent)));
        events
    }

    /// Returns the events that remove an approver from every group, and reject what waits for these groups.
    ///
    /// The removed approver's answer may be among those given, and the remaining members may be too few for the quorum. Transfers in
    /// `ended` have ended in the same decision already.
    fn on_approver_removed(&self, approver: Principal, ended: &BTreeSet<TransferId>) -> Vec<Event> {
        let groups: Vec<Group> = self.tables.all_groups().filter(|group| group.members.contains(&approver)).collect();
        let names = groups.iter().map(|group| group.name.as_str()).collect();
        let rejections = self.group_rejections(&names, ended);
        let without = |mut group: Group| {
            group.members.remove(&approver);
            Event::GroupSet(group)
        };
        groups.into_iter().map(without).chain(rejections).collect()
    }

    /// Returns the rejections of all transfers that wait for the approval of one of these groups.
    fn group_rejections(&self, groups: &BTreeSet<&str>, ended: &BTreeSet<TransferId>) -> Vec<Event> {
        let pending = self.pending_approvals(None).into_iter().filter(|transfer| !ended.contains(&transfer.id));
        let waiting = pending.filter(|transfer| {
            let demands = transfer.approval.iter().flat_map(|approval| &approval.demands);
            demands.into_iter().any(|demand| groups.contains(demand.group.as_str()))
        });
        let end = |id| rejected(id, ReasonCode::ApprovalOutdated, "a group that was asked has changed");
        waiting.map(|transfer| end(transfer.id)).collect()
    }

    /// Refuses to take a role from the last admin, or from one whom the quorum needs.
    fn check_remaining_admins(&self, principal: Principal, role: Role) -> Result<(), Refusal> {
        if role != Role::Admin {
            return Ok(());
        }
        let remaining = self.count_holders(Role::Admin).saturating_sub(u64::from(self.tables.roles(&principal).has(Role::Admin)));
        if remaining == 0 {
            return Err(invalid("principal", "the last admin cannot be removed; grant the role to somebody else first"));
        }
        self.check_quorum(self.settings().quorum, remaining)
    }

    /// Returns the number of admins.
    pub(in crate::state) fn count_admins(&self) -> u64 {
        self.count_holders(Role::Admin)
    }

    /// Returns the number of principals with a role.
    pub(super) fn count_holders(&self, role: Role) -> u64 {
        self.tables.all_roles().filter(|(_, roles)| roles.has(role)).count() as u64
    }

    /// Refuses a quorum that so many admins could never reach.
    pub(super) fn check_quorum(&self, quorum: u32, admins: u64) -> Result<(), Refusal> {
        if u64::from(quorum) <= admins {
            return Ok(());
        }
        Err(invalid("quorum", format!("{quorum} of {admins} admins could never agree; name more admins or a smaller quorum first")))
    }

    fn require_admin_or_guardian(&self, caller: Principal) -> Result<(), Refusal> {
        require_authenticated(caller)?;
        let roles = self.tables.roles(&caller);
        if roles.has(Role::Admin) || roles.has(Role::Guardian) {
            return Ok(());
        }
        Err(Refusal::Unauthorized { needs: "an Admin or a Guardian" })
    }
}

/// Refuses a label of an agent that is too long or deceives its readers.
fn check_label(label: Option<&str>) -> Result<(), Refusal> {
    let checked = label.map_or(Ok(()), |label| check_name(label, MAX_AGENT_LABEL_BYTES));
    checked.map_err(|problem| invalid("label", problem))
}
