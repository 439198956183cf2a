//! `--serve`: a server on loopback in front of the running network.
//!
//! The interface is one plain endpoint with Candid text, so that `curl` is enough, and not the Internet Computer's HTTP interface.

use super::context::Demo;
use crate::test_env::Actor;
use crate::wasm;
use candid::types::internal::FuncMode;
use candid::types::{Function, Type, TypeInner};
use candid::{Decode, Encode, IDLArgs, TypeEnv};
use candid_parser::utils::CandidSource;
use purser_types::{HttpRequest, HttpResponse};
use std::io::{Error, Read};
use std::time::Duration;
use tiny_http::{Header, Method, Request, Response, Server};

/// The time without a request after which the server lets five seconds pass in the network.
const IDLE: Duration = Duration::from_secs(1);
/// The largest request body, in bytes.
const MAX_BODY: u64 = 1 << 20;

/// Answers requests until the process is interrupted.
///
/// # Errors
/// When no port can be bound or the interface cannot be read.
pub fn until_interrupted(mut demo: Demo) -> std::io::Result<()> {
    let server = Server::http("127.0.0.1:0").map_err(Error::other)?;
    let interface = Interface::load()?;
    introduce(&demo, &server);
    loop {
        match server.recv_timeout(IDLE)? {
            None => demo.env.step(),
            Some(mut request) => {
                let (status, body) = answer(&mut demo, &interface, &mut request);
                let text = Header::from_bytes("content-type", "text/plain; charset=utf-8").expect("a plain header");
                // A client that has gone away is no reason to stop the network.
                request.respond(Response::from_data(body).with_status_code(status).with_header(text)).ok();
            }
        }
    }
}

fn introduce(demo: &Demo, server: &Server) {
    let address = server.server_addr();
    let wallet = demo.wallet().id;
    println!("\nThe network keeps running; five seconds pass in it for every idle second. Interrupt to stop.");
    println!("  canister      {}", demo.env.canister);
    println!("  Solana RPC    {}", demo.env.solana.url());
    println!("  Kaspa REST    {}", demo.env.kaspa.url());
    println!("Call any method of candid/purser.did, in Candid text, as admin, guardian, agent, stranger or anonymous:");
    println!("  curl -d '()' 'http://{address}/call/get_mode'");
    println!("  curl -d '(variant {{ Wallet = {wallet} }})' 'http://{address}/call/get_policy'");
    let savings = "(record { label = \"savings\"; signing = variant { Threshold } })";
    println!("  curl -d '{savings}' 'http://{address}/call/create_wallet?as=admin'");
    println!("Or read what the HTTP gateway would show:");
    println!("  curl 'http://{address}/health'");
}

fn answer(demo: &mut Demo, interface: &Interface, request: &mut Request) -> (u16, Vec<u8>) {
    let url = request.url().to_owned();
    let Some(call) = url.strip_prefix("/call/") else { return gateway(demo, request.method(), url) };
    if *request.method() != Method::Post {
        return (405, b"calls are POST requests with Candid text as their body\n".to_vec());
    }
    let mut text = String::new();
    if let Err(error) = request.as_reader().take(MAX_BODY).read_to_string(&mut text) {
        return (400, format!("{error}\n").into_bytes());
    }
    match interface.call(demo, call, &text) {
        Ok(reply) => (200, format!("{reply}\n").into_bytes()),
        Err(problem) => (400, format!("{problem}\n").into_bytes()),
    }
}

fn gateway(demo: &mut Demo, method: &Method, url: String) -> (u16, Vec<u8>) {
    let request =
        HttpRequest { method: method.to_string(), url, headers: vec![], body: vec![].into(), certificate_version: Some(2) };
    let arg = Encode!(&request).expect("a request encodes");
    let reply = demo.env.network.ic().query(demo.env.canister, Actor::Anonymous.principal(), "http_request", arg);
    match reply.map(|reply| Decode!(&reply, HttpResponse)) {
        Ok(Ok(response)) => (response.status_code, response.body.to_vec()),
        Ok(Err(error)) => (502, error.to_string().into_bytes()),
        Err(reject) => (502, reject.to_string().into_bytes()),
    }
}

/// The canister's methods, from the committed interface.
struct Interface {
    types: TypeEnv,
    service: Type,
}

impl Interface {
    fn load() -> std::io::Result<Self> {
        let path = wasm::root().join("candid/purser.did");
        let (types, service) = CandidSource::File(&path).load().map_err(Error::other)?;
        let service = service.ok_or_else(|| Error::other("candid/purser.did has no service"))?;
        let service = match service.as_ref() {
            TypeInner::Class(_, service) => service.clone(),
            _ => service,
        };
        Ok(Self { types, service })
    }

    fn function<'a>(&'a self, method: &'a str) -> Result<&'a Function, String> {
        self.types.get_method(&self.service, method).map_err(|error| error.to_string())
    }

    fn call(&self, demo: &mut Demo, call: &str, text: &str) -> Result<String, String> {
        let (method, actor) = call.split_once("?as=").unwrap_or((call, "anonymous"));
        let actor = Actor::ALL.into_iter().find(|known| format!("{known:?}").eq_ignore_ascii_case(actor));
        let sender = actor.ok_or("as is admin, guardian, agent, stranger or anonymous")?.principal();
        let function = self.function(method)?;
        let arguments = candid_parser::parse_idl_args(text).map_err(|error| error.to_string())?;
        let arg = arguments.to_bytes_with_types(&self.types, &function.args).map_err(|error| error.to_string())?;
        let (ic, canister) = (demo.env.network.ic(), demo.env.canister);
        let reply = if function.modes.contains(&FuncMode::Query) {
            ic.query(canister, sender, method, arg)
        } else {
            ic.update(canister, sender, method, arg)
        };
        let reply = reply.map_err(|reject| reject.to_string())?;
        IDLArgs::from_bytes_with_types(&reply, &self.types, &function.rets)
            .map(|reply| reply.to_string())
            .map_err(|error| error.to_string())
    }
}
