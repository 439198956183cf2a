"""Finds secrets in a git repository: by the names of its files, and by the form of the keys in them."""

import json
import os
import re
import subprocess
import sys
import tempfile

NAMES = re.compile(
    r"\.env(\..+)?|.*\.(pem|key|p12|pfx|jks|keystore)|id_(rsa|dsa|ecdsa|ed25519)|id\.json"
    r"|.*(keypair|seed).*\.json|.*seed.*\.txt|.*mnemonic.*",
    re.IGNORECASE,
)
ALLOWED_NAMES = {".env.example"}

# (what it is, what it looks like)
CONTENTS = [
    ("a private key", re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")),
    # BIP-32: what the extended keys of Bitcoin (xprv, tprv), Kaspa's mainnet (kprv) and its testnets (ktrv) begin with.
    ("an extended private key", re.compile(rb"\b(?:xprv|tprv|kprv|ktrv)[1-9A-HJ-NP-Za-km-z]{107}\b")),
]
# A Solana key pair is a file with a list of 64 bytes, and nothing else; a seed is one of 32.
KEY_LENGTHS = (32, 64)
LONGEST_KEY_FILE = 2_000


def is_key_list(content):
    if len(content) > LONGEST_KEY_FILE or not content.lstrip().startswith(b"["):
        return False
    try:
        numbers = json.loads(content)
    except ValueError:
        return False
    return len(numbers) in KEY_LENGTHS and all(type(number) is int and 0 <= number <= 255 for number in numbers)


def secret_in(path, content):
    """What the file is a secret by, or None."""
    name = os.path.basename(path)
    if name not in ALLOWED_NAMES and NAMES.fullmatch(name):
        return "its name is that of a secret"
    for what, form in CONTENTS:
        if form.search(content):
            return f"{what} is in it"
    return "it is a list of the bytes of a key" if is_key_list(content) else None


def git(folder, *arguments, given=None):
    return subprocess.run(["git", "-C", folder, *arguments], check=True, stdout=subprocess.PIPE, input=given).stdout


def is_repository(folder):
    asked = subprocess.run(["git", "-C", folder, "rev-parse", "--git-dir"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return asked.returncode == 0


def unpacked(folder):
    """Every file of an unpacked archive: what a repository would take, but for the folders of what is built."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("target", ".git", "node_modules")]
        yield from (os.path.relpath(os.path.join(place, name), folder) for name in names)


def files(folder):
    """Every file that git has, as it is now, or would take. What was deleted and a symbolic link's target are none."""
    if is_repository(folder):
        listed = git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard").decode("utf-8", "surrogateescape").split("\0")
    else:
        listed = unpacked(folder)
    for name in sorted(set(listed) - {""}):
        path = os.path.join(folder, name)
        if os.path.islink(path) or not os.path.isfile(path):
            yield name, b""
            continue
        with open(path, "rb") as file:
            yield name, file.read()


def history(folder):
    """Every file of every commit that a branch or a tag leads to: each content under each name that it had."""
    raw = git(folder, "log", "--all", "-m", "--root", "--raw", "-z", "--no-abbrev", "--no-renames", "--format=")
    fields = [field.lstrip("\n") for field in raw.decode("utf-8", "surrogateescape").split("\0")]
    # ":old-mode new-mode old-blob new-blob status", then the path. A deleted file has no new mode, a submodule (160000) no blob.
    changes = [(fields[i].split(), fields[i + 1]) for i in range(len(fields) - 1) if fields[i].startswith(":")]
    named = sorted({(change[3], path) for change, path in changes if change[1] not in ("000000", "160000")})
    blobs = sorted({blob for blob, _ in named})
    packed = git(folder, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode())
    contents, position = {}, 0
    for blob in blobs:
        end = packed.index(b"\n", position)
        size = int(packed[position:end].split()[2])
        contents[blob] = packed[end + 1 : end + 1 + size]
        position = end + 1 + size + 1
    for blob, path in named:
        yield path, contents[blob]


def findings(entries):
    return sorted({f"{path}: {what}" for path, content in entries if (what := secret_in(path, content))})


# The self-test. The keys are put together here, so that this file is no finding itself.

BAD = [
    (".env", b""),
    ("a/.env.production", b""),
    ("server.pem", b""),
    ("TLS.KEY", b""),
    ("store.p12", b""),
    ("id_ed25519", b""),
    ("id.json", b"[]"),
    ("deploy-keypair.json", b"[]"),
    ("seed.txt", b""),
    ("notes.md", b"x\n-----BEGIN " + b"PRIVATE KEY-----\nMC4C\n"),
    ("notes2.md", b"-----BEGIN " + b"EC PRIVATE KEY-----\n"),
    ("notes3.md", b"-----BEGIN " + b"OPENSSH PRIVATE KEY-----\n"),
    ("wallet.json", json.dumps(list(range(64))).encode()),
    ("raw", json.dumps(list(range(32)), indent=1).encode()),
    ("config.toml", b'key = "kprv' + b"5" * 107 + b'"'),
]
GOOD = [
    (".env.example", b"KEY="),
    ("keys.rs", b"-----BEGIN " + b"PUBLIC KEY-----"),
    ("list.json", json.dumps(list(range(65))).encode()),
    ("wide.json", json.dumps([256] * 64).encode()),
    ("broken.json", b"[1, 2"),
    ("bytes.bin", bytes(range(256))),
]
# What .gitignore keeps out is what is refused by its name.
IGNORED = [name for name, _ in BAD if NAMES.fullmatch(os.path.basename(name)) and name == name.lower()]


def self_test():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".gitignore"), "rb") as file:
        gitignore = file.read()
    with tempfile.TemporaryDirectory() as folder:
        git(folder, "init", "--quiet")
        for name, content in BAD + GOOD:
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        expected = sorted(name for name, _ in BAD)

        def found(entries):
            return [line.split(": ")[0] for line in findings(entries)]

        assert found(files(folder)) == expected, f"before `git add`: {found(files(folder))}"
        git(folder, "add", "--force", ".")
        assert found(files(folder)) == expected, f"after `git add`: {found(files(folder))}"
        who = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost", "-c", "commit.gpgsign=false")
        git(folder, *who, "commit", "--quiet", "--message", "all")
        git(folder, "rm", "--quiet", "-r", *(name for name, _ in BAD))
        git(folder, *who, "commit", "--quiet", "--message", "none")
        assert found(files(folder)) == [], f"after `git rm`: {found(files(folder))}"
        assert found(history(folder)) == expected, f"in the history: {found(history(folder))}"
        with open(os.path.join(folder, ".gitignore"), "wb") as file:
            file.write(gitignore)
        names = "\0".join([*IGNORED, ".env.example"]).encode()
        ignored = git(folder, "check-ignore", "--no-index", "-z", "--stdin", given=names).decode().split("\0")[:-1]
        assert ignored == IGNORED, f".gitignore misses {set(IGNORED) - set(ignored)}, or has too much"
    print(f"the check for secrets refuses what it should: {len(BAD)} files, {len(IGNORED)} of them ignored by git")


def main():
    options = sys.argv[1:]
    if options == ["--self-test"]:
        return self_test()
    if options not in ([], ["--history"]):
        sys.exit("usage: scripts/check-secrets [--history | --self-test]")
    entries = list(files(".")) + (list(history(".")) if options else [])
    found = findings(entries)
    if found:
        sys.exit("\n".join(found))
    print(f"no secret in {len(entries)} files{' of all commits' if options else ''}")


if __name__ == "__main__":
    main()
