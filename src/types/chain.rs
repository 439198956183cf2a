//! The chains that wallets hold funds on.

plain_enum! {
    /// A blockchain.
    pub enum Chain = purser_core::base::Chain {
        /// The Kaspa BlockDAG.
        Kaspa,
        /// The Solana chain.
        Solana,
    }
}
