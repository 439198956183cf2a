mod inputs;
mod misbehaviour;
