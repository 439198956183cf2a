"""Checks what the workspace depends on, from cargo's metadata and the lock file, against deny.toml and the lists below.

The lists are here and not in deny.toml because they are about one package's dependencies: in the graph of the whole workspace, which
is the only one that cargo-deny knows, the tests bring much that the canister must not have.
"""

import copy
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import defaultdict

WASM = "wasm32-unknown-unknown"

# (package, pattern for the whole name of a crate, why no such crate is compiled into the package for the canister)
REFUSED = [
    ("purser-core", r"ic-cdk.*|ic0|getrandom|rand", "the core touches neither the Internet Computer nor randomness"),
    ("purser", r"getrandom|rand", "a canister's only randomness is the management canister's raw_rand"),
]

# Crates of which the canister has one version: two would mean two kinds of address, key or record that do not fit, or twice the bytes.
ONE_VERSION = """
    candid ic-cdk ic-cdk-timers ic-certification ic-stable-structures ic0
    k256 ecdsa elliptic-curve curve25519-dalek ed25519-dalek ic-ed25519
    solana-address solana-hash solana-instruction solana-message solana-pubkey solana-signature solana-transaction wincode
    minicbor serde serde_bytes serde_cbor serde_json
""".split()

# What this program reads of deny.toml. Another key would be a rule that only cargo-deny applies.
KEYS = {
    "graph": {"targets"},
    "licenses": {"allow", "exceptions"},
    "bans": {"multiple-versions", "wildcards", "allow-wildcard-paths", "deny"},
    "sources": {"unknown-registry", "unknown-git", "allow-registry", "allow-git"},
    "advisories": None,  # cargo-deny's alone
}


class Invalid(Exception):
    """An input that cannot be read, with the reason."""


# Licences: SPDX expressions, of identifiers, WITH, AND, OR and parentheses, binding in that order.


def parse_license(text):
    """Returns the expression as nested tuples: ("OR", …), ("AND", …), or the text of one licence with its exception."""
    # Before 2018 crates.io took a slash for OR.
    tokens = re.findall(r"[()]|[^\s()]+", text.replace("/", " OR "))
    words = {"AND", "OR", "WITH", "(", ")"}
    position = 0

    def peek():
        return tokens[position] if position < len(tokens) else None

    def take():
        nonlocal position
        position += 1
        return tokens[position - 1]

    def identifier():
        if peek() is None or peek() in words:
            raise Invalid(f"'{text}' lacks an identifier before '{peek() or 'its end'}'")
        if not re.fullmatch(r"[A-Za-z0-9.:-]+\+?", peek()):
            raise Invalid(f"'{text}' has '{peek()}', which is no identifier")
        return take()

    def simple():
        if peek() == "(":
            take()
            inner = chain("OR")
            if peek() != ")":
                raise Invalid(f"'{text}' lacks a closing parenthesis")
            take()
            return inner
        name = identifier()
        if peek() == "WITH":
            take()
            name += " WITH " + identifier()
        return name

    def chain(operator):
        operand = (lambda: chain("AND")) if operator == "OR" else simple
        parts = [operand()]
        while peek() == operator:
            take()
            parts.append(operand())
        return parts[0] if len(parts) == 1 else (operator, *parts)

    expression = chain("OR")
    if peek() is not None:
        raise Invalid(f"'{text}' goes on with '{peek()}'")
    return expression


def is_allowed(expression, allowed):
    """Whether the licences in `allowed` are enough: all of an AND, one of an OR."""
    if isinstance(expression, str):
        return expression in allowed
    operator, *parts = expression
    return (all if operator == "AND" else any)(is_allowed(part, allowed) for part in parts)


# The inputs.


