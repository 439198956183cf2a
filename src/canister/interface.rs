//! The interface as the code has it, compared with the documented one.
//!
//! Not in the wasm: there the interface is the metadata section that `scripts/build` adds, and the printer would cost 100 kB.

// What the signatures of the methods mention: the macro repeats them here.
use crate::api::Error;
use crate::api::admin::{Config, Member, Mode, Permissions, Role};
use crate::api::approval::ApprovalRequest;
use crate::api::audit::{ArchiveInfo, AuditSettings, AuditStatus, ConfirmArchiveArgs, FindBlocksArgs, FoundBlocks};
use crate::api::batch::{BatchArgs, BatchOutcome};
use crate::api::consent::{ConsentError, ConsentInfo, ConsentMessageRequest};
use crate::api::governance::{Change, Group, Proposal, Rate, WalletChange};
use crate::api::http::{HttpRequest, HttpResponse};
use crate::api::init::InitArgs;
use crate::api::kaspa::{ConsolidateArgs, FeeQuote, ReplaceArgs};
use crate::api::log::{
    Archive, BlockRange, BlockType, DataCertificate, GetArchivesArgs, GetBlocksResult, IntegrityReport, Standard, StateDigest,
};
use crate::api::policy::{Evaluation, Policy, Rule, Scope};
use crate::api::policy_tools::{Backtest, Budget, PolicyDiff, PolicyExplanation, PolicyLint, PolicyVersion, ReadinessItem};
use crate::api::session::{ClientArgs, OpenSessionArgs, Session};
use crate::api::settings::{Settings, SettingsInit};
use crate::api::solana::{NonceAccount, SolanaProvider, SolanaSettings, TokenBalance};
use crate::api::transfer::{ResolveQuarantineArgs, Transfer, TransferArgs, TransferOutcome};
use crate::api::wallet::{Balances, CreateWalletArgs, Usage, Wallet, WalletCount};
use candid::Principal;
use ic_cdk_management_canister::{HttpRequestResult, TransformArgs};
use serde_bytes::ByteBuf;

ic_cdk::export_candid!();

#[cfg(test)]
mod tests {
    use candid_parser::utils::{CandidSource, service_equal};

    /// No method, field or mode is missing on either side.
    #[test]
    fn the_exported_interface_is_the_documented_one() {
        let documented = include_str!("../../candid/purser.did");
        let exported = super::__export_service();
        service_equal(CandidSource::Text(&exported), CandidSource::Text(documented)).expect("the interfaces are equal");
    }
}
