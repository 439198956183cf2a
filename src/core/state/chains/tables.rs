//! Tables of the chains.

use super::kaspa::tables::KaspaTables;
use super::solana::tables::SolanaTables;
use crate::state::tracked::{Recount, TableOpener};
use ic_stable_structures::Memory;

/// The tables that only some chain has.
pub struct ChainTables<M: Memory> {
    /// The tables of Kaspa.
    pub kaspa: KaspaTables<M>,
    /// The tables of Solana.
    pub solana: SolanaTables<M>,
}

impl<M: Memory> ChainTables<M> {
    /// Opens the tables in their memories.
    pub fn open(open: &TableOpener<'_, M>) -> Self {
        Self { kaspa: KaspaTables::open(open), solana: SolanaTables::open(open) }
    }

    /// Returns the tables that the digest covers.
    pub fn digested(&self) -> Vec<&dyn Recount> {
        let mut tables = self.kaspa.digested().to_vec();
        tables.extend(self.solana.digested());
        tables
    }
}
