//! When may a transaction still land, and when is its reservation safe to release?
//!
//! A signed transaction is a bearer instrument: as long as it can land, its money is spent. A blockhash is valid for 150 *blocks*
//! (not slots), about 30 seconds at 200 ms. The release rule needs two observations in this order:
//!
//! 1. the finalized block height is past the deadline, so that no further block can include the transaction;
//! 2. *afterwards*, the status of the signature, searched in the whole history by a node that has reached the slot of the first
//!    observation, is unknown.
//!
//! A transaction on a durable nonce has no deadline. It can land exactly while the nonce has the value that stands in it, so the first
//! observation is another: the finalized value of the nonce differs.
//!
//! Both are of one provider, or the height of one would vouch for the ignorance of another; and as many providers as must agree, two at
//! least where there are two, have to make both.
//!
//! In the other order the transaction could land between the two. A missing status alone proves nothing: the recent status cache
//! forgets after 300 slots. The height that a provider claims for its blockhash is not used at all: too low a claim would release
//! money early. Instead a height is read from the quorum of providers, and of nodes that have reached the slot in which the blockhash was
//! read: the height of one that is behind may lie below the blockhash's own, and its deadline before blocks in which the transaction can land.

use super::Blockhash;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// For how many blocks after its own a blockhash is accepted.
pub const VALIDITY_BLOCKS: u64 = 150;

/// Blocks added to a recorded deadline: 100 because the slot that the proof of death is about is rounded down by up to that, and 64 for
/// nodes whose slots are a little off. 33 seconds at 200 ms.
pub const SAFETY_MARGIN_BLOCKS: u64 = 164;

/// Blocks added to a deadline once more when it is not known in which slot the blockhash was read, so that the nodes whose heights it comes
/// from may have been behind. 200 seconds at 200 ms.
pub const UNBOUND_MARGIN_BLOCKS: u64 = 1_000;

/// What bounds a transaction's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifetime {
    /// A recent blockhash.
    Blockhash {
        /// The blockhash in the message.
        blockhash: Blockhash,
        /// No block above this height can include the transaction.
        last_valid_block_height: u64,
    },
    /// The value of a nonce account.
    Nonce {
        /// The value in the message.
        value: Blockhash,
    },
}

/// What was read first, at finalized commitment and of the same node as the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A lower bound of the block height.
    HeightAtLeast(u64),
    /// Whether the nonce account that the transaction stands on has another value.
    NonceChanged(bool),
}

impl Lifetime {
    /// The lifetime of a transaction on `blockhash`, from the block height of nodes that have reached the slot in which the blockhash was
    /// read. `step` is what that height was rounded down to (1 when it was not).
    ///
    /// The block of the hash is at most at the height's true value, and the hash is accepted for [`VALIDITY_BLOCKS`] above it.
    /// `None` when the height is so large that it cannot be true.
    pub fn recorded_after(blockhash: Blockhash, height: u64, step: NonZeroU64) -> Option<Self> {
        let last_valid_block_height =
            height.checked_add(step.get() - 1)?.checked_add(VALIDITY_BLOCKS)?.checked_add(SAFETY_MARGIN_BLOCKS)?;
        // A threshold above the deadline must exist, or the transaction could never be found dead.
        last_valid_block_height.checked_add(1)?;
        Some(Self::Blockhash { blockhash, last_valid_block_height })
    }

    /// The same lifetime with so much more time.
    #[must_use]
    pub const fn prolonged(self, blocks: u64) -> Self {
        match self {
            Self::Blockhash { blockhash, last_valid_block_height } => {
                Self::Blockhash { blockhash, last_valid_block_height: last_valid_block_height.saturating_add(blocks) }
            }
            Self::Nonce { .. } => self,
        }
    }

