//! Admission to the mempool, in rusty-kaspa's order of checks, because the order decides which of several faults is reported.
//! Scripts, masses and consensus limits are rusty-kaspa's; the sequence and the relay policy follow its `mining` and `consensus`
//! crates (2.1), which no registry release offers without a node.

use std::collections::HashSet;

use kaspa_consensus_core::{
    constants::{
        LOCK_TIME_THRESHOLD, MAX_SCRIPT_PUBLIC_KEY_VERSION, MAX_SOMPI, SEQUENCE_LOCK_TIME_DISABLED, SEQUENCE_LOCK_TIME_MASK,
        TX_VERSION_TOCCATA, UNACCEPTED_DAA_SCORE,
    },
    errors::tx::TxRuleError,
    hashing::sighash::SigHashReusedValuesUnsync,
    mass::{Gram, Mass, NonContextualMasses},
    subnets::SUBNETWORK_ID_NATIVE,
    tx::{PopulatedTransaction, Transaction, TransactionId, UtxoEntry, VerifiableTransaction},
};
use kaspa_txscript::{EngineCtx, EngineFlags, TxScriptEngine, p2sh_sig_scanner, script_class::ScriptClass};

use super::{
    chain::{Admitted, Chain},
    refusal::{NonStandard, Refusal},
};

/// Relay floor in sompi per 1000 grams, since the Toccata fork.
const RELAY_FEE_PER_KILOGRAM: u64 = 100_000;
const MAX_P2SH_SIGNATURE_OPERATIONS: u64 = 15;

