//! The HTTP/1.1 server below the RPC: one thread and one request per connection.
//!
//! The server uses `std::net` because one fault closes a connection without an answer. `tiny_http`, which the other servers use,
//! answers 500 for a dropped request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Agave's `MAX_REQUEST_BODY_SIZE`: a longer body is answered with 413.
const BODY_BYTES_MAX: usize = 50 * 1024;
/// Longest request line or header accepted.
const LINE_BYTES_MAX: u64 = 16 * 1024;
/// The time after which a silent client's connection is closed.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The answer to a request.
#[derive(Debug)]
pub enum Answer {
    /// Write a response and close.
    Respond {
        /// HTTP status code.
        status: u16,
        /// Value of `Content-Type`.
        content_type: &'static str,
        /// The body as sent.
        body: Vec<u8>,
    },
    /// Close without a byte.
    Close,
}

impl Answer {
    /// A 200 response with a JSON body.
    pub fn json(body: Vec<u8>) -> Self {
        Self::Respond { status: 200, content_type: "application/json; charset=utf-8", body }
    }

    /// A response whose body is not JSON, as proxies and rate limiters send.
    pub fn text(status: u16, body: &str) -> Self {
        Self::Respond { status, content_type: "text/plain", body: body.as_bytes().to_vec() }
    }
}

/// Answers the target and the body of a POST request.
pub type Handler = dyn Fn(&str, &[u8]) -> Answer + Send + Sync;

/// A listening server; dropping it stops it.
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on a free loopback port.
    ///
    /// # Panics
    /// If the loopback interface cannot be bound.
    pub fn start(handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind a loopback port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let acceptor = std::thread::spawn(move || {
            // The response header `x-request-id` differs in every answer: a canister must not let headers reach consensus.
            for (id, stream) in listener.incoming().enumerate() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    let handler = handler.clone();
                    std::thread::spawn(move || {
                        // A client that went away is its own business.
                        let _ = serve(stream, id, handler.as_ref());
                    });
                }
            }
        });
        Self { address, stop, acceptor: Some(acceptor) }
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees the flag.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

struct Head {
    method: String,
    path: String,
    content_length: usize,
    is_json: bool,
    expects_continue: bool,
}

fn serve(stream: TcpStream, id: usize, handler: &Handler) -> std::io::Result<()> {
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some(head) = read_head(&mut reader)? else {
        return Ok(());
    };
    if head.content_length > BODY_BYTES_MAX {
        return write(stream, id, &Answer::text(413, "Payload Too Large"));
    }
    if head.expects_continue {
        (&stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut body = vec![0; head.content_length];
    reader.read_exact(&mut body)?;
    let answer = match (head.method.as_str(), head.path.as_str()) {
        ("GET", "/health") => Answer::text(200, "ok"),
        ("POST", _) if !head.is_json => {
            Answer::text(415, "Supplied content type is not allowed. Content-Type: application/json is required")
        }
        ("POST", target) => handler(target, &body),
        _ => Answer::text(405, "Used HTTP Method is not allowed. POST or OPTIONS is required"),
    };
    write(stream, id, &answer)
}

fn read_head(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Head>> {
    let request = read_line(reader)?;
    let mut words = request.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut head = Head { method: method.into(), path: path.into(), content_length: 0, is_json: false, expects_continue: false };
    loop {
        let line = read_line(reader)?;
        let Some((name, value)) = line.split_once(':') else {
            return Ok(Some(head));
        };
        let value = value.trim().to_ascii_lowercase();
        match name.to_ascii_lowercase().as_str() {
            // A length that is no number becomes one that is refused.
            "content-length" => head.content_length = value.parse().unwrap_or(usize::MAX),
            "content-type" => head.is_json = value.starts_with("application/json"),
            "expect" => head.expects_continue = value == "100-continue",
            _ => {}
        }
    }
}

fn read_line(reader: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn write(mut stream: TcpStream, id: usize, answer: &Answer) -> std::io::Result<()> {
    let Answer::Respond { status, content_type, body } = answer else {
        return Ok(());
    };
    let head = format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nx-request-id: {id}\r\nconnection: close\r\n\r\n",
        reason(*status),
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        405 => "Method Not Allowed",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        _ => "Internal Server Error",
    }
}
