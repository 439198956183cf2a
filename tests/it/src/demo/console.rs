//! The demo's output, in colours on a terminal.

use super::report::{Report, Step};
use std::io::IsTerminal;
use std::path::Path;

const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";
const RED: &str = "31";

/// Standard output of the demo.
pub struct Console {
    colours: bool,
}

impl Console {
    /// An output with colours on a terminal, unless `NO_COLOR` is set.
    pub fn new() -> Self {
        Self { colours: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    fn coloured(&self, colour: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Prints the heading of a step.
    pub fn heading(&self, number: usize, of: usize, name: &str) {
        println!("\n{}", self.coloured(BOLD, &format!("{number}/{of}  {name}")));
    }

    /// Prints an indented line.
    pub fn line(&self, line: &str) {
        println!("      {line}");
    }

    /// Prints the result of a check.
    pub fn check(&self, what: &str, ok: bool) {
        let mark = if ok { self.coloured(GREEN, "ok  ") } else { self.coloured(RED, "FAIL") };
        println!("  {mark} {what}");
    }

    /// Prints the resources that a step used.
    pub fn cost(&self, step: &Step) {
        let line = format!(
            "      {} instructions, {} cycles, {} outcalls, {} signatures",
            grouped(step.instructions.into()),
            grouped(step.cycles),
            step.outcalls,
            step.signatures
        );
        println!("{}", self.coloured(DIM, &line));
    }

    /// Prints the result of the whole demo and the path of its report.
    pub fn summary(&self, report: &Report, path: &Path) {
        let checks: usize = report.steps.iter().map(|step| step.checked.len()).sum();
        let failed = report.steps.iter().flat_map(|step| &step.checked).filter(|check| !check.ok).count();
        let result =
            if report.ok { self.coloured(GREEN, "The demo ran as expected") } else { self.coloured(RED, "The demo FAILED") };
        println!(
            "\n{result}: {} of {} steps, {checks} checks, {failed} failed. Report: {}",
            report.steps.len(),
            report.expected_steps,
            path.display()
        );
    }
}

/// A number with its digits in groups of three: `1234567` as `1_234_567`.
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
