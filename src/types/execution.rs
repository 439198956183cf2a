//! The execution gate of a chain.

plain_enum! {
    /// Whether transfers on a chain are carried out.
    pub enum Execution = purser_core::chains::config::Execution {
        /// Transfers end before anything is signed.
        Simulate,
        /// Transfers are signed and sent.
        Live,
    }
}
