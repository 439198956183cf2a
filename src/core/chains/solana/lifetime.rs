//! The rule for when a transaction may still land, and when its reservation may be released.
//!
//! Everyone who has a signed transaction can send it: as long as it can land, its money counts as spent. A blockhash is valid for
//! 150 *blocks* (not slots), about 30 seconds at 200 ms. The release rule needs two observations in this order:
//!
//! 1. the finalized block height is past the deadline, so that no further block can include the transaction;
//! 2. *afterwards*, the signature is unknown in the whole history of a node that has reached the slot of the first observation.
//!
//! In the other order the transaction could land between the two. A missing status alone proves nothing: the recent status cache
//! drops entries after 300 slots.
//!
//! A transaction on a durable nonce has no deadline. It can land exactly while the nonce has the value that the message names, so
//! the first observation is another: the finalized value of the nonce differs.
//!
//! Both observations are made with the same provider: the height that one provider reports says nothing about what another does not
//! know. As many providers as must agree, two at least where there are two, have to make both.
//!
//! The height that a provider claims for its blockhash is not used at all: too low a claim would release money early. Instead the
//! height is read from the quorum of providers, and of nodes that have reached the slot in which the blockhash was read. The height
//! of a node that is behind may lie below the blockhash's own, and a deadline computed from it before blocks in which the
//! transaction can still land.

use super::Blockhash;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// The number of blocks after its own for which a blockhash is accepted.
pub const VALIDITY_BLOCKS: u64 = 150;

/// Blocks added to a recorded deadline: 33 seconds at 200 ms.
///
/// 100 of them because the slot that the second observation refers to is rounded down by less than that, so that a node which has
/// reached it may lack the last blocks before the deadline; 64 for nodes whose slots differ a little.
pub const SAFETY_MARGIN_BLOCKS: u64 = 164;

/// Blocks added once more to a deadline whose blockhash was read in an unknown slot: 200 seconds at 200 ms.
///
/// Without the slot, the nodes that reported the heights may have been behind the blockhash.
pub const UNBOUND_MARGIN_BLOCKS: u64 = 1_000;

/// The condition that bounds how long a transaction can land.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifetime {
    /// The transaction uses a recent blockhash.
    Blockhash {
        /// The blockhash in the message.
        blockhash: Blockhash,
        /// The last block height at which a block can include the transaction, margins included.
        last_valid_block_height: u64,
    },
    /// The transaction uses the value of a nonce account, and can land while the account has it.
    Nonce {
        /// The value in the message.
        value: Blockhash,
    },
}

/// The first observation, at finalized commitment and of the same provider as the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A lower bound of the block height.
    HeightAtLeast(u64),
    /// Whether the nonce account has another value than the message.
    NonceChanged(bool),
}

impl Lifetime {
    /// Computes the lifetime of a transaction on `blockhash` from a block height.
    ///
    /// The height must be that of nodes that have reached the slot in which the blockhash was read; `step` is the multiple that it
    /// was rounded down to (1 when it was not rounded). The block of the hash is at most at the height's true value, and the hash
    /// is accepted for [`VALIDITY_BLOCKS`] above it. `None` when the height is so large that it cannot be true.
    pub fn recorded_after(blockhash: Blockhash, height: u64, step: NonZeroU64) -> Option<Self> {
        let last_valid_block_height =
            height.checked_add(step.get() - 1)?.checked_add(VALIDITY_BLOCKS)?.checked_add(SAFETY_MARGIN_BLOCKS)?;
        // A threshold above the deadline must exist, or the transaction could never be found dead.
        last_valid_block_height.checked_add(1)?;
        Some(Self::Blockhash { blockhash, last_valid_block_height })
    }

    /// Returns the lifetime with a deadline later by `blocks`; a lifetime on a nonce has none and stays the same.
    #[must_use]
    pub const fn prolonged(self, blocks: u64) -> Self {
        match self {
            Self::Blockhash { blockhash, last_valid_block_height } => {
                Self::Blockhash { blockhash, last_valid_block_height: last_valid_block_height.saturating_add(blocks) }
            }
            Self::Nonce { .. } => self,
        }
    }

    /// Returns the finalized block height from which on the transaction cannot land any more.
    ///
    /// The height is the threshold to read a node's height against. `None` on a nonce, which no height ends.
    pub const fn dead_from(&self) -> Option<u64> {
        match self {
            Self::Blockhash { last_valid_block_height, .. } => Some(last_valid_block_height.saturating_add(1)),
            Self::Nonce { .. } => None,
        }
    }

    /// Returns whether no further block can include the transaction.
    ///
    /// Evidence about the other kind of lifetime proves nothing and gives `false`.
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
    /// The transaction is processed or confirmed, but a fork may still drop it.
    Pending,
    /// The transaction is finalized, with an effect that cannot change any more.
    Finalized {
        /// The slot of the transaction's block.
        slot: u64,
        /// The chain's error in compact JSON, shortened; `None` on success. After an error the fee is spent, the amount is not.
        error: Option<String>,
    },
}

/// The result of looking up a signature in the whole history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusLookup {
    /// The signature is known.
    Found(SignatureStatus),
    /// A node that is demonstrably up to date does not know the signature.
    NotFound,
    /// No answer came, or that of a node that may be behind.
    Unavailable,
}

/// The two observations of the release rule, in the order in which they must be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The first observation: whether the lifetime is over. `None` when it could not be read.
    pub first: Option<Evidence>,
    /// The second observation, made only after the first was answered: the signature's status.
    pub then_status: StatusLookup,
}

/// The outcome of a transaction, as far as the observations decide it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landing {
    /// The transaction is finalized and successful: amount and fee are spent.
    Landed {
        /// The slot of the transaction's block.
        slot: u64,
    },
    /// The transaction is finalized and failed: the fee is spent, the amount is not.
    LandedFailed {
        /// The slot of the transaction's block.
        slot: u64,
        /// The chain's error in compact JSON, shortened.
        error: String,
    },
    /// The transaction may still land, or is in a block that is not final. The reservation stays; sending the same bytes again is
    /// harmless.
    Live,
    /// The transaction never landed and never will: the reservation may be released, and another transaction may be built.
    Dead,
    /// The observation decides nothing. The reservation stays until another observation.
    Unknown,
}

/// Decides the outcome of a transaction from the two observations. Pure and total; every doubt keeps the reservation.
pub fn landing(lifetime: &Lifetime, observation: &Observation) -> Landing {
    match (&observation.then_status, observation.first) {
        // A status that was found decides whatever the first observation says: it is positive knowledge.
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
