//! The flows of transfers, one step at a time, and what their chains answer.

use super::promises::Promise;
use super::*;
use crate::base::Bytes;
use crate::chains::kaspa::transfer::KaspaBuilt;
use crate::chains::registry::Built;
use crate::chains::solana::transfer::{NonceOperation, NonceUse, SolanaBuilt};
use crate::policy::ReasonCode;
use crate::transfer::{BuiltTx, Status, Transfer};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The bytes that were built: by whom, and whether they were ever signed.
#[derive(Debug, Default)]
pub struct Chains {
    bytes: BTreeMap<(Vec<u8>, u32), (TransferId, bool)>,
    current: BTreeMap<TransferId, (Vec<u8>, u32)>,
    /// How often each nonce was used up.
    ages: BTreeMap<(WalletId, u16), u32>,
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    Sha256::digest(parts.concat()).to_vec()
}

impl Game {
    pub fn some_open(&mut self) -> Option<Transfer> {
        if self.open.is_empty() {
            return None;
        }
        let id = self.dice.pick(&self.open);
        self.state.transfer(id)
    }

    /// The bytes for a transfer, as a chain's flow would make them: they say who is paid what from which coins, and nothing about which
    /// transfer that is. The coins are the first that no other transfer under way takes and no signed bytes have ever taken.
    fn bytes(&mut self, transfer: &Transfer) -> BuiltTx {
        let request = &transfer.request;
        let solana = self.solana_part(transfer);
        let memos: Vec<_> = request.solana_payments().into_iter().map(|payment| payment.memo).collect();
        let said = format!("{} {} {:?} {memos:?} {solana:?}", request.wallet, request.asset, request.payments());
        let content = hash(&[said.as_bytes()]);
        let mut coins = 0;
        while self.is_taken(transfer.id, &content, coins) {
            coins += 1;
        }
        let unsigned = hash(&[&content, &coins.to_be_bytes()]);
        let is_kas = request.asset == Asset::Kas;
        let input = || Bytes::new([&unsigned[..], &[0; 4]].concat());
        let details = match is_kas {
            true => Built::Kaspa(KaspaBuilt { inputs: vec![input()] }),
            false => Built::Solana(solana.unwrap_or_default()),
        };
        self.chains.current.insert(transfer.id, (content, coins));
        BuiltTx { unsigned: Bytes::new(unsigned.clone()), fee: Amount::new(5_000.min(request.max_fee.get())), details }
    }

    fn is_taken(&self, id: TransferId, content: &[u8], coins: u32) -> bool {
        let place = (content.to_vec(), coins);
        let Some((by, signed)) = self.chains.bytes.get(&place) else { return false };
        // What only expired may be built again, with these very bytes too. Of bytes that its transfer has replaced by others its record
        // says no more whether they were signed: they stay its own. What an admin saw landing has landed, whoever signed it.
        let is_over = |transfer: Transfer| matches!(transfer.status, Status::Cancelled | Status::Failed);
        let is_over = self.state.transfer(*by).is_none_or(is_over);
        let is_free = is_over && self.chains.current.get(by) == Some(&place);
        *signed || (*by != id && !is_free)
    }

    /// On Solana, the nonce that a payment stands on if one is free, or that an operation uses up.
    fn solana_part(&mut self, transfer: &Transfer) -> Option<SolanaBuilt> {
        let wallet = transfer.request.wallet;
        match transfer.request.nonce_operation() {
            Some(NonceOperation::Create { .. }) => return None,
            Some(NonceOperation::Revoke { transfer: id }) => {
                let revoked = self.state.transfer(id)?.built?.details.solana()?.clone();
                return Some(SolanaBuilt { advances: revoked.nonce, ..SolanaBuilt::default() });
            }
            None if transfer.request.asset != Asset::Sol => return None,
            None => {}
        }
        let free = |holder: Option<TransferId>| holder.is_none_or(|holder| holder == transfer.id);
        let nonces = self.state.working_nonces(wallet).into_iter();
        let index = nonces.filter(|(_, record)| free(record.holder)).map(|(index, _)| index).next()?;
        let age = self.chains.ages.get(&(wallet, index)).copied().unwrap_or_default();
        let value = Bytes::new(hash(&[&wallet.get().to_be_bytes(), &index.to_be_bytes(), &age.to_be_bytes()]));
        Some(SolanaBuilt { nonce: Some(NonceUse { index, value }), ..SolanaBuilt::default() })
    }

    /// What happened to bytes and nonces.
    pub fn on_the_chain(&mut self, event: &Event) {
        match event {
            Event::TransferBuilt(built) => {
                let place = self.chains.current[&built.id].clone();
                self.chains.bytes.insert(place, (built.id, false));
            }
            Event::TransferSigned(signed) => {
                let place = &self.chains.current[&signed.id];
                self.chains.bytes.get_mut(place).expect("it was built").1 = true;
            }
            Event::TransferConfirmed(confirmed) => self.used_up(confirmed.id),
            Event::TransferFailed(failed) => self.used_up(failed.id),
            Event::TransferExpired(step) => self.used_up(step.id),
            _ => {}
        }
    }

    /// Signed bytes on a nonce landed, or can do so no more: the nonce has moved.
    fn used_up(&mut self, id: TransferId) {
        let Some(transfer) = self.state.transfer(id).filter(|transfer| transfer.signed.is_some()) else { return };
        if let Some(index) = transfer.nonce_index().or(transfer.advanced_nonce_index()) {
            *self.chains.ages.entry((transfer.request.wallet, index)).or_default() += 1;
        }
    }

