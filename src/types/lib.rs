//! What the canister says and hears: the types of `candid/purser.did` and their conversions from and to the domain's.
//!
//! Whatever comes from outside is measured before it is read, and an error names the field as the interface calls it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`init`] | the installation argument and its defaults |
//! | [`error`] | [`Error`]: the envelope of every refusal |
//! | [`address`] | recipients as text, wallets' own addresses |
//! | [`wallet`] | chains, assets, wallets, balances, usage |
//! | [`policy`] | rules and the explanation of a decision |
//! | [`policy_tools`] | what is wrong with a policy, what it means, what it would have decided |
//! | [`session`] | sessions, clients |
//! | [`transfer`] | requests and transfers |
//! | [`batch`] | many payments at once |
//! | [`kaspa`] | what only Kaspa has: consolidations, replacements, quotes |
//! | [`approval`] | what approvers are shown |
//! | [`consent`] | the types of ICRC-21 |
//! | [`text`] | amounts and foreign texts for people |
//! | [`solana`] | what there is on Solana only: tokens, nonce accounts, providers |
//! | [`admin`] | roles, mode, configuration |
//! | [`audit`] | how the log is kept, watched and searched |
//! | [`governance`] | changes, proposals, groups, rates |
//! | [`settings`] | what admins tune |
//! | [`log`] | integrity, digest and the types of ICRC-3 and ICRC-10 |
//! | [`http`] | what an HTTP gateway sends and gets |

pub mod address;
pub mod admin;
pub mod approval;
pub mod audit;
pub mod batch;
pub mod consent;
pub mod error;
pub mod governance;
pub mod http;
pub mod init;
pub mod kaspa;
pub mod log;
pub mod policy;
pub mod policy_tools;
pub mod session;
pub mod settings;
pub mod solana;
pub mod text;
pub mod transfer;
pub mod wallet;

#[cfg(test)]
pub(crate) mod fixture;

pub use admin::{Config, Member, Mode, Permissions, Role};
pub use approval::{ApprovalRequest, ScopeBudgets, Votes};
pub use audit::{ArchiveInfo, AuditSettings, AuditStatus, BlockFilter, ConfirmArchiveArgs, FindBlocksArgs, FoundBlocks};
pub use batch::{BatchArgs, BatchOutcome, ItemOutcome, Payment};
pub use consent::{
    ConsentError, ConsentInfo, ConsentMessage, ConsentMessageMetadata, ConsentMessageRequest, ConsentMessageSpec, DeviceSpec,
    FieldValue, FieldsDisplay,
};
pub use error::{Error, ErrorDetail};
pub use governance::{Action, Change, Closing, Group, Proposal, Rate, WalletChange};
pub use http::{HttpRequest, HttpResponse};
pub use init::{InitArgs, KaspaInit, KaspaNetwork, SolanaInit, SolanaNetwork};
pub use kaspa::{ConsolidateArgs, FeeQuote, FeeSpeed, KaspaError, NamedCoin, ReplaceArgs};
pub use log::{
    Archive, BlockRange, BlockType, BreakReason, BrokenAt, DataCertificate, GetArchivesArgs, GetBlocksResult, IntegrityReport,
    Standard, StateDigest, Value,
};
pub use policy::{
    ApprovalDemand, Counted, Decision, Evaluation, Finding, HoursWindow, Period, Policy, RateWindow, ReasonCode, Recipient,
    RecipientLimit, Rule, RuleKind, Scope, Weekday, Window,
};
pub use policy_tools::{
    Backtest, Budget, Counting, DecisionChange, DecisionCounts, PolicyDiff, PolicyExplanation, PolicyLint, PolicyVersion,
    ReadinessItem, RuleChange, ScopeExplanation, Severity,
};
pub use session::{ClientArgs, OpenSessionArgs, Session, SessionStatus};
pub use settings::{Settings, SettingsInit};
pub use solana::{
    Execution, LifetimeChoice, MintText, NonceAccount, NonceOperation, NonceStatus, SolanaDetails, SolanaOptions, SolanaProvider,
    SolanaSettings, SolanaTerms, TokenBalance, TokenProgram,
};
pub use transfer::{KaspaDetails, ResolveQuarantineArgs, Status, ToSign, Transfer, TransferArgs, TransferOutcome};
pub use wallet::{Asset, Balance, Balances, Chain, CreateWalletArgs, KaspaKey, Signing, SigningMode, Usage, Wallet, WalletCount};

/// The longest list that one reply carries.
pub const MAX_PAGE: usize = 100;

/// How many entries a reply carries when `limit` are asked for; [`MAX_PAGE`] when nothing is said.
pub fn page(limit: Option<u32>) -> usize {
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MAX_PAGE).min(MAX_PAGE)
}

/// Refuses a text of more than `max` bytes.
///
/// # Errors
/// Names the field; the text itself is not repeated.
pub fn at_most(field: &str, text: &str, max: usize) -> Result<(), Error> {
    if text.len() > max { Err(Error::invalid(field, format!("{} bytes; at most {max} bytes", text.len()))) } else { Ok(()) }
}

/// The beginning of what a caller sent, fit to be repeated to it: at most 48 characters, nothing unprintable.
pub fn echo(text: &str) -> String {
    const MAX_CHARS: usize = 48;
    let mut start: String = text.chars().take(MAX_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_never_exceeds_the_cap() {
        assert_eq!(page(None), 100);
        assert_eq!(page(Some(0)), 0);
        assert_eq!(page(Some(7)), 7);
        assert_eq!(page(Some(u32::MAX)), 100);
    }

    #[test]
    fn an_echo_is_short_and_printable() {
        assert_eq!(echo("abc"), "abc");
        assert_eq!(echo("a\nb\u{1b}"), "a\\nb\\u{1b}");
        let long = "x".repeat(1_000_000);
        assert_eq!(echo(&long), format!("{}…", "x".repeat(48)));
        assert_eq!(echo(&"é".repeat(48)), "é".repeat(48));
    }

    #[test]
    fn a_long_text_is_refused_by_its_bytes() {
        assert_eq!(at_most("note", &"é".repeat(512), 1024), Ok(()));
        let refused = at_most("note", &"é".repeat(513), 1024).expect_err("1026 bytes");
        assert_eq!(refused.message, "note: 1026 bytes; at most 1024 bytes");
    }
}
