//! An HTTP server on loopback whose answers are known.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tiny_http::{Header, Response};

/// A running server; dropping it stops it.
///
/// The paths are `/body` (always the same body), `/echo` (the request's method and body), `/moving` (another body each time) and
/// `/status` (418). Each response has a header that differs each time.
pub struct Server {
    server: Arc<tiny_http::Server>,
    requests: Arc<AtomicUsize>,
    worker: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// There is no free port on loopback.
    pub fn start() -> Self {
        let server = Arc::new(tiny_http::Server::http("127.0.0.1:0").expect("loopback has a free port"));
        let requests = Arc::new(AtomicUsize::new(0));
        let (handle, count) = (server.clone(), requests.clone());
        let worker = std::thread::spawn(move || {
            for request in handle.incoming_requests() {
                serve(request, count.fetch_add(1, Ordering::SeqCst));
            }
        });
        Self { server, requests, worker: Some(worker) }
    }

    /// The base URL, such as `http://127.0.0.1:8000`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.server_addr())
    }

    /// The number of requests served since the last call.
    pub fn take_requests(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }
}

fn serve(mut request: tiny_http::Request, n: usize) {
    let mut body = Vec::new();
    if request.as_reader().read_to_end(&mut body).is_err() {
        return;
    }
    let (status, body) = match request.url() {
        "/body" => (200, b"the body".to_vec()),
        "/echo" => (200, [request.method().as_str().as_bytes(), b" ", &body].concat()),
        "/moving" => (200, format!("request {n}").into_bytes()),
        "/status" => (418, b"teapot".to_vec()),
        _ => (404, Vec::new()),
    };
    let moving = Header::from_bytes("x-request-number", n.to_string()).expect("a number is a valid header value");
    // A client that has gone away is of no interest.
    let _ = request.respond(Response::from_data(body).with_status_code(status).with_header(moving));
}

impl Drop for Server {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}
