//! The execution of messages: requests, answers and timers.

use candid::Principal;

use super::network::LocalNet;
use super::state::{CallContext, Callback, Origin, QueuedMessage, Status};
use crate::certificate::CanisterState;
use crate::exec::context::{Context, EntryPoint, Environment, OutgoingCall};
use crate::exec::{Execution, Function, FunctionTrap};
use crate::ic::Reject;
use crate::trace::{MessageKind, MessageTrace, MgmtCall};

/// Table index that `ic-cdk` gives as the callbacks of a call whose answer it does not want.
const NO_CALLBACK: u32 = u32::MAX;

/// The reject of a call to a method that does not exist.
pub fn no_method(canister: Principal, kind: &str, method: &str) -> Reject {
    Reject::new(Reject::CANISTER_ERROR, format!("Error from Canister {canister}: Canister has no {kind} method '{method}'."))
}

/// The reject of a call without a response.
pub fn no_response(canister: Principal) -> Reject {
    Reject::new(Reject::CANISTER_ERROR, format!("Error from Canister {canister}: Canister did not produce a response"))
}

/// The reject of a call that trapped.
pub fn trap_reject(canister: Principal, trap: &FunctionTrap) -> Reject {
    let message = &trap.message;
    let what = if trap.explicit {
        format!("Canister called `ic0.trap` with message: '{message}'")
    } else {
        format!("Canister trapped: {message}")
    };
    Reject::new(Reject::CANISTER_ERROR, format!("Error from Canister {canister}: {what}"))
}

/// A message about to be executed within a call.
struct Message {
    context: u64,
    kind: MessageKind,
    function: Function,
}

impl LocalNet {
    pub(super) fn environment(&self, id: Principal) -> Environment {
        let canister = &self.canisters[&id];
        Environment {
            canister: id,
            controllers: canister.controllers.clone(),
            time_ns: self.time_ns,
            version: canister.version,
            status: canister.status.number(),
            replicas: self.replicas,
            root_key: self.key.der().to_vec(),
            subnet: Principal::self_authenticating(self.key.der()),
            variables: canister.variables.clone(),
        }
    }

    /// A certificate that shows this canister's certified data.
    pub(super) fn certify(&self, id: Principal) -> Vec<u8> {
        let states: Vec<_> = self
            .canisters
            .iter()
            .map(|(id, canister)| CanisterState {
                id: *id,
                certified_data: canister.certified_data.clone(),
                controllers: canister.controllers.clone(),
                module_hash: canister.module_hash,
            })
            .collect();
        self.key.certify(self.time_ns, &states, id)
    }

    /// Runs a function and undoes its changes (queries, transforms, message inspection), and records a trace.
    pub(super) fn run_without_trace(
        &mut self,
        id: Principal,
        export: &str,
        kind: MessageKind,
        method: &str,
        mut context: Context,
    ) -> Result<Context, Reject> {
        let canister = self.canisters.get_mut(&id).expect("callers look the canister up first");
        let instance = canister.instance.as_mut().expect("callers check that there is code");
        context.balance = canister.cycles;
        context.global_timer_ns = canister.global_timer_ns;
        let ran = instance.run(&Function::Export(export.to_string()), context);
        instance.rollback();
        self.trace(id, kind, method, &ran, 0);
        match ran.trap {
            None => Ok(ran.context),
            Some(trap) => Err(trap_reject(id, &trap)),
        }
    }

    pub(super) fn trace(&mut self, canister: Principal, kind: MessageKind, method: &str, ran: &Execution, cycles: u128) {
        self.traces.push(MessageTrace {
            canister,
            kind,
            method: method.to_string(),
            instructions: ran.instructions,
            certified_at: ran.context.certified_at,
            cycles,
            mgmt_calls: Vec::new(),
            trapped: ran.trap.as_ref().map(|trap| trap.message.clone()),
            prints: ran.context.prints.clone(),
        });
    }

    pub(super) fn run_message(&mut self, message: QueuedMessage) {
        match message {
            QueuedMessage::Request { callee, origin, caller, method, arg, cycles, deadline_ns } => {
                if let Err(reject) = self.running(callee) {
                    return self.answer(origin, Err(reject), cycles);
                }
                let canister = &self.canisters[&callee];
                let (update, query) = (format!("canister_update {method}"), format!("canister_query {method}"));
                let (entry, export) = if canister.exports(&update) {
                    (EntryPoint::UPDATE, update)
                } else if canister.exports(&query) {
                    (EntryPoint::REPLICATED_QUERY, query)
                } else {
                    return self.answer(origin, Err(no_method(callee, "update", &method)), cycles);
                };
                let id = self.open_call(CallContext {
                    canister: callee,
                    origin,
                    caller,
                    method,
                    deadline_ns,
                    answered: false,
                    cycles,
                    outstanding: 0,
                    instructions: 0,
                });
                let mut context = Context::new(entry, self.environment(callee), caller);
                context.arg = arg;
                let message = Message { context: id, kind: MessageKind::Update, function: Function::Export(export) };
                let trap = self.execute(message, context, false);
                self.close_if_done(id, trap);
            }
            QueuedMessage::Answer { callback, result, refund } => self.run_answer(callback, result, refund),
        }
    }

