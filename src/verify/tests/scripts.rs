//! The calls of `scripts/backup` and `scripts/restore` to icp-cli and `purser-verify`, their order, and their failures. Stubs
//! replace both tools.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CANISTER: &str = "rrkah-fqaaa-aaaaa-aaaaq-cai";

/// A stub that records its arguments, writes the files that the tools would write, and fails where `FAIL` says.
const STUB: &str = r#"#!/usr/bin/env bash
set -u
line="$(basename "$0") $*"
echo "$line" >>"$STUB_LOG"
if [[ -n ${FAIL:-} && $line == *"$FAIL"* ]]; then exit 1; fi
previous=
for argument in "$@"; do
    case $previous in
        --save) echo log >"$argument" ;;
        --rebuild) printf 'twelve bytes' >"$argument" ;;
        -o) mkdir -p "$argument"; echo old >"$argument/stable_memory.bin"; echo '{ "stable_memory_size": 3 }' >"$argument/metadata.json" ;;
        -i) cp "$argument/stable_memory.bin" "$argument/metadata.json" "$(dirname "$STUB_LOG")" ;;
    esac
    previous=$argument
done
if [[ $line == *"snapshot create"* ]]; then echo "Created snapshot 00000000000000170000000000100010101 of the canister"; fi
if [[ $line == *"snapshot upload"* ]]; then echo "Uploaded as snapshot 00000000000000180000000000100010101"; fi
"#;

struct ScriptTest {
    folder: PathBuf,
}

impl ScriptTest {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).expect("a folder of our own");
        for tool in ["cargo", "icp"] {
            fs::write(folder.join(tool), STUB).expect("writable");
            fs::set_permissions(folder.join(tool), Permissions::from_mode(0o755)).expect("ours");
        }
        Self { folder }
    }

    fn run(&self, script: &str, arguments: &[&str], fail: &str) -> Output {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
        let path = format!("{}:{}", self.folder.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(scripts.join(script));
        command.args(arguments).env("PATH", path).env("STUB_LOG", self.folder.join("calls")).env("FAIL", fail);
        command.env("PURSER_WASM", self.folder.join("icp")).env_remove("URL").env_remove("NETWORK");
        command.output().expect("bash runs it")
    }

    /// The calls of the tools since the last read, with the folder replaced by FOLDER.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.folder.join("calls")).unwrap_or_default();
        fs::remove_file(self.folder.join("calls")).ok();
        calls.lines().map(|line| line.replace(&self.folder.display().to_string(), "FOLDER")).collect()
    }

    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.join("backups")).expect("it was made").map(|entry| entry.expect("an entry").path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == ending)).collect()
    }
}

#[test]
fn a_backup_stops_the_canister_for_its_snapshot_only_and_downloads_the_log_after_it() {
    let test = ScriptTest::new("backup");
    let folder = test.folder.join("backups");
    let folder = folder.to_str().expect("a path");
    let output = test.run("backup", &[CANISTER, folder], "");
    assert!(output.status.success(), "{output:?}");
    let calls = test.calls();
    let (icp, cargo) = calls.split_at(3);
    let expected = ["stop", "snapshot create", "start"].map(|what| format!("icp canister {what} {CANISTER} --network ic"));
    assert_eq!(icp, expected);
    let [verify] = cargo else { panic!("{calls:?}") };
    assert!(verify.contains(&format!("--url https://icp-api.io --canister {CANISTER} --save FOLDER/backups/purser-")), "{verify}");
    let (logs, snapshots) = (test.files("log"), test.files("snapshot"));
    assert_eq!((logs.len(), snapshots.len()), (1, 1));
    assert!(fs::read_to_string(&snapshots[0]).expect("it is text").contains("00000000000000170000000000100010101"));

    // The next one has to go on where the first ended, and needs no canister to stop.
    fs::rename(&logs[0], test.folder.join("backups/purser-2026-01-01.log")).expect("ours");
    assert!(test.run("backup", &["--log-only", CANISTER, folder], "").status.success());
    let calls = test.calls();
    assert!(calls.len() == 1 && calls[0].ends_with(" FOLDER/backups/purser-2026-01-01.log"), "{calls:?}");
}

#[test]
fn a_backup_that_fails_says_so_and_leaves_the_canister_running() {
    let test = ScriptTest::new("backup-fails");
    let folder = test.folder.join("backups");
    let folder = folder.to_str().expect("a path");
    assert!(!test.run("backup", &[CANISTER, folder], "snapshot create").status.success());
    assert_eq!(test.calls().last(), Some(&format!("icp canister start {CANISTER} --network ic")));
    let output = test.run("backup", &[CANISTER, folder], "--save");
    assert!(
        !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("do not rely on this backup"),
        "{output:?}"
    );
    assert_eq!(test.run("backup", &[], "").status.code(), Some(1));
}

#[test]
fn a_restore_puts_the_memory_that_the_log_gives_into_a_snapshot_and_starts_anew() {
    let test = ScriptTest::new("restore");
    let output = test.run("restore", &[CANISTER, "a.log", "b.log"], "");
    assert!(output.status.success(), "{output:?}");
    let calls = test.calls();
    assert!(
        calls[0].starts_with("cargo run ") && calls[0].contains(" --rebuild ") && calls[0].ends_with(" a.log b.log"),
        "{calls:?}"
    );
    let steps: Vec<&str> = calls[1..].iter().map(|call| call.split(CANISTER).next().unwrap_or_default().trim_end()).collect();
    let expected = ["stop", "snapshot create", "snapshot download", "snapshot upload", "snapshot restore", "install", "start"];
    assert_eq!(steps, expected.map(|step| format!("icp canister {step}")));
    assert!(calls[3].contains(" 00000000000000170000000000100010101 -o "), "{calls:?}");
    assert!(calls[5].contains(" 00000000000000180000000000100010101 "), "{calls:?}");
    assert!(calls[6].contains("--mode upgrade"), "{calls:?}");
    // What was uploaded is the log's memory, and the snapshot says how long it is.
    assert_eq!(fs::read_to_string(test.folder.join("stable_memory.bin")).expect("it was uploaded"), "twelve bytes");
    assert_eq!(fs::read_to_string(test.folder.join("metadata.json")).expect("it was uploaded"), "{ \"stable_memory_size\": 12 }\n");
}

#[test]
fn nothing_is_restored_from_a_log_that_is_not_in_order() {
    let test = ScriptTest::new("restore-fails");
    assert!(!test.run("restore", &[CANISTER, "a.log"], "--rebuild").status.success());
    assert_eq!(test.calls().len(), 1, "the canister is not touched");
    assert!(!test.run("restore", &[CANISTER, "a.log"], "snapshot upload").status.success());
    assert!(test.calls().iter().all(|call| !call.contains("snapshot restore") && !call.contains("install")));
}
