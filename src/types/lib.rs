//! The types of `candid/purser.did`: the arguments and answers of the canister's methods, for the canister, the tests and clients.
//!
//! The definitions need nothing but Candid. With the feature `domain`, `convert` translates them from and to the types of
//! `purser-core`; an error then names the argument as the interface does.
//!
//! | module | content |
//! |---|---|
//! | [`execution`] | whether transfers on a chain are carried out |
//! | [`init`] | the installation argument |
//! | [`kaspa_config`], [`solana_config`] | its part about each chain, and the configuration as answers show it |
//! | [`settings`] | the numbers that admins tune |
//! | [`admin`] | roles, mode, configuration |
//! | [`error`] | [`Error`], the answer of every method that changed nothing |
//! | [`chain`], [`asset`], [`mint`] | chains, assets, and the address of a token's mint |
//! | [`wallet`] | wallets, balances, usage |
//! | [`policy`] | rules, and the evaluation of a request |
//! | [`policy_tools`] | lint, explanation, difference and backtest of a policy |
//! | [`session`] | sessions, and reports about clients |
//! | [`transfer`], [`status`] | requests, transfers and their statuses |
//! | [`batch`] | several payments in one call |
//! | [`kaspa`] | fee speeds, consolidations, replacements and quotes on Kaspa |
//! | [`solana`] | memos, nonce accounts, tokens and providers on Solana |
//! | [`approval`] | transfers that wait for approval |
//! | [`governance`] | changes, proposals, groups, rates |
//! | [`audit`] | retention, status, archives and search of the log |
//! | [`log`] | integrity and digest, and the types of ICRC-3 and ICRC-10 |
//! | [`consent`] | the types of ICRC-21 |
//! | [`http`] | requests and responses of HTTP gateways |
//! | [`named`] | variants in answers, beside their names |
//! | [`page`] | pages of lists |
//! | [`bounds`] | the bounds of texts |

#[macro_use]
mod plain_enum;

pub mod admin;
pub mod approval;
pub mod asset;
pub mod audit;
pub mod batch;
pub mod bounds;
pub mod chain;
pub mod consent;
pub mod error;
pub mod execution;
pub mod governance;
pub mod http;
pub mod init;
pub mod kaspa;
pub mod kaspa_config;
mod kaspa_transfer;
pub mod log;
pub mod mint;
pub mod named;
pub mod page;
pub mod policy;
pub mod policy_tools;
pub mod provider;
pub mod session;
pub mod settings;
pub mod solana;
pub mod solana_config;
mod solana_transfer;
pub mod status;
pub mod transfer;
pub mod wallet;

#[cfg(feature = "domain")]
pub mod convert;

#[cfg(any(feature = "fixture", all(test, feature = "domain")))]
pub mod fixture;

pub use admin::{Agent, Config, Member, Mode, ModeStatus, PendingRecovery, Permissions, Role};
pub use approval::{ApprovalRequest, ScopeBudgets, Votes};
pub use asset::Units;
pub use audit::{ArchiveInfo, AuditSettings, AuditStatus, BlockFilter, ConfirmArchiveArgs, FindBlocksArgs};
pub use batch::{BatchArgs, BatchOutcome, ItemOutcome, Payment};
pub use bounds::at_most;
pub use chain::{Asset, Chain, PaymentParams, PublicKey, TransferDetails, TransferParams};
pub use consent::{
    ConsentError, ConsentInfo, ConsentMessage, ConsentMessageMetadata, ConsentMessageRequest, ConsentMessageSpec, DeviceSpec,
    FieldValue, FieldsDisplay,
};
pub use error::{Error, ErrorDetail};
pub use execution::Execution;
pub use governance::{Action, AssetRate, Change, Group, Proposal, ProposalOutcome, Rate, Versioned, WalletChange};
pub use http::{HttpRequest, HttpResponse};
pub use init::{InitArgs, RecoveryInit};
pub use kaspa::*;
pub use kaspa_config::*;
pub use log::{
    Archive, BlockRange, BlockType, BreakReason, BrokenAt, DataCertificate, GetArchivesArgs, GetBlocksResult, IntegrityReport,
    Standard, StateDigest, Value,
};
pub use mint::MintText;
pub use named::{Name, Named};
pub use page::{MAX_PAGE, Page, page_size};
pub use policy::{
    ApprovalDemand, Counted, Decision, Evaluation, Finding, HoursWindow, Period, Policy, PolicyRule, RateWindow, ReasonCode,
    Recipient, RecipientLimit, Rule, RuleKind, Scope, Weekday, Window,
};
pub use policy_tools::{
    Backtest, Budget, DecisionChange, DecisionCounts, LimitKind, PolicyDiff, PolicyExplanation, PolicyLint, PolicyVersion,
    ReadinessItem, RuleChange, ScopeExplanation, ScopeUsage, Severity,
};
pub use provider::Provider;
pub use session::{ClientArgs, OpenSessionArgs, Session, SessionStatus};
pub use settings::{MinBalance, Settings, SettingsInit};
pub use solana::*;
pub use solana_config::*;
pub use status::Status;
pub use transfer::{ResolveQuarantineArgs, ToSign, Transfer, TransferAnswer, TransferArgs, TransferFilter, TransferOutcome};
pub use wallet::{Balance, CreateWalletArgs, Signing, SigningMode, Usage, Wallet, WalletAddress, WalletCount};
