//! Versions of the records that several people may write.

use super::*;
use crate::governance::retention::AuditSettings;
use crate::state::VersionedRecord;

#[test]
fn every_change_that_takes_effect_counts_and_an_old_version_is_refused() {
    let mut state = council(1, 0);
    apply(&mut state, grant(agent(), Role::Approver), at(0));
    let audit = AuditSettings { retention_days: 100, ..state.retention().settings };
    let settings = Settings { breaker_threshold: 9, ..state.settings() };
    let scope = Scope::User(agent());
    let replaces = state.last_policy_version(&scope);
    let policy = PolicyChange { scope, replaces, name: None, rules: vec![Rule::RequireSession] };
    let changes = [
        (VersionedRecord::Policy(scope), Action::SetPolicy(policy)),
        (VersionedRecord::Settings, Action::ChangeSettings(Box::new(settings))),
        (VersionedRecord::Group("ops"), group("ops", &[agent()])),
        (VersionedRecord::Group("ops"), group("ops", &[])),
        (VersionedRecord::AuditSettings, Action::ConfigureAudit(audit)),
    ];
    for (record, action) in changes {
        let before = state.version(&record);
        apply(&mut state, action, at(0));
        assert_eq!(state.version(&record), before + 1, "{record}");
        assert_eq!(state.require_version(&record, Some(before + 1)), Ok(()));
        assert_eq!(state.require_version(&record, None), Ok(()), "nothing is expected");
        let refused = state.require_version(&record, Some(before));
        let what = record.to_string();
        assert_eq!(refused, Err(Refusal::VersionConflict { what, expected: before, current: before + 1 }));
    }
    assert_eq!(state.version(&VersionedRecord::Group("other")), 0);
    assert_replays(&state);
}
