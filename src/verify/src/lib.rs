//! The verification of a Purser log: hashes, links, the subnet's certificate, and the replay to the certified state.
//!
//! | module | content |
//! |---|---|
//! | [`certificate`] | the subnet's signature, the delegation, and the certified tip |
//! | [`chain`] | hashes and links, and wrong entries |
//! | [`export`] | the file format |
//! | [`live`] | downloading from a canister |
//! | [`check`] | the whole verification, and the replay |
//! | [`report`] | the report as text |
//! | [`command`] | the command line |

pub mod certificate;
pub mod chain;
pub mod check;
pub mod command;
pub mod export;
pub mod live;
pub mod progress;
pub mod report;
