//! What admins and guardians decide: roles, agents, wallets, policies, the emergency mode.

use super::{Decided, authenticated, invalid, not_found};
use crate::chains::{kaspa, solana};
use crate::event::{AgentChange, Event, ModeChanged, PolicySet, RoleChange};
use crate::mode::Mode;
use crate::policy::{self, Policy, Rule};
use crate::primitives::{Bytes, Timestamp, WalletId};
use crate::roles::Role;
use crate::state::{Refusal, State};
use crate::transfer::MAX_REASON_BYTES;
use crate::wallet::{KeyKind, MAX_LABEL_BYTES, RootKey, Wallet, derivation_path};
use candid::Principal;
use ic_stable_structures::Memory;

/// The most agents one wallet may have.
pub const MAX_AGENTS_PER_WALLET: u64 = 100;

impl<M: Memory> State<M> {
    /// An admin gives a role.
    ///
    /// # Errors
    /// When the caller is no admin, the principal anonymous, or the role already given.
    pub fn decide_grant_role(&self, caller: Principal, principal: Principal, role: Role) -> Result<Decided, Refusal> {
        self.require(caller, Role::Admin)?;
        if principal == Principal::anonymous() {
            return Err(invalid("principal", "the anonymous principal is everybody and can hold no role"));
        }
        if self.tables.roles(&principal).has(role) {
            return Err(Refusal::AlreadySo { what: "the principal already has the role" });
        }
        Ok(Decided::by(caller, Event::RoleGranted(RoleChange { principal, role })))
    }

    /// An admin takes a role.
    ///
    /// # Errors
    /// When the caller is no admin, the principal lacks the role, or it is the last admin: then nobody could set a policy again.
    pub fn decide_revoke_role(&self, caller: Principal, principal: Principal, role: Role) -> Result<Decided, Refusal> {
        self.require(caller, Role::Admin)?;
        if !self.tables.roles(&principal).has(role) {
            return Err(not_found("such role of", principal));
        }
        let other_admins = self.tables.all_roles().any(|(other, roles)| other != principal && roles.has(Role::Admin));
        if role == Role::Admin && !other_admins {
            return Err(invalid("principal", "the last admin cannot be removed; grant the role to somebody else first"));
        }
        Ok(Decided::by(caller, Event::RoleRevoked(RoleChange { principal, role })))
    }

    /// An admin lets an agent ask for transfers from a wallet.
    ///
    /// # Errors
    /// When the caller is no admin, the wallet unknown, or the agent cannot be added.
    pub fn decide_add_agent(&self, caller: Principal, wallet: WalletId, agent: Principal) -> Result<Decided, Refusal> {
        self.require(caller, Role::Admin)?;
        self.require_wallet(wallet)?;
        if agent == Principal::anonymous() {
            return Err(invalid("agent", "the anonymous principal is everybody and can be no agent"));
        }
        if self.is_agent(wallet, &agent) {
            return Err(Refusal::AlreadySo { what: "the principal already is an agent of the wallet" });
        }
        let current = self.agents(wallet).len() as u64;
        if current >= MAX_AGENTS_PER_WALLET {
            return Err(Refusal::LimitReached { what: "agents of the wallet", max: MAX_AGENTS_PER_WALLET, current });
        }
        Ok(Decided::by(caller, Event::AgentAdded(AgentChange { wallet, agent })))
    }

    /// An admin or a guardian takes an agent's wallet away. Its transfers that nothing was signed for end with it; what may already
    /// be on its way is followed to its end.
    ///
    /// # Errors
    /// When the caller may not, or there is no such agent.
    pub fn decide_remove_agent(&self, caller: Principal, wallet: WalletId, agent: Principal) -> Result<Decided, Refusal> {
        self.require_admin_or_guardian(caller)?;
        if !self.is_agent(wallet, &agent) {
            return Err(not_found("agent", format!("{agent} of wallet {wallet}")));
        }
        let mut decided = Decided::by(caller, Event::AgentRemoved(AgentChange { wallet, agent }));
        decided.events.extend(self.cancellations_of(wallet, agent));
        Ok(decided)
    }

