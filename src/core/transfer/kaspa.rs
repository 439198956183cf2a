//! Transfers on Kaspa, as records of Kaspa.

use super::{Transfer, TransferRequest};
use crate::base::Bytes;
use crate::chains::kaspa::transfer::{Consolidation, FeeSpeed};

impl TransferRequest {
    /// Returns the fee speed of a request on Kaspa.
    pub fn kaspa_speed(&self) -> FeeSpeed {
        self.params.kaspa().map(|params| params.speed()).unwrap_or_default()
    }

    /// Returns the consolidation, when the request pays nobody.
    pub fn consolidation(&self) -> Option<&Consolidation> {
        self.params.kaspa()?.consolidation.as_ref()
    }
}

impl Transfer {
    /// Returns the outpoints that the current attempt spends on Kaspa.
    pub fn kaspa_inputs(&self) -> &[Bytes] {
        let built = self.built.as_ref().and_then(|built| built.details.kaspa());
        built.map(|built| &built.inputs[..]).unwrap_or_default()
    }
}
