pub mod compatibility;
pub mod inputs;
pub mod misbehaviour;