    /// The finalized block height from which on the transaction cannot land any more: the threshold to read the height against. `None`
    /// when no height ends it.
    pub const fn dead_from(&self) -> Option<u64> {
        match self {
            Self::Blockhash { last_valid_block_height, .. } => Some(last_valid_block_height.saturating_add(1)),
            Self::Nonce { .. } => None,
        }
    }

    /// Whether no further block can include the transaction. Evidence about the other kind of lifetime proves nothing.
    pub fn is_over(&self, evidence: Evidence) -> bool {
        match (self, evidence) {
            (Self::Blockhash { last_valid_block_height, .. }, Evidence::HeightAtLeast(height)) => height > *last_valid_block_height,
            (Self::Nonce { .. }, Evidence::NonceChanged(changed)) => changed,
            (Self::Blockhash { .. }, Evidence::NonceChanged(_)) | (Self::Nonce { .. }, Evidence::HeightAtLeast(_)) => false,
        }
    }
}

/// The status that the chain reports for a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureStatus {
    /// Processed or confirmed, but a fork may still drop it.
    Pending,
    /// Finalized, with an effect that cannot change any more.
    Finalized {
        /// The slot of its block.
        slot: u64,
        /// `None` when it succeeded. Otherwise the chain's error in compact JSON, cut short: the fee is spent, the amount is not.
        error: Option<String>,
    },
}

/// What a look-up of a signature in the whole history gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusLookup {
    /// The signature is known.
    Found(SignatureStatus),
    /// A node that is demonstrably up to date does not know the signature.
    NotFound,
    /// No answer, or the answer of a node that may be behind.
    Unavailable,
}

/// The two observations of the release rule, in the order in which they must be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// First: whether the lifetime is over. `None` when it could not be read.
    pub first: Option<Evidence>,
    /// Second, asked only after the first was answered: the signature's status.
    pub then_status: StatusLookup,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landing {
    /// Finalized and successful: amount and fee are spent.
    Landed {
        /// The slot of its block.
        slot: u64,
    },
    /// Finalized and failed: the fee is spent, the amount is not.
    LandedFailed {
        /// The slot of its block.
        slot: u64,
        /// The chain's error in compact JSON, cut short.
        error: String,
    },
    /// It may still land, or has landed but not for good. Keep the reservation; sending the same bytes again is harmless.
    Live,
    /// It never landed and never will: the reservation may be released, and another transaction may be built.
    Dead,
    /// The observation decides nothing. Keep the reservation and look again.
    Unknown,
}

