//! The ports on the Internet Computer. Calls to the management canister wait for as long as it takes: an answer that is given up on is an
//! answer that may have had an effect. Another canister is given some minutes: one that never answers would hold up every upgrade.

use super::{CallError, CanisterCall, Clock, HttpOutcall, Method, Outcall, ProviderCanister, Signer, SigningKey, StateStore};
use crate::store;
use candid::Principal;
use ic_cdk::call::Call;
use ic_cdk_management_canister::{
    EcdsaCurve, EcdsaKeyId, EcdsaPublicKeyArgs, HttpHeader, HttpMethod, HttpRequestArgs, SchnorrAlgorithm, SchnorrKeyId,
    SchnorrPublicKeyArgs, SignWithEcdsaArgs, SignWithSchnorrArgs, ecdsa_public_key, http_request, raw_rand, schnorr_public_key,
    sign_with_ecdsa, sign_with_schnorr, transform_context_from_query,
};
use ic_stable_structures::DefaultMemoryImpl;
use purser_core::base::{Bytes, Timestamp};
use purser_core::state::Decided;
use purser_core::wallet::{KeyKind, RootKey, RootKeys};
use std::fmt::Display;

/// The canister itself.
#[derive(Clone, Copy, Debug)]
pub struct Ic;

impl Ic {
    /// Returns 32 random bytes of the Internet Computer.
    ///
    /// # Errors
    /// When the call failed.
    pub async fn random(&self) -> Result<[u8; 32], CallError> {
        let bytes = raw_rand().await.map_err(failed)?;
        <[u8; 32]>::try_from(bytes).map_err(|bytes| failed(format!("{} random bytes instead of 32", bytes.len())))
    }

    /// Returns the last snapshot of this canister that was loaded, among its last 20 changes. The Internet Computer keeps the history,
    /// and no snapshot holds it.
    ///
    /// # Errors
    /// When the call failed.
    pub async fn last_snapshot_loaded(&self) -> Result<Option<SnapshotLoaded>, CallError> {
        let args = info::Args { canister_id: ic_cdk::api::canister_self(), num_requested_changes: Some(20) };
        let call = Call::unbounded_wait(Principal::management_canister(), "canister_info").with_arg(args);
        let info: info::Info = call.await.map_err(failed)?.candid().map_err(failed)?;
        let loaded = |change: info::Change| {
            let info::Details::load_snapshot(snapshot) = change.details?;
            let [loaded_at, taken_at] = [change.timestamp_nanos, snapshot.taken_at_timestamp].map(Timestamp::from_nanos);
            Some(SnapshotLoaded { loaded_at, taken_at })
        };
        Ok(info.recent_changes.into_iter().rev().find_map(loaded))
    }
}

/// A snapshot of this canister that was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotLoaded {
    /// The time at which it was loaded.
    pub loaded_at: Timestamp,
    /// The time at which it was taken.
    pub taken_at: Timestamp,
}

/// The part of the management canister's `canister_info` that is of use; what replicas of other versions add does no harm.
mod info {
    use candid::{CandidType, Deserialize, Principal};

    #[derive(CandidType)]
    pub struct Args {
        pub canister_id: Principal,
        pub num_requested_changes: Option<u64>,
    }

    #[derive(CandidType, Deserialize)]
    pub struct Info {
        pub recent_changes: Vec<Change>,
    }

    #[derive(CandidType, Deserialize)]
    pub struct Change {
        pub timestamp_nanos: u64,
        pub details: Option<Details>,
    }

    /// Every other kind reads as none.
    #[derive(CandidType, Deserialize)]
    #[expect(non_camel_case_types, reason = "the name is the interface's")]
    pub enum Details {
        load_snapshot(Loaded),
    }

    #[derive(CandidType, Deserialize)]
    pub struct Loaded {
        pub taken_at_timestamp: u64,
    }
}

impl Clock for Ic {
    fn now(&self) -> Timestamp {
        store::now()
    }
}

impl StateStore for Ic {
    type Memory = DefaultMemoryImpl;

