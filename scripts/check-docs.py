"""Compares the documents with the repository.

In README, CONTRIBUTING, SECURITY, CHANGELOG and docs/:

* Every relative link leads to a file of the checkout, and every anchor to a heading of it.
* README has at most 1,000 words, and leads to every page of docs/.

In all of them but CHANGELOG, which also tells of what is gone:

* Every path in backticks (`src/...`, `tests/...`, `scripts/...`, `docs/...`, `candid/...`) exists.
* Every name in backticks (`snake_case`, `CamelCase`, `Type::name`, `method(...)`) occurs in the sources or the interface.
* Every name that follows "Shown by:" is the name of a test.
* Every method that a command calls (`canister call purser NAME`, `/call/NAME`) is one of candid/purser.did.
* Every script that a command names exists.

docs/architecture.md names every event of the log (`Event::NAMES`).

A part between the comments `names: off` and `names: on` may name what is not there: retired words.
"""

import os
import re
import subprocess
import sys
import tempfile

TOP = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
MAX_README_WORDS = 1000
ROOTS = ("src/", "tests/", "scripts/", "docs/", "candid/")
SOURCES = (".rs", ".did", ".toml", ".json", ".yaml", ".yml", ".sh", ".py")
# Names in backticks that are other projects'.
FOREIGN = {"BigInt", "Number"}

