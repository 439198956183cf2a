//! Calls to the management canister: recorded, delivered, and answered.

use candid::Principal;
use ic_management_canister_types::HttpRequestArgs;

use super::network::{LocalNet, Scheduler};
use super::state::{ManagementRequest, Origin};
use crate::faults::{CallKind, Effect};
use crate::ic::{Ic, Reject};

/// An unanswered call to the management canister, as tests see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingCall {
    /// The id for [`LocalNet::deliver`].
    pub id: u64,
    /// The kind of the method.
    pub kind: CallKind,
    /// The caller.
    pub canister: Principal,
    /// Name of the method.
    pub method: String,
    /// Candid argument.
    pub arg: Vec<u8>,
    /// Method (such as `GET`) and URL, if it is an outcall.
    pub url: Option<String>,
}

impl LocalNet {
    /// The calls to the management canister that are not answered yet, oldest first.
    pub fn pending(&self) -> Vec<PendingCall> {
        self.requests.iter().map(|(id, request)| request.as_pending(*id)).collect()
    }

    /// Answers a pending call and runs a round, in which the caller's callback runs. An unknown id has no effect.
    pub fn deliver(&mut self, id: u64) {
        self.answer_request(id);
        self.tick();
    }

    /// Whether the next round answers the call.
    pub(super) fn is_answered_automatically(&self, request: &ManagementRequest) -> bool {
        self.scheduler == Scheduler::Auto && request.fault != Some(Effect::Hold)
    }

    pub(super) fn request(
        &mut self,
        callback: u64,
        canister: Principal,
        method: String,
        arg: Vec<u8>,
        cycles: u128,
        trace: (usize, usize),
    ) {
        let kind = CallKind::of(&method);
        let fault = self.faults.on_call(canister, kind);
        self.requests.insert(callback, ManagementRequest { canister, kind, method, arg, cycles, fault, trace });
    }

    pub(super) fn answer_request(&mut self, id: u64) {
        let Some(request) = self.requests.remove(&id) else { return };
        let (result, charged) = match &request.fault {
            Some(Effect::Reject { code, message }) => (Err(Reject::new(*code, message.clone())), 0),
            _ => self.manage(&request),
        };
        let charged = charged.min(request.cycles);
        let (trace, call) = request.trace;
        let trace = trace.checked_sub(self.traces_taken).and_then(|index| self.traces.get_mut(index));
        if let Some(call) = trace.and_then(|trace| trace.mgmt_calls.get_mut(call)) {
            call.cycles = charged;
            call.response_bytes = result.as_ref().map_or(0, Vec::len);
        }
        self.answer(Origin::Callback(id), result, request.cycles - charged);
    }
}

impl ManagementRequest {
    fn as_pending(&self, id: u64) -> PendingCall {
        let args = candid::decode_one::<HttpRequestArgs>(&self.arg).ok().filter(|_| self.kind == CallKind::HttpRequest);
        PendingCall {
            id,
            kind: self.kind,
            canister: self.canister,
            method: self.method.clone(),
            arg: self.arg.clone(),
            url: args.map(|args| format!("{:?} {}", args.method, args.url)),
        }
    }
}
