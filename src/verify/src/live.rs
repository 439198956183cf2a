//! The download of a live canister's log with anonymous queries over the Internet Computer's HTTPS interface. Answers are not
//! trusted: the entries must hash to the certified tip.

use crate::certificate::TipCertificate;
use crate::export::Writer;
use crate::progress::Progress;
use candid::{CandidType, Decode, Encode, Nat, Principal};
use purser_core::audit::Value;
use purser_core::base::Bytes;
use purser_core::base::codec::encode_value;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The number of entries requested at a time; the canister answers as many as fit.
const PAGE: u64 = 100;
/// The lifetime of a query.
const EXPIRY: Duration = Duration::from_secs(180);
/// The largest answer, in bytes; queries answer at most 3 MiB.
const MAX_ANSWER: u64 = 8 << 20;

/// A failure to query a canister.
#[derive(Debug)]
pub struct Unavailable(pub String);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

fn unavailable(what: &str, problem: impl fmt::Display) -> Unavailable {
    Unavailable(format!("{what}: {problem}"))
}

/// A canister behind a URL.
pub struct LiveCanister {
    agent: ureq::Agent,
    url: String,
    canister: Principal,
}

#[derive(Serialize)]
struct Envelope<'a> {
    content: Content<'a>,
}

#[derive(Serialize)]
struct Content<'a> {
    request_type: &'a str,
    canister_id: ByteBuf,
    method_name: &'a str,
    arg: ByteBuf,
    sender: ByteBuf,
    ingress_expiry: u64,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    reply: Option<Reply>,
    reject_message: Option<String>,
}

#[derive(Deserialize)]
struct Reply {
    arg: ByteBuf,
}

#[derive(Deserialize)]
struct Status {
    root_key: ByteBuf,
}

#[derive(CandidType, Deserialize)]
struct Range {
    start: Nat,
    length: Nat,
}

#[derive(CandidType, Deserialize)]
struct Blocks {
    blocks: Vec<Indexed>,
}

#[derive(CandidType, Deserialize)]
struct Indexed {
    id: Nat,
    block: WireValue,
}

/// ICRC-3's value as Candid carries it.
#[derive(CandidType, Deserialize)]
enum WireValue {
    Blob(ByteBuf),
    Text(String),
    Nat(Nat),
    Int(candid::Int),
    Array(Vec<WireValue>),
    Map(Vec<(String, WireValue)>),
}

#[derive(CandidType, Deserialize)]
struct WireStatus {
    first_block: u64,
}

#[derive(CandidType, Deserialize)]
struct WireCertificate {
    certificate: ByteBuf,
    hash_tree: ByteBuf,
}

impl WireValue {
    /// `None` when a number is larger than any that a log holds.
    fn value(self) -> Option<Value> {
        Some(match self {
            Self::Blob(bytes) => Value::Blob(Bytes::new(bytes.into_vec())),
            Self::Text(text) => Value::Text(text),
            Self::Nat(n) => Value::Nat(n.0.try_into().ok()?),
            Self::Int(i) => Value::Int(i.0.try_into().ok()?),
            Self::Array(values) => Value::Array(values.into_iter().map(Self::value).collect::<Option<_>>()?),
            Self::Map(entries) => {
                Value::Map(entries.into_iter().map(|(key, value)| Some((key, value.value()?))).collect::<Option<_>>()?)
            }
        })
    }
}

