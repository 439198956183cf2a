//! The management canister's methods.

use candid::{CandidType, Nat, Principal};
use ic_management_canister_types as ic;
use rand::RngCore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;

use super::network::LocalNet;
use super::state::{ManagementRequest, Status};
use crate::exec::context::{Context, EntryPoint};
use crate::faults::{CallKind, Effect};
use crate::ic::Reject;
use crate::mgmt::{cycles::PriceError, http, keys};
use crate::trace::MessageKind;

/// An answer and the cycles charged for it.
type Answer = (Result<Vec<u8>, Reject>, u128);

/// The part of `canister_status` that does not depend on the replica's version.
#[derive(CandidType)]
struct CanisterStatus {
    status: CanisterRunState,
    settings: Settings,
    module_hash: Option<ByteBuf>,
    cycles: Nat,
}

#[derive(CandidType, Serialize)]
enum CanisterRunState {
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "stopping")]
    Stopping,
    #[serde(rename = "stopped")]
    Stopped,
}

#[derive(CandidType)]
struct Settings {
    controllers: Vec<Principal>,
}

pub(super) fn decode<T: CandidType + DeserializeOwned>(arg: &[u8]) -> Result<T, Reject> {
    candid::decode_one(arg).map_err(|e| Reject::new(Reject::CANISTER_ERROR, format!("Error decoding candid: {e}")))
}

pub(super) fn encode(value: &impl CandidType) -> Vec<u8> {
    candid::encode_one(value).expect("the answer is representable in Candid")
}

impl LocalNet {
    pub(super) fn manage(&mut self, request: &ManagementRequest) -> Answer {
        let caller = request.canister;
        match request.kind {
            CallKind::RawRand => {
                let mut bytes = [0; 32];
                self.rng.fill_bytes(&mut bytes);
                (Ok(encode(&ByteBuf::from(bytes))), 0)
            }
            CallKind::EcdsaPublicKey => {
                let key = decode(&request.arg).and_then(|args| keys::ecdsa_public_key(caller, &args));
                let answer = key.map(|key| ic::EcdsaPublicKeyResult { public_key: key.key, chain_code: key.chain_code });
                (answer.map(|answer| encode(&answer)), 0)
            }
            CallKind::SchnorrPublicKey => {
                let key = decode(&request.arg).and_then(|args| keys::schnorr_public_key(caller, &args));
                let answer = key.map(|key| ic::SchnorrPublicKeyResult { public_key: key.key, chain_code: key.chain_code });
                (answer.map(|answer| encode(&answer)), 0)
            }
            CallKind::SignEcdsa => self.sign(request, |_, args: ic::SignWithEcdsaArgs| {
                keys::sign_with_ecdsa(caller, &args).map(|signature| encode(&ic::SignWithEcdsaResult { signature }))
            }),
            CallKind::SignSchnorr => self.sign(request, |net, args: ic::SignWithSchnorrArgs| {
                let signature = keys::sign_with_schnorr(caller, &args, &mut net.rng)?;
                Ok(encode(&ic::SignWithSchnorrResult { signature }))
            }),
            CallKind::HttpRequest => match decode::<ic::HttpRequestArgs>(&request.arg) {
                Ok(args) => self.http_request(request, &args),
                Err(reject) => (Err(reject), 0),
            },
            CallKind::CanisterInfo => (self.canister_info(&request.arg), 0),
            CallKind::CanisterStatus => (self.canister_status(caller, &request.arg), 0),
            CallKind::Other => {
                let message = format!("Management canister has no method '{}'", request.method);
                (Err(Reject::new(Reject::CANISTER_ERROR, message)), 0)
            }
        }
    }

    fn sign<T: CandidType + DeserializeOwned + SigningKey>(
        &mut self,
        request: &ManagementRequest,
        sign: impl FnOnce(&mut Self, T) -> Result<Vec<u8>, Reject>,
    ) -> Answer {
        let args: T = match decode(&request.arg) {
            Ok(args) => args,
            Err(reject) => return (Err(reject), 0),
        };
        let (name, algorithm, kinds) = args.key();
        let price = match self.prices().signature(name, algorithm, kinds) {
            Ok(price) => price,
            Err(PriceError::Algorithm | PriceError::KeyName) => {
                let message = format!("Unable to route {}: unknown or disabled threshold key {name}", request.method);
                return (Err(Reject::new(Reject::CANISTER_REJECT, message)), 0);
            }
        };
        if let Err(reject) = paid(request, price) {
            return (Err(reject), 0);
        }
        let mut result = sign(self, args);
        if request.fault == Some(Effect::Timeout) {
            result = Err(Reject::new(Reject::CANISTER_ERROR, "Signature request expired"));
        }
        (result, price)
    }