FENCE = re.compile(r"^\s*(```|~~~)")
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
REFERENCE = re.compile(r"^\s{0,3}\[[^\]]+\]:\s+(\S+)")
CODE = re.compile(r"`+([^`]+)`+")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
CALLED = re.compile(r"([a-z][a-z0-9_]*)\((?:[^)]*)\)")
CAMEL = re.compile(r"[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)*|[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)+")
CALL = re.compile(r"canister call (?:--query )?purser ([A-Za-z0-9_]+)|/call/([A-Za-z0-9_]+)")
SCRIPT = re.compile(r"(?:^|[\s(;&|])(scripts/[A-Za-z0-9_.-]+)")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def slug(heading, seen):
    """The anchor that a repository site gives a heading: without markup and punctuation, in small letters, with hyphens for spaces."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"[`*]|<[^>]*>", "", text).strip().lower()
    anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
    count = seen.get(anchor, 0)
    seen[anchor] = count + 1
    return f"{anchor}-{count}" if count else anchor


class Document:
    """A Markdown file, divided into prose and code."""

    def __init__(self, path):
        self.lines, self.fenced, self.anchors, seen = [], [], set(), {}
        inside = names_off = False
        for number, line in enumerate(read(path).splitlines(), 1):
            if FENCE.match(line):
                inside = not inside
            elif inside:
                self.fenced.append((number, line))
            else:
                if "<!-- names: off -->" in line:
                    names_off = True
                if "<!-- names: on -->" in line:
                    names_off = False
                self.lines.append((number, line, names_off))
                heading = HEADING.match(line)
                if heading:
                    self.anchors.add(slug(heading.group(2), seen))

    def links(self):
        for number, line, _ in self.lines:
            text = CODE.sub(" ", line)
            for match in [*LINK.finditer(text), *filter(None, [REFERENCE.match(text)])]:
                yield number, match.group(1)

    def code(self):
        """What is in backticks, joined over line ends as Markdown does, with its line."""
        block, begin = [], 1
        for number, line, names_off in [*self.lines, (0, "", False)]:
            if line.strip() and not names_off:
                if not block:
                    begin = number
                block.append(line)
                continue
            text = "\n".join(block)
            shown = "Shown by:" in text
            for match in CODE.finditer(text):
                after = shown and match.start() > text.index("Shown by:")
                yield begin + text[: match.start()].count("\n"), " ".join(match.group(1).split()), after
            block = []


class Repository:
    """What the documents are compared with."""

    def __init__(self, root):
        self.root, words, self.tests, self.events = root, set(), set(), []
        for folder, folders, files in os.walk(root):
            # The architecture tests list retired names.
            folders[:] = [name for name in folders if name not in ("target", ".git", "node_modules", "docs", "architecture")]
            for name in files:
                path = os.path.join(folder, name)
                is_script = os.path.relpath(folder, root) == "scripts" and not name.endswith(".csv")
                if not (name.endswith(SOURCES) or is_script) or name == "check-docs.py":
                    continue
                text = read(path)
                words.update(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text))
                if name.endswith(".rs"):
                    for listed in re.findall(r"const NAMES: \[&'static str; \d+\] = \[([^\]]*)\]", text):
                        self.events += re.findall(r'"([a-z0-9_]+)"', listed)
                    self.tests.update(re.findall(r"#\[test\](?:\s*(?:#\[[^\n]*\]|//[^\n]*))*\s*(?:async )?fn ([a-z0-9_]+)", text))
                    # Tests that a macro makes: `fn name` without the attribute before it.
                    self.tests.update(re.findall(r"\bfn ([a-z0-9_]{12,})\(\)", text))
        self.words = words
        did = os.path.join(root, "candid", "purser.did")
        text = read(did) if os.path.exists(did) else ""
        service = text[text.find("\nservice") :]
        self.methods = set(re.findall(r"^\s*\"?([A-Za-z0-9_]+)\"?\s*:\s*\(", service, re.MULTILINE))
        self.documents = {}

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def document(self, path):
        if path not in self.documents:
            self.documents[path] = Document(os.path.join(self.root, path))
        return self.documents[path]

    def pages(self):
        pages = [name for name in TOP if self.exists(name)]
        docs = os.path.join(self.root, "docs")
        names = sorted(os.listdir(docs)) if os.path.isdir(docs) else []
        return pages + [f"docs/{name}" for name in names if name.endswith(".md")]


def bad_link(repository, page, target):
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    path, _, anchor = target.partition("#")
    full = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
    if full.startswith(".."):
        return f"the link {target} leads out of the checkout"
    if not repository.exists(full):
        return f"the link {target} leads to no file"
    if anchor and full.endswith(".md") and anchor not in repository.document(full).anchors:
        return f"the link {target} leads to no heading of {full}"
    return None


def bad_code(repository, text, is_test):
    """What is wrong with something in backticks, or None."""
    if is_test:
        return None if text in repository.tests else f"`{text}` is the name of no test"
    first = text.split()[0] if text.split() else ""
    if first.startswith(ROOTS) and not re.search(r"[<>…*{]|\.\.\.", first):
        path = re.split(r"[:#]", first)[0].rstrip(",;")
        return None if repository.exists(path) else f"there is no `{path}`"
    called = CALLED.fullmatch(text)
    if called:
        name = called.group(1)
        known = name in repository.methods or name in repository.words
        return None if known else f"`{name}` is no method of candid/purser.did and no function"
    if PATH.fullmatch(text):
        missing = [part for part in text.split("::") if part not in repository.words]
        return f"`{text}`: the sources know no {', '.join(missing)}" if missing else None
    # An address is no name.
    if text in FOREIGN or len(text) >= 32 and IDENTIFIER.fullmatch(text) is None:
        return None
    if IDENTIFIER.fullmatch(text) or CAMEL.fullmatch(text):
        # A variant is spelt like this where it is serialised.
        camel = "".join(word.capitalize() for word in text.split("_"))
        known = text in repository.words or "_" in text and camel in repository.words
        return None if known else f"`{text}` occurs neither in the sources nor in the interface"
    return None


def findings(repository):
    found = []
    for page in repository.pages():
        document = repository.document(page)
        for number, target in document.links():
            problem = bad_link(repository, page, target)
            if problem:
                found.append(f"{page}:{number}: {problem}")
        if page == "CHANGELOG.md":
            continue
        for number, text, is_test in document.code():
            problem = bad_code(repository, text, is_test)
            if problem:
                found.append(f"{page}:{number}: {problem}")
        for number, line in document.fenced:
            for names in CALL.findall(line):
                name = next(filter(None, names))
                if name not in repository.methods:
                    found.append(f"{page}:{number}: candid/purser.did has no method {name}")
            for script in SCRIPT.findall(line):
                if not repository.exists(script):
                    found.append(f"{page}:{number}: there is no {script}")
    if repository.events and repository.exists("docs/architecture.md"):
        named = {text for _, text, _ in repository.document("docs/architecture.md").code()}
        found.extend(f"docs/architecture.md: the event `{name}` is not named" for name in repository.events if name not in named)
    if repository.exists("README.md"):
        words = len(read(os.path.join(repository.root, "README.md")).split())
        if words > MAX_README_WORDS:
            found.append(f"README.md: {words} words; at most {MAX_README_WORDS}")
        linked = {target.partition("#")[0] for _, target in repository.document("README.md").links()}
        orphans = [page for page in repository.pages() if page.startswith("docs/") and page not in linked]
        found.extend(f"README.md: no link leads to {page}" for page in orphans)
    return found


GOOD = {
    "README.md": "# A\n\nSee [b](docs/b.md#two-words--more), [e](docs/architecture.md) and [c](#a). `src/x.rs`, `scripts/run --fast`.\n\n"
    "```sh\nicp canister call purser pay '()'\nscripts/run\ncurl X/call/pay\n```\n",
    "docs/b.md": "# B\n\n## Two `words` & more\n\n## Same\n\n## Same\n\n[again](#same-1) [up](../README.md) [far](https://a.b/c)\n\n"
    "`pay(amount)`, `Thing`, `Thing::make_it`, `big_thing`, `no [link](x.md)`, `FR8SeANG372x9FAh9W1NBf2aevVtyC266wp3wGCFzwdk`.\n\n"
    "Shown by: `it_works`,\n`it_works`.\n\n"
    "<!-- names: off -->\n`old_name`\n<!-- names: on -->\n",
    "docs/architecture.md": "# E\n\n`it_began`\n",
    "CHANGELOG.md": "`gone_for_ever` and [b](docs/b.md)\n",
    "src/x.rs": "struct Thing;\nenum All { BigThing }\nimpl Thing { fn make_it() {} }\n#[test]\n#[ignore]\nfn it_works() {}\n"
    "pub const NAMES: [&'static str; 1] = [\n \"it_began\",\n];\n",
    "scripts/run": "#!/bin/sh\n",
    "candid/purser.did": "type T = record { a : nat };\nservice : () -> {\n  // Comment.\n  pay : (T) -> ();\n}\n",
}
# (file, what is appended, what must be said of it)
BAD = [
    ("docs/b.md", "[x](nowhere.md)\n", "leads to no file"),
    ("docs/b.md", "[x](../README.md#nowhere)\n", "leads to no heading"),
    ("docs/b.md", "[x](#nowhere)\n", "leads to no heading"),
    ("docs/b.md", "[x](../../etc)\n", "leads out of the checkout"),
    ("docs/b.md", "[x]: nowhere.md\n", "leads to no file"),
    ("docs/b.md", "`src/nowhere.rs`\n", "there is no `src/nowhere.rs`"),
    ("docs/b.md", "`no_such_name`\n", "occurs neither"),
    ("docs/b.md", "`NoSuchType`\n", "occurs neither"),
    ("docs/b.md", "`Thing::nothing`\n", "the sources know no nothing"),
    ("docs/b.md", "`steal(all)`\n", "no method"),
    ("docs/b.md", "Shown by: `make_it`.\n", "the name of no test"),
    ("docs/b.md", "```sh\nicp canister call purser steal '()'\n```\n", "has no method steal"),
    ("docs/b.md", "```sh\ncurl X/call/steal\n```\n", "has no method steal"),
    ("docs/b.md", "```sh\nscripts/nothing\n```\n", "there is no scripts/nothing"),
    ("CHANGELOG.md", "[x](nowhere.md)\n", "leads to no file"),
    ("README.md", "word " * MAX_README_WORDS, "at most 1000"),
    ("docs/c.md", "# C\n", "no link leads to docs/c.md"),
    ("src/y.rs", "pub const NAMES: [&'static str; 1] = [\"it_ended\"];\n", "the event `it_ended` is not named"),
]


def lay(folder, files):
    for name, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        lay(folder, GOOD)
        found = findings(Repository(folder))
        assert not found, f"documents without a defect: {found}"
    for name, more, expected in BAD:
        with tempfile.TemporaryDirectory() as folder:
            lay(folder, GOOD)
            lay(folder, {name: GOOD.get(name, "") + "\n" + more})
            found = findings(Repository(folder))
            assert len(found) == 1 and expected in found[0], f"{name} with {more[:40]!r}: {found}, expected {expected!r}"
    print(f"the check of the documents finds what it should: {len(BAD)} defects")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) > 2:
        sys.exit("usage: scripts/check-docs [--self-test | FOLDER]")
    repository = Repository(sys.argv[1] if sys.argv[1:] else ".")
    found = findings(repository)
    if found:
        sys.exit("\n".join(found))
    print(f"{len(repository.pages())} documents agree with the repository")


if __name__ == "__main__":
    main()
