pub mod audit;
pub mod certification;
pub mod retention;
