//! Rooms: the first folders of a crate, and the table of which may use which.
//!
//! A room is the first folder, or file, under the root of a crate. The tables list the rooms from the lowest to the highest; a room uses
//! rooms that stand before it in the list only, so that no circle can be written into a table.

use crate::layout::Crate;
use crate::survey::{Edge, Survey};
use std::collections::BTreeSet;

/// One room and the rooms of the same crate that it may use.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The name of the folder, or of the file without `.rs`.
    pub name: &'static str,
    /// The rooms that it may use.
    pub may_use: &'static [&'static str],
}

const fn room(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room { name, may_use }
}

/// The rooms of the domain. `lib` is the root file, with the version.
const CORE: &[Room] = &[
    room("lib", &[]),
    room("base", &[]),
    room("access", &["base"]),
    room("chains", &["base"]),
    room("wallet", &["access", "base", "chains"]),
    room("policy", &["access", "base", "chains", "wallet"]),
    room("transfer", &["access", "base", "chains", "policy", "wallet"]),
    room("governance", &["access", "base", "chains", "policy", "wallet"]),
    room("event", &["access", "base", "chains", "governance", "policy", "transfer", "wallet"]),
    room("audit", &["base", "event"]),
    room("state", &["access", "audit", "base", "chains", "event", "governance", "lib", "policy", "transfer", "wallet"]),
];

/// The rooms of the canister. `lib` is the root file, with the version.
const CANISTER: &[Room] = &[
    room("lib", &[]),
    room("certification", &[]),
    room("metrics", &[]),
    room("store", &["certification"]),
    // The implementation on the Internet Computer reads and commits the state; flows see only the trait.
    room("ports", &["store"]),
    room("web", &["certification"]),
    room("flows", &["metrics", "ports"]),
    room("jobs", &["flows", "metrics", "ports", "store"]),
    room("endpoints", &["certification", "flows", "jobs", "metrics", "ports", "store", "web"]),
    room("lifecycle", &["certification", "jobs", "store"]),
    room("interface", &[]),
];

/// The uses between crates that are reserved to some rooms: the definitions of the interface know nothing of the domain, so that a client
/// needs neither. A plain enum names its pair in the domain where it is defined: the conversions are made of that, and of no second list.
const RESERVED: &[(&str, &str, &[&str])] = &[("types", "core", &["convert", "fixture"])];

/// The crates whose rooms are checked, by their short names, with their tables.
pub const TABLES: &[(&str, &[Room])] = &[("core", CORE), ("canister", CANISTER)];

/// The messages about uses between rooms, and between crates, that the tables do not allow, and about rooms that no table lists.
pub fn offenders(survey: &Survey) -> Vec<String> {
    offenders_by(survey, TABLES)
}

/// The messages by other tables, for tests of the rule.
pub fn offenders_by(survey: &Survey, tables: &[(&str, &[Room])]) -> Vec<String> {
    let mut messages = Vec::new();
    for (name, table) in tables {
        match survey.crates.iter().find(|krate| krate.name == *name) {
            Some(krate) => messages.extend(unlisted(survey, krate, table)),
            None => messages.push(format!("{name}: `rooms.rs` has a table for it, and no such crate is in `layout.rs`")),
        }
    }
    messages.extend(
        survey.edges.iter().filter_map(|edge| between_crates(survey, edge).or_else(|| between_rooms(survey, edge, tables))),
    );
    messages
}

/// The rooms that are missing in a table, and those in the table that are gone.
fn unlisted(survey: &Survey, krate: &Crate, table: &[Room]) -> Vec<String> {
    let own = survey.files.iter().filter(|file| file.is_product() && file.krate.is_some_and(|own| own.name == krate.name));
    // Build scripts are crates of their own.
    let rooms: BTreeSet<&str> = own.map(|file| file.room.as_str()).filter(|room| *room != "build").collect();
    let known: BTreeSet<&str> = table.iter().map(|room| room.name).collect();
    let name = krate.name;
    let missing = rooms.difference(&known);
    let gone = known.difference(&rooms);
    let missing = missing.map(|room| format!("{name}/{room}: the table in `rooms.rs` does not list it; say there what it may use"));
    missing.chain(gone.map(|room| format!("{name}/{room}: the table in `rooms.rs` lists it, and it is not there"))).collect()
}

fn between_crates(survey: &Survey, edge: &Edge) -> Option<String> {
    let (from, to) = (survey.files[edge.from].krate?, survey.files[edge.to].krate?);
    let room = survey.files[edge.from].room.as_str();
    let reserved = RESERVED.iter().any(|(user, used, rooms)| (from.name, to.name) == (*user, *used) && !rooms.contains(&room));
    if reserved && !is_paired_enum(survey, edge) {
        return Some(format!("{}: `{}` names `{}` outside its conversions", survey.place(edge), from.name, edge.path));
    }
    let forbidden = from.name != to.name && !from.may_use.contains(&to.name);
    forbidden.then(|| {
        let Edge { path, .. } = edge;
        format!("{}: `{}` names `{path}` of `{}`; it may use {}", survey.place(edge), from.name, to.name, list(from.may_use))
    })
}

/// Whether the line is `pub enum X = path {`, which `plain_enum!` reads; without the domain it reads past the path.
fn is_paired_enum(survey: &Survey, edge: &Edge) -> bool {
    let line = edge.line.checked_sub(1).and_then(|index| survey.files[edge.from].lines.get(index));
    line.is_some_and(|line| line.code.trim_start().starts_with("pub enum ") && line.code.contains(" = "))
}

fn between_rooms(survey: &Survey, edge: &Edge, tables: &[(&str, &[Room])]) -> Option<String> {
    let (from, to) = (&survey.files[edge.from], &survey.files[edge.to]);
    let krate = from.krate.filter(|krate| to.krate.is_some_and(|other| other.name == krate.name))?;
    let (_, table) = tables.iter().find(|(name, _)| *name == krate.name)?;
    let room = table.iter().find(|room| room.name == from.room)?;
    let forbidden = from.room != to.room && !room.may_use.contains(&to.room.as_str());
    forbidden.then(|| {
        format!(
            "{}: room `{}` names `{}`, which {} of room `{}` defines; it may use {}: pass the value down, or move what both need to a room \
             that both may use",
            survey.place(edge),
            from.room,
            edge.path,
            to.path,
            to.room,
            list(room.may_use)
        )
    })
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "nothing of this repository".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::TABLES;

    #[test]
    fn a_table_lists_a_room_once_and_after_all_that_it_uses() {
        for (name, table) in TABLES {
            let mut known = Vec::new();
            for room in *table {
                for used in room.may_use {
                    assert!(known.contains(used), "{name}/{}: `{used}` is no room that stands before it", room.name);
                }
                assert!(!known.contains(&room.name), "{name}/{} is listed twice", room.name);
                known.push(room.name);
            }
        }
    }
}
