pub mod audit;
pub mod certification;
pub mod integrity;
pub mod retention;
