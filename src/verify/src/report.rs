//! The text form of a [`Report`]; its JSON form is for programs.

use crate::check::Report;
use std::fmt::Write;

/// The number of faults that are listed; the rest is counted.
const SHOWN: usize = 20;

/// The report as text.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    write_text(&mut out, report).ok();
    out
}

fn write_text(out: &mut String, report: &Report) -> std::fmt::Result {
    let last = report.first.saturating_add(report.entries).saturating_sub(1);
    writeln!(out, "canister     {}", report.canister)?;
    writeln!(out, "entries      {} ({} to {last}), {} per second", report.entries, report.first, report.entries_per_second)?;
    match &report.certificate {
        Some(tip) => {
            let by = if tip.by_the_ic { "the Internet Computer" } else { "the given root key" };
            writeln!(out, "certificate  entry {} has hash {}", tip.index, tip.hash)?;
            writeln!(out, "             on the word of {by}, at {} ns since 1970", tip.signed_at)?;
        }
        None => writeln!(out, "certificate  none that counts")?,
    }
    match &report.replay {
        Some(replay) => {
            writeln!(
                out,
                "replay       {} wallets, {} transfers, {} per second",
                replay.wallets, replay.transfers, replay.entries_per_second
            )?;
            let certified = report.certificate.as_ref().map(|tip| &tip.state_digest);
            let verdict = match certified {
                Some(certified) if *certified == replay.state_digest => "the certified one",
                Some(_) => "NOT the certified one",
                None => "no certified one to compare with",
            };
            writeln!(out, "state        {}: {verdict}", replay.state_digest)?;
            let (equal, other) = (replay.checkpoints, replay.checkpoints_of_other_versions);
            writeln!(out, "checkpoints  {equal} agree, {other} by other versions are not comparable")?;
            for counter in &replay.counters {
                writeln!(
                    out,
                    "counter      wallet {} {}: {} spent, {} reserved",
                    counter.wallet, counter.asset, counter.posted, counter.reserved
                )?;
            }
        }
        None if report.first > 0 => writeln!(out, "replay       not from entry {}: give the archives too", report.first)?,
        None => writeln!(out, "replay       not of a log that is broken or not certified")?,
    }
    for found in report.breaks.iter().take(SHOWN) {
        writeln!(out, "BROKEN       entry {}: {}", found.index, found.fault.explain())?;
    }
    if let Some(more) = report.breaks.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        writeln!(out, "BROKEN       and {more} more")?;
    }
    for problem in &report.problems {
        writeln!(out, "BROKEN       {problem}")?;
    }
    writeln!(out, "{}", if report.valid { "VALID" } else { "BROKEN" })
}
