//! Newtypes shared by every room of the domain.

mod amount;

pub use amount::Amount;