/// Judges a transaction's fate. Pure and total; every doubt keeps the reservation.
pub fn landing(lifetime: &Lifetime, observation: &Observation) -> Landing {
    match (&observation.then_status, observation.first) {
        (StatusLookup::Found(SignatureStatus::Finalized { slot, error: None }), _) => Landing::Landed { slot: *slot },
        (StatusLookup::Found(SignatureStatus::Finalized { slot, error: Some(error) }), _) => {
            Landing::LandedFailed { slot: *slot, error: error.clone() }
        }
        (StatusLookup::Found(SignatureStatus::Pending), _) => Landing::Live,
        (StatusLookup::Unavailable, _) | (StatusLookup::NotFound, None) => Landing::Unknown,
        (StatusLookup::NotFound, Some(evidence)) if lifetime.is_over(evidence) => Landing::Dead,
        (StatusLookup::NotFound, Some(_)) => Landing::Live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: Blockhash = Blockhash::from_bytes([9; 32]);

    fn lifetime() -> Lifetime {
        Lifetime::recorded_after(HASH, 1_000, NonZeroU64::MIN).expect("a small height")
    }

    fn judge(height: Option<u64>, then_status: StatusLookup) -> Landing {
        landing(&lifetime(), &Observation { first: height.map(Evidence::HeightAtLeast), then_status })
    }

    #[test]
    fn the_deadline_is_the_height_plus_validity_margin_and_rounding() {
        assert_eq!(lifetime(), Lifetime::Blockhash { blockhash: HASH, last_valid_block_height: 1_314 });
        let rounded = Lifetime::recorded_after(HASH, 1_000, NonZeroU64::new(20).expect("20"));
        assert_eq!(rounded, Some(Lifetime::Blockhash { blockhash: HASH, last_valid_block_height: 1_333 }));
        assert_eq!(lifetime().dead_from(), Some(1_315));
    }

    #[test]
    fn an_impossible_height_has_no_deadline() {
        let largest = u64::MAX - VALIDITY_BLOCKS - SAFETY_MARGIN_BLOCKS - 1;
        assert_eq!(Lifetime::recorded_after(HASH, largest, NonZeroU64::MIN).and_then(|l| l.dead_from()), Some(u64::MAX));
        assert_eq!(Lifetime::recorded_after(HASH, largest + 1, NonZeroU64::MIN), None);
        assert_eq!(Lifetime::recorded_after(HASH, u64::MAX, NonZeroU64::MAX), None);
    }

    #[test]
    fn a_deadline_is_prolonged_and_a_nonce_is_not() {
        assert_eq!(lifetime().prolonged(1_000).dead_from(), Some(2_315));
        assert!(!lifetime().prolonged(u64::MAX).is_over(Evidence::HeightAtLeast(u64::MAX)), "it never ends");
        let nonce = Lifetime::Nonce { value: HASH };
        assert_eq!(nonce.prolonged(1_000), nonce);
    }

    #[test]
    fn only_an_unknown_signature_past_the_deadline_is_dead() {
        assert_eq!(judge(Some(1_314), StatusLookup::NotFound), Landing::Live);
        assert_eq!(judge(Some(1_315), StatusLookup::NotFound), Landing::Dead);
        assert_eq!(judge(None, StatusLookup::NotFound), Landing::Unknown);
        assert_eq!(judge(Some(u64::MAX), StatusLookup::Unavailable), Landing::Unknown);
        assert_eq!(judge(Some(0), StatusLookup::Unavailable), Landing::Unknown);
    }

    #[test]
    fn on_a_nonce_only_another_value_and_an_unknown_signature_are_dead() {
        let lifetime = Lifetime::Nonce { value: HASH };
        let judge = |first, then_status| landing(&lifetime, &Observation { first, then_status });
        let other = Some(Evidence::NonceChanged(true));
        assert_eq!(judge(other, StatusLookup::NotFound), Landing::Dead);
        assert_eq!(judge(Some(Evidence::NonceChanged(false)), StatusLookup::NotFound), Landing::Live);
        assert_eq!(judge(Some(Evidence::HeightAtLeast(u64::MAX)), StatusLookup::NotFound), Landing::Live, "no height ends it");
        assert_eq!(judge(other, StatusLookup::Unavailable), Landing::Unknown);
        assert_eq!(judge(None, StatusLookup::NotFound), Landing::Unknown);
        assert_eq!(judge(other, StatusLookup::Found(SignatureStatus::Pending)), Landing::Live);
        assert_eq!(lifetime.dead_from(), None);
        let blockhash = Lifetime::Blockhash { blockhash: HASH, last_valid_block_height: 5 };
        assert!(!blockhash.is_over(Evidence::NonceChanged(true)));
    }

    #[test]
    fn a_finalized_status_decides_whatever_the_height() {
        for height in [None, Some(0), Some(u64::MAX)] {
            let good = StatusLookup::Found(SignatureStatus::Finalized { slot: 48, error: None });
            assert_eq!(judge(height, good), Landing::Landed { slot: 48 });
            let bad = StatusLookup::Found(SignatureStatus::Finalized { slot: 48, error: Some("\"AccountNotFound\"".into()) });
            assert_eq!(judge(height, bad), Landing::LandedFailed { slot: 48, error: "\"AccountNotFound\"".into() });
            assert_eq!(judge(height, StatusLookup::Found(SignatureStatus::Pending)), Landing::Live);
        }
    }
}