    /// Runs the global timers that are due.
    pub(super) fn run_timers(&mut self) {
        let now = self.time_ns;
        let due = self.canisters.iter().filter(|(_, canister)| {
            canister.status == Status::Running && canister.global_timer_ns != 0 && canister.global_timer_ns <= now
        });
        let due: Vec<_> = due.map(|(id, canister)| (*id, canister.exports("canister_global_timer"))).collect();
        for (id, handled) in due {
            self.canisters.get_mut(&id).expect("it was just listed").global_timer_ns = 0;
            if !handled {
                continue;
            }
            let caller = Principal::management_canister();
            let call = self.open_call(CallContext {
                canister: id,
                origin: Origin::System,
                caller,
                method: "canister_global_timer".to_string(),
                deadline_ns: 0,
                answered: true,
                cycles: 0,
                outstanding: 0,
                instructions: 0,
            });
            let context = Context::new(EntryPoint::TIMER, self.environment(id), caller);
            let function = Function::Export("canister_global_timer".to_string());
            let trap = self.execute(Message { context: call, kind: MessageKind::Timer, function }, context, false);
            self.close_if_done(call, trap);
        }
    }

    fn run_answer(&mut self, id: u64, result: Result<Vec<u8>, Reject>, refund: u128) {
        // The callback is gone if its deadline passed: the answer, and the cycles with it, are lost.
        let Some(callback) = self.callbacks.remove(&id) else { return };
        let Callback { context: call, canister: owner, .. } = callback;
        let bytes = result.as_ref().map_or_else(|reject| reject.message.len(), Vec::len);
        let spent = self.prices().response(bytes);
        let environment = self.environment(owner);
        let canister = self.canisters.get_mut(&owner).expect("canisters are never deleted");
        canister.cycles += refund + callback.prepaid.saturating_sub(spent);
        let open = self.contexts.get_mut(&call).expect("a call with outstanding callbacks stays open");
        open.outstanding -= 1;
        let caller = open.caller;
        let (entry, (fun, env)) =
            if result.is_ok() { (EntryPoint::REPLY, callback.reply) } else { (EntryPoint::REJECT, callback.reject) };
        if fun == NO_CALLBACK || canister.instance.is_none() {
            return self.close_if_done(call, None);
        }
        canister.callbacks_run += 1;
        let mut context = Context::new(entry, environment.clone(), caller);
        context.cycles_refunded = refund;
        match result {
            Ok(reply) => context.arg = reply,
            Err(reject) => context.reject = Some(reject),
        }
        let fault = self.faults.on_callback(owner, callback.management);
        let message = Message { context: call, kind: MessageKind::Callback, function: Function::Callback(fun, env) };
        let trap = self.execute(message, context, fault);
        if let (Some(_), Some((fun, env))) = (&trap, callback.cleanup) {
            let context = Context::new(EntryPoint::CLEANUP, environment, caller);
            let message = Message { context: call, kind: MessageKind::Cleanup, function: Function::Callback(fun, env) };
            self.execute(message, context, false);
        }
        self.close_if_done(call, trap);
    }

    fn open_call(&mut self, call: CallContext) -> u64 {
        let id = self.new_id();
        self.contexts.insert(id, call);
        id
    }

