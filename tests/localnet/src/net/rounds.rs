//! Rounds of the network, and the interface that the suite drives it through.

use std::time::Duration;

use candid::Principal;
use sha2::{Digest, Sha256};

use super::messages::{no_method, no_response};
use super::network::LocalNet;
use super::state::{Callback, Canister, Origin, QueuedMessage, Status};
use crate::exec::context::{Context, EntryPoint};
use crate::ic::{Ic, MessageId, Reject};
use crate::trace::MessageKind;

/// Rounds after which an unanswered call counts as lost.
const MAX_ROUNDS: usize = 500;
/// Messages executed in one round at most.
const MAX_MESSAGES: usize = 1_000;
/// First canister id, as on local networks.
const FIRST_CANISTER: u64 = 0xffff_ffff_ffe0_0000;

impl LocalNet {
    /// Whether another round would do anything at the present time.
    fn is_idle(&self) -> bool {
        let due = |canister: &Canister| {
            canister.status == Status::Running && canister.global_timer_ns != 0 && canister.global_timer_ns <= self.time_ns
        };
        let late = |callback: &Callback| callback.deadline_ns != 0 && callback.deadline_ns < self.time_ns;
        self.queue.is_empty()
            && !self.requests.values().any(|request| self.is_answered_automatically(request))
            && !self.canisters.values().any(due)
            && !self.callbacks.values().any(late)
    }

    /// Runs rounds until `done` holds or the network is idle.
    pub(super) fn run_until(&mut self, mut done: impl FnMut(&mut Self) -> bool) -> bool {
        for _ in 0..MAX_ROUNDS {
            if done(self) {
                return true;
            }
            if self.is_idle() {
                return false;
            }
            self.tick();
        }
        done(self)
    }

    /// Runs `canister_inspect_message`, if the module has it.
    fn inspect(&mut self, id: Principal, sender: Principal, method: &str, arg: &[u8]) -> Result<(), Reject> {
        if !self.running(id)?.exports("canister_inspect_message") {
            return Ok(());
        }
        let mut context = Context::new(EntryPoint::INSPECT, self.environment(id), sender);
        context.method = method.to_string();
        context.arg = arg.to_vec();
        let context = self.run_without_trace(id, "canister_inspect_message", MessageKind::Inspect, method, context)?;
        if context.accepted {
            return Ok(());
        }
        Err(Reject::new(Reject::CANISTER_REJECT, "Canister rejected the message"))
    }
}

impl Ic for LocalNet {
    fn create_canister(&mut self, controllers: &[Principal], cycles: u128) -> Principal {
        let index = FIRST_CANISTER + self.canisters.len() as u64;
        let id = Principal::from_slice(&[&index.to_be_bytes()[..], &[1, 1]].concat());
        self.canisters.insert(id, Canister::new(controllers.to_vec(), cycles, self.time_ns));
        id
    }

    fn install(&mut self, canister: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        self.install_code(canister, sender, wasm, arg)
    }

    fn upgrade(&mut self, canister: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        self.upgrade_code(canister, sender, wasm, arg)
    }

    fn stop(&mut self, canister: Principal, sender: Principal) -> Result<(), Reject> {
        self.stop_canister(canister, sender)
    }

    fn start(&mut self, canister: Principal, sender: Principal) -> Result<(), Reject> {
        self.controlled(canister, sender)?.status = Status::Running;
        Ok(())
    }

    fn submit(&mut self, canister: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<MessageId, Reject> {
        self.running(canister)?;
        self.inspect(canister, sender, method, &arg)?;
        let price = self.prices().ingress(method.len() + arg.len());
        let payer = self.canisters.get_mut(&canister).expect("it was found running");
        payer.cycles = payer.cycles.checked_sub(price).ok_or_else(|| {
            Reject::new(Reject::SYS_TRANSIENT, format!("Canister {canister} is out of cycles: {price} are needed"))
        })?;
        let id = MessageId(Sha256::digest(self.new_id().to_be_bytes()).to_vec());
        self.answers.insert(id.clone(), None);
        self.queue.push_back(QueuedMessage::Request {
            callee: canister,
            origin: Origin::Ingress(id.clone()),
            caller: sender,
            method: method.to_string(),
            arg,
            cycles: 0,
            deadline_ns: 0,
        });
        Ok(id)
    }

    fn tick(&mut self) {
        // Rounds have distinct times, as on the IC.
        self.time_ns += 1;
        self.expire_callbacks();
        let free: Vec<u64> =
            self.requests.iter().filter(|(_, request)| self.is_answered_automatically(request)).map(|(id, _)| *id).collect();
        for id in free {
            self.answer_request(id);
        }
        self.run_timers();
        for _ in 0..MAX_MESSAGES {
            let Some(message) = self.queue.pop_front() else { break };
            self.run_message(message);
        }
    }

    fn poll(&mut self, id: &MessageId) -> Option<Result<Vec<u8>, Reject>> {
        self.answers.get(id).cloned().flatten()
    }

    fn await_call(&mut self, id: MessageId) -> Result<Vec<u8>, Reject> {
        self.run_until(|net| net.answers.get(&id).is_none_or(Option::is_some));
        self.poll(&id).unwrap_or_else(|| Err(Reject::new(Reject::SYS_UNKNOWN, "localnet: the call is not answered by itself")))
    }

    fn query(&mut self, canister: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        let export = format!("canister_query {method}");
        if !self.running(canister)?.exports(&export) {
            return Err(no_method(canister, "query", method));
        }
        let mut context = Context::new(EntryPoint::QUERY, self.environment(canister), sender);
        context.arg = arg;
        context.may_respond = true;
        context.data_certificate = Some(self.certify(canister));
        self.run_without_trace(canister, &export, MessageKind::Query, method, context)?
            .response
            .unwrap_or_else(|| Err(no_response(canister)))
    }

    fn time_ns(&self) -> u64 {
        self.time_ns
    }

    fn advance_time(&mut self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).expect("the network does not live for five centuries");
        self.time_ns += by;
    }

    fn cycle_balance(&mut self, canister: Principal) -> u128 {
        self.canisters.get(&canister).map_or(0, |canister| canister.cycles)
    }

    fn add_cycles(&mut self, canister: Principal, amount: u128) {
        if let Some(canister) = self.canisters.get_mut(&canister) {
            canister.cycles += amount;
        }
    }

    fn root_key(&self) -> Vec<u8> {
        self.key.der().to_vec()
    }
}
