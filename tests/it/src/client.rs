//! The canister's methods, typed. A reject or a trap fails the test; an `Err` is returned.

use candid::utils::{ArgumentDecoder, ArgumentEncoder, decode_args, encode_args};
use candid::{CandidType, Principal};
use localnet::{Ic, Reject};
use purser_types::*;
use serde::de::DeserializeOwned;

/// A client of the canister for one caller.
pub struct Client<'a> {
    ic: &'a mut dyn Ic,
    canister: Principal,
    sender: Principal,
}

/// The answer of every fallible method.
pub type Answer<T> = Result<T, Error>;

impl<'a> Client<'a> {
    /// A client that calls `canister` as `sender`.
    pub fn new(ic: &'a mut dyn Ic, canister: Principal, sender: Principal) -> Self {
        Self { ic, canister, sender }
    }

    /// Calls any update method.
    ///
    /// # Errors
    /// When the call was rejected.
    ///
    /// # Panics
    /// When the reply does not decode.
    pub fn try_update<T: CandidType + DeserializeOwned>(&mut self, method: &str, args: impl ArgumentEncoder) -> Result<T, Reject> {
        let arg = encode_args(args).expect("arguments encode");
        self.ic.update(self.canister, self.sender, method, arg).map(|reply| one(method, &reply))
    }

    /// Calls any query method.
    ///
    /// # Errors
    /// When the call was rejected.
    ///
    /// # Panics
    /// When the reply does not decode.
    pub fn try_query<T: CandidType + DeserializeOwned>(&mut self, method: &str, args: impl ArgumentEncoder) -> Result<T, Reject> {
        let arg = encode_args(args).expect("arguments encode");
        self.ic.query(self.canister, self.sender, method, arg).map(|reply| one(method, &reply))
    }

    /// Creates a threshold wallet of the caller.
    ///
    /// # Errors
    /// The canister's errors.
    pub fn create_wallet(&mut self, label: &str) -> Answer<Wallet> {
        self.create_wallet_with(&CreateWalletArgs { label: label.into(), owner: None, parent: None, signing: Signing::Threshold })
    }

    /// Calls `create_wallet` with these arguments.
    ///
    /// # Errors
    /// The canister's errors.
    pub fn create_wallet_with(&mut self, args: &CreateWalletArgs) -> Answer<Wallet> {
        self.update("create_wallet", (args,))
    }

    /// Calls `transfer`.
    ///
    /// # Errors
    /// The canister's errors.
    pub fn transfer(&mut self, args: &TransferArgs) -> Answer<TransferOutcome> {
        self.update::<Answer<TransferAnswer>>("transfer", (args,)).map(|answer| known(answer.outcome))
    }

    /// Calls `consolidate_kaspa`.
    ///
    /// # Errors
    /// The canister's errors.
    pub fn consolidate_kaspa(&mut self, args: &ConsolidateArgs) -> Answer<TransferOutcome> {
        self.update::<Answer<TransferAnswer>>("consolidate_kaspa", (args,)).map(|answer| known(answer.outcome))
    }

    /// Calls `get_mode`.
    pub fn get_mode(&mut self) -> Mode {
        known(self.query("get_mode", ()))
    }

    /// Returns the newest transfers of a wallet, at most a hundred.
    ///
    /// # Errors
    /// The canister's errors.
    pub fn transfers_of(&mut self, wallet_id: u64) -> Answer<Vec<Transfer>> {
        let filter = TransferFilter { wallet_id, agent: None, status: None };
        Ok(self.list_transfers(filter, None, None)?.items)
    }

    fn update<T: CandidType + DeserializeOwned>(&mut self, method: &str, args: impl ArgumentEncoder) -> T {
        self.try_update(method, args).unwrap_or_else(|reject| panic!("{method}: {reject}"))
    }

    fn query<T: CandidType + DeserializeOwned>(&mut self, method: &str, args: impl ArgumentEncoder) -> T {
        self.try_query(method, args).unwrap_or_else(|reject| panic!("{method}: {reject}"))
    }
}

/// The variant of an answer; this client is made from the same interface as the canister.
fn known<V>(named: Named<V>) -> V {
    named.value.unwrap_or_else(|| panic!("{} is not in the interface", named.name))
}

