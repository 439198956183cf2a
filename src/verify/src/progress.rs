//! A progress line on a terminal.

use std::io::{IsTerminal, Write, stderr};

/// The number of entries between two updates of the line.
const EVERY: u64 = 5_000;

/// A progress line on standard error, shown on a terminal for long logs.
#[derive(Default)]
pub struct Progress {
    is_shown: bool,
    what: &'static str,
    done: u64,
    of: u64,
}

impl Progress {
    /// A progress line that is shown unless standard error is not a terminal, or `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self { is_shown: !quiet && stderr().is_terminal(), ..Self::default() }
    }

    /// Begins a phase. The count of the previous phase becomes the expected total.
    pub fn begin(&mut self, what: &'static str) {
        (self.what, self.of, self.done) = (what, self.done, 0);
    }

    /// Sets the expected total.
    pub fn expect(&mut self, total: u64) {
        self.of = total;
    }

    /// Counts one entry.
    pub fn step(&mut self) {
        self.done += 1;
        if self.is_shown && self.done.is_multiple_of(EVERY) {
            // A progress line that cannot be written is not worth failing for.
            write!(stderr(), "\r\x1b[K{}", self.line()).ok();
        }
    }

    /// Removes the line.
    pub fn end(&mut self) {
        if self.is_shown && self.done >= EVERY {
            write!(stderr(), "\r\x1b[K").ok();
        }
    }

    fn line(&self) -> String {
        const WIDTH: u64 = 30;
        if self.of == 0 || self.done > self.of {
            return format!("{} {} entries", self.what, self.done);
        }
        let filled = (WIDTH * self.done / self.of) as usize;
        let bar = "#".repeat(filled) + &".".repeat(WIDTH as usize - filled);
        format!("{} [{bar}] {} of {} entries", self.what, self.done, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_up_to_what_was_counted_before() {
        let mut progress = Progress::default();
        progress.begin("hashing");
        (0..8).for_each(|_| progress.step());
        assert_eq!(progress.line(), "hashing 8 entries");
        progress.begin("replaying");
        (0..4).for_each(|_| progress.step());
        assert_eq!(progress.line(), "replaying [###############...............] 4 of 8 entries");
    }
}
