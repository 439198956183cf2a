//! Reading the state. Nothing here changes anything.

use super::State;
use crate::access::{Roles, Session};
use crate::audit::{IntegrityReport, Value, verify};
use crate::base::{
    Amount, Asset, BlockIndex, Bytes, Chain, Destination, HOUR_NS, Hash, Mint, ProposalId, SessionId, Timestamp, TransferId,
    WalletId,
};
use crate::governance::config::Config;
use crate::governance::retention::{Archive, Retention};
use crate::governance::settings::Settings;
use crate::governance::{Group, Proposal, Rate};
use crate::policy::{Activity, CounterKey, Mode, Policy, Rule, Scope, Spent, Window};
use crate::transfer::{Status, Transfer, TransferRequest};
use crate::wallet::{KeyKind, RootKeys, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeSet;

/// How many wallets stand above a wallet at most.
pub const MAX_ANCESTORS: usize = 4;

/// How many transfers back [`State::recently_spent`] looks.
pub const RECENT_TRANSFERS: usize = 50;

/// What counts against a limit over time of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Spent within the window, fees included.
    pub posted: Amount,
    /// Held for transfers that have not ended.
    pub reserved: Amount,
}

impl<M: Memory> State<M> {
    /// What the operator decided.
    ///
    /// # Panics
    /// Before the state was initialised.
    pub fn config(&self) -> &Config {
        self.tables.config().expect("BUG: the state was never initialised")
    }

    /// Whether money may leave.
    pub fn mode(&self) -> Mode {
        self.tables.head().mode
    }

    /// The root public keys, once fetched.
    pub fn keys(&self) -> Option<RootKeys> {
        self.tables.keys()
    }

    /// One wallet.
    pub fn wallet(&self, id: WalletId) -> Option<Wallet> {
        self.tables.wallet(id)
    }

    /// Up to `limit` wallets with greater ids than `after`, ascending.
    pub fn wallets(&self, after: Option<WalletId>, limit: usize) -> Vec<Wallet> {
        self.tables.wallets_after(after.map_or(0, WalletId::get)).take(limit).collect()
    }

    /// The policy of a wallet, if it has one.
    pub fn policy(&self, wallet: WalletId) -> Option<Policy> {
        self.tables.policy(&Scope::Wallet(wallet))
    }

    /// The policy of a scope, if it has one.
    pub fn policy_of(&self, scope: &Scope) -> Option<Policy> {
        self.tables.policy(scope)
    }

    /// The last version that a scope's policy had, a removal included; 0 when it never had one.
    pub fn last_policy_version(&self, scope: &Scope) -> u64 {
        self.tables.last_policy_version(scope)
    }

    /// Up to `limit` policies that a scope has had, the one in force included, with smaller versions than `before`, newest first, each
    /// with the time from which on it was in force.
    pub fn policy_history(&self, scope: &Scope, before: Option<u64>, limit: usize) -> Vec<(Policy, Timestamp)> {
        let past = self.tables.past_policies(scope, before.unwrap_or(u64::MAX));
        past.take(limit).map(|past| (past.policy, past.at)).collect()
    }

    /// Every scope that a transfer counts against, outermost first.
    pub fn scopes(&self, transfer: &Transfer) -> Vec<Scope> {
        self.scopes_with(transfer.agent, &transfer.request, None)
    }

    /// Every scope that a request falls into, outermost first; or would, if one of the wallets were `changed`.
    pub(super) fn scopes_with(&self, agent: Principal, request: &TransferRequest, changed: Option<&Wallet>) -> Vec<Scope> {
        let mut scopes = self.scopes_above(request.wallet, changed);
        scopes.push(Scope::Agent { wallet: request.wallet, agent });
        scopes.extend(request.session.map(Scope::Session));
        scopes
    }

    /// A wallet, or what it would be if it is the one that is `changed`.
    pub(super) fn wallet_with(&self, id: WalletId, changed: Option<&Wallet>) -> Option<Wallet> {
        changed.filter(|changed| changed.id == id).cloned().or_else(|| self.tables.wallet(id))
    }

    /// The mints that the policies of a wallet, of those above it and of its agents speak about.
    pub fn mints_of(&self, wallet: WalletId) -> BTreeSet<Mint> {
        let agents = self.agents(wallet).into_iter().map(|agent| Scope::Agent { wallet, agent });
        let scopes = self.scopes_above(wallet, None).into_iter().chain(agents);
        let rules = scopes.filter_map(|scope| self.policy_of(&scope)).flat_map(|policy| policy.rules);
        let mint = |asset| if let Asset::Spl { mint } = asset { Some(mint) } else { None };
        rules.flat_map(|rule| rule.assets()).filter_map(mint).collect()
    }

