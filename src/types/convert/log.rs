//! Blocks and reports of the log as answers show them.

use crate::log::{BreakReason, BrokenAt, IntegrityReport, Value};
use purser_core::audit;
use serde_bytes::ByteBuf;

impl From<audit::Value> for Value {
    fn from(value: audit::Value) -> Self {
        match value {
            audit::Value::Nat(n) => Self::Nat(n.into()),
            audit::Value::Int(i) => Self::Int(i.into()),
            audit::Value::Text(text) => Self::Text(text),
            audit::Value::Blob(bytes) => Self::Blob(ByteBuf::from(bytes.into_vec())),
            audit::Value::Array(values) => Self::Array(values.into_iter().map(Into::into).collect()),
            audit::Value::Map(entries) => Self::Map(entries.into_iter().map(|(key, value)| (key, value.into())).collect()),
        }
    }
}

impl From<audit::IntegrityReport> for IntegrityReport {
    fn from(report: audit::IntegrityReport) -> Self {
        let first_broken_at =
            report.first_broken_at.map(|(index, reason)| BrokenAt { index: index.get(), reason: BreakReason::from(reason).into() });
        Self { valid: report.valid, entries_checked: report.entries_checked, first_broken_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candid::{Int, Nat};
    use purser_core::audit::LinkError;
    use purser_core::base::{BlockIndex, Bytes};

    #[test]
    fn a_value_keeps_its_kinds_its_order_and_its_extremes() {
        let value = audit::Value::Map(vec![
            ("z".into(), audit::Value::Nat(u128::MAX)),
            ("a".into(), audit::Value::Int(i128::MIN)),
            ("m".into(), audit::Value::Array(vec![audit::Value::Text("t".into()), audit::Value::Blob(Bytes::new([1, 2]))])),
        ]);
        let expected = Value::Map(vec![
            ("z".into(), Value::Nat(Nat::from(u128::MAX))),
            ("a".into(), Value::Int(Int::from(i128::MIN))),
            ("m".into(), Value::Array(vec![Value::Text("t".into()), Value::Blob(ByteBuf::from([1, 2]))])),
        ]);
        assert_eq!(Value::from(value), expected);
    }

    #[test]
    fn a_report_names_the_broken_block() {
        let report = audit::IntegrityReport {
            valid: false,
            entries_checked: 3,
            first_broken_at: Some((BlockIndex::new(2), LinkError::WrongParent)),
        };
        let broken = BrokenAt { index: 2, reason: BreakReason::WrongParent.into() };
        assert_eq!(
            IntegrityReport::from(report),
            IntegrityReport { valid: false, entries_checked: 3, first_broken_at: Some(broken) }
        );
    }
}
