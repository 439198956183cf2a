//! A scenario with the probe canister whose outcomes can be compared between networks.
//!
//! Outcomes hold what the interface specification fixes (replies, reject codes, counters, keys), not wording, times or costs.

mod server;

use std::fmt::Debug;
use std::time::Duration;

use candid::utils::{ArgumentDecoder, ArgumentEncoder};
use candid::{CandidType, Principal, decode_args, encode_args};
use ic_certification::{Certificate, LookupResult};
use ic_ed25519::PocketIcMasterPublicKeyId as Ed25519Id;
use ic_secp256k1::PocketIcMasterPublicKeyId as Secp256k1Id;

use crate::ic::{Ic, Reject};
pub use server::Server;

/// The name of a step and its observed result.
pub type Outcome = (String, String);

const CYCLES: u128 = 100_000_000_000_000;
/// The most rounds that a network needs to run a due timer to its end.
const TIMER_ROUNDS: usize = 10;
const KEY_NAME: &str = "key_1";

/// A request of the probe's `fetch`.
#[derive(CandidType)]
struct Fetch {
    url: String,
    body: Option<Vec<u8>>,
    max_response_bytes: Option<u64>,
    transform: Option<&'static str>,
    is_replicated: Option<bool>,
}

struct Scenario<'a> {
    net: &'a mut dyn Ic,
    wasm: &'a [u8],
    id: Principal,
    outcomes: Vec<Outcome>,
}

/// Runs the scenario with the probe's module. `url` is the address of a [`Server`].
///
/// # Panics
/// The probe cannot be installed, or replies with other types than its methods declare.
pub fn run(net: &mut dyn Ic, wasm: &[u8], url: &str) -> Vec<Outcome> {
    let id = net.create_canister(&[controller()], CYCLES);
    let mut scenario = Scenario { net, wasm, id, outcomes: Vec::new() };
    scenario.install();
    scenario.traps();
    scenario.queries();
    scenario.calls();
    scenario.timers();
    scenario.certified_data();
    scenario.keys();
    scenario.outcalls(url);
    scenario.upgrades();
    scenario.stop();
    scenario.outcomes
}

fn user() -> Principal {
    Principal::self_authenticating(b"conformance user")
}

fn controller() -> Principal {
    Principal::self_authenticating(b"conformance controller")
}

fn encode(args: impl ArgumentEncoder) -> Vec<u8> {
    encode_args(args).expect("the arguments are representable in Candid")
}

fn result_code(result: Result<(), Reject>) -> String {
    result.map_or_else(|reject| format!("reject {}", reject.code), |()| "done".to_string())
}

