pub mod inputs;
pub mod misbehaviour;