def read_rules(text):
    rules = tomllib.loads(text)
    for section, content in rules.items():
        if section not in KEYS:
            raise Invalid(f"deny.toml has a section [{section}] that this check does not read")
        unread = set(content) - (KEYS[section] if KEYS[section] is not None else set(content))
        if unread:
            raise Invalid(f"deny.toml has keys in [{section}] that this check does not read: {', '.join(sorted(unread))}")
    for section, key, value in [
        ("bans", "multiple-versions", "allow"),
        ("bans", "wildcards", "deny"),
        ("bans", "allow-wildcard-paths", True),
        ("sources", "unknown-registry", "deny"),
        ("sources", "unknown-git", "deny"),
        ("sources", "allow-git", []),
    ]:
        if rules[section].get(key) != value:
            raise Invalid(f"deny.toml says {section}.{key} = {rules[section].get(key)!r}; this check knows {value!r} only")
    for ban in rules["bans"]["deny"]:
        if set(ban) != {"crate", "reason"} or not re.fullmatch(r"[A-Za-z0-9_-]+", ban["crate"]):
            raise Invalid(f"deny.toml bans {ban}: a ban has the name of a crate and a reason, and holds for every version")
    for exception in rules["licenses"]["exceptions"]:
        if set(exception) != {"crate", "allow"}:
            raise Invalid(f"deny.toml excepts {exception}: an exception has the name of a crate and a list of licences")
    return rules


def cargo(*arguments):
    # Cargo may have to download a manifest: what it says about that belongs on the terminal.
    return subprocess.run([os.environ.get("CARGO", "cargo"), *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def read_packages(targets):
    """The packages of the workspace's graph for any of the targets, by cargo's id."""
    packages = {}
    for target in targets:
        metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))
        used = {node["id"] for node in metadata["resolve"]["nodes"]}
        packages |= {package["id"]: package for package in metadata["packages"] if package["id"] in used}
    return list(packages.values())


def read_tree(package):
    """The crates that are compiled into a package for the canister: their versions by name. The features are that package's own, where
    the metadata has those of the whole workspace."""
    versions = defaultdict(set)
    form = ("--prefix", "none", "--format", "{p}")
    for line in cargo("tree", "--locked", "-p", package, "-e", "normal", "--target", WASM, *form).splitlines():
        if line.strip():
            name, version = line.split()[:2]
            versions[name].add(version)
    return versions


# The checks: each yields a sentence for everything that is wrong.


def check_bans(rules, lock, packages, members):
    reasons = {ban["crate"]: ban["reason"] for ban in rules["bans"]["deny"]}
    # In the lock file there is what any platform needs.
    for name in sorted({package["name"] for package in lock["package"]} & set(reasons)):
        yield f"{name} is banned: {reasons[name]}"
    for package in packages:
        if package["name"] in members:
            for dependency in package["dependencies"]:
                if dependency["req"] == "*" and not dependency.get("path"):
                    yield f"{package['name']} takes any version of {dependency['name']}"


def check_sources(rules, lock, members):
    allowed = {f"registry+{address}" for address in rules["sources"]["allow-registry"]}
    for package in lock["package"]:
        source = package.get("source")
        if source is None:
            if package["name"] not in members:
                yield f"{package['name']} {package['version']} is a folder outside the workspace"
        elif source not in allowed:
            yield f"{package['name']} {package['version']} comes from {source}"
        elif "checksum" not in package:
            yield f"{package['name']} {package['version']} has no checksum in Cargo.lock"


def check_licenses(rules, packages, module):
    general = set(rules["licenses"]["allow"])
    exceptions = {exception["crate"]: set(exception["allow"]) for exception in rules["licenses"]["exceptions"]}
    used = set()
    for package in packages:
        name, text = package["name"], package["license"]
        label = f"{name} {package['version']}"
        if text is None:
            yield f"{label} names no licence"
            continue
        try:
            expression = parse_license(text)
        except Invalid as error:
            yield f"{label} has a licence that cannot be read: {error}"
            continue
        if is_allowed(expression, general):
            continue
        if is_allowed(expression, general | exceptions.get(name, set())):
            used.add(name)
            if name in module:
                yield f"{label} is in the canister under an exception: {text}"
        else:
            yield f"{label} has a licence that is not allowed: {text}"
    for name in sorted(set(exceptions) - used):
        yield f"deny.toml has an exception that nothing needs: {name}"


