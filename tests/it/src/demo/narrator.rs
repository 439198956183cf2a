//! What the demo prints. Colours only where they can be seen.

use super::report::{Report, Step};
use std::io::IsTerminal;
use std::path::Path;

const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";
const RED: &str = "31";

/// Prints the story.
pub struct Narrator {
    colours: bool,
}

impl Narrator {
    /// Colours on a terminal, unless `NO_COLOR` is set.
    pub fn new() -> Self {
        Self { colours: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A step begins.
    pub fn heading(&self, number: usize, of: usize, name: &str) {
        println!("\n{}", self.paint(BOLD, &format!("{number}/{of}  {name}")));
    }

    /// One line of the story.
    pub fn say(&self, line: &str) {
        println!("      {line}");
    }

    /// One thing that was checked.
    pub fn check(&self, what: &str, ok: bool) {
        let mark = if ok { self.paint(GREEN, "ok  ") } else { self.paint(RED, "FAIL") };
        println!("  {mark} {what}");
    }

    /// What a step used.
    pub fn cost(&self, step: &Step) {
        let line = format!(
            "      {} instructions, {} cycles, {} outcalls, {} signatures",
            grouped(step.instructions.into()),
            grouped(step.cycles),
            step.outcalls,
            step.signatures
        );
        println!("{}", self.paint(DIM, &line));
    }

    /// How it all ended.
    pub fn verdict(&self, report: &Report, path: &Path) {
        let checks: usize = report.steps.iter().map(|step| step.checked.len()).sum();
        let failed = report.steps.iter().flat_map(|step| &step.checked).filter(|check| !check.ok).count();
        let verdict = if report.ok { self.paint(GREEN, "The demo ran as expected") } else { self.paint(RED, "The demo FAILED") };
        println!(
            "\n{verdict}: {} of {} steps, {checks} checks, {failed} failed. Report: {}",
            report.steps.len(),
            report.expected_steps,
            path.display()
        );
    }
}

/// `1234567` as `1_234_567`.
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1_000");
        assert_eq!(grouped(1_234_567), "1_234_567");
    }
}
