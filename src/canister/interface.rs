//! The interface that the code exports, compared with the documented one.
//!
//! Not in the wasm: there the interface is the metadata section that `scripts/build` adds, and the printer would cost 100 kB.

// The macro repeats the signatures of the methods here.
use candid::Principal;
use ic_cdk_management_canister::{HttpRequestResult, TransformArgs};
use purser_types::{
    ApprovalRequest, Archive, ArchiveInfo, AuditSettings, AuditStatus, Backtest, Balances, BatchArgs, BatchOutcome, BlockRange,
    BlockType, Budget, Change, ClientArgs, Config, ConfirmArchiveArgs, ConsentError, ConsentInfo, ConsentMessageRequest,
    ConsolidateArgs, CreateWalletArgs, DataCertificate, Error, Evaluation, FeeQuote, FindBlocksArgs, FoundBlocks, GetArchivesArgs,
    GetBlocksResult, Group, HttpRequest, HttpResponse, InitArgs, IntegrityReport, Member, Mode, NonceAccount, OpenSessionArgs,
    Permissions, Policy, PolicyDiff, PolicyExplanation, PolicyLint, PolicyVersion, Proposal, Rate, ReadinessItem, ReplaceArgs,
    ResolveQuarantineArgs, Role, Rule, Scope, Session, Settings, SettingsInit, SolanaProvider, SolanaSettings, Standard,
    StateDigest, TokenBalance, Transfer, TransferArgs, TransferOutcome, Usage, Wallet, WalletChange, WalletCount,
};
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
