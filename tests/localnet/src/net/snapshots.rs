//! Snapshots of canisters, and the history in which loading one is recorded.

use candid::{Principal, Reserved};
use ic_management_canister_types as ic;

use super::manage::{decode, encode};
use super::network::LocalNet;
use crate::exec::stable::{StableMemory, WASM_PAGE};
use crate::ic::Reject;

/// The most changes in an answer of `canister_info`.
const MAX_CHANGES: usize = 20;

/// A snapshot of a canister: its stable memory. The upgrade that follows creates module and heap anew.
#[derive(Clone, Debug)]
pub struct Snapshot {
    memory: Vec<u8>,
    version: u64,
    taken_at_ns: u64,
}

impl LocalNet {
    /// Takes a snapshot.
    ///
    /// # Panics
    /// When the canister has no module.
    pub fn take_snapshot(&mut self, canister: Principal) -> Snapshot {
        let memory = self.stable_memory(canister);
        Snapshot { memory, version: self.canisters[&canister].version, taken_at_ns: self.time_ns }
    }

    /// Loads a snapshot, as one of the canister's controllers. The module keeps its heap: upgrade it next.
    ///
    /// # Panics
    /// When the canister has no module.
    pub fn load_snapshot(&mut self, canister: Principal, snapshot: &Snapshot) {
        self.set_stable_memory(canister, &snapshot.memory);
        let canister = self.canisters.get_mut(&canister).expect("it has a module");
        canister.version += 1;
        let record = ic::LoadSnapshotRecord {
            from_canister_id: None,
            snapshot_id: snapshot.taken_at_ns.to_be_bytes().into(),
            canister_version: snapshot.version,
            taken_at_timestamp: snapshot.taken_at_ns,
            source: ic::SnapshotSource::TakenFromCanister(Reserved),
        };
        let controller = canister.controllers.first().copied().unwrap_or(Principal::management_canister());
        canister.note(controller, self.time_ns, ic::ChangeDetails::LoadSnapshot(record));
    }

    /// Replaces the canister's stable memory without a record in its history. The module keeps its heap: upgrade it next.
    ///
    /// # Panics
    /// When the canister has no module.
    pub fn set_stable_memory(&mut self, canister: Principal, bytes: &[u8]) {
        let instance = self.canisters.get_mut(&canister).and_then(|canister| canister.instance.as_mut());
        instance.expect("the canister has a module").put_stable(StableMemory::from_bytes(bytes));
    }

    /// The canister's stable memory.
    ///
    /// # Panics
    /// When the canister has no module.
    pub fn stable_memory(&mut self, canister: Principal) -> Vec<u8> {
        let instance = self.canisters.get_mut(&canister).and_then(|canister| canister.instance.as_mut());
        let instance = instance.expect("the canister has a module");
        let stable = instance.take_stable();
        let mut bytes = vec![0; (stable.size() * WASM_PAGE) as usize];
        stable.read(0, &mut bytes).expect("the whole memory is within itself");
        instance.put_stable(stable);
        bytes
    }

    /// The answer of `canister_info`: the newest changes of a canister.
    pub(super) fn canister_info(&self, arg: &[u8]) -> Result<Vec<u8>, Reject> {
        let args = decode::<ic::CanisterInfoArgs>(arg)?;
        let Some(canister) = self.canisters.get(&args.canister_id) else {
            return Err(Reject::new(Reject::DESTINATION_INVALID, format!("Canister {} not found", args.canister_id)));
        };
        let wanted = usize::try_from(args.num_requested_changes.unwrap_or_default()).unwrap_or(MAX_CHANGES).min(MAX_CHANGES);
        Ok(encode(&ic::CanisterInfoResult {
            total_num_changes: canister.history.len() as u64,
            recent_changes: canister.history[canister.history.len().saturating_sub(wanted)..].to_vec(),
            module_hash: canister.module_hash.map(Vec::from),
            controllers: canister.controllers.clone(),
        }))
    }
}