    /// The wallet's own scope, after those that contain it.
    fn scopes_above(&self, id: WalletId, changed: Option<&Wallet>) -> Vec<Scope> {
        let wallet = self.wallet_with(id, changed);
        let mut scopes = vec![Scope::Wallet(id)];
        let mut parent = wallet.as_ref().and_then(|wallet| wallet.parent);
        while let Some(id) = parent.filter(|_| scopes.len() <= MAX_ANCESTORS) {
            scopes.push(Scope::Wallet(id));
            parent = self.wallet_with(id, changed).and_then(|wallet| wallet.parent);
        }
        scopes.extend(wallet.map(|wallet| Scope::User(wallet.owner())));
        scopes.reverse();
        scopes
    }

    /// A scope's recent requests.
    pub fn activity(&self, scope: &Scope) -> Activity {
        self.tables.activity(scope)
    }

    /// What a counter says.
    pub fn spent(&self, key: &CounterKey) -> Spent {
        self.tables.spent(&key.key())
    }

    /// The canister's settings.
    pub fn settings(&self) -> Settings {
        self.tables.settings().cloned().unwrap_or_else(|| Settings::new(self.config()))
    }

    /// A group of approvers.
    pub fn group(&self, name: &str) -> Option<Group> {
        self.tables.group(name)
    }

    /// Every group.
    pub fn groups(&self) -> Vec<Group> {
        self.tables.all_groups().collect()
    }

    /// Every rate, expired ones included.
    pub fn rates(&self) -> Vec<Rate> {
        self.tables.all_rates().collect()
    }

    /// One session.
    pub fn session(&self, id: SessionId) -> Option<Session> {
        self.tables.session(id)
    }

    /// The sessions of a wallet that nobody has ended, oldest first; some may have expired.
    pub fn open_sessions(&self, wallet: WalletId) -> Vec<Session> {
        let keys = self.tables.open_sessions.range((wallet.get(), 0)..=(wallet.get(), u64::MAX));
        keys.filter_map(|(_, id)| self.tables.session(SessionId::new(id))).collect()
    }

    /// One proposal.
    pub fn proposal(&self, id: ProposalId) -> Option<Proposal> {
        self.tables.proposal(id)
    }

    /// Up to `limit` proposals with smaller ids than `before`, newest first.
    pub fn proposals(&self, before: Option<ProposalId>, limit: usize) -> Vec<Proposal> {
        self.tables.proposals_before(before.map_or(u64::MAX, ProposalId::get)).take(limit).collect()
    }

    /// Proposals that wait, oldest first.
    pub fn open_proposals(&self) -> Vec<Proposal> {
        self.tables.open_proposals.iter().filter_map(|id| self.tables.proposal(ProposalId::new(id))).collect()
    }

    /// The wallets of an owner, deactivated ones included, oldest first.
    pub fn wallets_of(&self, owner: &Principal) -> impl Iterator<Item = Wallet> {
        let ids = self.tables.wallets_by_owner.range((*owner, 0)..=(*owner, u64::MAX));
        ids.filter_map(|(_, id)| self.tables.wallet(WalletId::new(id)))
    }

    /// The wallet with an address: Solana's key, or Kaspa's version byte and payload.
    pub fn wallet_at(&self, address: &Destination) -> Option<Wallet> {
        let payload = &address.payload[..];
        let (kind, keys) = match (address.chain, payload) {
            (Chain::Solana, key) => (KeyKind::Solana, vec![key.to_vec()]),
            (Chain::Kaspa, [0, x_only @ ..]) => (KeyKind::KaspaSchnorr, vec![[&[2], x_only].concat(), [&[3], x_only].concat()]),
            (Chain::Kaspa, [1, key @ ..]) => (KeyKind::KaspaEcdsa, vec![key.to_vec()]),
            (Chain::Kaspa, _) => return None,
        };
        // A key has another address under the other scheme, which need not be the wallet's.
        let has = |key: &Vec<u8>| {
            let wallet = self.tables.wallet_of_key(key).and_then(|id| self.tables.wallet(id));
            wallet.filter(|wallet| wallet.key(kind)[..] == key[..])
        };
        keys.iter().find_map(has)
    }

    /// Whether the key that clients' metadata is hashed with was drawn.
    pub fn has_client_key(&self) -> bool {
        self.tables.client_key().is_some()
    }

    /// When the next session ends by itself.
    pub fn next_session_end(&self) -> Option<Timestamp> {
        self.tables.session_ends.first().map(|(end, _)| Timestamp::from_nanos(end))
    }