    fn read<T>(&self, f: impl FnOnce(&store::Store) -> T) -> T {
        store::read(f)
    }

    fn commit(&self, decided: Decided) {
        store::commit(decided);
    }
}

impl Signer for Ic {
    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, CallError> {
        let (message, derivation_path) = (message.to_vec(), key.derivation_path.clone());
        match schnorr_key(key.kind, &key.name) {
            Some(key_id) => {
                let args = SignWithSchnorrArgs { message, derivation_path, key_id, aux: None };
                Ok(sign_with_schnorr(&args).await.map_err(failed)?.signature)
            }
            None => {
                let args = SignWithEcdsaArgs { message_hash: message, derivation_path, key_id: ecdsa_key(&key.name) };
                Ok(sign_with_ecdsa(&args).await.map_err(failed)?.signature)
            }
        }
    }

    async fn root_keys(&self, key_name: &str) -> Result<RootKeys, CallError> {
        let args = EcdsaPublicKeyArgs { canister_id: None, derivation_path: Vec::new(), key_id: ecdsa_key(key_name) };
        let ecdsa = ecdsa_public_key(&args).await.map_err(failed)?;
        Ok(RootKeys {
            ed25519: schnorr_root(SchnorrAlgorithm::Ed25519, key_name).await?,
            schnorr: schnorr_root(SchnorrAlgorithm::Bip340secp256k1, key_name).await?,
            ecdsa: RootKey { public_key: Bytes::new(ecdsa.public_key), chain_code: Bytes::new(ecdsa.chain_code) },
        })
    }
}

impl HttpOutcall for Ic {
    async fn request(&self, outcall: &Outcall) -> Result<Vec<u8>, CallError> {
        let json = |name: &str| HttpHeader { name: name.to_owned(), value: "application/json".to_owned() };
        let mut headers = vec![json("Accept")];
        if outcall.body.is_some() {
            headers.push(json("Content-Type"));
        }
        let args = HttpRequestArgs {
            url: outcall.url.clone(),
            max_response_bytes: Some(outcall.max_response_bytes),
            method: match outcall.method {
                Method::Get => HttpMethod::GET,
                Method::Post => HttpMethod::POST,
            },
            headers,
            body: outcall.body.clone(),
            transform: Some(transform_context_from_query(outcall.transform.to_owned(), outcall.context.clone())),
            is_replicated: Some(outcall.replicated),
        };
        Ok(http_request(&args).await.map_err(failed)?.body)
    }
}

impl ProviderCanister for Ic {
    async fn call(&self, canister: Principal, call: &CanisterCall) -> Result<Vec<u8>, CallError> {
        let request = Call::bounded_wait(canister, call.method).with_raw_args(&call.args).with_cycles(call.cycles);
        Ok(request.await.map_err(failed)?.into_bytes())
    }
}

/// The Schnorr key of a kind; `None` for the one kind that signs by ECDSA.
fn schnorr_key(kind: KeyKind, name: &str) -> Option<SchnorrKeyId> {
    let algorithm = match kind {
        KeyKind::Solana => SchnorrAlgorithm::Ed25519,
        KeyKind::KaspaSchnorr => SchnorrAlgorithm::Bip340secp256k1,
        KeyKind::KaspaEcdsa => return None,
    };
    Some(SchnorrKeyId { algorithm, name: name.to_owned() })
}

fn ecdsa_key(name: &str) -> EcdsaKeyId {
    EcdsaKeyId { curve: EcdsaCurve::Secp256k1, name: name.to_owned() }
}

async fn schnorr_root(algorithm: SchnorrAlgorithm, name: &str) -> Result<RootKey, CallError> {
    let key_id = SchnorrKeyId { algorithm, name: name.to_owned() };
    let args = SchnorrPublicKeyArgs { canister_id: None, derivation_path: Vec::new(), key_id };
    let key = schnorr_public_key(&args).await.map_err(failed)?;
    Ok(RootKey { public_key: Bytes::new(key.public_key), chain_code: Bytes::new(key.chain_code) })
}

fn failed(error: impl Display) -> CallError {
    CallError::rejected(error.to_string())
}
