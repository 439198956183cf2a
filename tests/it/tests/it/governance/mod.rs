pub mod proposals;
