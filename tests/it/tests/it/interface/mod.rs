pub mod compatibility;
pub mod inputs;