impl Chain {
    /// Admits `tx`. With `allow_orphan` a transaction with unknown parents waits for them; with `replace` it must replace exactly
    /// one conflicting transaction, at a higher feerate.
    ///
    /// # Errors
    /// The refusal of the first check that fails.
    pub fn submit(&mut self, tx: Transaction, allow_orphan: bool, replace: bool) -> Result<TransactionId, Refusal> {
        let id = tx.id();
        match self.admit(&tx, replace) {
            Ok((admitted, replaced)) => {
                if let Some(replaced) = replaced {
                    self.evict(replaced);
                }
                self.mempool.push(admitted);
                self.retry_orphans();
                Ok(id)
            }
            Err(Refusal::Orphan(_)) if allow_orphan => {
                self.orphans.push(tx);
                Ok(id)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Admits every orphan whose parents have arrived; invalid ones are dropped silently, as on a node.
    pub fn retry_orphans(&mut self) {
        loop {
            let before = self.orphans.len();
            for tx in std::mem::take(&mut self.orphans) {
                match self.admit(&tx, false) {
                    Ok((admitted, _)) => self.mempool.push(admitted),
                    Err(Refusal::Orphan(_)) => self.orphans.push(tx),
                    Err(_) => {}
                }
            }
            if self.orphans.len() == before {
                return;
            }
        }
    }

    /// Removes a transaction and everything that builds on it from the mempool.
    fn evict(&mut self, id: TransactionId) {
        let mut evicted = vec![id];
        self.mempool.retain(|other| {
            let leaves = evicted.contains(&other.tx.id())
                || other.tx.inputs.iter().any(|i| evicted.contains(&i.previous_outpoint.transaction_id));
            if leaves {
                evicted.push(other.tx.id());
            }
            !leaves
        });
    }

    fn admit(&self, tx: &Transaction, replace: bool) -> Result<(Admitted, Option<TransactionId>), Refusal> {
        let id = tx.id();
        if self.is_recently_accepted(&id) {
            return Err(Refusal::AlreadyAccepted(id));
        }
        if self.mempool.iter().any(|other| other.tx.id() == id) {
            return Err(Refusal::InMempool(id));
        }
        check_version(tx)?;
        let masses = self.calculator.calc_non_contextual_masses(tx);
        self.check_limits(masses)?;
        check_outputs_standard(tx)?;
        let replaced = self.conflict(tx, replace)?;
        let from_mempool = self.mempool_entries(tx)?;
        self.check_isolated(tx)?;
        self.check_lock_time(tx)?;
        let entries = self.populate(tx, from_mempool)?;
        let admitted = self.check_in_context(tx, entries, masses, replaced)?;
        Ok((admitted, replaced.map(|other| other.tx.id())))
    }

    fn check_limits(&self, masses: NonContextualMasses) -> Result<(), Refusal> {
        let limits = self.params.block_mass_limits;
        if masses.compute_mass > limits.compute {
            return Err(Refusal::ComputeMass { mass: masses.compute_mass, limit: limits.compute });
        }
        if masses.transient_mass > limits.transient {
            return Err(Refusal::TransientMass { mass: masses.transient_mass, limit: limits.transient });
        }
        Ok(())
    }

    /// The mempool transaction that `tx` would replace. Without `replace` any conflict is refused.
    fn conflict(&self, tx: &Transaction, replace: bool) -> Result<Option<&Admitted>, Refusal> {
        let mut conflicts: Vec<(&Admitted, _)> = Vec::new();
        for outpoint in tx.inputs.iter().map(|input| input.previous_outpoint) {
            let spends = |other: &&Admitted| other.tx.inputs.iter().any(|i| i.previous_outpoint == outpoint);
            if let Some(other) = self.mempool.iter().find(spends)
                && conflicts.iter().all(|(known, _)| known.tx.id() != other.tx.id())
            {
                conflicts.push((other, outpoint));
            }
        }
        match (replace, conflicts.as_slice()) {
            (false, []) => Ok(None),
            (false, [(other, outpoint), ..]) => Err(Refusal::SpentInMempool(*outpoint, other.tx.id())),
            (true, []) => Err(Refusal::NothingToReplace),
            (true, [(other, _)]) => Ok(Some(other)),
            (true, _) => Err(Refusal::ReplacesSeveral),
        }
    }

    /// Entries of inputs that spend outputs still in the mempool.
    fn mempool_entries(&self, tx: &Transaction) -> Result<Vec<Option<UtxoEntry>>, Refusal> {
        tx.inputs
            .iter()
            .map(|input| {
                let outpoint = input.previous_outpoint;
                let Some(parent) = self.mempool.iter().find(|other| other.tx.id() == outpoint.transaction_id) else {
                    return Ok(None);
                };
                let output = parent.tx.outputs.get(outpoint.index as usize).ok_or(Refusal::ImpossibleOutpoint)?;
                Ok(Some(UtxoEntry::new(output.value, output.script_public_key.clone(), UNACCEPTED_DAA_SCORE, false, None)))
            })
            .collect()
    }

    fn populate(&self, tx: &Transaction, from_mempool: Vec<Option<UtxoEntry>>) -> Result<Vec<UtxoEntry>, Refusal> {
        tx.inputs
            .iter()
            .zip(from_mempool)
            .map(|(input, entry)| entry.or_else(|| self.unspent(&input.previous_outpoint).cloned()).ok_or(Refusal::Orphan(tx.id())))
            .collect()
    }

    fn check_isolated(&self, tx: &Transaction) -> Result<(), TxRuleError> {
        let params = &self.params;
        if tx.inputs.is_empty() {
            return Err(TxRuleError::NoTxInputs);
        }
        if tx.inputs.len() > params.max_tx_inputs {
            return Err(TxRuleError::TooManyInputs(tx.inputs.len(), params.max_tx_inputs));
        }
        if let Some(i) = tx.inputs.iter().position(|input| input.signature_script.len() > params.max_signature_script_len) {
            return Err(TxRuleError::TooBigSignatureScript(i, params.max_signature_script_len));
        }
        if tx.outputs.len() > params.max_tx_outputs {
            return Err(TxRuleError::TooManyOutputs(tx.outputs.len(), params.max_tx_outputs));
        }
        if tx.is_coinbase() {
            return Err(TxRuleError::CoinbaseHasInputs(tx.inputs.len()));
        }
        check_output_values(tx)?;
        let mut seen = HashSet::new();
        if !tx.inputs.iter().all(|input| seen.insert(input.previous_outpoint)) {
            return Err(TxRuleError::TxDuplicateInputs);
        }
        if tx.subnetwork_id != SUBNETWORK_ID_NATIVE {
            return Err(TxRuleError::SubnetworksDisabled(tx.subnetwork_id));
        }
        Ok(())
    }

    fn check_lock_time(&self, tx: &Transaction) -> Result<(), TxRuleError> {
        let daa = self.now().daa;
        let reached = if tx.lock_time < LOCK_TIME_THRESHOLD { daa } else { Chain::time_ms(daa) };
        if tx.lock_time == 0 || tx.lock_time < reached {
            return Ok(());
        }
        tx.inputs.iter().position(|input| input.sequence != u64::MAX).map_or(Ok(()), |i| Err(TxRuleError::NotFinalized(i)))
    }

    fn check_in_context(
        &self,
        tx: &Transaction,
        entries: Vec<UtxoEntry>,
        masses: NonContextualMasses,
        replaced: Option<&Admitted>,
    ) -> Result<Admitted, Refusal> {
        let populated = PopulatedTransaction::new(tx, entries);
        let contextual = self.calculator.calc_contextual_masses(&populated).ok_or(TxRuleError::MassIncomputable)?;
        tx.set_storage_mass(contextual.storage_mass);
        let mass = Mass::new(masses, contextual).normalized_max(&self.params.block_mass_limits.cofactors());
        self.check_maturity(&populated)?;
        let fee = fee_of(&populated)?;
        self.check_sequence_locks(&populated)?;
        if replaced.is_some_and(|other| u128::from(fee) * u128::from(other.mass) <= u128::from(other.fee) * u128::from(mass)) {
            return Err(TxRuleError::FeerateTooLow.into());
        }
        self.check_scripts(&populated)?;
        let limit = self.params.block_mass_limits.storage;
        if contextual.storage_mass > limit {
            return Err(Refusal::StorageMass { mass: contextual.storage_mass, limit });
        }
        check_inputs_standard(&populated).map_err(|why| Refusal::NonStandard(tx.id(), why))?;
        self.check_fee(fee, masses).map_err(|why| Refusal::NonStandard(tx.id(), why))?;
        Ok(Admitted { tx: tx.clone(), fee, compute_mass: masses.compute_mass, mass })
    }

    fn check_maturity(&self, tx: &PopulatedTransaction) -> Result<(), TxRuleError> {
        let (daa, maturity) = (self.now().daa, self.params.coinbase_maturity());
        match tx.populated_inputs().enumerate().find(|(_, (_, entry))| entry.is_coinbase && entry.block_daa_score + maturity > daa)
        {
            Some((i, (input, entry))) => {
                Err(TxRuleError::ImmatureCoinbaseSpend(i, input.previous_outpoint, entry.block_daa_score, daa, maturity))
            }
            None => Ok(()),
        }
    }

    fn check_sequence_locks(&self, tx: &PopulatedTransaction) -> Result<(), TxRuleError> {
        // Signed and wrapping on purpose: an output still in the mempool has score u64::MAX, which counts as -1.
        let daa = self.now().daa as i64;
        let locked =
            tx.populated_inputs().filter(|(input, _)| input.sequence & SEQUENCE_LOCK_TIME_DISABLED == 0).any(|(input, entry)| {
                let relative = (input.sequence & SEQUENCE_LOCK_TIME_MASK) as i64;
                entry.block_daa_score as i64 + relative > daa
            });
        if locked { Err(TxRuleError::SequenceLockConditionsAreNotMet) } else { Ok(()) }
    }

    fn check_scripts(&self, tx: &PopulatedTransaction) -> Result<(), TxRuleError> {
        let reused = SigHashReusedValuesUnsync::new();
        for (i, (input, entry)) in tx.populated_inputs().enumerate() {
            let context = EngineCtx::new(&self.signatures).with_reused(&reused);
            let flags = EngineFlags { sigop_script_units: Gram(self.params.mass_per_sig_op).into() };
            let limit = input.compute_commit.allowed_script_units();
            TxScriptEngine::from_transaction_input_with_script_units_limit(tx, input, i, entry, context, flags, limit)
                .execute()
                .map_err(|error| match input.signature_script.is_empty() {
                    true => TxRuleError::SignatureEmpty(error),
                    false => TxRuleError::SignatureInvalid(error),
                })?;
        }
        Ok(())
    }

    /// The floor covers compute and transient mass. Storage mass is deliberately not in it.
    fn check_fee(&self, fee: u64, masses: NonContextualMasses) -> Result<(), NonStandard> {
        let (compute, transient) = (masses.compute_mass, masses.normalized_transient(&self.params.block_mass_limits.cofactors()));
        let required = compute.max(transient) * RELAY_FEE_PER_KILOGRAM / 1_000;
        match fee < required {
            false => Ok(()),
            true if compute >= transient => Err(NonStandard::ComputeFee { fee, required, mass: compute }),
            true => Err(NonStandard::TransientFee { fee, required, mass: transient }),
        }
    }
}

/// A version above 0 cannot come with the signature-operation counts that the REST model carries.
fn check_version(tx: &Transaction) -> Result<(), TxRuleError> {
    if tx.version > TX_VERSION_TOCCATA {
        return Err(TxRuleError::UnknownTxVersion(tx.version));
    }
    if tx.version == TX_VERSION_TOCCATA {
        let count = tx.inputs.first().and_then(|input| input.compute_commit.sig_op_count()).ok_or(TxRuleError::NoTxInputs)?;
        return Err(TxRuleError::SigopCountInV1(0, count));
    }
    Ok(())
}

fn check_outputs_standard(tx: &Transaction) -> Result<(), Refusal> {
    for (i, output) in tx.outputs.iter().enumerate() {
        if output.script_public_key.version() > MAX_SCRIPT_PUBLIC_KEY_VERSION {
            return Err(Refusal::NonStandard(tx.id(), NonStandard::OutputScriptVersion(i)));
        }
        if ScriptClass::from_script(&output.script_public_key) == ScriptClass::NonStandard {
            return Err(Refusal::NonStandard(tx.id(), NonStandard::OutputScript(i)));
        }
    }
    Ok(())
}

fn check_output_values(tx: &Transaction) -> Result<(), TxRuleError> {
    let mut total: u64 = 0;
    for (i, output) in tx.outputs.iter().enumerate() {
        match output.value {
            0 => return Err(TxRuleError::TxOutZero(i)),
            value if value > MAX_SOMPI => return Err(TxRuleError::TxOutTooHigh(i)),
            value => total = total.checked_add(value).ok_or(TxRuleError::OutputsValueOverflow)?,
        }
        if total > MAX_SOMPI {
            return Err(TxRuleError::TotalTxOutTooHigh);
        }
    }
    Ok(())
}

fn fee_of(tx: &PopulatedTransaction) -> Result<u64, TxRuleError> {
    let mut total_in: u64 = 0;
    for (_, entry) in tx.populated_inputs() {
        total_in = total_in.checked_add(entry.amount).ok_or(TxRuleError::InputAmountOverflow)?;
        if total_in > MAX_SOMPI {
            return Err(TxRuleError::InputAmountTooHigh);
        }
    }
    // Cannot overflow: `check_output_values` has bounded the sum.
    let total_out: u64 = tx.outputs().iter().map(|output| output.value).sum();
    total_in.checked_sub(total_out).ok_or(TxRuleError::SpendTooHigh(total_out, total_in))
}

fn check_inputs_standard(tx: &PopulatedTransaction) -> Result<(), NonStandard> {
    for (i, (input, entry)) in tx.populated_inputs().enumerate() {
        match ScriptClass::from_script(&entry.script_public_key) {
            ScriptClass::NonStandard => return Err(NonStandard::InputScript(i)),
            ScriptClass::PubKey | ScriptClass::PubKeyECDSA => {}
            ScriptClass::ScriptHash => {
                let count = p2sh_sig_scanner(&input.signature_script, &entry.script_public_key);
                if count > MAX_P2SH_SIGNATURE_OPERATIONS {
                    return Err(NonStandard::SignatureOperations { input: i, count, limit: MAX_P2SH_SIGNATURE_OPERATIONS });
                }
            }
        }
    }
    Ok(())
}
