//! `docs/policies.md`: each recipe is carried out.
//!
//! A recipe is a section with blocks of calls and tables of requests, in the order in which they happen. Calls are read by the types of
//! `candid/purser.did`, as a command-line client reads them. Calls and requests are decided by the domain, on an installation of the
//! recipe's own. The last column of each table is compared with the decisions.

mod installation;

use super::{check, read};
use installation::Installation;
use purser_core::base::{DAY_NS, HOUR_NS, MINUTE_NS, Timestamp};
use std::collections::BTreeMap;

const FILE: &str = "docs/policies.md";
/// Monday, 1 June 2026, 00:00 UTC: the week of every recipe.
const MONDAY: u64 = 20_605 * DAY_NS;

/// The names that the recipes use: the tables of the first section.
#[derive(Debug, Default)]
struct Names {
    /// Name, role, principal.
    people: Vec<(String, String, String)>,
    /// Addresses by name.
    recipients: BTreeMap<String, String>,
    /// Mint and decimals by name.
    tokens: BTreeMap<String, (String, u32)>,
}

/// A call of a method, as it is typed.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    method: String,
    argument: String,
    caller: String,
    /// What it answers; nothing when it takes effect.
    answer: Option<String>,
}

/// `Mon 09:30` as a time of the recipes' week.
fn time(text: &str) -> Timestamp {
    let parse = || {
        let (day, clock) = text.split_once(' ')?;
        let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].iter().position(|name| *name == day)? as u64;
        let (hour, minute) = clock.split_once(':')?;
        let nanos = hour.parse::<u64>().ok()? * HOUR_NS + minute.parse::<u64>().ok()? * MINUTE_NS;
        Some(Timestamp::from_nanos(MONDAY + day * DAY_NS + nanos))
    };
    parse().unwrap_or_else(|| panic!("`{text}` is no time of the week"))
}

/// The cells of a row of a table; `None` for other lines.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

/// The name in a cell, which is written as code.
fn name(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

/// The calls of a block: `icp canister call purser METHOD 'ARGUMENT' --identity NAME`, and below it `# ANSWER` where it waits.
fn calls(block: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut rest = block.trim();
    while !rest.is_empty() {
        let after = rest.strip_prefix("icp canister call purser ").unwrap_or_else(|| panic!("no call begins with: {rest}"));
        let (method, after) = after.split_once(" '").expect("a method has its argument in quotation marks");
        let (argument, after) = after.split_once('\'').expect("an argument ends");
        let (options, after) = after.split_once('\n').unwrap_or((after, ""));
        let caller = match options.trim().split_once(' ') {
            None => "admin".to_owned(),
            Some(("--identity", name)) => name.to_owned(),
            Some(other) => panic!("{other:?} is no option of these recipes"),
        };
        let comment = after.strip_prefix("# ").map(|comment| comment.split_once('\n').unwrap_or((comment, "")));
        let (answer, after) = comment.map_or((None, after), |(answer, after)| (Some(answer.to_owned()), after));
        calls.push(Call { method: method.to_owned(), argument: argument.to_owned(), caller, answer });
        rest = after.trim();
    }
    calls
}

/// The sections of a document, each with its heading.
fn sections(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut sections: Vec<(&str, Vec<&str>)> = vec![("", Vec::new())];
    for line in text.lines() {
        match line.strip_prefix("## ") {
            Some(heading) => sections.push((heading, vec![line])),
            None => sections.last_mut().expect("there is one").1.push(line),
        }
    }
    sections
}

fn names(lines: &[&str]) -> Names {
    let mut names = Names::default();
    let rows: Vec<Vec<&str>> = lines.iter().filter_map(|line| cells(line)).collect();
    let mut head: Vec<&str> = Vec::new();
    for row in rows {
        match (head.as_slice(), row.as_slice()) {
            (_, ["person" | "recipient" | "token", ..]) => head = row,
            (_, [rule, ..]) if rule.starts_with("---") => {}
            (["person", ..], [person, is, principal]) => names.people.push((name(person), (*is).to_owned(), name(principal))),
            (["recipient", ..], [recipient, address]) => _ = names.recipients.insert(name(recipient), name(address)),
            (["token", ..], [token, mint, decimals]) => {
                names.tokens.insert(name(token), (name(mint), decimals.parse().expect("decimals")));
            }
            (head, row) => panic!("a row {row:?} below {head:?}"),
        }
    }
    names
}

/// The lines of a recipe with the result of each request, and the number of requests.
fn run(names: &Names, lines: &[&str]) -> (Vec<String>, usize) {
    let mut installation = Installation::new(names);
    let (mut written, mut block, mut requests) = (Vec::new(), None::<String>, 0);
    for line in lines {
        match (&mut block, *line) {
            (None, "```sh") => block = Some(String::new()),
            (Some(text), "```") => {
                calls(text).iter().for_each(|call| installation.call(call));
                block = None;
            }
            (Some(text), line) => text.extend([line, "\n"]),
            (None, line) => match cells(line).as_deref() {
                Some([when, who, asks, _]) if *when != "when" && !when.starts_with("---") => {
                    let answer = installation.result_of(time(when), &name(who), asks);
                    written.push(format!("| {when} | {who} | {asks} | {answer} |"));
                    requests += 1;
                    continue;
                }
                _ => {}
            },
        }
        written.push((*line).to_owned());
    }
    (written, requests)
}

#[test]
fn every_recipe_does_what_it_says() {
    let text = read(FILE);
    let sections = sections(&text);
    let (heading, lines) = &sections[1];
    assert_eq!(*heading, "Names in the examples");
    let names = names(lines);
    let (mut recipes, mut written) = (0, Vec::new());
    for (heading, lines) in &sections {
        if !lines.contains(&"```sh") {
            written.extend(lines.iter().map(|line| (*line).to_owned()));
            continue;
        }
        println!("{heading}");
        let (lines, requests) = run(&names, lines);
        assert!(requests >= 2, "{heading}: one request shows nothing");
        written.extend(lines);
        recipes += 1;
    }
    assert!(recipes >= 12, "{recipes} recipes");
    check(FILE, &(written.join("\n") + "\n"));
}

#[test]
fn calls_are_read_with_their_callers_and_answers() {
    let block = "icp canister call purser one '(1,\n  2)'\nicp canister call purser two '()' --identity bob\n# Proposed 1\n\nicp canister call purser three '()'\n";
    let call = |method: &str, argument: &str, caller: &str, answer: Option<&str>| Call {
        method: method.into(),
        argument: argument.into(),
        caller: caller.into(),
        answer: answer.map(Into::into),
    };
    let expected =
        [call("one", "(1,\n  2)", "admin", None), call("two", "()", "bob", Some("Proposed 1")), call("three", "()", "admin", None)];
    assert_eq!(calls(block), expected);
}
