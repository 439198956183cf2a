//! Faults that tests inject.

use candid::Principal;

/// A method of the management canister, as far as faults distinguish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// `sign_with_ecdsa`
    SignEcdsa,
    /// `sign_with_schnorr`
    SignSchnorr,
    /// `ecdsa_public_key`
    EcdsaPublicKey,
    /// `schnorr_public_key`
    SchnorrPublicKey,
    /// `raw_rand`
    RawRand,
    /// `http_request`
    HttpRequest,
    /// `canister_status`
    CanisterStatus,
    /// `canister_info`
    CanisterInfo,
    /// Any other method.
    Other,
}

impl CallKind {
    /// The kind of a method.
    pub fn of(method: &str) -> Self {
        match method {
            "sign_with_ecdsa" => Self::SignEcdsa,
            "sign_with_schnorr" => Self::SignSchnorr,
            "ecdsa_public_key" => Self::EcdsaPublicKey,
            "schnorr_public_key" => Self::SchnorrPublicKey,
            "raw_rand" => Self::RawRand,
            "http_request" => Self::HttpRequest,
            "canister_status" => Self::CanisterStatus,
            "canister_info" => Self::CanisterInfo,
            _ => Self::Other,
        }
    }
}

/// The matching calls that a fault applies to, counted from 1 since it was injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    /// Only the call with this number.
    Only(u64),
    /// The call with this number and all later ones.
    From(u64),
}

/// The effect of a fault on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The call is rejected and has no effect.
    Reject {
        /// Reject code, 1 to 6.
        code: u32,
        /// Message.
        message: String,
    },
    /// The call takes effect, but its answer is lost. An outcall, whose request every replica sends, is reported as timed out, and
    /// a signature request as expired. Other calls are answered as usual.
    Timeout,
    /// The replicas' results of an outcall differ. Other calls are answered as usual.
    DisagreeingReplicas,
    /// The call is answered only when the test delivers it.
    Hold,
}

struct Rule {
    canister: Principal,
    kind: CallKind,
    occurrence: Occurrence,
    effect: Effect,
    seen: u64,
}

struct CallbackTrap {
    canister: Principal,
    /// Whether only answers of the management canister count.
    management: bool,
    nth: u64,
    seen: u64,
}

/// The injected faults; none at first.
#[derive(Default)]
pub struct Faults {
    rules: Vec<Rule>,
    traps: Vec<CallbackTrap>,
}

impl Faults {
    /// Injects a fault into this canister's calls of this kind. Where several faults match a call, the first injected applies, and
    /// all count the call.
    pub fn inject(&mut self, canister: Principal, kind: CallKind, occurrence: Occurrence, effect: Effect) {
        self.rules.push(Rule { canister, kind, occurrence, effect, seen: 0 });
    }

    /// Makes a reply or reject callback of this canister trap after its code has run: its effects are undone and its cleanup
    /// callback runs. `nth` counts callbacks from 1, from now on.
    pub fn trap_callback(&mut self, canister: Principal, nth: u64) {
        self.traps.push(CallbackTrap { canister, management: false, nth, seen: 0 });
    }

    /// Makes a callback trap as [`Faults::trap_callback`] does, counting only answers of the management canister. Callbacks of
    /// timers do not count.
    pub fn trap_answer(&mut self, canister: Principal, nth: u64) {
        self.traps.push(CallbackTrap { canister, management: true, nth, seen: 0 });
    }

    /// Removes all faults. Held calls stay held until delivered.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn on_call(&mut self, canister: Principal, kind: CallKind) -> Option<Effect> {
        let mut hit = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.canister == canister && rule.kind == kind) {
            rule.seen += 1;
            let hits = match rule.occurrence {
                Occurrence::Only(nth) => rule.seen == nth,
                Occurrence::From(nth) => rule.seen >= nth,
            };
            if hits && hit.is_none() {
                hit = Some(rule.effect.clone());
            }
        }
        hit
    }

    pub(crate) fn on_callback(&mut self, canister: Principal, management: bool) -> bool {
        let mut hit = false;
        for trap in self.traps.iter_mut().filter(|trap| trap.canister == canister && (management || !trap.management)) {
            trap.seen += 1;
            hit |= trap.seen == trap.nth;
        }
        hit
    }
}
