//! Checks of the caller's powers before arguments are read.
//!
//! The domain checks powers again when it decides. These checks come first so that a stranger cannot make the canister work, and they
//! are the only ones of the few methods that need no decision.

use crate::store::Store;
use candid::Principal;
use purser_core::access::Role;
use purser_core::base::WalletId;
use purser_core::policy::Scope;
use purser_core::state::Refusal;
use purser_core::wallet::Wallet;

/// Checks that the caller signed in.
///
/// # Errors
/// [`Refusal::Anonymous`] for the anonymous principal.
pub fn require_authenticated(caller: Principal) -> Result<(), Refusal> {
    if caller == Principal::anonymous() { Err(Refusal::Anonymous) } else { Ok(()) }
}

/// Checks that the caller is an admin.
///
/// # Errors
/// When the caller is none.
pub fn require_admin(state: &Store, caller: Principal) -> Result<(), Refusal> {
    require_authenticated(caller)?;
    if state.roles_of(&caller).has(Role::Admin) { Ok(()) } else { Err(Refusal::Unauthorized { needs: "an Admin" }) }
}

/// Checks that the caller holds a role, or is an agent or an owner of a wallet.
///
/// # Errors
/// When the caller is none of these.
pub fn require_member(state: &Store, caller: Principal) -> Result<(), Refusal> {
    require_authenticated(caller)?;
    let needs = "a role, an agent or an owner of a wallet";
    if state.has_power(&caller) { Ok(()) } else { Err(Refusal::Unauthorized { needs }) }
}

/// Checks that the wallet exists and the caller is an agent of it.
///
/// # Errors
/// When the caller is none, or there is no such wallet.
pub fn require_agent(state: &Store, caller: Principal, wallet: WalletId) -> Result<(), Refusal> {
    require_authenticated(caller)?;
    require_wallet(state, wallet)?;
    if state.is_agent(wallet, &caller) { Ok(()) } else { Err(Refusal::Unauthorized { needs: "an agent of the wallet" }) }
}

/// Returns an existing wallet to an agent of it, an admin or a guardian.
///
/// # Errors
/// When the caller is none of these, or there is no such wallet.
pub fn require_wallet_operator(state: &Store, caller: Principal, id: WalletId) -> Result<Wallet, Refusal> {
    require_authenticated(caller)?;
    let wallet = state.wallet(id).ok_or_else(|| Refusal::NotFound { what: "wallet", id: id.to_string() })?;
    let roles = state.roles_of(&caller);
    if state.is_agent(id, &caller) || roles.has(Role::Admin) || roles.has(Role::Guardian) {
        return Ok(wallet);
    }
    Err(Refusal::Unauthorized { needs: "an agent of the wallet, an Admin or a Guardian" })
}

/// Checks that the caller holds any role: methods that take much work are not open to strangers.
///
/// # Errors
/// When the caller holds none.
pub fn require_role_holder(state: &Store, caller: Principal) -> Result<(), Refusal> {
    require_authenticated(caller)?;
    if state.roles_of(&caller).0.is_empty() { Err(Refusal::Unauthorized { needs: "a member with any role" }) } else { Ok(()) }
}

/// Checks that the wallet or the session of a scope exists.
///
/// # Errors
/// When there is none of that number.
pub fn require_scope(state: &Store, scope: &Scope) -> Result<(), Refusal> {
    match scope {
        Scope::User(_) => Ok(()),
        Scope::Wallet(wallet) | Scope::Agent { wallet, .. } => require_wallet(state, *wallet),
        Scope::Session(id) => match state.session(*id) {
            Some(_) => Ok(()),
            None => Err(Refusal::NotFound { what: "session", id: id.to_string() }),
        },
    }
}

/// Checks that a wallet exists.
///
/// # Errors
/// When there is none of that number.
pub fn require_wallet(state: &Store, wallet: WalletId) -> Result<(), Refusal> {
    match state.wallet(wallet) {
        Some(_) => Ok(()),
        None => Err(Refusal::NotFound { what: "wallet", id: wallet.to_string() }),
    }
}