impl LiveCanister {
    /// A canister behind an API boundary node, a local replica, or another server of the interface.
    pub fn new(url: &str, canister: Principal) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).http_status_as_error(false);
        Self { agent: config.build().into(), url: url.trim_end_matches('/').to_owned(), canister }
    }

    /// The root key that a local network states.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn root_key(&self) -> Result<Vec<u8>, Unavailable> {
        let mut response = self.agent.get(format!("{}/api/v2/status", self.url)).call().map_err(|e| unavailable(&self.url, e))?;
        let body = response.body_mut().read_to_vec().map_err(|e| unavailable(&self.url, e))?;
        let status: Status = serde_cbor::from_slice(&body).map_err(|e| unavailable("the network's status", e))?;
        Ok(status.root_key.into_vec())
    }

    /// Downloads the kept part of the log from `from` up to the certified tip into a file. Returns the number of entries.
    ///
    /// # Errors
    /// When the canister cannot be asked, answers what cannot be a log, or the file cannot be written.
    pub fn download(&self, from: u64, path: &Path, progress: &mut Progress) -> Result<u64, Unavailable> {
        let tip = self.tip()?;
        let last = tip.claimed_index().map_err(|e| unavailable("the tip", e))?;
        let end = last.checked_add(1).ok_or_else(|| Unavailable(format!("the tip: no log has an entry {last}")))?;
        let mut next = from.max(self.first_kept()?);
        if next >= end {
            return Err(Unavailable(format!("the log ends before entry {next}")));
        }
        let to_file = |error: std::io::Error| unavailable(&path.display().to_string(), error);
        let mut writer = Writer::create(path, self.canister, next).map_err(to_file)?;
        progress.begin("downloading");
        progress.expect(end - next);
        let first = next;
        while next < end {
            let page = self.blocks(next, end)?;
            if page.is_empty() {
                return Err(Unavailable(format!("entry {next} is not served")));
            }
            for (index, bytes) in page {
                if index != next {
                    return Err(Unavailable(format!("entry {index} was served where {next} was asked for")));
                }
                writer.entry(&bytes).map_err(to_file)?;
                progress.step();
                next += 1;
            }
        }
        writer.finish(Some(&tip)).map_err(to_file)?;
        progress.end();
        Ok(next - first)
    }

    fn tip(&self) -> Result<TipCertificate, Unavailable> {
        let reply = self.query("icrc3_get_tip_certificate", Encode!().map_err(|e| unavailable("arguments", e))?)?;
        let tip = Decode!(&reply, Option<WireCertificate>).map_err(|e| unavailable("icrc3_get_tip_certificate", e))?;
        let tip = tip.ok_or_else(|| Unavailable("the canister answers without a certificate".into()))?;
        Ok(TipCertificate { certificate: tip.certificate.into_vec(), hash_tree: tip.hash_tree.into_vec() })
    }

    /// The first entry that the canister keeps.
    fn first_kept(&self) -> Result<u64, Unavailable> {
        let reply = self.query("get_audit_status", Encode!().map_err(|e| unavailable("arguments", e))?)?;
        let status = Decode!(&reply, WireStatus).map_err(|e| unavailable("get_audit_status", e))?;
        Ok(status.first_block)
    }

    fn blocks(&self, start: u64, end: u64) -> Result<Vec<(u64, Vec<u8>)>, Unavailable> {
        let range = Range { start: Nat::from(start), length: Nat::from(PAGE.min(end - start)) };
        let arg = Encode!(&vec![range]).map_err(|e| unavailable("arguments", e))?;
        let reply = self.query("icrc3_get_blocks", arg)?;
        let page = Decode!(&reply, Blocks).map_err(|e| unavailable("icrc3_get_blocks", e))?;
        let bytes = |indexed: Indexed| {
            let index = u64::try_from(indexed.id.0).ok()?;
            Some((index, encode_value(&indexed.block.value()?)))
        };
        let blocks: Option<Vec<_>> = page.blocks.into_iter().map(bytes).collect();
        blocks.ok_or_else(|| Unavailable(format!("the entries from {start} on hold numbers that no log holds")))
    }

    fn query(&self, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Unavailable> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let expiry = u64::try_from((now + EXPIRY).as_nanos()).unwrap_or(u64::MAX);
        let content = Content {
            request_type: "query",
            canister_id: ByteBuf::from(self.canister.as_slice()),
            method_name: method,
            arg: ByteBuf::from(arg),
            sender: ByteBuf::from(Principal::anonymous().as_slice()),
            ingress_expiry: expiry,
        };
        let body = serde_cbor::to_vec(&Envelope { content }).map_err(|e| unavailable(method, e))?;
        let url = format!("{}/api/v2/canister/{}/query", self.url, self.canister);
        let sent = self.agent.post(&url).header("content-type", "application/cbor").send(&body[..]);
        let mut response = sent.map_err(|e| unavailable(&url, e))?;
        let answer = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(|e| unavailable(&url, e))?;
        if !response.status().is_success() {
            let text = String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned();
            return Err(unavailable(&url, format!("{}: {text}", response.status())));
        }
        let answer: Answer = serde_cbor::from_slice(&answer).map_err(|e| unavailable(method, e))?;
        match answer.reply {
            Some(reply) if answer.status == "replied" => Ok(reply.arg.into_vec()),
            _ => Err(unavailable(method, answer.reject_message.unwrap_or(answer.status))),
        }
    }
}
