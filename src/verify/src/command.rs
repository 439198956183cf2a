//! The command line of `purser-verify`.

use crate::certificate::RootKey;
use crate::check::{VerifyOptions, check};
use crate::live::LiveCanister;
use crate::progress::Progress;
use crate::report;
use std::path::PathBuf;
use std::time::Duration;

const USAGE: &str = "\
Checks a Purser log: hashes, links, the subnet's certificate, and that replaying it gives the certified state.

  purser-verify [options] FILE...          exported files, in any order; needs no network
  purser-verify [options] --url URL --canister ID [FILE...]
                                           a live canister, for example --url https://icp-api.io; with files it must
                                           go on where they end

  --canister ID      whose log it must be
  --root-key KEY     a file with the root key in DER, or the key in hexadecimal; the Internet Computer's when absent
  --local            with --url: trust the root key that the network itself states, for networks on this machine
  --from N           with --url: begin at entry N, to continue an archive
  --save FILE        with --url: keep what was downloaded
  --rebuild FILE     write the stable memory that the log gives, in emergency mode, to restore a canister from
  --max-age SECONDS  the greatest age of the certificate; with --url 300 when absent
  --json             the report as JSON
  --quiet            no progress

Exit status: 0 valid, 1 broken, 2 could not be checked.
";

/// The reason why a log could not be checked.
type Failure = String;

#[derive(Default)]
struct Options {
    files: Vec<PathBuf>,
    url: Option<String>,
    canister: Option<candid::Principal>,
    root_key: Option<String>,
    is_local: bool,
    from: u64,
    save: Option<PathBuf>,
    max_age: Option<u64>,
    rebuild: Option<PathBuf>,
    json: bool,
    quiet: bool,
}

/// The outcome of a run of the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit status: 0 valid, 1 broken, 2 could not be checked.
    pub status: u8,
    /// The text for standard output.
    pub output: String,
    /// The text for standard error.
    pub failure: String,
}

impl Outcome {
    const fn new(status: u8, output: String) -> Self {
        Self { status, output, failure: String::new() }
    }
}

/// Runs the command with arguments as of `now`, in nanoseconds since 1970.
pub fn run(arguments: Vec<String>, now: u64) -> Outcome {
    if arguments.is_empty() || arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        return Outcome::new(if arguments.is_empty() { 2 } else { 0 }, USAGE.to_owned());
    }
    match parse(arguments.into_iter()).and_then(|options| verify(&options, now)) {
        Ok((true, output)) => Outcome::new(0, output),
        Ok((false, output)) => Outcome::new(1, output),
        Err(failure) => Outcome { status: 2, output: String::new(), failure: format!("purser-verify: {failure}\n") },
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, Failure> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
        match argument.as_str() {
            "--url" => options.url = Some(value()?),
            "--canister" => {
                let text = value()?;
                options.canister = Some(candid::Principal::from_text(&text).map_err(|_| format!("{text} is no canister id"))?);
            }
            "--root-key" => options.root_key = Some(value()?),
            "--local" => options.is_local = true,
            "--from" => options.from = number(value()?)?,
            "--save" => options.save = Some(value()?.into()),
            "--rebuild" => options.rebuild = Some(value()?.into()),
            "--max-age" => options.max_age = Some(number(value()?)?),
            "--json" => options.json = true,
            "--quiet" => options.quiet = true,
            option if option.starts_with('-') => return Err(format!("there is no option {option}; see --help")),
            _ => options.files.push(argument.into()),
        }
    }
    let is_live = options.url.is_some();
    match (is_live, options.files.is_empty()) {
        (false, true) => Err("give files or a --url; see --help".into()),
        _ if !is_live && (options.is_local || options.from > 0 || options.save.is_some()) => {
            Err("--local, --from and --save need a --url".into())
        }
        _ => Ok(options),
    }
}

/// Whether the log is valid, and the report about it.
fn verify(options: &Options, now: u64) -> Result<(bool, String), Failure> {
    let mut progress = Progress::new(options.quiet);
    let mut root_key = root_key(options.root_key.as_deref())?;
    let mut files = options.files.clone();
    let mut temporary = None;
    if let Some(url) = &options.url {
        let canister = options.canister.ok_or("--url needs a --canister")?;
        let live = LiveCanister::new(url, canister);
        if options.is_local {
            let der = live.root_key().map_err(|error| error.to_string())?;
            root_key = RootKey::from_der(der).map_err(|error| format!("the network's root key: {error}"))?;
        }
        let path = options.save.clone().unwrap_or_else(|| {
            let path = std::env::temp_dir().join(format!("purser-verify-{}.log", std::process::id()));
            temporary.insert(path).clone()
        });
        live.download(options.from, &path, &mut progress).map_err(|error| error.to_string())?;
        files.push(path);
    }
    let max_age = options.max_age.or(options.url.is_some().then_some(300)).map(Duration::from_secs);
    let report = check(
        &VerifyOptions { files, canister: options.canister, root_key, now, max_age, rebuild: options.rebuild.clone() },
        &mut progress,
    );
    if let Some(path) = temporary {
        // What stays behind in the temporary directory does no harm.
        std::fs::remove_file(path).ok();
    }
    let report = report.map_err(|error| error.to_string())?;
    let text = if options.json {
        serde_json::to_string_pretty(&report).map_err(|error| error.to_string())? + "\n"
    } else {
        report::text(&report)
    };
    Ok((report.valid, text))
}

fn root_key(text: Option<&str>) -> Result<RootKey, Failure> {
    let Some(text) = text else { return Ok(RootKey::mainnet()) };
    let der = match hex::decode(text) {
        Ok(der) => der,
        Err(_) => std::fs::read(text).map_err(|error| format!("{text}: {error}"))?,
    };
    RootKey::from_der(der).map_err(|error| format!("the root key: {error}"))
}
