//! Executes canister code: wasmtime, the system API, and atomic messages.

pub mod context;
mod imports;
mod imports_io;
mod instance;
mod instrument;
pub mod stable;

pub use instance::{Code, Function, Instance, Ran, Runtime, Trapped};
pub use instrument::START;