    /// Executes one message of a call: all its effects apply, or (if it traps) none but the fee.
    fn execute(&mut self, message: Message, mut context: Context, fault: bool) -> Option<FunctionTrap> {
        let call = &self.contexts[&message.context];
        let (id, method) = (call.canister, call.method.clone());
        let canister = self.canisters.get_mut(&id).expect("canisters are never deleted");
        context.balance = canister.cycles;
        context.global_timer_ns = canister.global_timer_ns;
        context.may_respond = !call.answered;
        context.cycles_available = call.cycles;
        context.deadline_ns = call.deadline_ns;
        context.earlier_instructions = call.instructions;
        let instance = canister.instance.as_mut().expect("callers check that there is code");
        let mut ran = instance.run(&message.function, context);
        if fault && ran.trap.is_none() {
            ran.trap = Some(FunctionTrap { message: "localnet: injected trap".to_string(), explicit: false });
        }
        // A query method leaves no trace in memory even where its reply is agreed on.
        let keep = ran.trap.is_none() && ran.context.entry != EntryPoint::REPLICATED_QUERY;
        if keep {
            instance.commit()
        } else {
            instance.rollback()
        }

        let fee = self.prices().execution(ran.instructions);
        let sent: u128 = ran.context.calls.iter().map(|call| call.prepaid).sum();
        let reserve = self.prices().response_reserve() * ran.context.calls.len() as u128;
        let trapped = ran.trap.is_some();
        let cycles = if trapped { fee } else { fee + sent.saturating_sub(reserve) };
        self.trace(id, message.kind, &method, &ran, cycles);
        let call = self.contexts.get_mut(&message.context).expect("the call is open");
        call.instructions += ran.instructions;
        let canister = self.canisters.get_mut(&id).expect("canisters are never deleted");
        if trapped {
            canister.cycles = canister.cycles.saturating_sub(fee);
            return ran.trap;
        }
        let effects = ran.context;
        canister.cycles = effects.balance.saturating_sub(fee);
        canister.global_timer_ns = effects.global_timer_ns;
        canister.version += 1;
        if let Some(data) = effects.certified_data {
            canister.certified_data = data;
        }
        call.cycles -= effects.cycles_accepted;
        for outgoing in effects.calls {
            self.send(message.context, id, outgoing);
        }
        if let Some(response) = effects.response {
            self.respond(message.context, response);
        }
        None
    }

    /// Queues an outgoing call.
    fn send(&mut self, context: u64, caller: Principal, call: OutgoingCall) {
        let id = self.new_id();
        let deadline_ns = call.timeout_s.map_or(0, |s| self.time_ns + u64::from(s) * 1_000_000_000);
        let OutgoingCall { callee, method, arg, cycles, reply, reject, cleanup, .. } = call;
        let prepaid = self.prices().response_reserve();
        let management = callee == Principal::management_canister();
        let callback = Callback { context, canister: caller, management, reply, reject, cleanup, prepaid, deadline_ns };
        self.callbacks.insert(id, callback);
        self.contexts.get_mut(&context).expect("the call is open").outstanding += 1;
        if management {
            let message = self.traces_taken + self.traces.len() - 1;
            let calls = &mut self.traces.last_mut().expect("the message was just traced").mgmt_calls;
            calls.push(MgmtCall { method: method.clone(), cycles: 0, request_bytes: arg.len(), response_bytes: 0 });
            let trace = (message, calls.len() - 1);
            self.request(id, caller, method, arg, cycles, trace);
        } else {
            let origin = Origin::Callback(id);
            self.queue.push_back(QueuedMessage::Request { callee, origin, caller, method, arg, cycles, deadline_ns });
        }
    }

    /// Records a call's one response and sends it, with the cycles that were not accepted.
    fn respond(&mut self, context: u64, response: Result<Vec<u8>, Reject>) {
        let call = self.contexts.get_mut(&context).expect("the call is open");
        call.answered = true;
        let (origin, refund) = (call.origin.clone(), std::mem::take(&mut call.cycles));
        self.answer(origin, response, refund);
    }

    pub(super) fn answer(&mut self, origin: Origin, result: Result<Vec<u8>, Reject>, refund: u128) {
        match origin {
            Origin::Ingress(id) => {
                self.answers.insert(id, Some(result));
            }
            Origin::Callback(callback) => self.queue.push_back(QueuedMessage::Answer { callback, result, refund }),
            Origin::System => {}
        }
    }

    /// Closes a call that has nothing outstanding, rejecting it if it is unanswered.
    fn close_if_done(&mut self, context: u64, trap: Option<FunctionTrap>) {
        let call = &self.contexts[&context];
        if call.outstanding > 0 {
            return;
        }
        if !call.answered {
            let reject = trap.map_or_else(|| no_response(call.canister), |trap| trap_reject(call.canister, &trap));
            self.respond(context, Err(reject));
        }
        self.contexts.remove(&context);
    }

    /// Answers best-effort calls whose deadline has passed.
    pub(super) fn expire_callbacks(&mut self) {
        let now = self.time_ns;
        let late = self.callbacks.iter().filter(|(_, callback)| callback.deadline_ns != 0 && callback.deadline_ns < now);
        let late: Vec<u64> = late.map(|(id, _)| *id).collect();
        for id in late {
            let result = Err(Reject::new(Reject::SYS_UNKNOWN, "Call has timed out."));
            self.run_answer(id, result, 0);
        }
    }
}
