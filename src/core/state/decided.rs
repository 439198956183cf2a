//! Decided events.

use crate::chains::registry::LandedIn;
use crate::event::Event;
use candid::Principal;

/// The events of one decision, which wait to be committed.
///
/// Only `decide_*` makes one, so every committed event was decided.
#[derive(Debug)]
#[must_use = "nothing happens until it is committed"]
pub struct Decided {
    pub(super) actor: Option<Principal>,
    pub(super) events: Vec<Event>,
}

impl Decided {
    /// Makes the decision about a caller's command.
    pub(super) fn by_caller(caller: Principal, event: Event) -> Self {
        Self { actor: Some(caller), events: vec![event] }
    }

    /// Makes a decision that the canister takes by itself.
    pub(super) fn by_canister(event: Event) -> Self {
        Self { actor: None, events: vec![event] }
    }

    /// Adds the place of the settled transfer in its chain, as a quorum of providers reported it.
    pub fn with_landed_in(mut self, place: LandedIn) -> Self {
        for event in &mut self.events {
            match event {
                Event::TransferConfirmed(confirmed) => confirmed.landed_in = Some(place),
                Event::TransferFailed(failed) => failed.landed_in = Some(place),
                _ => {}
            }
        }
        self
    }
}
