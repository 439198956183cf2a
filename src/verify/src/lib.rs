//! Checks a Purser log: every hash and link, the subnet's certificate over its end, and that replaying it gives the certified state.
//!
//! | room | what is in it |
//! |---|---|
//! | [`certificate`] | the subnet's signature, the delegation, and what they vouch for |
//! | [`chain`] | hashes and links, and which entry is wrong |
//! | [`export`] | the file format |
//! | [`live`] | downloading from a canister |
//! | [`check`] | all of it together, and the replay |
//! | [`report`] | what people and programs read |
//! | [`command`] | the command line |

pub mod certificate;
pub mod chain;
pub mod check;
pub mod command;
pub mod export;
pub mod live;
pub mod progress;
pub mod report;
