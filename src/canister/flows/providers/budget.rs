//! The budget of calls to providers that one run may make.

use std::cell::Cell;
use std::rc::Rc;

/// The most calls of one run.
///
/// A run that asks eight providers everything twice stays under it. The next run goes on from the record, so that a run which needs more is
/// late and not lost.
pub(super) const MAX_CALLS: u32 = 600;

/// The calls that a run may still make. Clones share them.
#[derive(Clone, Debug)]
pub(in crate::flows) struct Budget(Rc<Cell<u32>>);

impl Default for Budget {
    fn default() -> Self {
        Self(Rc::new(Cell::new(MAX_CALLS)))
    }
}

impl Budget {
    /// Takes one call from the budget. `false` when it is used up.
    pub(super) fn take(&self) -> bool {
        let left = self.0.get().checked_sub(1);
        self.0.set(left.unwrap_or_default());
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_when_its_calls_are_used_up() {
        let budget = Budget::default();
        assert_eq!((0..10_000).take_while(|_| budget.take()).count(), MAX_CALLS as usize);
        assert!(!budget.clone().take(), "clones share what is left");
    }
}
