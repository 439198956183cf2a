//! The accounts after one block, and the execution of transactions on them by LiteSVM.
//!
//! Corrected towards mainnet: the rent rate, the value that a nonce account advances to, and failed nonce transactions, which
//! advance their nonce too. Not modelled: a transaction whose program cannot be loaded is refused, while mainnet includes and
//! charges it.

use std::collections::HashSet;

use litesvm::LiteSVM;
use sha2::{Digest, Sha256};
use solana_address::Address;
use solana_hash::Hash;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use super::tx_error::TxError;

/// Mainnet's rate since SIMD-0437's second step (2026-10), in lamports per byte.
pub const RENT_LAMPORTS_PER_BYTE: u64 = 5_080;
/// Size of a nonce account's data in bytes.
const NONCE_BYTES: usize = 80;
/// The first eight bytes of an initialised nonce account: version `Current`, state `Initialized`, both little-endian `u32`.
const NONCE_TAG: [u8; 8] = [1, 0, 0, 0, 1, 0, 0, 0];
/// System instruction 4, `AdvanceNonceAccount`, as its whole data.
const ADVANCE_NONCE: [u8; 4] = [4, 0, 0, 0];
const SYSTEM_PROGRAM: Address = Address::new_from_array([0; 32]);
const RENT_SYSVAR: &str = "SysvarRent111111111111111111111111111111111";

/// An account as the RPC shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub lamports: u64,
    pub data: Vec<u8>,
    pub owner: Address,
    pub executable: bool,
    pub rent_epoch: u64,
}

/// The result of executing a transaction.
#[derive(Clone, Debug)]
pub struct Executed {
    /// Whether a block can hold the transaction: it paid its fee, whether or not its instructions failed.
    pub included: bool,
    pub error: Option<TxError>,
    pub logs: Vec<String>,
    pub units: u64,
    /// Lamports.
    pub fee: u64,
    /// Balances of the message's static accounts before and after, in lamports.
    pub pre_balances: Vec<u64>,
    pub post_balances: Vec<u64>,
}

impl Executed {
    /// A transaction that was refused before execution.
    pub fn refused(error: TxError) -> Self {
        Self {
            included: false,
            error: Some(error),
            logs: Vec::new(),
            units: 0,
            fee: 0,
            pre_balances: Vec::new(),
            post_balances: Vec::new(),
        }
    }
}

/// The lifetime of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    Blockhash,
    /// The nonce account that the first instruction advances.
    Nonce(Address),
}

/// The block that a transaction is executed in.
#[derive(Clone, Copy, Debug)]
pub struct ExecutionContext {
    pub slot: u64,
    /// The newest blockhash the block can see: its parent's.
    pub last_hash: Hash,
    pub lifetime: Lifetime,
}

/// The accounts after one block.
#[derive(Clone)]
pub struct Bank {
    svm: LiteSVM,
}

impl Bank {
    /// The genesis state: the runtime's programs and nothing else.
    ///
    /// Signatures, blockhash age and duplicates are checked by the chain, which knows more than the latest block.
    pub fn genesis() -> Self {
        let mut svm = LiteSVM::new().with_sigverify(false).with_blockhash_check(false).with_transaction_history(0);
        let rent = RENT_SYSVAR.parse().expect("a valid address");
        let mut account = svm.get_account(&rent).expect("the rent sysvar exists");
        // The account starts with `lamports_per_byte`, a little-endian u64.
        account.data[..8].copy_from_slice(&RENT_LAMPORTS_PER_BYTE.to_le_bytes());
        svm.set_account(rent, account).expect("a valid rent sysvar");
        Self { svm }
    }

    /// The account at `address`.
    pub fn account(&self, address: &Address) -> Option<Account> {
        self.svm.get_account(address).map(|account| Account {
            lamports: account.lamports,
            data: account.data,
            owner: account.owner,
            executable: account.executable,
            rent_epoch: account.rent_epoch,
        })
    }

    /// The balance in lamports; 0 without an account.
    pub fn balance(&self, address: &Address) -> u64 {
        self.svm.get_balance(address).unwrap_or(0)
    }

    /// Lamports an account with `bytes` bytes of data must hold.
    pub fn rent_exempt_minimum(&self, bytes: usize) -> u64 {
        self.svm.minimum_balance_for_rent_exemption(bytes)
    }

    /// Adds lamports to an account.
    ///
    /// # Panics
    /// If the balance would exceed `u64`.
    pub fn fund(&mut self, address: &Address, lamports: u64) {
        let mut account = self.svm.get_account(address).unwrap_or_default();
        account.lamports = account.lamports.checked_add(lamports).expect("a balance within u64");
        account.rent_epoch = u64::MAX;
        self.svm.set_account(*address, account).expect("a plain account can be set");
    }

