//! Installation, upgrades and stopping of canisters.

use candid::Principal;
use sha2::{Digest, Sha256};

use super::messages::trap_reject;
use super::network::LocalNet;
use super::state::{Canister, Status};
use crate::exec::context::{Context, EntryPoint};
use crate::exec::{Execution, Function, Instance};
use crate::ic::Reject;
use crate::trace::MessageKind;

impl LocalNet {
    /// The canister, if `sender` controls it.
    pub(super) fn controlled(&mut self, id: Principal, sender: Principal) -> Result<&mut Canister, Reject> {
        let Some(canister) = self.canisters.get_mut(&id) else {
            return Err(Reject::new(Reject::DESTINATION_INVALID, format!("Canister {id} not found")));
        };
        if !canister.controllers.contains(&sender) {
            let message = format!("Only controllers of canister {id} can call ic00 method install_code");
            return Err(Reject::new(Reject::CANISTER_ERROR, message));
        }
        Ok(canister)
    }

    pub(super) fn install_code(&mut self, id: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        if self.controlled(id, sender)?.instance.is_some() {
            return Err(Reject::new(Reject::CANISTER_ERROR, format!("Canister {id} cannot be installed because it is not empty")));
        }
        let mut instance = self.instantiate(id, wasm)?;
        let ran = self.run_hooks(id, sender, &mut instance, "canister_init", arg);
        self.trace(id, MessageKind::Install, "canister_init", &ran, self.prices().execution(ran.instructions));
        if let Some(trap) = &ran.trap {
            self.charge(id, &ran);
            return Err(trap_reject(id, trap));
        }
        self.canisters.get_mut(&id).expect("it is controlled").certified_data.clear();
        self.replace(id, instance, wasm, ran);
        Ok(())
    }

    pub(super) fn upgrade_code(&mut self, id: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        let Some(mut old) = self.controlled(id, sender)?.instance.take() else {
            return Err(Reject::new(Reject::CANISTER_ERROR, format!("Canister {id} contains no Wasm module")));
        };
        let outcome = self.upgrade_instance(id, sender, wasm, arg, &mut old);
        match outcome {
            Ok((instance, ran)) => {
                self.replace(id, instance, wasm, ran);
                Ok(())
            }
            Err(reject) => {
                old.rollback();
                self.canisters.get_mut(&id).expect("it is controlled").instance = Some(old);
                Err(reject)
            }
        }
    }

    /// Runs the upgrade on the old instance's stable memory. On failure the memory returns to the old instance, with its changes
    /// still to be undone.
    fn upgrade_instance(
        &mut self,
        id: Principal,
        sender: Principal,
        wasm: &[u8],
        arg: Vec<u8>,
        old: &mut Instance,
    ) -> Result<(Instance, Execution), Reject> {
        let mut certified = None;
        if old.exports("canister_pre_upgrade") {
            let context = self.lifecycle_context(id, sender, EntryPoint::PRE_UPGRADE);
            let ran = old.run(&Function::Export("canister_pre_upgrade".to_string()), context);
            self.trace(id, MessageKind::Upgrade, "canister_pre_upgrade", &ran, self.prices().execution(ran.instructions));
            self.charge(id, &ran);
            if let Some(trap) = &ran.trap {
                return Err(trap_reject(id, trap));
            }
            certified = ran.context.certified_data;
        }
        let mut new = self.instantiate(id, wasm)?;
        new.put_stable(old.take_stable());
        let mut ran = self.run_hooks(id, sender, &mut new, "canister_post_upgrade", arg);
        self.trace(id, MessageKind::Upgrade, "canister_post_upgrade", &ran, self.prices().execution(ran.instructions));
        if let Some(trap) = &ran.trap {
            old.put_stable(new.take_stable());
            self.charge(id, &ran);
            return Err(trap_reject(id, trap));
        }
        ran.context.certified_data = ran.context.certified_data.or(certified);
        Ok((new, ran))
    }

    fn instantiate(&self, id: Principal, wasm: &[u8]) -> Result<Instance, Reject> {
        self.runtime.compile(wasm).and_then(Instance::new).map_err(|error| {
            let message = format!("Error from Canister {id}: Canister's Wasm module is not valid: {error}");
            Reject::new(Reject::CANISTER_ERROR, message)
        })
    }

    fn lifecycle_context(&self, id: Principal, sender: Principal, entry: EntryPoint) -> Context {
        let mut context = Context::new(entry, self.environment(id), sender);
        context.balance = self.canisters[&id].cycles;
        context
    }

    /// Runs the start function and then `hook`, each if the module has it. The global timer is off before.
    fn run_hooks(&self, id: Principal, sender: Principal, instance: &mut Instance, hook: &str, arg: Vec<u8>) -> Execution {
        let context = self.lifecycle_context(id, sender, EntryPoint::START);
        let mut ran = if instance.has_start() {
            instance.run(&Function::Export(crate::exec::START.to_string()), context)
        } else {
            Execution { context, instructions: 0, trap: None }
        };
        if ran.trap.is_none() && instance.exports(hook) {
            let mut context = self.lifecycle_context(id, sender, EntryPoint::INIT);
            context.arg = arg;
            let started = ran.instructions;
            ran = instance.run(&Function::Export(hook.to_string()), context);
            ran.instructions += started;
        }
        ran
    }

    fn charge(&mut self, id: Principal, ran: &Execution) {
        let fee = self.prices().execution(ran.instructions);
        let canister = self.canisters.get_mut(&id).expect("it is controlled");
        canister.cycles = canister.cycles.saturating_sub(fee);
    }

    /// Commits the new code and the effects of its first message.
    fn replace(&mut self, id: Principal, mut instance: Instance, wasm: &[u8], ran: Execution) {
        instance.commit();
        let fee = self.prices().execution(ran.instructions);
        let canister = self.canisters.get_mut(&id).expect("it is controlled");
        canister.instance = Some(instance);
        canister.module_hash = Some(Sha256::digest(wasm).into());
        canister.cycles = ran.context.balance.saturating_sub(fee);
        canister.global_timer_ns = ran.context.global_timer_ns;
        canister.version += 1;
        if let Some(data) = ran.context.certified_data {
            canister.certified_data = data;
        }
    }

    pub(super) fn stop_canister(&mut self, id: Principal, sender: Principal) -> Result<(), Reject> {
        self.controlled(id, sender)?.status = Status::Stopping;
        let quiet = self.run_until(|net| !net.contexts.values().any(|call| call.canister == id));
        if !quiet {
            return Err(Reject::new(Reject::SYS_TRANSIENT, format!("Stop canister request timed out: {id} has open calls")));
        }
        self.controlled(id, sender)?.status = Status::Stopped;
        Ok(())
    }
}
