//! The enums without fields that have the same variants in the interface and in the domain.

use crate::{
    BreakReason, Chain, Counted, Decision, Execution, FeeSpeed, KaspaNetwork, LifetimeChoice, Period, ProposalOutcome, RateWindow,
    ReasonCode, Role, RuleKind, Severity, SigningMode, SolanaNetwork, Status, TokenProgram, Weekday,
};
use purser_core::chains::{kaspa, solana};
use purser_core::{access, audit, base, governance, policy, transfer, wallet};

/// Implements `From` both ways between an enum of the interface and one of the domain.
///
/// Each match is exhaustive: a variant that the list or one of the enums lacks does not compile.
macro_rules! convert_variants {
    ($interface:ty, $domain:ty: $($variant:ident),+ $(,)?) => {
        impl From<$interface> for $domain {
            fn from(variant: $interface) -> Self {
                match variant {
                    $(<$interface>::$variant => Self::$variant),+
                }
            }
        }

        impl From<$domain> for $interface {
            fn from(variant: $domain) -> Self {
                match variant {
                    $(<$domain>::$variant => Self::$variant),+
                }
            }
        }
    };
}

convert_variants!(Chain, base::Chain: Kaspa, Solana);
convert_variants!(KaspaNetwork, kaspa::Network: Mainnet, Testnet10, Devnet, Simnet);
convert_variants!(SolanaNetwork, solana::Cluster: Mainnet, Testnet, Devnet, Local);
convert_variants!(TokenProgram, solana::TokenProgram: Classic, Token2022);

convert_variants!(Role, access::Role: Admin, Guardian, Approver, Auditor, Viewer);
convert_variants!(SigningMode, wallet::Signing: Threshold, ClientSide);

convert_variants!(Period, policy::Period: Day, Week, Month);
convert_variants!(RateWindow, policy::RateWindow: Minute, Hour, Day);
convert_variants!(Counted, policy::Counted: Attempts, Executions);
convert_variants!(Weekday, policy::Weekday: Mon, Tue, Wed, Thu, Fri, Sat, Sun);
convert_variants!(Decision, policy::Decision: Allow, RequireApproval, Deny);
convert_variants!(Severity, policy::Severity: Error, Warning);
convert_variants!(
    RuleKind,
    policy::RuleKind: Mode,
    Policy,
    PerTransaction,
    SpendingLimit,
    Allowlist,
    ValueLimit,
    Denylist,
    RateLimit,
    ActiveHours,
    Approval,
    MinimumBalance,
    Session,
    CircuitBreaker,
    Wallet,
);
convert_variants!(
    ReasonCode,
    policy::ReasonCode: PolicyDenied,
    SpendingLimitExceeded,
    AddressNotAllowed,
    EmergencyMode,
    RateLimitExceeded,
    OutsideTimeWindow,
    CircuitBreakerOpen,
    ChainError,
    WalletDraining,
    InsufficientBalance,
    ApprovalRejected,
    ApprovalTimeout,
);

convert_variants!(
    Status,
    transfer::Status: Reserved,
    Built,
    Signed,
    Submitted,
    Expired,
    Confirmed,
    Failed,
    Cancelled,
    Quarantined,
    AwaitingApproval,
    Rejected,
);
convert_variants!(FeeSpeed, transfer::kaspa::FeeSpeed: Priority, Normal, Low);
convert_variants!(Execution, governance::config::Execution: Simulate, Live);
convert_variants!(LifetimeChoice, transfer::solana::LifetimeChoice: Auto, Blockhash);

convert_variants!(ProposalOutcome, governance::ProposalOutcome: Executed, Cancelled, Expired, Stale);
convert_variants!(BreakReason, audit::LinkError: Unreadable, WrongParent, WrongTip, WrongHash);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_keep_their_names() {
        for network in kaspa::Network::ALL {
            assert_eq!(kaspa::Network::from(KaspaNetwork::from(network)), network);
            assert_eq!(format!("{:?}", KaspaNetwork::from(network)), format!("{network:?}"));
        }
        for network in [SolanaNetwork::Mainnet, SolanaNetwork::Testnet, SolanaNetwork::Devnet, SolanaNetwork::Local] {
            assert_eq!(SolanaNetwork::from(solana::Cluster::from(network)), network);
            assert_eq!(format!("{:?}", solana::Cluster::from(network)), format!("{network:?}"));
        }
    }

    #[test]
    fn every_status_keeps_its_name() {
        use transfer::Status::*;
        for status in
            [Reserved, Built, Signed, Submitted, Expired, Confirmed, Failed, Cancelled, Quarantined, AwaitingApproval, Rejected]
        {
            assert_eq!(format!("{:?}", Status::from(status)), format!("{status:?}"));
        }
    }
}