    /// Until when a chain's circuit breaker is open.
    pub fn chain_breaker(&self, chain: Chain) -> Option<Timestamp> {
        self.tables.chain_breaker(chain)
    }

    /// One transfer.
    pub fn transfer(&self, id: TransferId) -> Option<Transfer> {
        self.tables.transfer(id)
    }

    /// Up to `limit` transfers of a wallet with smaller ids than `before`, newest first.
    pub fn transfers(&self, wallet: WalletId, before: Option<TransferId>, limit: usize) -> Vec<Transfer> {
        let end = (wallet.get(), before.map_or(u64::MAX, TransferId::get));
        let ids = self.tables.transfers_by_wallet.keys_range((wallet.get(), 0)..end).rev();
        ids.take(limit).filter_map(|(_, id)| self.tables.transfer(TransferId::new(id))).collect()
    }

    /// Every transfer that has somewhere to go, by wallet, oldest first.
    pub fn active_transfers(&self) -> Vec<TransferId> {
        self.tables.active.iter().map(|(_, id)| TransferId::new(id)).collect()
    }

    /// The transfers of one wallet that have somewhere to go, oldest first.
    pub fn active_transfers_of(&self, wallet: WalletId) -> Vec<Transfer> {
        let keys = self.tables.active.range((wallet.get(), 0)..=(wallet.get(), u64::MAX));
        keys.filter_map(|(_, id)| self.tables.transfer(TransferId::new(id))).collect()
    }

    /// The roles of a principal.
    pub fn roles_of(&self, principal: &Principal) -> Roles {
        self.tables.roles(principal)
    }

    /// Every principal with a role.
    pub fn members(&self) -> Vec<(Principal, Roles)> {
        self.tables.all_roles().collect()
    }

    /// The agents of a wallet.
    pub fn agents(&self, wallet: WalletId) -> Vec<Principal> {
        self.tables.agents_of(wallet).collect()
    }

    /// The active transfers that a scope's policy binds, oldest first.
    pub(super) fn active_transfers_within(&self, scope: Scope) -> Vec<Transfer> {
        let mut transfers = match scope {
            Scope::Agent { wallet, agent } => {
                let mut transfers = self.active_transfers_of(wallet);
                transfers.retain(|transfer| transfer.agent == agent);
                transfers
            }
            Scope::Session(id) => {
                let of = |session: Session| self.active_transfers_of(session.wallet);
                let mut transfers = self.session(id).map_or_else(Vec::new, of);
                transfers.retain(|transfer| transfer.request.session == Some(id));
                transfers
            }
            Scope::Wallet(_) | Scope::User(_) => {
                let ids = self.active_within(|scopes| scopes.contains(&scope)).into_iter();
                ids.filter_map(|(_, id)| self.tables.transfer(id)).collect()
            }
        };
        transfers.sort_unstable_by_key(|transfer| transfer.id);
        transfers
    }

    /// The active transfers of the wallets whose own scope and those above it are what is `wanted`, by wallet. No transfer is read, and
    /// each wallet once.
    pub(super) fn active_within(&self, wanted: impl Fn(&[Scope]) -> bool) -> Vec<(WalletId, TransferId)> {
        let mut last: Option<(WalletId, bool)> = None;
        let mut is_wanted = |id: WalletId| match last {
            Some((same, is_wanted)) if same == id => is_wanted,
            _ => {
                let scopes = self.scopes_above(id, None);
                let is_wanted = wanted(&scopes);
                last = Some((id, is_wanted));
                is_wanted
            }
        };
        let active = self.tables.active.iter().map(|(wallet, id)| (WalletId::new(wallet), TransferId::new(id)));
        active.filter(|(wallet, _)| is_wanted(*wallet)).collect()
    }

    /// The transfers in quarantine of a wallet and of those below it.
    pub(super) fn quarantined_within(&self, wallet: WalletId) -> Vec<TransferId> {
        let all = self.tables.quarantined.keys().map(|(wallet, id)| (WalletId::new(wallet), TransferId::new(id)));
        let within = all.filter(|(paying, _)| self.scopes_above(*paying, None).contains(&Scope::Wallet(wallet)));
        within.map(|(_, id)| id).collect()
    }

    /// The transfers in quarantine of one wallet.
    pub(super) fn quarantined_of(&self, wallet: WalletId) -> Vec<TransferId> {
        let keys = self.tables.quarantined.keys_range((wallet.get(), 0)..=(wallet.get(), u64::MAX));
        keys.map(|(_, id)| TransferId::new(id)).collect()
    }

