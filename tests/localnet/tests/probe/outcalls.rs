//! HTTPS outcalls: every replica asks, transforms, and must agree.

use std::net::TcpListener;
use std::time::Duration;

use candid::CandidType;
use localnet::{CallKind, Effect, LocalNet, MessageKind, Occurrence, Reject};

use localnet::conformance::Server;

use crate::Probe;

type Fetched = Result<(u64, Vec<u8>), (u32, String)>;

#[derive(CandidType, Default)]
struct Fetch {
    url: String,
    body: Option<Vec<u8>>,
    max_response_bytes: Option<u64>,
    transform: Option<&'static str>,
    is_replicated: Option<bool>,
}

impl Fetch {
    fn get(url: String) -> Self {
        Self { url, max_response_bytes: Some(10_000), transform: Some("strip"), ..Self::default() }
    }
}

fn fetch(probe: &mut Probe, fetch: Fetch) -> Fetched {
    probe.update::<(Fetched,)>("fetch", (fetch,)).0
}

#[test]
fn should_fetch_once_per_replica_and_agree_on_the_transformed_response() {
    let (mut probe, server) = (Probe::new(), Server::start());
    assert_eq!(fetch(&mut probe, Fetch::get(format!("{}/body", server.url()))), Ok((200, b"the bodycontext".to_vec())));
    assert_eq!(server.take_requests(), 13);
    assert_eq!(probe.net.take_traces().iter().filter(|trace| trace.kind == MessageKind::Transform).count(), 13);

    assert_eq!(fetch(&mut probe, Fetch::get(format!("{}/status", server.url()))), Ok((418, b"teapotcontext".to_vec())));
    let post = Fetch { body: Some(b"signed bytes".to_vec()), ..Fetch::get(format!("{}/echo", server.url())) };
    assert_eq!(fetch(&mut probe, post), Ok((200, b"POST signed bytescontext".to_vec())));
}

#[test]
fn should_not_agree_if_the_transform_leaks_what_moves() {
    let (mut probe, server) = (Probe::new(), Server::start());
    for transform in [Some("leak"), None] {
        let (code, message) = fetch(&mut probe, Fetch { transform, ..Fetch::get(format!("{}/body", server.url())) }).unwrap_err();
        assert_eq!((code, message.as_str()), (2, "No consensus could be reached. Replicas had different responses."));
    }
    let moving = fetch(&mut probe, Fetch::get(format!("{}/moving", server.url()))).unwrap_err();
    assert_eq!(moving.0, Reject::SYS_TRANSIENT);
}

#[test]
fn should_ask_once_if_not_replicated() {
    let (mut probe, server) = (Probe::new(), Server::start());
    let request = Fetch { is_replicated: Some(false), ..Fetch::get(format!("{}/moving", server.url())) };
    assert_eq!(fetch(&mut probe, request), Ok((200, b"request 0context".to_vec())));
    assert_eq!(server.take_requests(), 1);
}

#[test]
fn should_scale_with_the_number_of_replicas() {
    let mut probe = Probe::on(LocalNet::builder().replicas(4).build());
    let server = Server::start();
    assert!(fetch(&mut probe, Fetch::get(format!("{}/body", server.url()))).is_ok());
    assert_eq!(server.take_requests(), 4);
}

#[test]
fn should_enforce_the_limits() {
    let (mut probe, server) = (Probe::new(), Server::start());
    let small =
        fetch(&mut probe, Fetch { max_response_bytes: Some(20), ..Fetch::get(format!("{}/body", server.url())) }).unwrap_err();
    assert_eq!(small, (1, "Http body exceeds size limit of 20 bytes.".to_string()));
    server.take_requests();
    for (request, words) in [
        (Fetch { max_response_bytes: Some(2_000_001), ..Fetch::get(format!("{}/body", server.url())) }, "max_response_bytes"),
        (Fetch::get(format!("{}/{}", server.url(), "x".repeat(8192))), "url exceeds"),
        (Fetch { transform: Some("no_such_transform"), ..Fetch::get(format!("{}/body", server.url())) }, "no query method"),
        (
            Fetch { transform: Some("trapping_transform"), ..Fetch::get(format!("{}/body", server.url())) },
            "asked to trap in a transform",
        ),
    ] {
        let (_, message) = fetch(&mut probe, request).unwrap_err();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn should_report_servers_that_do_not_answer() {
    let mut probe = Probe::on(LocalNet::builder().http_timeout(Duration::from_millis(50)).build());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = fetch(&mut probe, Fetch::get(format!("http://{closed}/"))).unwrap_err();
    assert_eq!(refused.0, Reject::SYS_TRANSIENT);
    let elsewhere = fetch(&mut probe, Fetch::get("https://example.org/".to_string())).unwrap_err();
    assert_eq!(elsewhere.0, Reject::SYS_TRANSIENT);

    // A listener that never accepts: the connection is made, the answer never comes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    assert_eq!(fetch(&mut probe, Fetch::get(url)), Err((2, "Canister http request timed out".to_string())));
}

#[test]
fn should_charge_by_the_limit_of_the_response() {
    let (mut probe, server) = (Probe::new(), Server::start());
    let url = format!("{}/body", server.url());
    // URL, header, transform name, and context.
    let request_bytes = (url.len() + "x-probe1".len() + "strip".len() + "context".len()) as u128;
    fetch(&mut probe, Fetch::get(url)).unwrap();
    let calls: Vec<_> = probe.net.take_traces().into_iter().flat_map(|trace| trace.mgmt_calls).collect();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].cycles, 49_140_000 + 5_200 * request_bytes + 10_400 * 10_000);
}

#[test]
fn should_inject_faults_into_outcalls() {
    let (mut probe, server) = (Probe::new(), Server::start());
    let id = probe.id;
    let get = || Fetch::get(format!("{}/body", server.url()));
    probe.net.faults().inject(id, CallKind::HttpRequest, Occurrence::Only(1), Effect::DisagreeingReplicas);
    probe.net.faults().inject(id, CallKind::HttpRequest, Occurrence::Only(2), Effect::Timeout);
    let unreachable = Effect::Reject { code: Reject::SYS_TRANSIENT, message: "unreachable".to_string() };
    probe.net.faults().inject(id, CallKind::HttpRequest, Occurrence::Only(3), unreachable);

    assert!(fetch(&mut probe, get()).unwrap_err().1.starts_with("No consensus could be reached."));
    assert_eq!(server.take_requests(), 13);
    // The answer is lost, not the request.
    assert_eq!(fetch(&mut probe, get()), Err((2, "Canister http request timed out".to_string())));
    assert_eq!(server.take_requests(), 13);
    assert_eq!(fetch(&mut probe, get()), Err((2, "unreachable".to_string())));
    assert_eq!(server.take_requests(), 0);
    assert!(fetch(&mut probe, get()).is_ok());
}
