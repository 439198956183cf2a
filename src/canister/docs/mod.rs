//! Documents that are made from the code, or checked against it: `docs/settings.md`, `docs/codes.md`, `docs/policies.md`.
//!
//! Tests only, so that no text of theirs is in the module. Each test compares a document with what the code says and fails when they
//! differ; with `UPDATE_DOCS` set it writes the document instead.

mod codes;
mod limits;
mod policies;
mod settings;

use purser_core::base;
use std::path::PathBuf;

/// The command that writes the documents anew.
const UPDATE: &str = "UPDATE_DOCS=1 cargo test -p purser --lib -- docs";

/// The path of a file, from the root of the repository: the nearest folder above the crate that has the lock file.
fn path(file: &str) -> PathBuf {
    let crate_folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = crate_folder.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).expect("a workspace has a lock file");
    root.join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_default()
}

/// Compares a document with what the code says it is, or writes it.
fn check(file: &str, expected: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return std::fs::write(path(file), expected).expect("the document can be written");
    }
    let written = read(file);
    if let Some((number, (is, should))) = (1..).zip(lines(&written, expected)).find(|(_, (is, should))| is != should) {
        panic!(
            "{file}:{number} is not what the code says; see what has changed, and run `{UPDATE}`\n  is:     {is}\n  should: {should}"
        );
    }
}

/// Replaces what stands between the marks of a document and checks the whole: `<!-- made: NAME -->` to `<!-- end -->`. Each part has one
/// place, and each place a part; what stands outside is written by people.
fn fill(file: &str, parts: &[(&str, String)]) {
    let document = read(file);
    let mut text = document.clone();
    for (name, part) in parts {
        let open = format!("<!-- made: {name} -->\n");
        let (before, rest) = text.split_once(&open).unwrap_or_else(|| panic!("{file} has no place for {name}: {open}"));
        let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{file} does not end the part {name}"));
        text = format!("{before}{open}\n{part}\n<!-- end -->{after}");
    }
    assert_eq!(document.matches("<!-- made: ").count(), parts.len(), "{file} has places that nothing is made for");
    check(file, &text);
}

/// The lines of two texts, side by side as far as the longer one goes.
fn lines<'a>(one: &'a str, other: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let count = one.lines().count().max(other.lines().count());
    let padded = |text: &'a str| text.lines().chain(std::iter::repeat("(no line)")).take(count);
    padded(one).zip(padded(other))
}

/// A table in Markdown.
fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = vec!["---".to_owned(); N];
    let mut text = line(&head.map(str::to_owned)) + &line(&rule);
    rows.into_iter().for_each(|row| text.push_str(&line(&row)));
    text
}

/// A number with its digits in threes: `1,000,000`.
fn grouped(number: u64) -> String {
    base::grouped(&number.to_string())
}

/// What a number counts, as far as it is shown differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Plain,
    Percent,
    Seconds,
    Days,
    Bytes,
    Lamports,
    Sompi,
}

/// A number with its unit, and what it is in a larger one.
fn shown(number: u64, unit: Unit) -> String {
    let digits = grouped(number);
    match unit {
        Unit::Plain => digits,
        Unit::Percent => format!("{digits} %"),
        Unit::Days => format!("{digits} {}", if number == 1 { "day" } else { "days" }),
        Unit::Seconds => match larger(number, &[(86_400, "day"), (3_600, "hour"), (60, "minute")]) {
            Some(larger) => format!("{digits} s ({larger})"),
            None => format!("{digits} s"),
        },
        Unit::Bytes => match larger(number, &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]) {
            Some(larger) => format!("{digits} bytes ({})", larger.trim_end_matches('s')),
            None => format!("{digits} bytes"),
        },
        Unit::Lamports => coins(number, "lamports", 9, "SOL"),
        Unit::Sompi => coins(number, "sompi", 8, "KAS"),
    }
}

fn larger(number: u64, units: &[(u64, &str)]) -> Option<String> {
    let (size, name) = units.iter().find(|(size, _)| number >= *size && number.is_multiple_of(*size))?;
    let count = number / size;
    Some(if count == 1 { format!("1 {name}") } else { format!("{} {name}s", grouped(count)) })
}

fn coins(number: u64, base_unit: &str, decimals: u8, symbol: &str) -> String {
    let amount = base::decimal_text(base::Amount::new(number), decimals);
    format!("{} {base_unit} ({amount} {symbol})", grouped(number))
}

/// The smallest and the largest number that are accepted, around one that is. Found by halving, and each checked once more: its neighbour
/// on the other side is refused, or there is none.
fn bounds(accepted: u64, accepts: &dyn Fn(u64) -> bool) -> (u64, u64) {
    assert!(accepts(accepted), "{accepted} is accepted");
    let least = first(0, accepted, accepts);
    let most = if accepts(u64::MAX) { u64::MAX } else { first(accepted, u64::MAX, &|number| !accepts(number)) - 1 };
    assert!(accepts(least) && (least == 0 || !accepts(least - 1)), "{least} is the least");
    assert!(accepts(most) && (most == u64::MAX || !accepts(most + 1)), "{most} is the most");
    (least, most)
}

/// The first number from `low` on for which `holds`, as it does for `high` and all between.
fn first(mut low: u64, mut high: u64, holds: &dyn Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// A range in words. A bound that is only the end of the field's type is none.
fn range(bounds: (u64, u64), unit: Unit) -> String {
    let is_open = |most: u64| [u64::from(u8::MAX), u64::from(u32::MAX), u64::MAX].contains(&most);
    match bounds {
        (0, most) if is_open(most) => "any".to_owned(),
        (least, most) if is_open(most) => format!("at least {}", shown(least, unit)),
        (least, most) => format!("{} to {}", shown(least, unit), shown(most, unit)),
    }
}

#[test]
fn bounds_are_found_wherever_they_are() {
    for (low, high) in [(0u64, u64::MAX), (1, 99), (5, 5), (0, 7), (1_000_000, u64::MAX - 1)] {
        for start in [low, low.midpoint(high), high] {
            assert_eq!(bounds(start, &|number| (low..=high).contains(&number)), (low, high));
        }
    }
}

#[test]
fn numbers_are_shown_with_their_units() {
    assert_eq!(grouped(1_234_567), "1,234,567");
    assert_eq!(shown(86_400, Unit::Seconds), "86,400 s (1 day)");
    assert_eq!(shown(90, Unit::Seconds), "90 s");
    assert_eq!(shown(4 << 30, Unit::Bytes), "4,294,967,296 bytes (4 GiB)");
    assert_eq!(shown(10_000, Unit::Lamports), "10,000 lamports (0.00001 SOL)");
}
