//! The format of an exported log: a text file with one JSON value per line. Common tools can read, cut, compress and append it.
//!
//! ```text
//! {"format":"purser-log/1","canister":"…","first":0}
//! "<an entry's stored bytes: the CBOR of its ICRC-3 value, in base64>"
//! …
//! {"certificate":"<base64>","hash_tree":"<base64>"}
//! ```
//!
//! The last line, the answer of `icrc3_get_tip_certificate`, is missing from an archive that ends before the log.

use crate::certificate::TipCertificate;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// The format's name and version.
pub const FORMAT: &str = "purser-log/1";

/// The first line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The name and version of the format: [`FORMAT`].
    pub format: String,
    /// The canister of the log.
    pub canister: Principal,
    /// The index of the first entry.
    pub first: u64,
}

/// The last line of a file.
#[derive(Serialize, Deserialize)]
struct Trailer {
    certificate: String,
    hash_tree: String,
}

/// A writer of an exported log.
pub struct Writer(BufWriter<File>);

impl Writer {
    /// Creates a file and writes its header.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path, canister: Principal, first: u64) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        let header = Header { format: FORMAT.into(), canister, first };
        writeln!(file, "{}", serde_json::to_string(&header)?)?;
        Ok(Self(file))
    }

    /// Writes the next entry.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn entry(&mut self, bytes: &[u8]) -> io::Result<()> {
        writeln!(self.0, "\"{}\"", BASE64.encode(bytes))
    }

    /// Ends the file with the certificate of its last entry, if there is one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self, tip: Option<&TipCertificate>) -> io::Result<()> {
        if let Some(tip) = tip {
            let (certificate, hash_tree) = (BASE64.encode(&tip.certificate), BASE64.encode(&tip.hash_tree));
            writeln!(self.0, "{}", serde_json::to_string(&Trailer { certificate, hash_tree })?)?;
        }
        self.0.flush()
    }
}

/// A reader of an exported log.
pub struct Reader {
    lines: io::Lines<BufReader<File>>,
    /// The first line.
    pub header: Header,
    /// The certificate of the end; known once every entry was read.
    pub tip: Option<TipCertificate>,
}

fn unusable(problem: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem.into())
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read or is no export.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut lines = BufReader::new(File::open(path)?).lines();
        let first = lines.next().ok_or_else(|| unusable("the file is empty"))??;
        let header: Header = serde_json::from_str(&first).map_err(|error| unusable(format!("no exported log: {error}")))?;
        if header.format != FORMAT {
            return Err(unusable(format!("the format is {}, not {FORMAT}", header.format)));
        }
        Ok(Self { lines, header, tip: None })
    }

    /// The next entry's bytes; `None` at the end. A line that is neither an entry nor the end is an entry without bytes, which no
    /// chain contains.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_entry(&mut self) -> io::Result<Option<Vec<u8>>> {
        while let Some(line) = self.lines.next().transpose()? {
            if line.starts_with('{') {
                self.tip = Some(trailer(&line)?);
                continue;
            }
            let text: String = serde_json::from_str(&line).unwrap_or_default();
            return Ok(Some(BASE64.decode(text).unwrap_or_default()));
        }
        Ok(None)
    }
}

fn trailer(line: &str) -> io::Result<TipCertificate> {
    let Trailer { certificate, hash_tree } = serde_json::from_str(line)?;
    let decode = |text: &str| BASE64.decode(text).map_err(|error| unusable(format!("the certificate is no base64: {error}")));
    Ok(TipCertificate { certificate: decode(&certificate)?, hash_tree: decode(&hash_tree)? })
}
