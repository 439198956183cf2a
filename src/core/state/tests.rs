mod fixture;
mod golden;
mod roles;
mod sequences;
mod transfers;
