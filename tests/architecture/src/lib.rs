//! Architecture checks read the Rust sources of the repository and list what breaks the rules of its layout.
//!
//! | module | content |
//! |---|---|
//! | [`layout`] | the crates, the chain folders and the limits |
//! | [`sources`] | the text of every source file |
//! | [`survey`] | everything that the rules need to know, gathered once |
//! | [`tree`] | the modules of a crate, their items and imports |
//! | [`attributes`] | test-only conditions and documentation in attributes |
//! | [`paths`] | the paths that a piece of code names |
//! | [`resolve`] | the file that defines what a path names |
//! | [`declarations`] | functions, types and documentation of a file |
//! | [`text`] | code and comments of a file, line by line |
//! | [`circles`] | files or rooms that use each other in a circle |
//! | [`rooms`] | the table of which room may use which |
//! | [`sizes`] | the lengths of files and functions |
//! | [`documentation`] | first sentences, `# Errors`, citations |
//! | [`words`] | the retired identifiers |
//! | [`chain_names`] | the lines outside the chain folders that name a chain |
//! | [`twins`] | enums that the interface and the domain both define |
//! | [`report`] | the table for people |
//!
//! A rule is a function from a [`Survey`] to the messages about its offenders; no rule has a list of exceptions.

pub mod attributes;
pub mod chain_names;
pub mod circles;
pub mod declarations;
pub mod documentation;
pub mod layout;
pub mod paths;
pub mod report;
pub mod resolve;
pub mod rooms;
pub mod sizes;
pub mod sources;
pub mod survey;
pub mod text;
pub mod tree;
pub mod twins;
pub mod words;

pub use circles::{Circle, Level, circles};
pub use layout::Crate;
pub use sources::Sources;
pub use survey::{Edge, Survey};