    /// An admin creates a wallet. Its keys are derived here and now from the root keys: no call, so no half-made wallet.
    ///
    /// # Errors
    /// When the caller is no admin, the label too long, or the root keys are not known yet.
    pub fn decide_create_wallet(&self, caller: Principal, label: String, now: Timestamp) -> Result<(Decided, Wallet), Refusal> {
        self.require(caller, Role::Admin)?;
        if label.len() > MAX_LABEL_BYTES {
            return Err(invalid("label", format!("at most {MAX_LABEL_BYTES} bytes")));
        }
        let keys = self.tables.keys().ok_or(Refusal::KeysNotReady)?;
        let id = self.tables.head().next_wallet;
        let config = self.config();
        let path = |kind: KeyKind| derivation_path(kind, config.path_name(kind.chain()), id);
        let unusable = |error: String| invalid("root keys", format!("no wallet key can be derived: {error}"));
        let secp = |root: &RootKey, kind| derive_secp256k1(root, &path(kind)).map_err(unusable);
        let wallet = Wallet {
            id,
            label,
            created_by: caller,
            created_at: now,
            solana_key: derive_ed25519(&keys.ed25519, &path(KeyKind::Solana)).map_err(unusable)?,
            kaspa_schnorr_key: secp(&keys.schnorr, KeyKind::KaspaSchnorr)?,
            kaspa_ecdsa_key: secp(&keys.ecdsa, KeyKind::KaspaEcdsa)?,
        };
        Ok((Decided::by(caller, Event::WalletCreated(wallet.clone())), wallet))
    }

    /// An admin replaces a wallet's policy; returns its new version. What was spent stays spent (trap T13), and what is only promised
    /// is held to the new rules: transfers that they deny and that may still be called off end in the same commit.
    ///
    /// # Errors
    /// When the caller is no admin, the wallet unknown, or a rule cannot work.
    pub fn decide_set_policy(
        &self,
        caller: Principal,
        wallet: WalletId,
        rules: Vec<Rule>,
        now: Timestamp,
    ) -> Result<(Decided, u64), Refusal> {
        self.require(caller, Role::Admin)?;
        self.require_wallet(wallet)?;
        policy::validate(&rules).map_err(|error| invalid("rules", error.to_string()))?;
        let version = self.policy(wallet).map_or(1, |policy| policy.version.saturating_add(1));
        let policy = Policy { version, rules };
        let cancellations = self.cancellations_under(wallet, &policy, now);
        let mut decided = Decided::by(caller, Event::PolicySet(PolicySet { wallet, version, rules: policy.rules }));
        decided.events.extend(cancellations);
        Ok((decided, version))
    }

    /// Guardians and admins start an emergency at once; only admins end it. Doing it twice is refused, not an error worth failing
    /// for: the mode is what the caller wants.
    ///
    /// # Errors
    /// When the caller may not, the reason is too long, or the mode already is as wished.
    pub fn decide_emergency(&self, caller: Principal, on: bool, reason: String, now: Timestamp) -> Result<Decided, Refusal> {
        if on {
            self.require_admin_or_guardian(caller)?
        } else {
            self.require(caller, Role::Admin)?
        }
        if reason.len() > MAX_REASON_BYTES {
            return Err(invalid("reason", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        if self.mode().is_emergency() == on {
            let what = if on { "the canister already is in emergency mode" } else { "the canister is not in emergency mode" };
            return Err(Refusal::AlreadySo { what });
        }
        let mode = if on { Mode::Emergency { since: now } } else { Mode::Normal };
        Ok(Decided::by(caller, Event::ModeChanged(ModeChanged { mode, reason })))
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

fn derive_ed25519(root: &RootKey, path: &[Vec<u8>]) -> Result<Bytes, String> {
    let root = solana::keys::ExtendedKey {
        public_key: solana::Address::from_bytes(fixed(&root.public_key)?),
        chain_code: fixed(&root.chain_code)?,
    };
    let child = solana::keys::derive(&root, path).map_err(|error| error.to_string())?;
    Ok(Bytes::new(child.public_key.as_bytes().to_vec()))
}

fn derive_secp256k1(root: &RootKey, path: &[Vec<u8>]) -> Result<Bytes, String> {
    let root = kaspa::keys::ExtendedKey { public_key: fixed(&root.public_key)?, chain_code: fixed(&root.chain_code)? };
    let child = root.derive(path).map_err(|error| error.to_string())?;
    Ok(Bytes::new(child.public_key))
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("{} bytes, {N} are needed", bytes.len()))
}
