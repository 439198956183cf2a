mod fixture;
mod roles;
mod sequences;
mod transfers;