def check_trees(trees):
    for package, pattern, why in REFUSED:
        found = sorted(name for name in trees[package] if re.fullmatch(pattern, name))
        if found:
            yield f"{package} depends on {', '.join(found)}: {why}"
    for name in ONE_VERSION:
        versions = trees["purser"].get(name, set())
        if len(versions) > 1:
            yield f"the canister has {name} more than once: {', '.join(sorted(versions))}"
        if not versions:
            yield f"the canister does not have {name}: take it off the list in scripts/check-dependencies.py"


class Inputs:
    """Everything that is judged."""

    def __init__(self, rules, lock, packages, trees):
        self.rules, self.lock, self.packages, self.trees = rules, lock, packages, trees

    def findings(self):
        members = {package["name"] for package in self.packages if package["source"] is None}
        yield from check_bans(self.rules, self.lock, self.packages, members)
        yield from check_sources(self.rules, self.lock, members)
        yield from check_licenses(self.rules, self.packages, self.trees["purser"])
        yield from check_trees(self.trees)


# The self-test: a check that never refuses anything looks like one that passes.

RULES = """
[graph]
targets = []
[licenses]
allow = ["MIT", "Apache-2.0", "Unicode-3.0"]
exceptions = [{ crate = "copyleft", allow = ["MPL-2.0"] }]
[bans]
multiple-versions = "allow"
wildcards = "deny"
allow-wildcard-paths = true
deny = [{ crate = "openssl", reason = "r" }]
[sources]
unknown-registry = "deny"
unknown-git = "deny"
allow-registry = ["https://github.com/rust-lang/crates.io-index"]
allow-git = []
"""
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"

# (expression, whether MIT, Apache-2.0 and Unicode-3.0 are enough)
EXPRESSIONS = [
    ("MIT", True),
    ("GPL-3.0-only", False),
    ("MIT OR GPL-3.0-only", True),
    ("MIT/GPL-3.0-only", True),
    ("MIT AND GPL-3.0-only", False),
    ("MIT OR GPL-3.0-only AND GPL-2.0-only", True),
    ("GPL-2.0-only AND MIT OR GPL-3.0-only", False),
    ("(MIT OR GPL-3.0-only) AND Unicode-3.0", True),
    ("(MIT OR GPL-3.0-only) AND ISC", False),
    ("((GPL-3.0-only OR (Apache-2.0)))", True),
    ("Apache-2.0 WITH LLVM-exception", False),
    ("Apache-2.0 WITH LLVM-exception OR MIT", True),
    ("GPL-2.0-only WITH Classpath-exception-2.0 AND MIT", False),
]
UNREADABLE = ["", "MIT OR", "OR MIT", "(MIT", "MIT)", "MIT Apache-2.0", "MIT WITH", "MIT AND OR ISC", "mit!", "()"]


def sample():
    """Inputs with nothing wrong."""
    lock = {"package": [{"name": "purser", "version": "0.1.0"}, {"name": "copyleft", "version": "1.0.0"}]}
    lock["package"][1] |= {"source": CRATES_IO, "checksum": "00"}
    packages = [
        {"name": "purser", "version": "0.1.0", "source": None, "license": "Apache-2.0", "dependencies": []},
        {"name": "copyleft", "version": "1.0.0", "source": CRATES_IO, "license": "MPL-2.0", "dependencies": []},
    ]
    trees = {"purser-core": {"serde": {"v1.0.0"}}, "purser": {name: {"v1.0.0"} for name in ONE_VERSION}}
    return Inputs(read_rules(RULES), lock, packages, trees)


