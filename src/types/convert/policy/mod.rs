//! Policies and evaluations, from and to the domain.

mod evaluation;
mod parse;
mod show;

pub use parse::parse_rules;

#[cfg(test)]
mod tests;
