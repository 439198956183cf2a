//! The statuses of a transfer.

plain_enum! {
    /// The status of a transfer; Confirmed, Failed, Cancelled and Rejected are final.
    ///
    /// `Reserved -> Built -> Signed -> Submitted -> Confirmed`. Expired returns to Built once the last attempt provably cannot land.
    /// AwaitingApproval goes to Reserved or to Rejected. Quarantined waits for an admin's `resolve_quarantine`.
    pub enum Status = purser_core::transfer::Status {
        /// Allowed; the amount and the worst-case fee are reserved.
        Reserved,
        /// The bytes to sign are recorded.
        Built,
        /// The signed bytes are recorded; nothing has left the canister.
        Signed,
        /// The signed bytes may have reached the chain.
        Submitted,
        /// The last attempt provably cannot land; a new one is built.
        Expired,
        /// Landed, and final on the chain.
        Confirmed,
        /// Ended without moving the amount.
        Failed,
        /// Ended before anything left the canister.
        Cancelled,
        /// No longer followed; an admin decides.
        Quarantined,
        /// Reserved until approvers have decided.
        AwaitingApproval,
        /// Refused by an approver, or not approved in time.
        Rejected,
    }
}