def tampers():
    """(what it is, what it does to the inputs, what the one finding then says)"""

    def locked(**entry):
        return lambda inputs: inputs.lock["package"].append({"name": "evil", "version": "1.0.0", "checksum": "00"} | entry)

    def needs(name, **dependency):
        return lambda inputs: inputs.packages[0]["dependencies"].append({"name": name, "req": "*"} | dependency)

    def licensed(text):
        return lambda inputs: inputs.packages[0].update(license=text)

    def in_tree(package, name, *versions):
        return lambda inputs: inputs.trees[package].update({name: set(versions)})

    yield "a banned crate", locked(name="openssl", source=CRATES_IO), "openssl is banned"
    yield "a git dependency", locked(source="git+https://github.com/a/b#c"), "comes from git+"
    yield "another registry", locked(source="registry+https://example.org/index"), "comes from registry+https://example.org"
    yield "a sparse mirror", locked(source="sparse+https://example.org/"), "comes from sparse+"
    yield "a folder elsewhere", locked(), "is a folder outside"
    yield "no checksum", lambda inputs: inputs.lock["package"][1].pop("checksum"), "no checksum"
    yield "any version", needs("serde"), "takes any version of serde"
    yield "no licence", licensed(None), "names no licence"
    yield "a foreign licence", licensed("GPL-3.0-only"), "not allowed: GPL-3.0-only"
    yield "half a licence", licensed("MIT AND"), "cannot be read"
    yield "an exception in the canister", in_tree("purser", "copyleft", "v1.0.0"), "under an exception"
    yield "a stale exception", lambda inputs: inputs.packages.pop(), "nothing needs: copyleft"
    yield "randomness in the canister", in_tree("purser", "getrandom", "v0.2.0"), "purser depends on getrandom"
    yield "the IC in the core", in_tree("purser-core", "ic-cdk-timers", "v1.0.0"), "purser-core depends on ic-cdk-timers"
    yield "two versions", in_tree("purser", "k256", "v1.0.0", "v2.0.0"), "has k256 more than once"
    yield "a stale name", lambda inputs: inputs.trees["purser"].pop("k256"), "does not have k256"


def self_test():
    cases = 0
    for text, expected in EXPRESSIONS:
        found = is_allowed(parse_license(text), {"MIT", "Apache-2.0", "Unicode-3.0"})
        assert found == expected, f"{text} is {'' if found else 'not '}allowed"
        cases += 1
    for text in UNREADABLE:
        try:
            parse_license(text)
        except Invalid:
            cases += 1
            continue
        raise AssertionError(f"'{text}' was read")
    for old, new in [("[graph]", "[other]"), ("targets", "target"), ('multiple-versions = "allow"', 'multiple-versions = "deny"')]:
        try:
            read_rules(RULES.replace(old, new))
        except Invalid:
            cases += 1
            continue
        raise AssertionError(f"deny.toml with {new} was read")
    assert list(sample().findings()) == [], list(sample().findings())
    for what, tamper, expected in tampers():
        inputs = copy.deepcopy(sample())
        tamper(inputs)
        findings = list(inputs.findings())
        assert len(findings) == 1 and expected in findings[0], f"{what}: {findings}"
        cases += 1
    print(f"the check of dependencies refuses what it should: {cases} cases")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    with open("deny.toml", encoding="utf-8") as file:
        rules = read_rules(file.read())
    with open("Cargo.lock", "rb") as file:
        lock = tomllib.load(file)
    packages = read_packages(rules["graph"]["targets"])
    trees = {package: read_tree(package) for package, _, _ in REFUSED}
    findings = list(Inputs(rules, lock, packages, trees).findings())
    if findings:
        sys.exit("\n".join(findings))
    print(f"{len(lock['package'])} crates in Cargo.lock, {len(packages)} built, {len(trees['purser'])} in the canister: all as deny.toml has it")


if __name__ == "__main__":
    try:
        main()
    except Invalid as error:
        sys.exit(str(error))
