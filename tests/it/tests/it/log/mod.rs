mod audit;
mod certification;
mod retention;