    /// Sets an account with data.
    ///
    /// # Panics
    /// If the account cannot be set.
    pub fn put(&mut self, address: &Address, owner: Address, data: Vec<u8>) {
        let mut account = self.svm.get_account(address).unwrap_or_default();
        account.lamports = self.rent_exempt_minimum(data.len());
        (account.owner, account.data, account.rent_epoch) = (owner, data, u64::MAX);
        self.svm.set_account(*address, account).expect("an account can be set");
    }

    /// The nonce account whose current value `tx` carries, if it may be advanced in a block that follows `last_hash`.
    pub fn usable_nonce(&self, tx: &VersionedTransaction, last_hash: &Hash) -> Option<Address> {
        let message = &tx.message;
        let first = message.instructions().first()?;
        let keys = message.static_account_keys();
        if keys.get(usize::from(first.program_id_index)) != Some(&SYSTEM_PROGRAM) || !first.data.starts_with(&ADVANCE_NONCE) {
            return None;
        }
        let index = usize::from(*first.accounts.first()?);
        let address =
            keys.get(index).filter(|_| message.is_maybe_writable_with_reserved_addresses(index, None::<&HashSet<Address>>))?;
        let account = self.account(address)?;
        let (authority, value) = nonce_of(&account)?;
        let signed =
            first.accounts.iter().map(|&i| usize::from(i)).any(|i| message.is_signer(i) && keys.get(i) == Some(&authority));
        let current = value == *message.recent_blockhash() && value != durable_nonce(last_hash);
        (signed && current).then_some(*address)
    }

    /// Executes a transaction and keeps its effects.
    pub fn execute(&mut self, tx: &VersionedTransaction, context: &ExecutionContext) -> Executed {
        self.svm.warp_to_slot(context.slot);
        let keys = tx.message.static_account_keys();
        let nonces: Vec<_> = keys.iter().map(|key| self.nonce_value(key)).collect();
        let pre_balances = self.balances(keys);
        let (meta, error) = match self.svm.send_transaction(tx.clone()) {
            Ok(meta) => (meta, None),
            Err(failed) => (failed.meta, Some(TxError::of(&failed.err))),
        };
        // LiteSVM reports the signature of those transactions only that got as far as paying their fee.
        let included = error.is_none() || meta.signature != Signature::default();
        if included {
            self.advance_nonces(keys, &nonces, context, error.is_some());
        }
        let post_balances = self.balances(keys);
        Executed {
            included,
            error,
            logs: meta.logs,
            units: meta.compute_units_consumed,
            fee: meta.fee,
            pre_balances,
            post_balances,
        }
    }

    /// Sets nonces to mainnet's values, because LiteSVM hashes the message's own blockhash. The nonce of a failed transaction
    /// advances too.
    fn advance_nonces(&mut self, keys: &[Address], before: &[Option<Hash>], context: &ExecutionContext, failed: bool) {
        for (key, before) in keys.iter().zip(before) {
            let now = self.nonce_value(key);
            let used_up = failed && context.lifetime == Lifetime::Nonce(*key);
            if now.is_some() && (now != *before || used_up) {
                let mut account = self.svm.get_account(key).expect("it has just been read");
                account.data[40..72].copy_from_slice(durable_nonce(&context.last_hash).as_ref());
                self.svm.set_account(*key, account).expect("a nonce account can be set");
            }
        }
    }

    fn nonce_value(&self, address: &Address) -> Option<Hash> {
        self.account(address).and_then(|account| nonce_of(&account)).map(|(_, value)| value)
    }

    fn balances(&self, keys: &[Address]) -> Vec<u64> {
        keys.iter().map(|key| self.balance(key)).collect()
    }
}

/// Authority and value of an initialised nonce account: tag (8 bytes), authority (32), value (32), lamports per signature (8).
fn nonce_of(account: &Account) -> Option<(Address, Hash)> {
    if account.owner != SYSTEM_PROGRAM || account.data.len() != NONCE_BYTES || account.data[..8] != NONCE_TAG {
        return None;
    }
    let word = |at: usize| <[u8; 32]>::try_from(&account.data[at..at + 32]).expect("32 bytes");
    Some((Address::new_from_array(word(8)), Hash::new_from_array(word(40))))
}

/// The value a nonce takes in a block that follows `last_hash`.
fn durable_nonce(last_hash: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"DURABLE_NONCE");
    hasher.update(last_hash.as_ref());
    Hash::new_from_array(hasher.finalize().into())
}
