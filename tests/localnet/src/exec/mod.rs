//! The execution of canister code: wasmtime, the system API, and atomic messages.

pub mod context;
mod imports;
mod imports_io;
mod instance;
mod instrument;
pub mod stable;

pub use instance::{CompiledModule, Execution, Function, FunctionTrap, Instance, Runtime};
pub use instrument::START;