    fn http_request(&mut self, request: &ManagementRequest, args: &ic::HttpRequestArgs) -> Answer {
        let price = self.prices().http_request(http::request_bytes(args), http::response_limit(args));
        let own_transform = args.transform.as_ref().is_none_or(|transform| transform.function.0.principal == request.canister);
        let foreign = Reject::new(Reject::CANISTER_REJECT, "transform needs to be exported by a requesting canister");
        let valid = if own_transform { Ok(()) } else { Err(foreign) };
        if let Err(reject) = valid.and_then(|()| http::check(args)).and_then(|()| paid(request, price)) {
            return (Err(reject), 0);
        }
        let replicas = if args.is_replicated == Some(false) { 1 } else { self.replicas };
        let mut results = Vec::new();
        for replica in 0..replicas {
            let fetched = self.client.fetch(args);
            // A server that does not answer one replica is not asked by the others: each would wait as long again.
            if fetched.as_ref().is_err_and(|reject| reject.message == http::TIMED_OUT) {
                return (fetched.map(|_| Vec::new()), price);
            }
            let mut result = fetched.and_then(|response| self.transform(request.canister, args, response, replica));
            if let (Some(Effect::DisagreeingReplicas), Ok(bytes), 1) = (&request.fault, &mut result, replica % 2) {
                bytes.extend(replica.to_be_bytes());
            }
            results.push(result);
        }
        if request.fault == Some(Effect::Timeout) {
            return (Err(Reject::new(Reject::SYS_TRANSIENT, http::TIMED_OUT)), price);
        }
        (http::consensus(&results), price)
    }

    /// One replica's response as the canister's transform leaves it, in Candid.
    fn transform(
        &mut self,
        canister: Principal,
        args: &ic::HttpRequestArgs,
        response: ic::HttpRequestResult,
        replica: u32,
    ) -> Result<Vec<u8>, Reject> {
        const LIMIT: usize = 2_000_000;
        let Some(transform) = &args.transform else { return Ok(encode(&response)) };
        let method = transform.function.0.method.clone();
        let export = format!("canister_query {method}");
        if !self.canisters[&canister].exports(&export) {
            return Err(super::messages::no_method(canister, "query", &method));
        }
        let mut context = Context::new(EntryPoint::TRANSFORM, self.environment(canister), Principal::management_canister());
        // Replicas transform at slightly different times, so a transform must not let the time through.
        context.env.time_ns += u64::from(replica);
        context.arg = encode(&ic::TransformArgs { response, context: transform.context.clone() });
        context.may_respond = true;
        let ran = self.run_without_trace(canister, &export, MessageKind::Transform, &method, context)?;
        let bytes = ran.response.unwrap_or_else(|| Err(super::messages::no_response(canister)))?;
        if bytes.len() > LIMIT {
            let message = format!("Transformed http response exceeds limit: {} > {LIMIT}", bytes.len());
            return Err(Reject::new(Reject::SYS_FATAL, message));
        }
        decode::<ic::HttpRequestResult>(&bytes).map(|_| bytes)
    }

    fn canister_status(&self, caller: Principal, arg: &[u8]) -> Result<Vec<u8>, Reject> {
        let id = decode::<ic::CanisterIdRecord>(arg)?.canister_id;
        let Some(canister) = self.canisters.get(&id) else {
            return Err(Reject::new(Reject::DESTINATION_INVALID, format!("Canister {id} not found")));
        };
        if caller != id && !canister.controllers.contains(&caller) {
            return Err(Reject::new(Reject::CANISTER_ERROR, format!("Only controllers of canister {id} can call canister_status")));
        }
        Ok(encode(&CanisterStatus {
            status: match canister.status {
                Status::Running => CanisterRunState::Running,
                Status::Stopping => CanisterRunState::Stopping,
                Status::Stopped => CanisterRunState::Stopped,
            },
            settings: Settings { controllers: canister.controllers.clone() },
            module_hash: canister.module_hash.map(ByteBuf::from),
            cycles: Nat::from(canister.cycles),
        }))
    }
}

fn paid(request: &ManagementRequest, price: u128) -> Result<(), Reject> {
    if request.cycles >= price {
        return Ok(());
    }
    let message = format!("{} request sent with {} cycles, but {price} cycles are required.", request.method, request.cycles);
    Err(Reject::new(Reject::CANISTER_REJECT, message))
}

/// The key that determines the price of a signature request: name, number of the algorithm, number of algorithms.
trait SigningKey {
    fn key(&self) -> (&str, u32, u32);
}

impl SigningKey for ic::SignWithEcdsaArgs {
    fn key(&self) -> (&str, u32, u32) {
        (&self.key_id.name, self.key_id.curve.into(), 1)
    }
}

impl SigningKey for ic::SignWithSchnorrArgs {
    fn key(&self) -> (&str, u32, u32) {
        (&self.key_id.name, self.key_id.algorithm.into(), 2)
    }
}
