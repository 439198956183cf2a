//! The network interface over a PocketIC server, which runs the IC's own replica code. Outcalls are relayed to their URLs, in this
//! suite to dev chains on loopback.

use candid::{CandidType, Encode, Principal};
use flate2::Compression;
use flate2::write::GzEncoder;
use localnet::{Ic, MessageId, Reject};
use pocket_ic::common::rest::{
    CanisterHttpHeader, CanisterHttpMethod, CanisterHttpReject, CanisterHttpReply, CanisterHttpRequest, CanisterHttpResponse,
    MockCanisterHttpResponse, RawEffectivePrincipal, RawMessageId,
};
use pocket_ic::{PocketIc, PocketIcBuilder, RejectResponse};
use serde_bytes::ByteBuf;
use std::io::Write;
use std::time::Duration;

/// The most rounds of one call: signatures need several, timers and outcalls more.
const MAX_ROUNDS: usize = 500;
/// The timeout of a relayed outcall, as on the IC.
const OUTCALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Reject code of a transient failure, such as an outcall that could not be made.
const SYS_TRANSIENT: u64 = 2;

/// A PocketIC instance with a subnet that holds the test keys.
pub struct Pocket {
    server: PocketIc,
    outcalls: ureq::Agent,
}

#[derive(CandidType)]
enum InstallMode {
    #[allow(non_camel_case_types, reason = "the interface's own spelling")]
    install,
}

#[derive(CandidType)]
struct InstallCode {
    mode: InstallMode,
    canister_id: Principal,
    wasm_module: ByteBuf,
    arg: ByteBuf,
}

impl Pocket {
    /// Starts an instance on the server that `POCKET_IC_BIN` names.
    ///
    /// # Panics
    /// When the server does not start.
    pub fn start() -> Self {
        // The subnets with threshold keys: `key_1` and `test_key_1` live on the fiduciary one.
        let server =
            PocketIcBuilder::new().with_nns_subnet().with_ii_subnet().with_fiduciary_subnet().with_application_subnet().build();
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(OUTCALL_TIMEOUT));
        Self { server, outcalls: config.build().into() }
    }

    fn relay_outcalls(&self) {
        for request in self.server.get_canister_http() {
            let response = self.fetch(&request);
            self.server.mock_canister_http_response(MockCanisterHttpResponse {
                subnet_id: request.subnet_id,
                request_id: request.request_id,
                response,
                additional_responses: vec![],
            });
        }
    }

    fn fetch(&self, request: &CanisterHttpRequest) -> CanisterHttpResponse {
        let limit = request.max_response_bytes.unwrap_or(2_000_000);
        let builder = request.headers.iter().fold(
            ureq::http::Request::builder().uri(&request.url).method(match request.http_method {
                CanisterHttpMethod::GET => "GET",
                CanisterHttpMethod::POST => "POST",
                CanisterHttpMethod::HEAD => "HEAD",
            }),
            |builder, header| builder.header(&header.name, &header.value),
        );
        let reply = builder.body(request.body.clone()).map_err(|error| error.to_string()).and_then(|request| {
            let mut response = self.outcalls.run(request).map_err(|error| error.to_string())?;
            let body = response.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| error.to_string())?;
            let headers = response.headers().iter();
            let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| CanisterHttpHeader {
                name: name.to_string(),
                value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            Ok(CanisterHttpReply { status: response.status().as_u16(), headers: headers.map(header).collect(), body })
        });
        match reply {
            Ok(reply) => CanisterHttpResponse::CanisterHttpReply(reply),
            Err(message) => CanisterHttpResponse::CanisterHttpReject(CanisterHttpReject { reject_code: SYS_TRANSIENT, message }),
        }
    }
}

/// A module compressed for one ingress message of at most 2 MiB.
fn compressed(wasm: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(wasm).and_then(|()| encoder.finish()).expect("BUG: writing to memory does not fail")
}

fn reject(response: RejectResponse) -> Reject {
    Reject { code: response.reject_code as u32, message: response.reject_message }
}

fn raw(id: &MessageId) -> RawMessageId {
    serde_json::from_slice(&id.0).expect("BUG: a message id of another network")
}

impl Ic for Pocket {
    fn create_canister(&mut self, controllers: &[Principal], cycles: u128) -> Principal {
        let fiduciary = self.server.topology().get_fiduciary().expect("the instance has a fiduciary subnet");
        let creator = controllers.first().copied();
        let canister = self.server.create_canister_on_subnet(creator, None, fiduciary);
        self.server.set_controllers(canister, creator, controllers.to_vec()).expect("the creator controls its canister");
        self.server.add_cycles(canister, cycles);
        canister
    }

    fn install(&mut self, canister: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        // Not `install_canister`, which panics when `init` traps.
        let code = InstallCode {
            mode: InstallMode::install,
            canister_id: canister,
            wasm_module: ByteBuf::from(compressed(wasm)),
            arg: ByteBuf::from(arg),
        };
        let payload = Encode!(&code).expect("BUG: candid encodes its own types");
        let management = Principal::management_canister();
        let effective = RawEffectivePrincipal::CanisterId(canister.as_slice().to_vec());
        let answer = self.server.update_call_with_effective_principal(management, effective, sender, "install_code", payload);
        answer.map(|_| ()).map_err(reject)
    }

    fn upgrade(&mut self, canister: Principal, sender: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        self.server.upgrade_canister(canister, compressed(wasm), arg, Some(sender)).map_err(reject)
    }

    fn stop(&mut self, canister: Principal, sender: Principal) -> Result<(), Reject> {
        self.server.stop_canister(canister, Some(sender)).map_err(reject)
    }

    fn start(&mut self, canister: Principal, sender: Principal) -> Result<(), Reject> {
        self.server.start_canister(canister, Some(sender)).map_err(reject)
    }

    fn submit(&mut self, canister: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<MessageId, Reject> {
        let id = self.server.submit_call(canister, sender, method, arg).map_err(reject)?;
        Ok(MessageId(serde_json::to_vec(&id).expect("BUG: a message id is plain data")))
    }

    fn tick(&mut self) {
        self.server.tick();
        self.relay_outcalls();
    }

    fn poll(&mut self, id: &MessageId) -> Option<Result<Vec<u8>, Reject>> {
        self.server.ingress_status(raw(id)).map(|answer| answer.map_err(reject))
    }

    fn await_call(&mut self, id: MessageId) -> Result<Vec<u8>, Reject> {
        for _ in 0..MAX_ROUNDS {
            if let Some(answer) = self.poll(&id) {
                return answer;
            }
            self.tick();
        }
        panic!("the call was not answered within {MAX_ROUNDS} rounds");
    }

    fn query(&mut self, canister: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        self.server.query_call(canister, sender, method, arg).map_err(reject)
    }

    fn time_ns(&self) -> u64 {
        self.server.get_time().as_nanos_since_unix_epoch()
    }

    fn advance_time(&mut self, by: Duration) {
        self.server.advance_time(by);
    }

    fn cycle_balance(&mut self, canister: Principal) -> u128 {
        self.server.cycle_balance(canister)
    }

    fn add_cycles(&mut self, canister: Principal, amount: u128) {
        self.server.add_cycles(canister, amount);
    }

    fn root_key(&self) -> Vec<u8> {
        self.server.root_key().expect("an instance with an NNS has a root key")
    }
}