    /// Whether a principal is an agent of a wallet.
    pub fn is_agent(&self, wallet: WalletId, principal: &Principal) -> bool {
        self.tables.is_agent(wallet, principal)
    }

    /// Whether a principal is an agent of any wallet.
    pub fn is_agent_of_any(&self, principal: &Principal) -> bool {
        self.tables.is_agent_of_any(principal)
    }

    /// What counts against a wallet's limit per rolling 24 hours.
    pub fn usage(&self, wallet: WalletId, asset: Asset, now: Timestamp) -> Usage {
        self.usage_of(Scope::Wallet(wallet), asset, &Window::Rolling24h, now)
    }

    /// What counts against a scope's limit over time.
    pub fn usage_of(&self, scope: Scope, asset: Asset, window: &Window, now: Timestamp) -> Usage {
        let spent = self.spent(&CounterKey::units(scope, asset.canonical_asset()));
        Usage { posted: spent.posted(window, now), reserved: spent.reserved() }
    }

    /// What the source of a transfer has to keep of an asset: the most that the settings and the policies of its scopes demand (trap T88).
    pub fn minimum_balance(&self, transfer: &Transfer, asset: Asset) -> Amount {
        let scopes = self.scopes(transfer);
        let rules = scopes.iter().filter_map(|scope| self.tables.policy(scope)).flat_map(|policy| policy.rules);
        let minima = rules.filter_map(|rule| match rule {
            Rule::MinimumBalance { asset: of, min } if of == asset => Some(min),
            _ => None,
        });
        minima.chain([self.settings().min_balance(asset)]).max().unwrap_or_default()
    }

    /// The outpoints that transfers of a wallet under way spend: 32-byte transaction id and 4-byte little-endian index.
    pub fn locked_outpoints(&self, wallet: WalletId) -> BTreeSet<Bytes> {
        let range = (wallet.get(), [0; 36])..=(wallet.get(), [0xff; 36]);
        self.tables.locked_outpoints.keys_range(range).map(|(_, outpoint)| Bytes::new(outpoint)).collect()
    }

    /// When the last block was appended.
    pub fn last_at(&self) -> Timestamp {
        self.tables.head().last_at
    }

    /// How many transfers were ever reserved.
    pub fn transfer_count(&self) -> u64 {
        self.tables.head().next_transfer.get().saturating_sub(1)
    }

    /// The outpoints that KAS transfers of a wallet spent within the last hour, of the last [`RECENT_TRANSFERS`] transfers: a provider that
    /// lags may still list them.
    pub fn recently_spent(&self, wallet: WalletId, now: Timestamp) -> Vec<Bytes> {
        let landed = |transfer: &Transfer| transfer.status == Status::Confirmed && now.nanos_since(transfer.updated_at) < HOUR_NS;
        let transfers = self.transfers(wallet, None, RECENT_TRANSFERS).into_iter().filter(landed);
        transfers.filter_map(|transfer| transfer.built).flat_map(|built| built.inputs).collect()
    }

    /// The number of blocks in the audit log.
    pub fn log_len(&self) -> u64 {
        self.tables.log.len()
    }

    /// The last block's index and hash.
    pub fn tip(&self) -> Option<(BlockIndex, Hash)> {
        let head = self.tables.head();
        Some((BlockIndex::new(head.blocks.checked_sub(1)?), head.tip?))
    }

    /// A block as an ICRC-3 value.
    pub fn block(&self, index: BlockIndex) -> Option<Value> {
        self.tables.log.value(index)
    }

    /// A block's bytes as they were appended.
    pub fn block_bytes(&self, index: BlockIndex) -> Option<Vec<u8>> {
        self.tables.log.bytes(index)
    }

    /// Checks up to `limit` blocks from `from` on, but none that was given up.
    pub fn verify_log(&self, from: BlockIndex, limit: u64) -> IntegrityReport {
        verify(&self.tables.log, from, limit, self.tables.head().tip).0
    }

    /// The first block that is kept; earlier ones are archived.
    pub fn first_block(&self) -> BlockIndex {
        self.tables.log.first()
    }

    /// The bytes that the kept blocks take.
    pub fn log_bytes(&self) -> u64 {
        self.tables.log.bytes_kept()
    }

    /// How the log is kept.
    pub fn retention(&self) -> Retention {
        self.tables.retention()
    }

    /// Up to `limit` confirmed archives that end at or after a block, ascending.
    pub fn archives(&self, from: BlockIndex, limit: usize) -> Vec<Archive> {
        self.tables.archives_from(from.get()).take(limit).collect()
    }

    /// One hash over everything durable. Equal states have equal digests.
    pub fn digest(&self) -> Hash {
        self.tables.digest()
    }
}
