//! HTTP on loopback: worker threads that parse a request, call the chain under its lock, and send the answer.

use std::{
    io::{Read, Write},
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use tiny_http::{Header, Response, Server};

use super::{
    fault::{Fault, FaultsHandle},
    rest::{Request, internal_error},
    state::State,
};

/// The number of threads: enough for 13 replicas that ask at once.
const WORKERS: usize = 16;
/// The longest body the REST server takes, in bytes.
const MAX_BODY: usize = 200_000;

/// Connections that a [`Fault::Hang`] keeps open and silent.
type HeldConnections = Arc<Mutex<Vec<Box<dyn Write + Send>>>>;

/// A running server; dropping it joins its threads.
pub(super) struct RunningServer {
    server: Arc<Server>,
    workers: Vec<JoinHandle<()>>,
    port: u16,
}

impl RunningServer {
    /// Starts a server of the chain with these faults.
    pub fn start(state: &Arc<Mutex<State>>, faults: &FaultsHandle) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("a loopback port is free"));
        let port = server.server_addr().to_ip().expect("BUG: bound to an IP address").port();
        let held = HeldConnections::default();
        let worker = |_| {
            let (server, state, held, faults) = (server.clone(), state.clone(), held.clone(), faults.clone());
            std::thread::spawn(move || {
                // Ends with the error that `unblock` puts in the queue.
                while let Ok(request) = server.recv() {
                    serve(request, &state, &faults, &held);
                }
            })
        };
        let workers = (0..WORKERS).map(worker).collect();
        Self { server, workers, port }
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        for _ in &self.workers {
            self.server.unblock();
        }
        for worker in self.workers.drain(..) {
            // A worker that panicked has already printed why; panicking again in a drop would abort the test run.
            let _ = worker.join();
        }
    }
}

fn serve(mut request: tiny_http::Request, state: &Mutex<State>, faults: &FaultsHandle, held: &HeldConnections) {
    let method = request.method().to_string();
    let url = request.url().replace("%3A", ":").replace("%3a", ":");
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let body = match body(&mut request, &method) {
        Ok(body) => body,
        Err(status) => return send(request, Response::from_data(vec![]).with_status_code(status)),
    };
    let parts = Request { method: &method, path, query, body: serde_json::from_slice(&body).ok() };
    let (fault, answer) = state.lock().expect("BUG: a thread panicked while it held the chain").call(&parts, faults);
    match fault {
        Some(Fault::Hang) => held.lock().expect("BUG: a thread panicked while it held the connections").push(request.into_writer()),
        Some(Fault::Broken) => {
            // The client may have closed the connection already.
            let mut wire = request.into_writer();
            let _ = wire.write_all(b"\0 not HTTP\r\n\r\n").and_then(|()| wire.flush());
        }
        Some(Fault::Http429) => send(request, Response::from_string("Too Many Requests").with_status_code(429)),
        Some(Fault::Http500) => send_json(request, 500, internal_error().1.to_string()),
        Some(Fault::GarbageBody) => send_json(request, 200, "<html><body>Bad gateway</body></html>".into()),
        Some(Fault::HugeBody { bytes }) => send_json(request, 200, format!("[{}]", " ".repeat(bytes.saturating_sub(2)))),
        _ => send_json(request, answer.0, answer.1.to_string()),
    }
}

/// The request's body, or the status with which the REST server turns it away unread.
fn body(request: &mut tiny_http::Request, method: &str) -> Result<Vec<u8>, u16> {
    let length = match (method, request.body_length()) {
        ("POST", None) => return Err(411),
        (_, length) => length.unwrap_or(0),
    };
    if length > MAX_BODY {
        return Err(413);
    }
    let mut body = Vec::new();
    request.as_reader().take(MAX_BODY as u64).read_to_end(&mut body).map_err(|_| 400u16)?;
    Ok(body)
}

fn send_json(request: tiny_http::Request, status: u16, body: String) {
    let json = Header::from_bytes("Content-Type", "application/json").expect("BUG: a constant header is well formed");
    send(request, Response::from_string(body).with_status_code(status).with_header(json));
}

fn send<R: Read>(request: tiny_http::Request, response: Response<R>) {
    // Fails only when the client has closed the connection.
    let _ = request.respond(response);
}
