//! Settings, archives and filters of the log, from and to the domain.

use crate::audit::{ArchiveInfo, AuditSettings, BlockFilter};
use purser_core::base::{TransferId, WalletId};
use purser_core::governance::retention;
use purser_core::state::Filter;
use serde_bytes::ByteBuf;

impl From<AuditSettings> for retention::AuditSettings {
    fn from(settings: AuditSettings) -> Self {
        Self { retention_days: settings.retention_days, capacity: settings.capacity }
    }
}

impl From<retention::AuditSettings> for AuditSettings {
    fn from(settings: retention::AuditSettings) -> Self {
        Self { retention_days: settings.retention_days, capacity: settings.capacity }
    }
}

impl From<retention::Archive> for ArchiveInfo {
    fn from(archive: retention::Archive) -> Self {
        Self {
            first: archive.first.get(),
            last: archive.last.get(),
            hash: ByteBuf::from(archive.hash.0),
            location: archive.location,
            canister: archive.canister,
        }
    }
}

impl From<BlockFilter> for Filter {
    fn from(filter: BlockFilter) -> Self {
        match filter {
            BlockFilter::All => Self::All,
            BlockFilter::Wallet(id) => Self::Wallet(WalletId::new(id)),
            BlockFilter::Actor(actor) => Self::Actor(actor),
            BlockFilter::Transfer(id) => Self::Transfer(TransferId::new(id)),
        }
    }
}
