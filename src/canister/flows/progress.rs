//! Results of one run of a transfer's flow.

/// The point that a transfer reached in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The transfer has ended, or is in quarantine until an operator acts.
    Ended,
    /// The transfer advanced, and its next step can begin at once.
    Again,
    /// The chain or an approver has to act first.
    Waiting,
    /// An emergency, another transfer of the same wallet, or missing money has to be over first.
    Blocked,
    /// A call failed or an answer was unusable. Another provider may do better.
    Transient(String),
    /// Too many providers limit the rate of requests. The transfer is tried again later, and no provider is to blame.
    RateLimited(String),
    /// The chain answers that the step is impossible now.
    ///
    /// The fee rate is too high for a transfer that can wait, or a node refuses the transaction. The transfer is tried again later, and
    /// no provider is to blame.
    Deferred(String),
}

/// The last step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopAfter {
    /// The run ends with a built transaction.
    Built,
    /// The run ends where the transfer has to wait.
    Waiting,
}