    /// The upkeep of nonce accounts, by an admin who may be an agent too: some are made, or what stands on one is taken back.
    pub fn nonces(&mut self) {
        if self.dice.one_in(3) {
            let size = 1 + self.dice.below(3) as u16;
            let wallet = self.dice.pick(&[WALLET, WALLET, PARENT]);
            if let Ok((decided, ids)) = self.state.decide_nonce_pool(admin(), wallet, size, self.time()) {
                self.commit(decided);
                self.open.extend(&ids);
                self.seen.operations += ids.len() as u64;
            }
            return;
        }
        let may_be = |id: &TransferId| self.state.transfer(*id).is_some_and(|transfer| transfer.is_revocable());
        let revocable: Vec<TransferId> = self.open.iter().copied().filter(may_be).collect();
        if revocable.is_empty() {
            return;
        }
        let id = self.dice.pick(&revocable);
        let caller = self.dice.pick(&[agent(), agent(), accomplice(), admin()]);
        if let Ok((decided, revocation)) = self.state.decide_revoke(caller, id, self.time()) {
            self.commit(decided);
            self.open.push(revocation);
            self.seen.operations += 1;
        }
    }

    /// One step of the flow of some transfer, or what its chain answers.
    pub fn chain(&mut self) {
        let Some(mut transfer) = self.some_open() else { return };
        // The oldest that waits, when only a share of money is let out.
        if self.model.share < 100 && self.dice.one_in(2) {
            let oldest = self.model.entries.values().find(|entry| entry.is_plain() && entry.operation.is_none());
            if let Some(oldest) = oldest.and_then(|entry| self.state.transfer(entry.id)) {
                transfer = oldest;
            }
        }
        let (id, now) = (transfer.id, self.time());
        let odd = self.dice.below(30);
        let fee = Amount::new(self.dice.below(5_001));
        let is_revoked = self.state.revocation_of(&transfer).is_some();
        let state = &self.state;
        let decided = match transfer.status {
            Status::AwaitingApproval => match state.decide_pending_approval(id, now) {
                Ok(Some(decided)) => Ok(decided),
                _ => return,
            },
            Status::Built | Status::Signed | Status::Submitted if odd == 0 => {
                state.decide_quarantine_by_canister(id, ReasonCode::RepeatedTraps, "it trapped")
            }
            Status::Built | Status::Signed | Status::Submitted if odd < 4 => {
                state.decide_expired(id, ReasonCode::TransactionExpired, "it is dead")
            }
            Status::Expired if is_revoked => state.decide_cancel_by_canister(id, ReasonCode::Revoked, "it was taken back".into()),
            Status::Reserved | Status::Expired if odd == 0 => {
                state.decide_failed(id, Amount::ZERO, ReasonCode::TransactionFailed, "it failed")
            }
            Status::Reserved | Status::Expired => return self.build(&transfer),
            Status::Built => state.decide_signed(id, signed()),
            Status::Signed => state.decide_submitted(id),
            Status::Submitted if odd < 8 => state.decide_failed(id, fee, ReasonCode::TransactionFailed, "it failed"),
            Status::Submitted => state.decide_confirmed(id, fee, None),
            Status::Quarantined => state.decide_resolve_quarantine(admin(), id, odd < 15, fee, "seen".into()),
            status => panic!("{status:?} is an end"),
        };
        self.attempt(decided);
    }

    /// As the flow does it: nothing in an emergency, and only what the policies still allow.
    fn build(&mut self, transfer: &Transfer) {
        let id = transfer.id;
        self.tick();
        if !self.state.may_progress(id) {
            return;
        }
        if let Some(objection) = self.state.recheck_denial(transfer.id, self.time()) {
            if let Some(promise) = self.model.wait_reason(id) {
                let why: Vec<&str> = objection.denials().map(|finding| &finding.message[..]).collect();
                let behind = self.model.entries.range(id..).skip(1).filter(|(_, other)| other.is_plain());
                let (payments, operations): (Vec<_>, Vec<_>) = behind.partition(|(_, other)| other.operation.is_none());
                let behind = format!("{} payments and {} operations that came later wait", payments.len(), operations.len());
                self.found.put(self.command, (promise, format!("transfer {id} is held back, {behind}: {}", why.join("; "))));
            }
            // What only the stage of operation holds back waits for the next one.
            if self.model.share == 100 {
                let decided = self.state.decide_abandoned(id, ReasonCode::PolicyDenied, "not allowed any more".into());
                self.attempt(decided);
            }
            return;
        }
        let built = self.bytes(transfer);
        let place = self.chains.current[&id].clone();
        let (before, has_operation_key) = (self.chains.bytes.get(&place).cloned(), transfer.request.nonce_operation().is_some());
        match self.state.decide_built(id, built) {
            Ok(decided) => {
                self.seen.twins += u64::from(before.is_some_and(|(by, _)| by != id));
                self.commit(decided);
            }
            // What it was to take back has ended meanwhile.
            Err(_) if has_operation_key => {
                let decided = self.state.decide_failed(id, Amount::ZERO, ReasonCode::TransactionFailed, "it failed");
                self.attempt(decided);
            }
            Err(refusal) => {
                let how = format!("transfer {id} cannot be built: {refusal}; the same bytes were built before: {before:?}");
                self.found.put(self.command, (Promise::Unsigned, how));
                // Other coins the next time.
                self.chains.bytes.insert(place, (id, true));
            }
        }
    }
}
