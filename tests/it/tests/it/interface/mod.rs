//! The interface under bad input, and its lists.

pub mod compatibility;
pub mod inputs;
pub mod lists;
