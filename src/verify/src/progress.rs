//! How far it is, on a terminal, for logs that take a while.

use std::io::{IsTerminal, Write, stderr};

/// How many entries pass between two looks.
const EVERY: u64 = 5_000;

/// A line on standard error, when that is a terminal and there is much to do.
#[derive(Default)]
pub struct Progress {
    is_shown: bool,
    what: &'static str,
    done: u64,
    of: u64,
}

impl Progress {
    /// One that is shown unless standard error is no terminal, or `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self { is_shown: !quiet && stderr().is_terminal(), ..Self::default() }
    }

    /// Something new begins. What was counted before is taken for the whole.
    pub fn begin(&mut self, what: &'static str) {
        (self.what, self.of, self.done) = (what, self.done, 0);
    }

    /// How much there will be.
    pub fn expect(&mut self, total: u64) {
        self.of = total;
    }

    /// One entry more.
    pub fn step(&mut self) {
        self.done += 1;
        if self.is_shown && self.done.is_multiple_of(EVERY) {
            // A progress line that cannot be written is not worth failing for.
            write!(stderr(), "\r\x1b[K{}", self.line()).ok();
        }
    }

    /// Takes the line away.
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
