//! The removal of an agent, the start of an emergency, and the roles, mode and configuration that everybody may read.

use super::access;
use crate::store;
use candid::Principal;
use ic_cdk::api::msg_caller;
use purser_core::base::WalletId;
use purser_core::state::Refusal;
use purser_core::transfer::MAX_REASON_BYTES;
use purser_types::convert::admin::roles;
use purser_types::{Agent, Config, Error, Member, ModeStatus, Page, Permissions, at_most, page_size};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn remove_agent(wallet_id: u64, agent: Principal) -> Result<(), Error> {
    let decided = store::read(|state| state.decide_remove_agent(msg_caller(), WalletId::new(wallet_id), agent))?;
    store::commit(decided);
    Ok(())
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn start_emergency(reason: String) -> Result<(), Error> {
    access::require_authenticated(msg_caller())?;
    at_most("reason", &reason, MAX_REASON_BYTES)?;
    let decided = store::read(|state| state.decide_start_emergency(msg_caller(), reason, store::now()))?;
    store::commit(decided);
    Ok(())
}

#[ic_cdk::query]
fn get_config() -> Config {
    store::read(|state| Config::new(state.config(), state.keys().is_some()))
}

#[ic_cdk::query]
fn get_mode() -> ModeStatus {
    store::read(|state| ModeStatus::new(state.mode(), state.open_recoveries()))
}

#[ic_cdk::query]
fn list_members(cursor: Option<Principal>, limit: Option<u32>) -> Page<Member, Principal> {
    let member = |(principal, held)| (principal, Member { principal, roles: roles(&held) });
    store::read(|state| Page::fill(page_size(limit), state.members_after(cursor).map(member)))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_agent_label(wallet_id: u64, agent: Principal, label: Option<String>) -> Result<(), Error> {
    let decided = store::read(|state| state.decide_label_agent(msg_caller(), WalletId::new(wallet_id), agent, label))?;
    store::commit(decided);
    Ok(())
}

#[ic_cdk::query]
fn get_agent(wallet_id: u64, agent: Principal) -> Result<Agent, Error> {
    let wallet = WalletId::new(wallet_id);
    store::read(|state| {
        access::require_wallet(state, wallet)?;
        let not_found = || Refusal::NotFound { what: "agent", id: format!("{agent} of wallet {wallet}") };
        Ok(Agent::new(agent, state.agent(wallet, &agent).ok_or_else(not_found)?))
    })
}

#[ic_cdk::query]
fn list_agents(wallet_id: u64, cursor: Option<Principal>, limit: Option<u32>) -> Result<Page<Agent, Principal>, Error> {
    let wallet = WalletId::new(wallet_id);
    store::read(|state| {
        access::require_wallet(state, wallet)?;
        Ok(Page::fill(
            page_size(limit),
            state.agents_after(wallet, cursor).map(|(agent, record)| (agent, Agent::new(agent, record))),
        ))
    })
}

#[ic_cdk::query]
fn my_permissions(wallet_id: Option<u64>) -> Permissions {
    let caller = msg_caller();
    store::read(|state| Permissions {
        roles: roles(&state.roles_of(&caller)),
        is_agent: wallet_id.is_some_and(|id| state.is_agent(WalletId::new(id), &caller)),
    })
}