fn one<T: CandidType + DeserializeOwned>(method: &str, reply: &[u8]) -> T {
    let decoded: Result<(T,), _> = decode(reply);
    decoded.unwrap_or_else(|error| panic!("{method}: the reply does not decode: {error}")).0
}

fn decode<'a, T: ArgumentDecoder<'a>>(reply: &'a [u8]) -> candid::Result<T> {
    decode_args(reply)
}

/// One method per line: `kind name(arguments) -> answer`.
macro_rules! methods {
    ($($kind:ident $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[allow(missing_docs, reason = "candid/purser.did documents them")]
        impl Client<'_> {
            $(pub fn $name(&mut self, $($arg: $type),*) -> $answer {
                self.$kind(stringify!($name), ($($arg,)*))
            })*
        }
    };
}

methods! {
    update change_wallet(wallet: u64, change: WalletChange) -> Answer<Change>;
    update open_session(args: &OpenSessionArgs) -> Answer<Session>;
    update close_session(session: u64) -> Answer<Session>;
    update submit_signatures(transfer: u64, signatures: &[serde_bytes::ByteBuf]) -> Answer<Transfer>;
    update record_client(args: &ClientArgs) -> Answer<()>;
    query list_wallets_of(owner: Principal, cursor: Option<u64>, limit: Option<u32>) -> Page<Wallet, u64>;
    query count_wallets(owner: Principal) -> WalletCount;
    query get_wallet_by_address(address: &str) -> Answer<Wallet>;
    query get_session(session: u64) -> Answer<Session>;
    query list_sessions(wallet: u64, cursor: Option<u64>, limit: Option<u32>) -> Answer<Page<Session, u64>>;
    update set_policy(scope: Scope, name: Option<&str>, rules: &[Rule]) -> Answer<Change>;
    update set_agent_label(wallet: u64, agent: Principal, label: Option<&str>) -> Answer<()>;
    update add_agent(wallet: u64, agent: Principal) -> Answer<Change>;
    query get_agent(wallet: u64, agent: Principal) -> Answer<Agent>;
    update remove_agent(wallet: u64, agent: Principal) -> Answer<()>;
    update grant_role(member: Principal, role: Role) -> Answer<Change>;
    update revoke_role(member: Principal, role: Role) -> Answer<Change>;
    update remove_principal(member: Principal) -> Answer<Change>;
    update recover_admins(admins: &[Principal]) -> Answer<Change>;
    update set_group(group: &Group) -> Answer<Change>;
    update set_rate(rate: &Rate) -> Answer<Change>;
    update set_settings(settings: &SettingsInit) -> Answer<Change>;
    update approve_proposal(proposal: u64) -> Answer<Proposal>;
    update cancel_proposal(proposal: u64, note: Option<&str>) -> Answer<Proposal>;
    update execute_proposal(proposal: u64) -> Answer<Proposal>;
    query get_proposal(proposal: u64) -> Answer<Proposal>;
    query list_proposals(cursor: Option<u64>, limit: Option<u32>) -> Page<Proposal, u64>;
    query get_group(name: &str) -> Answer<Versioned<Group>>;
    query list_groups(cursor: Option<&str>, limit: Option<u32>) -> Page<Versioned<Group>, String>;
    query get_rate(asset: Asset) -> Answer<AssetRate>;
    query list_rates(cursor: Option<&serde_bytes::Bytes>, limit: Option<u32>) -> Page<AssetRate, serde_bytes::ByteBuf>;
    query get_settings() -> Versioned<Settings>;
    update approve_transfer(transfer: u64, intent_hash: &serde_bytes::Bytes) -> Answer<Transfer>;
    update reject_transfer(transfer: u64, note: &str) -> Answer<Transfer>;
    query list_approvals(wallet: Option<u64>, cursor: Option<u64>, limit: Option<u32>) -> Page<ApprovalRequest, u64>;
    update icrc21_canister_call_consent_message(request: &ConsentMessageRequest) -> Result<ConsentInfo, ConsentError>;
    update cancel_transfer(transfer: u64, note: Option<&str>) -> Answer<Transfer>;
    update quarantine_transfer(transfer: u64, note: &str) -> Answer<Transfer>;
    update resolve_quarantine(args: &ResolveQuarantineArgs) -> Answer<Change>;
    update batch_transfer(args: &BatchArgs) -> Answer<BatchOutcome>;
    update replace_kaspa_transfer(args: &ReplaceArgs) -> Answer<Transfer>;
    update quote_kaspa_transfer(args: &TransferArgs) -> Answer<FeeQuote>;
    query get_balances(wallet: u64) -> Answer<Vec<Balance>>;
    update refresh_balances(wallet: u64) -> Answer<Vec<Balance>>;
    update start_emergency(reason: &str) -> Answer<()>;
    update end_emergency(reason: &str) -> Answer<Change>;
    update set_solana_nonce_pool(wallet: u64, size: u16) -> Answer<Vec<u64>>;
    update set_solana_settings(wallet: u64, settings: SolanaSettings) -> Answer<()>;
    update revoke_solana_transfer(transfer: u64) -> Answer<u64>;
    update set_provider_key(url: &str, key: Option<&str>) -> Answer<()>;
    update refresh_solana_tokens(wallet: u64) -> Answer<Vec<TokenBalance>>;
    query list_solana_nonce_accounts(wallet: u64, cursor: Option<u16>, limit: Option<u32>) -> Answer<Page<NonceAccount, u16>>;
    query list_providers() -> Vec<Provider>;
    query get_config() -> Config;
    query get_wallet(wallet: u64) -> Answer<Wallet>;
    query list_wallets(cursor: Option<u64>, limit: Option<u32>) -> Page<Wallet, u64>;
    query get_policy(scope: Scope) -> Answer<Versioned<Option<Policy>>>;
    query get_usage(scope: Scope) -> Answer<ScopeUsage>;
    query simulate_transfer(args: &TransferArgs) -> Answer<Evaluation>;
    query get_transfer(transfer: u64) -> Answer<Transfer>;
    query get_transfer_by_key(wallet: u64, agent: Principal, key: &str) -> Answer<Transfer>;
    query list_transfers(filter: TransferFilter, cursor: Option<u64>, limit: Option<u32>) -> Answer<Page<Transfer, u64>>;
    query list_members(cursor: Option<Principal>, limit: Option<u32>) -> Page<Member, Principal>;
    query list_agents(wallet: u64, cursor: Option<Principal>, limit: Option<u32>) -> Answer<Page<Agent, Principal>>;
    query get_metrics() -> Answer<Vec<(String, u64)>>;
    query my_permissions(wallet: Option<u64>) -> Permissions;
    query verify_integrity(from: Option<u64>, limit: Option<u64>) -> IntegrityReport;
    query get_state_digest() -> Answer<StateDigest>;
    update set_audit_settings(settings: &AuditSettings) -> Answer<Change>;
    update confirm_archive(args: &ConfirmArchiveArgs) -> Answer<()>;
    query get_audit_status() -> AuditStatus;
    query get_audit_settings() -> Versioned<AuditSettings>;
    query list_archives(cursor: Option<u64>, limit: Option<u32>) -> Page<ArchiveInfo, u64>;
    query find_blocks(args: &FindBlocksArgs) -> Page<log::IndexedBlock, u64>;
    query icrc3_get_archives(args: &GetArchivesArgs) -> Vec<Archive>;
    query icrc3_get_blocks(args: &[BlockRange]) -> GetBlocksResult;
    query icrc3_get_tip_certificate() -> Option<DataCertificate>;
    query icrc3_supported_block_types() -> Vec<BlockType>;
    query icrc10_supported_standards() -> Vec<Standard>;
    query lint_policy(scope: Scope, rules: &[Rule]) -> Answer<Vec<PolicyLint>>;
    query backtest_policy(scope: Scope, rules: &[Rule], days: u32) -> Answer<Backtest>;
    query explain_policy(wallet: u64, agent: Option<Principal>) -> Answer<PolicyExplanation>;
    query list_policy_versions(scope: Scope, cursor: Option<u64>, limit: Option<u32>) -> Page<PolicyVersion, u64>;
    query diff_policies(scope: Scope, from: u64, to: u64) -> Answer<PolicyDiff>;
    query production_readiness() -> Answer<Vec<ReadinessItem>>;
}
