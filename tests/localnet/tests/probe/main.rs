//! Tests of localnet with the probe canister and handwritten modules, one behaviour of the interface specification each.

mod calls;
mod conformance;
mod execution;
mod faults;
mod keys;
mod lifecycle;
mod modules;
mod outcalls;

use candid::utils::{ArgumentDecoder, ArgumentEncoder};
use candid::{Principal, decode_args, encode_args};
use localnet::{Ic, LocalNet, Reject};

/// The probe's wasm: `PURSER_PROBE_WASM`, else what `scripts/build --probe` writes.
fn wasm() -> Vec<u8> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/probe.wasm");
    let path = std::env::var("PURSER_PROBE_WASM").unwrap_or_else(|_| default.to_string());
    std::fs::read(&path).unwrap_or_else(|error| panic!("no probe canister at {path} ({error}): run `scripts/build --probe`"))
}

/// A user.
fn user() -> Principal {
    Principal::self_authenticating(b"user")
}

/// The canister's controller.
fn controller() -> Principal {
    Principal::self_authenticating(b"controller")
}

const CYCLES: u128 = 100_000_000_000_000;

/// A network with the probe on it.
struct Probe {
    net: LocalNet,
    id: Principal,
}

impl Probe {
    /// On a network without faults.
    fn new() -> Self {
        Self::on(LocalNet::new())
    }

    fn on(mut net: LocalNet) -> Self {
        let id = net.create_canister(&[controller()], CYCLES);
        net.install(id, controller(), &wasm(), encode_args((Some(0_u64),)).unwrap()).unwrap();
        Self { net, id }
    }

    fn try_update<R: for<'a> ArgumentDecoder<'a>>(&mut self, method: &str, args: impl ArgumentEncoder) -> Result<R, Reject> {
        let reply = self.net.update(self.id, user(), method, encode_args(args).unwrap())?;
        Ok(decode_args(&reply).unwrap())
    }

    fn update<R: for<'a> ArgumentDecoder<'a>>(&mut self, method: &str, args: impl ArgumentEncoder) -> R {
        self.try_update(method, args).unwrap_or_else(|reject| panic!("{method}: {reject}"))
    }

    fn try_query<R: for<'a> ArgumentDecoder<'a>>(&mut self, method: &str, args: impl ArgumentEncoder) -> Result<R, Reject> {
        let reply = self.net.query(self.id, user(), method, encode_args(args).unwrap())?;
        Ok(decode_args(&reply).unwrap())
    }

    fn query<R: for<'a> ArgumentDecoder<'a>>(&mut self, method: &str, args: impl ArgumentEncoder) -> R {
        self.try_query(method, args).unwrap_or_else(|reject| panic!("{method}: {reject}"))
    }

    /// The counters on the heap and in stable memory.
    fn counters(&mut self) -> (u64, u64) {
        self.query("counters", ())
    }
}

/// The rejection that a call is expected to end with.
fn rejected(result: Result<(), Reject>) -> Reject {
    result.expect_err("the call was expected to be rejected")
}
