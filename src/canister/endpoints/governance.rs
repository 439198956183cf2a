//! The changes of admins, and the proposals that some of them need.

use super::access;
use crate::jobs;
use crate::store::{self, Store};
use candid::Principal;
use ic_cdk::api::msg_caller;
use purser_core::access::{LabelledAgent, RoleChange};
use purser_core::base::text::echo;
use purser_core::base::{Amount, ProposalId, TransferId, WalletId};
use purser_core::governance::{Action, MAX_GROUP_MEMBERS, MAX_RECOVERED_ADMINS, PolicyChange, QuarantineEnd};
use purser_core::state::{Decided, Refusal, VersionedRecord};
use purser_core::transfer::MAX_REASON_BYTES;
use purser_types::convert::policy::parse_rules;
use purser_types::{
    Asset, AssetRate, Change, Error, Group, Page, Proposal, Rate, ResolveQuarantineArgs, Role, Rule, Scope, Settings, SettingsInit,
    Versioned, at_most, page_size,
};
use serde_bytes::ByteBuf;

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn grant_role(member: Principal, role: Role) -> Result<Change, Error> {
    change(Action::GrantRole(RoleChange { principal: member, role: role.into() }))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn revoke_role(member: Principal, role: Role) -> Result<Change, Error> {
    change(Action::RevokeRole(RoleChange { principal: member, role: role.into() }))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn remove_principal(member: Principal) -> Result<Change, Error> {
    change(Action::RemovePrincipal(member))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn add_agent(wallet_id: u64, agent: Principal, label: Option<String>) -> Result<Change, Error> {
    change(Action::AddAgent(LabelledAgent { wallet: WalletId::new(wallet_id), agent, label }))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_policy(scope: Scope, name: Option<String>, rules: Vec<Rule>, expected_version: Option<u64>) -> Result<Change, Error> {
    let scope = scope.into();
    require_version(&VersionedRecord::Policy(scope), expected_version)?;
    let action = store::read(|state| -> Result<_, Error> {
        let rules = parse_rules(rules, &state.config().chains)?;
        Ok(Action::SetPolicy(PolicyChange { scope, replaces: state.last_policy_version(&scope), name, rules }))
    })?;
    change(action)
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_group(group: Group, expected_version: Option<u64>) -> Result<Change, Error> {
    require_version(&VersionedRecord::Group(&group.name), expected_version)?;
    let members = group.members.len();
    if members > MAX_GROUP_MEMBERS {
        return Err(Error::invalid("members", format!("{members} members; at most {MAX_GROUP_MEMBERS}")));
    }
    change(Action::SetGroup(group.into()))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_rate(rate: Rate) -> Result<Change, Error> {
    change(Action::SetRate(rate.try_into()?))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_settings(settings: SettingsInit, expected_version: Option<u64>) -> Result<Change, Error> {
    require_version(&VersionedRecord::Settings, expected_version)?;
    let settings = settings.over(store::read(|state| state.settings()));
    change(Action::ChangeSettings(Box::new(settings)))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn end_emergency(reason: String) -> Result<Change, Error> {
    access::require_authenticated(msg_caller())?;
    at_most("reason", &reason, MAX_REASON_BYTES)?;
    change(Action::EndEmergency { reason })
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn resolve_quarantine(args: ResolveQuarantineArgs) -> Result<Change, Error> {
    access::require_authenticated(msg_caller())?;
    let ResolveQuarantineArgs { transfer_id, landed, fee_paid, note } = args;
    at_most("note", &note, MAX_REASON_BYTES)?;
    let (transfer, fee_paid) = (TransferId::new(transfer_id), Amount::new(fee_paid));
    change(Action::ResolveQuarantine(QuarantineEnd { transfer, landed, fee_paid, note }))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn recover_admins(admins: Vec<Principal>) -> Result<Change, Error> {
    access::require_authenticated(msg_caller())?;
    let named = admins.len();
    if named > MAX_RECOVERED_ADMINS {
        return Err(Error::invalid("admins", format!("{named} principals; 1 to {MAX_RECOVERED_ADMINS}")));
    }
    change(Action::RecoverAdmins(admins.into_iter().collect()))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn approve_proposal(proposal_id: u64) -> Result<Proposal, Error> {
    let decide = |state: &Store, id| state.decide_approve_proposal(msg_caller(), id, store::now());
    advance(proposal_id, decide)
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn cancel_proposal(proposal_id: u64, note: Option<String>) -> Result<Proposal, Error> {
    access::require_authenticated(msg_caller())?;
    at_most("note", note.as_deref().unwrap_or_default(), MAX_REASON_BYTES)?;
    advance(proposal_id, |state, id| state.decide_cancel_proposal(msg_caller(), id, note, store::now()))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn execute_proposal(proposal_id: u64) -> Result<Proposal, Error> {
    let decide = |state: &Store, id| state.decide_execute_proposal(msg_caller(), id, store::now());
    advance(proposal_id, decide)
}

#[ic_cdk::query]
fn get_proposal(proposal_id: u64) -> Result<Proposal, Error> {
    store::read(|state| find(state, ProposalId::new(proposal_id)))
}

#[ic_cdk::query]
fn list_proposals(cursor: Option<u64>, limit: Option<u32>) -> Page<Proposal, u64> {
    store::read(|state| {
        let chains = &state.config().chains;
        let proposals = state.proposals_before(cursor.map(ProposalId::new));
        Page::fill(page_size(limit), proposals.map(|proposal| (proposal.id.get(), Proposal::new(proposal, store::now(), chains))))
    })
}

#[ic_cdk::query]
fn get_group(name: String) -> Result<Versioned<Group>, Error> {
    store::read(|state| {
        let version = state.version(&VersionedRecord::Group(&name));
        let value = match state.group(&name) {
            Some(group) => group.into(),
            None if version > 0 => Group { name, members: Vec::new() },
            None => return Err(Refusal::NotFound { what: "group", id: echo(&name) }.into()),
        };
        Ok(Versioned { version, value })
    })
}

#[ic_cdk::query]
fn list_groups(cursor: Option<String>, limit: Option<u32>) -> Page<Versioned<Group>, String> {
    store::read(|state| {
        let shown = |group: purser_core::governance::Group| {
            let version = state.version(&VersionedRecord::Group(&group.name));
            (group.name.clone(), Versioned { version, value: Group::from(group) })
        };
        Page::fill(page_size(limit), state.groups_after(cursor.as_deref()).map(shown))
    })
}

#[ic_cdk::query]
fn get_rate(asset: Asset) -> Result<AssetRate, Error> {
    let asset: purser_core::base::Asset = asset.try_into()?;
    let rate = store::read(|state| state.rate(asset));
    Ok(rate.ok_or_else(|| Refusal::NotFound { what: "rate of", id: asset.to_string() })?.into())
}

#[ic_cdk::query]
fn list_rates(cursor: Option<ByteBuf>, limit: Option<u32>) -> Page<AssetRate, ByteBuf> {
    let shown = |rate: purser_core::governance::Rate| (ByteBuf::from(rate.asset.key_bytes()), rate.into());
    let cursor = cursor.map(ByteBuf::into_vec);
    store::read(|state| Page::fill(page_size(limit), state.rates_after(cursor).map(shown)))
}

#[ic_cdk::query]
fn get_settings() -> Versioned<Settings> {
    store::read(|state| Versioned { version: state.version(&VersionedRecord::Settings), value: state.settings().into() })
}

/// Checks that an admin calls, and that a record still has the version that the admin saw.
///
/// # Errors
/// When the caller is no admin, or `VERSION_CONFLICT` when the record was changed meanwhile.
pub(super) fn require_version(record: &VersionedRecord<'_>, expected: Option<u64>) -> Result<(), Refusal> {
    store::read(|state| {
        access::require_admin(state, msg_caller())?;
        state.require_version(record, expected)
    })
}

/// Requests a change for the caller, commits it or its proposal, and starts the timers that it may need.
///
/// # Errors
/// When the domain refuses the change.
pub(super) fn change(action: Action) -> Result<Change, Error> {
    let (decided, change) = store::read(|state| state.decide_change(msg_caller(), action, store::now()))
        .map_err(|refusal| Error::from(refusal).with_field("principal", "member"))?;
    store::commit(decided);
    jobs::arm();
    Ok(change.into())
}

fn advance(proposal_id: u64, decide: impl FnOnce(&Store, ProposalId) -> Result<Decided, Refusal>) -> Result<Proposal, Error> {
    let id = ProposalId::new(proposal_id);
    let decided = store::read(|state| decide(state, id))?;
    store::commit(decided);
    jobs::arm();
    store::read(|state| find(state, id))
}

/// Returns a proposal as the answer shows it.
///
/// # Errors
/// `NOT_FOUND` when there is no such proposal.
fn find(state: &Store, id: ProposalId) -> Result<Proposal, Error> {
    let proposal = state.proposal(id).ok_or_else(|| Refusal::NotFound { what: "proposal", id: id.to_string() })?;
    Ok(Proposal::new(proposal, store::now(), &state.config().chains))
}
