//! Durable nonces.

use serde_json::json;
use sha2::{Digest, Sha256};
use solana_hash::Hash;
use solana_instruction::{AccountMeta, Instruction};
use solana_transaction::versioned::VersionedTransaction;

use devchains::solana::SolanaDev;

use crate::client::*;

/// Rent of 80 bytes at 5,080 lamports per byte.
const NONCE_RENT: u64 = 1_056_640;
const RECENT_BLOCKHASHES: &str = "SysvarRecentB1ockHashes11111111111111111111";
const RENT: &str = "SysvarRent111111111111111111111111111111111";

struct NonceTest {
    chain: SolanaDev,
    payer: Key,
    nonce: Key,
}

impl NonceTest {
    /// A chain on which `payer` has 10 SOL.
    fn new() -> Self {
        let chain = SolanaDev::start();
        let payer = Key::funded(&chain, "payer", 10 * SOL);
        Self { chain, payer, nonce: Key::new("nonce") }
    }

    fn create(&self) -> VersionedTransaction {
        let (payer, nonce) = (self.payer.address(), self.nonce.address());
        let create = [vec![0; 4], NONCE_RENT.to_le_bytes().to_vec(), 80_u64.to_le_bytes().to_vec(), vec![0; 32]].concat();
        let initialize = [vec![6, 0, 0, 0], payer.as_ref().to_vec()].concat();
        let sysvar = |text: &str| AccountMeta::new_readonly(text.parse().expect("an address"), false);
        let instructions = [
            Instruction {
                program_id: Default::default(),
                accounts: vec![AccountMeta::new(payer, true), AccountMeta::new(nonce, true)],
                data: create,
            },
            Instruction {
                program_id: Default::default(),
                accounts: vec![AccountMeta::new(nonce, false), sysvar(RECENT_BLOCKHASHES), sysvar(RENT)],
                data: initialize,
            },
        ];
        sign(&[&self.payer, &self.nonce], &instructions, newest_hash(&self.chain))
    }

    /// A transfer whose lifetime is `nonce`.
    fn pay(&self, lamports: u64, nonce: Hash) -> VersionedTransaction {
        let advance = Instruction {
            program_id: Default::default(),
            accounts: vec![
                AccountMeta::new(self.nonce.address(), false),
                AccountMeta::new_readonly(RECENT_BLOCKHASHES.parse().expect("an address"), false),
                AccountMeta::new_readonly(self.payer.address(), true),
            ],
            data: vec![4, 0, 0, 0],
        };
        sign(&[&self.payer], &[advance, transfer(&self.payer, Key::new("recipient").address(), lamports)], nonce)
    }

    fn stored(&self) -> Hash {
        let config = json!({ "encoding": "base64", "commitment": "processed" });
        let account = value(&self.chain, "getAccountInfo", json!([self.nonce.text(), config]));
        assert_eq!((&account["lamports"], &account["space"]), (&json!(NONCE_RENT), &json!(80)));
        assert_eq!((&account["owner"], &account["data"][1]), (&json!("11111111111111111111111111111111"), &json!("base64")));
        let data = unbase64(&account["data"][0]);
        assert_eq!(data[..40], [&[1, 0, 0, 0, 1, 0, 0, 0], self.payer.address().as_ref()].concat());
        assert_eq!(data[72..], 5_000_u64.to_le_bytes());
        Hash::new_from_array(data[40..72].try_into().expect("32 bytes"))
    }

    /// The value a nonce takes in the next block.
    fn next(&self) -> Hash {
        let digest = Sha256::digest([b"DURABLE_NONCE".as_slice(), newest_hash(&self.chain).as_ref()].concat());
        Hash::new_from_array(digest.into())
    }
}

#[test]
fn should_hash_the_parent_block_into_a_new_nonce() {
    let test = NonceTest::new();
    let expected = test.next();
    let created = send(&test.chain, &test.create());
    // Knowing the value in advance does not help: a nonce cannot be used in the block that sets it.
    send(&test.chain, &test.pay(SOL, expected));
    test.chain.advance(1);
    assert_eq!(test.stored(), expected);
    assert_eq!(test.chain.landed(), [created]);
    assert_eq!(test.chain.balance(&test.payer.text()), 10 * SOL - NONCE_RENT - 10_000, "two signatures");
}

#[test]
fn should_land_a_nonce_transaction_long_after_and_once() {
    let test = NonceTest::new();
    send(&test.chain, &test.create());
    test.chain.advance(1);
    let value = test.stored();
    let tx = test.pay(SOL, value);
    let rival = test.pay(2 * SOL, value);
    test.chain.advance(400);
    assert_eq!(test.stored(), value);
    assert_eq!(preflight_error(&test.chain, &tx), json!(null));
    send(&test.chain, &rival);
    let expected = test.next();
    test.chain.advance(1);
    assert_eq!(test.stored(), expected);
    assert_eq!(test.chain.balance(&Key::new("recipient").text()), SOL, "the rival is on the same nonce");
    assert_eq!(preflight_error(&test.chain, &rival)["data"]["err"], "BlockhashNotFound");
}

#[test]
fn should_advance_the_nonce_of_a_failed_transaction_and_charge_it() {
    let test = NonceTest::new();
    send(&test.chain, &test.create());
    test.chain.advance(5);
    let before = test.chain.balance(&test.payer.text());
    let tx = test.pay(100 * SOL, test.stored());
    let signature = send(&test.chain, &tx);
    let expected = test.next();
    test.chain.advance(1);
    assert_eq!(status(&test.chain, &signature)["err"], json!({ "InstructionError": [1, { "Custom": 1 }] }));
    assert_eq!(test.stored(), expected);
    assert_eq!(test.chain.balance(&test.payer.text()), before - 5_000);

    // Refilling the payer does not bring it back.
    test.chain.airdrop(&test.payer.text(), 200 * SOL);
    send(&test.chain, &tx);
    test.chain.advance(3);
    assert_eq!(test.chain.landed().len(), 2);
    assert_eq!(test.chain.balance(&Key::new("recipient").text()), 0);
}

#[test]
fn should_leave_the_nonce_alone_if_validation_fails() {
    let test = NonceTest::new();
    send(&test.chain, &test.create());
    test.chain.advance(5);
    let value = test.stored();
    // A stranger cannot advance the nonce: its authority has to sign.
    let stranger = Key::funded(&test.chain, "stranger", SOL);
    let accounts = vec![
        AccountMeta::new(test.nonce.address(), false),
        AccountMeta::new_readonly(RECENT_BLOCKHASHES.parse().expect("an address"), false),
        AccountMeta::new_readonly(stranger.address(), true),
    ];
    let theft = Instruction { program_id: Default::default(), accounts, data: vec![4, 0, 0, 0] };
    send(&test.chain, &sign(&[&stranger], &[theft], value));
    test.chain.advance(1);
    assert_eq!((test.stored(), test.chain.landed().len()), (value, 1));
    assert_eq!(test.chain.balance(&stranger.text()), SOL);
}
