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

/// The principals who can name new admins when too few are left for the quorum.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct RecoveryInit {
    /// The members, 1 to 16, none of whom is one of the first admins.
    pub members: Vec<Principal>,
    /// The number of members who have to agree; all of them when absent.
    pub quorum: Option<u32>,
    /// The time that a recovery waits after that, a day to 90 days; 14 days when absent.
    pub time_lock_seconds: Option<u64>,
}