impl Scenario<'_> {
    fn note(&mut self, name: &str, outcome: impl Into<String>) {
        self.outcomes.push((name.to_string(), outcome.into()));
    }

    fn update<R: for<'a> ArgumentDecoder<'a>>(&mut self, method: &str, args: impl ArgumentEncoder) -> Result<R, Reject> {
        let reply = self.net.update(self.id, user(), method, encode(args))?;
        Ok(decode_args(&reply).expect("the probe replies with the types it declares"))
    }

    fn query<R: for<'a> ArgumentDecoder<'a>>(&mut self, method: &str, args: impl ArgumentEncoder) -> Result<R, Reject> {
        let reply = self.net.query(self.id, user(), method, encode(args))?;
        Ok(decode_args(&reply).expect("the probe replies with the types it declares"))
    }

    /// Records an update's reply, or its reject code.
    fn note_update<R: Debug + for<'a> ArgumentDecoder<'a>>(&mut self, method: &str, args: impl ArgumentEncoder) {
        let outcome = match self.update::<R>(method, args) {
            Ok(reply) => format!("{reply:?}"),
            Err(reject) => format!("reject {}", reject.code),
        };
        self.note(method, outcome);
    }

    /// Records a query's reply, or its reject code.
    fn note_query<R: Debug + for<'a> ArgumentDecoder<'a>>(&mut self, method: &str, args: impl ArgumentEncoder) {
        let outcome = match self.query::<R>(method, args) {
            Ok(reply) => format!("{reply:?}"),
            Err(reject) => format!("reject {}", reject.code),
        };
        self.note(method, outcome);
    }

    fn counters(&mut self) {
        self.note_query::<(u64, u64)>("counters", ());
    }

    fn install(&mut self) {
        let strangers = self.net.install(self.id, user(), self.wasm, encode((Some(7_u64),)));
        self.note("install by a stranger", result_code(strangers));
        let installed = self.net.install(self.id, controller(), self.wasm, encode((Some(7_u64),)));
        self.note("install", result_code(installed));
        self.counters();
    }

    fn traps(&mut self) {
        self.note_update::<(u64,)>("increment", ());
        for method in ["increment_and_trap", "increment_and_panic", "increment_and_unreachable", "answer_twice"] {
            self.note_update::<()>(method, ());
            self.counters();
        }
        // More often than the stack would hold the frames, if the stack pointer did not roll back.
        for _ in 0..20 {
            let _ = self.update::<()>("trap_deep_in_the_stack", ());
        }
        self.note_update::<()>("trap_deep_in_the_stack", ());
        let before = self.query::<(u64, u64)>("memory_pages", ());
        self.note_update::<()>("grow_and_trap", ());
        let after = self.query::<(u64, u64)>("memory_pages", ());
        self.note("memory shrinks back after a trap", (before == after).to_string());
        self.note_update::<()>("no_such_method", ());
        self.note_update::<()>("refused", ());
        self.note_update::<()>("inspected_trap", ());
    }

    fn queries(&mut self) {
        self.note_query::<(u64,)>("query_increment", ());
        self.counters();
        self.note_update::<(u64,)>("query_increment", ());
        self.counters();
        self.note_query::<(bool,)>("replicated", ());
        self.note_update::<(bool,)>("replicated", ());
        self.note_query::<()>("certify_in_query", ());
        self.note_query::<()>("increment", ());
    }

    fn calls(&mut self) {
        self.note_update::<(Vec<String>,)>("events_around_a_call", ());
        for method in ["trap_after_self_call", "trap_after_raw_rand"] {
            self.note_update::<()>(method, ());
            self.counters();
        }
        for certify_on_drop in [true, false] {
            self.note_update::<()>("trap_with_lock", (certify_on_drop,));
            self.note_query::<(bool,)>("locked", ());
        }
        self.note_update::<(u64,)>("add_around_two_calls", ());
        let (id, nobody) = (self.id, Principal::from_slice(&[0, 0, 0, 0, 0, 0xee, 0xee, 0xee, 1, 1]));
        for (canister, method) in [
            (id, "answer_with_reject"),
            (id, "increment_and_trap"),
            (id, "answer_never"),
            (id, "no_such_method"),
            (nobody, "callee"),
            (id, "refused"),
        ] {
            let code = self.update::<(u32, String)>("call", (canister, method)).map(|(code, _)| code);
            self.note(&format!("call {method}"), format!("{:?}", code.map_err(|reject| reject.code)));
        }
        self.counters();
        let random = self.update::<(Vec<u8>,)>("rand", ()).map(|(bytes,)| bytes.len());
        self.note("bytes of raw_rand", format!("{:?}", random.map_err(|reject| reject.code)));
        let cycles = (candid::Nat::from(1_000_000_u64), candid::Nat::from(400_000_u64));
        self.note_update::<(candid::Nat, candid::Nat)>("send_cycles", cycles);
    }

    fn timers(&mut self) {
        for (method, seconds) in [("arm", 10_u64), ("arm_await", 10), ("arm_trap", 10)] {
            self.note_update::<()>(method, (seconds,));
            for pause in [5, 10] {
                self.advance(pause);
                self.note_query::<(u64,)>("fired", ());
            }
        }
        self.note_update::<()>("arm_interval", (100_u64,));
        for _ in 0..3 {
            self.advance(100);
            self.note_query::<(u64,)>("fired", ());
        }
    }

    fn advance(&mut self, seconds: u64) {
        self.net.advance_time(Duration::from_secs(seconds));
        for _ in 0..TIMER_ROUNDS {
            self.net.tick();
        }
    }

    fn certified_data(&mut self) {
        self.note_certified_data();
        self.note_update::<()>("certify", (b"certified".to_vec(),));
        self.note_certified_data();
        self.note_update::<()>("certify", (vec![0_u8; 33],));
        self.note_certified_data();
        self.note_update::<(Option<Vec<u8>>,)>("certificate", ());
    }

    fn note_certified_data(&mut self) {
        let id = self.id;
        let bytes = self.query::<(Option<Vec<u8>>,)>("certificate", ()).ok().and_then(|(bytes,)| bytes);
        let certificate: Option<Certificate> = bytes.and_then(|bytes| serde_cbor::from_slice(&bytes).ok());
        let path: [&[u8]; 3] = [b"canister", id.as_slice(), b"certified_data"];
        let data = certificate.map(|certificate| match certificate.tree.lookup_path(path) {
            LookupResult::Found(data) => hex::encode(data),
            other => format!("{other:?}"),
        });
        self.note("certified data", format!("{data:?}"));
    }

    fn keys(&mut self) {
        type Triple = (Vec<u8>, Vec<u8>, Vec<u8>);
        let (id, path, message) = (self.id, vec![vec![1_u8], b"path".to_vec()], vec![0x5a_u8; 32]);
        let ecdsa = ic_secp256k1::PublicKey::derive_pocketic_key(Secp256k1Id::EcdsaKey1, &id, &path).0;
        let schnorr = ic_secp256k1::PublicKey::derive_pocketic_key(Secp256k1Id::SchnorrKey1, &id, &path).0;
        let ed25519 = ic_ed25519::PublicKey::derive_pocketic_key(Ed25519Id::Key1, &id, &path).0;

        let keys = self.update::<(Result<Triple, (u32, String)>,)>("keys", (KEY_NAME, path.clone()));
        let expected = (ecdsa.serialize_sec1(true), schnorr.serialize_sec1(true), ed25519.serialize_raw().to_vec());
        self.note("keys are derived as published", format!("{}", keys.is_ok_and(|(keys,)| keys == Ok(expected))));
        let signed = self.update::<(Result<Triple, String>,)>("sign", (KEY_NAME, path.clone(), message.clone()));
        let verified = signed.map(|(signed,)| {
            signed.map(|(first, second, third)| {
                let ecdsa = ecdsa.verify_ecdsa_signature_prehashed_with_malleability(&message, &first);
                let schnorr = schnorr.verify_bip340_signature(&message, &second);
                (ecdsa, schnorr, ed25519.verify_signature(&message, &third).is_ok())
            })
        });
        self.note("signatures verify", format!("{verified:?}"));
        for cycles in [1_000_000_u64, 40_000_000_000] {
            let code = self.update::<(u32, String)>("sign_with_cycles", (cycles,)).map(|(code, _)| code);
            self.note("sign with cycles", format!("{:?}", code.map_err(|reject| reject.code)));
        }
    }

    fn outcalls(&mut self, url: &str) {
        let limit = Some(10_000);
        let get = |path: &str, transform| Fetch {
            url: format!("{url}{path}"),
            body: None,
            max_response_bytes: limit,
            transform,
            is_replicated: None,
        };
        let post = Fetch { body: Some(b"body".to_vec()), ..get("/echo", Some("strip")) };
        for (name, fetch) in [
            ("GET", get("/body", Some("strip"))),
            ("GET with another status", get("/status", Some("strip"))),
            ("POST", post),
            ("moving header, leaking transform", get("/body", Some("leak"))),
            ("moving header, no transform", get("/body", None)),
            ("moving body", get("/moving", Some("strip"))),
            ("response over the limit", Fetch { max_response_bytes: Some(20), ..get("/body", Some("strip")) }),
            ("limit over the limit", Fetch { max_response_bytes: Some(2_000_001), ..get("/body", Some("strip")) }),
        ] {
            type Fetched = Result<(u64, Vec<u8>), (u32, String)>;
            let fetched = self.update::<(Fetched,)>("fetch", (fetch,)).map(|(fetched,)| match fetched {
                Ok((status, body)) => format!("{status} {}", String::from_utf8_lossy(&body)),
                Err((code, _)) => format!("reject {code}"),
            });
            self.note(name, fetched.unwrap_or_else(|reject| format!("the call itself: reject {}", reject.code)));
        }
    }

    fn upgrades(&mut self) {
        self.note_update::<()>("reset", ());
        self.counters();
        for (name, refuse) in [("upgrade refused by post_upgrade", true), ("upgrade", false)] {
            let upgraded = self.net.upgrade(self.id, controller(), self.wasm, encode((Some(refuse),)));
            self.note(name, result_code(upgraded));
            self.counters();
        }
        self.note_update::<(u64,)>("increment", ());
        self.note_update::<()>("set_trap_in_pre_upgrade", (true,));
        let upgraded = self.net.upgrade(self.id, controller(), self.wasm, encode((Some(false),)));
        self.note("upgrade refused by pre_upgrade", result_code(upgraded));
        self.counters();
        self.note_certified_data();
        // The interval of the timers' step is gone with the upgrade.
        self.advance(1_000);
        self.note_query::<(u64,)>("fired", ());
    }

    fn stop(&mut self) {
        let stopped = self.net.stop(self.id, controller());
        self.note("stop", result_code(stopped));
        self.note_update::<(u64,)>("increment", ());
        self.note_query::<(u64, u64)>("counters", ());
        let started = self.net.start(self.id, controller());
        self.note("start", result_code(started));
        self.note_update::<(u64,)>("increment", ());
    }
}
