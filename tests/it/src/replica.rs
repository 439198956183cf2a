//! A part of the Internet Computer's HTTPS interface in front of the suite's network. It serves `status` and anonymous queries, so
//! that tools for the real network can be pointed at it.

use crate::test_env::TestEnv;
use candid::Principal;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::io::{Error, Read};
use std::thread;
use std::time::Duration;
use tiny_http::{Request, Response, Server};

/// The largest request body, in bytes.
const MAX_BODY: u64 = 2 << 20;

#[derive(Deserialize)]
struct Envelope {
    content: Content,
}

#[derive(Deserialize)]
struct Content {
    canister_id: ByteBuf,
    method_name: String,
    arg: ByteBuf,
    sender: ByteBuf,
}

#[derive(Serialize)]
struct Replied {
    status: &'static str,
    reply: Reply,
}

#[derive(Serialize)]
struct Reply {
    arg: ByteBuf,
}

#[derive(Serialize)]
struct Rejected {
    status: &'static str,
    reject_code: u32,
    reject_message: String,
}

#[derive(Serialize)]
struct Status {
    root_key: ByteBuf,
}

/// Serves the network while `client`, which receives the URL, runs beside it.
///
/// # Errors
/// When no port can be bound.
pub fn serve<T: Send>(env: &mut TestEnv, client: impl FnOnce(String) -> T + Send) -> std::io::Result<T> {
    let server = Server::http("127.0.0.1:0").map_err(Error::other)?;
    let url = format!("http://{}", server.server_addr());
    thread::scope(|scope| {
        let client = scope.spawn(move || client(url));
        while !client.is_finished() {
            // A client that has gone away is no reason to fail.
            if let Some(mut request) = server.recv_timeout(Duration::from_millis(10))? {
                let (status, body) = answer(env, &mut request);
                request.respond(Response::from_data(body).with_status_code(status)).ok();
            }
        }
        client.join().map_err(|_| Error::other("the client panicked"))
    })
}

fn answer(env: &mut TestEnv, request: &mut Request) -> (u16, Vec<u8>) {
    let url = request.url().to_owned();
    if url == "/api/v2/status" {
        return (200, cbor(&Status { root_key: ByteBuf::from(env.network.ic().root_key()) }));
    }
    let mut body = Vec::new();
    if request.as_reader().take(MAX_BODY).read_to_end(&mut body).is_err() || !url.ends_with("/query") {
        return (404, Vec::new());
    }
    let Ok(Envelope { content }) = serde_cbor::from_slice(&body) else { return (400, b"no envelope".to_vec()) };
    let (canister, sender) = (Principal::from_slice(&content.canister_id), Principal::from_slice(&content.sender));
    match env.network.ic().query(canister, sender, &content.method_name, content.arg.into_vec()) {
        Ok(arg) => (200, cbor(&Replied { status: "replied", reply: Reply { arg: ByteBuf::from(arg) } })),
        Err(reject) => (200, cbor(&Rejected { status: "rejected", reject_code: reject.code, reject_message: reject.message })),
    }
}

fn cbor(value: &impl Serialize) -> Vec<u8> {
    serde_cbor::to_vec(value).expect("memory takes it")
}
