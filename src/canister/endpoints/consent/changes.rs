//! The changes of admins in words: requested directly, or as a proposal.

use super::description::Description;
use super::payments::with_transfer;
use super::scene::{Scene, read};
use candid::Principal;
use purser_core::access::{LabelledAgent, RoleChange};
use purser_core::base::{Amount, DAY_NS, ProposalId, TransferId, WalletId, decimal_text};
use purser_core::governance::{Action, PolicyChange, QuarantineEnd};
use purser_core::wallet::{ParentChange, WalletChange};
use purser_types::convert::policy::parse_rules;
use purser_types::{
    AuditSettings, ConsentError, Error, Group, Rate, ResolveQuarantineArgs, Role, Rule, Scope, Settings, SettingsInit,
    WalletChange as ApiWalletChange,
};

/// Describes a change.
///
/// # Errors
/// As for the calls that are no changes.
pub(super) fn describe(scene: Scene<'_>, method: &str, arg: &[u8]) -> Result<Description, ConsentError> {
    match method {
        "approve_proposal" => of_proposal(scene, "Agree to", read(arg)?),
        "execute_proposal" => of_proposal(scene, "Carry out", read(arg)?),
        "cancel_proposal" => {
            let (id, note): (u64, Option<String>) = read(arg)?;
            Ok(of_proposal(scene, "Stop", (id,))?.quote("Note", note))
        }
        _ => {
            let (action, expected) = action(scene, method, arg)?;
            Ok(of_action(scene, &action)?.optional("Only while its version is", expected))
        }
    }
}

/// Returns the change that a call requests, and the version that it expects.
fn action(scene: Scene<'_>, method: &str, arg: &[u8]) -> Result<(Action, Option<u64>), ConsentError> {
    let mut expected = None;
    let action = match method {
        "set_policy" => {
            let (scope, name, rules, version): (Scope, Option<String>, Vec<Rule>, Option<u64>) = read(arg)?;
            expected = version;
            // What cannot be read would be refused, so nobody should be asked to sign it.
            let rules = parse_rules(rules, &scene.state.config().chains);
            let rules = rules.map_err(|error| ConsentError::unsupported(error.message))?;
            let scope = scope.into();
            Action::SetPolicy(PolicyChange { scope, replaces: scene.state.last_policy_version(&scope), name, rules })
        }
        "grant_role" => {
            let (principal, role): (Principal, Role) = read(arg)?;
            Action::GrantRole(RoleChange { principal, role: role.into() })
        }
        "revoke_role" => {
            let (principal, role): (Principal, Role) = read(arg)?;
            Action::RevokeRole(RoleChange { principal, role: role.into() })
        }
        "remove_principal" => {
            let (member,): (Principal,) = read(arg)?;
            Action::RemovePrincipal(member)
        }
        "add_agent" => {
            let (id, agent, label): (u64, Principal, Option<String>) = read(arg)?;
            Action::AddAgent(LabelledAgent { wallet: WalletId::new(id), agent, label })
        }
        "change_wallet" => {
            let (id, change): (u64, ApiWalletChange) = read(arg)?;
            Action::ChangeWallet { wallet: WalletId::new(id), change: change.into() }
        }
        "set_group" => {
            let (group, version): (Group, Option<u64>) = read(arg)?;
            expected = version;
            Action::SetGroup(group.into())
        }
        "set_rate" => {
            let (rate,): (Rate,) = read(arg)?;
            let rate = rate.try_into().map_err(|error: Error| ConsentError::unsupported(error.message))?;
            Action::SetRate(rate)
        }
        "set_settings" => {
            let (settings, version): (SettingsInit, Option<u64>) = read(arg)?;
            expected = version;
            Action::ChangeSettings(Box::new(settings.over(scene.state.settings())))
        }
        "set_audit_settings" => {
            let (settings, version): (AuditSettings, Option<u64>) = read(arg)?;
            expected = version;
            Action::ConfigureAudit(settings.into())
        }
        "recover_admins" => {
            let (admins,): (Vec<Principal>,) = read(arg)?;
            Action::RecoverAdmins(admins.into_iter().collect())
        }
        "end_emergency" => {
            let (reason,): (String,) = read(arg)?;
            Action::EndEmergency { reason }
        }
        "resolve_quarantine" => {
            let (ResolveQuarantineArgs { transfer_id, landed, fee_paid, note },) = read(arg)?;
            let (transfer, fee_paid) = (TransferId::new(transfer_id), Amount::new(fee_paid));
            Action::ResolveQuarantine(QuarantineEnd { transfer, landed, fee_paid, note })
        }
        _ => return Err(ConsentError::unsupported("there is no such update, or it moves neither money nor power")),
    };
    Ok((action, expected))
}

fn of_proposal(scene: Scene<'_>, verb: &str, (id,): (u64,)) -> Result<Description, ConsentError> {
    let proposal = scene.state.proposal(ProposalId::new(id)).filter(|proposal| proposal.closed.is_none());
    let proposal = proposal.ok_or_else(|| ConsentError::unsupported(format!("no proposal {id} is open")))?;
    let mut description = of_action(scene, &proposal.action)?;
    description.intent = format!("{verb} proposal {id}: {}", description.intent);
    Ok(description.text("Proposed by", proposal.proposer))
}

fn of_action(scene: Scene<'_>, action: &Action) -> Result<Description, ConsentError> {
    Ok(match action {
        Action::SetPolicy(change) => set_policy(scene, change),
        Action::GrantRole(change) => role("Give", "To", change),
        Action::RevokeRole(change) => role("Take", "From", change),
        Action::RemovePrincipal(member) => Description::new("Take every power from a principal")
            .text("Whom", member)
            .text("Effect", "roles, groups, agents and sessions end; what it asked for and is not signed is called off"),
        Action::AddAgent(change) => Description::new("Let an agent ask for transfers")
            .text("Agent", change.agent)
            .optional("Label", change.label.as_deref())
            .text("Wallet", scene.wallet(change.wallet.get())?)
            .text("Bounds", "only what the policies allow"),
        Action::SetGroup(group) => {
            let intent =
                if group.members.is_empty() { "Remove a group of approvers" } else { "Say who is in a group of approvers" };
            let description = Description::new(intent).quote("Group", Some(&group.name));
            group.members.iter().fold(description, |description, member| description.text("Member", member))
        }
        Action::SetRate(rate) => Description::new(format!("Set the rate of {}", rate.asset))
            .amount("For", rate.asset.into(), rate.per.get())
            .text("Worth", format!("{} of the unit of account", decimal_text(rate.value, 6)))
            .moment("Until", rate.expires_at),
        Action::ChangeSettings(settings) => configure(&scene.state.settings().into(), &(**settings).clone().into()),
        Action::ConfigureAudit(settings) => Description::new("Say how long the audit log is kept and how large it may become")
            .text("Kept for at least", format!("{} days", settings.retention_days))
            .text("At most", format!("{} bytes; then nothing is paid", settings.capacity)),
        Action::RecoverAdmins(admins) => {
            let days = scene.state.config().recovery.as_ref().map_or(0, |recovery| recovery.time_lock_ns / DAY_NS);
            let description = Description::new("Make principals admins, as the recovery")
                .text("Effect", format!("after {days} days, unless an admin cancels it"));
            admins.iter().fold(description, |description, admin| description.text("Admin", admin))
        }
        Action::EndEmergency { reason } => Description::new("Resume payments by one stage")
            .text("Effect", "from the emergency to limited operation, from there to normal")
            .quote("Reason", Some(reason)),
        Action::ChangeWallet { wallet: id, change } => change_wallet(change).text("Wallet", scene.wallet(id.get())?),
        Action::ResolveQuarantine(end) => {
            let paid = scene.transfer(end.transfer.get())?;
            let (transfer, asset) = &paid;
            let what = if end.landed { "has paid" } else { "has not paid" };
            let description = with_transfer(Description::new(format!("Say that transfer {} {what}", transfer.id)), &paid);
            description.amount("Fee paid", asset.native_asset(), end.fee_paid.get()).quote("Note", Some(&end.note))
        }
    })
}

fn set_policy(scene: Scene<'_>, change: &PolicyChange) -> Description {
    let intent = if change.rules.is_empty() { "Remove a policy" } else { "Replace a policy" };
    let replaced = scene.state.policy_of(&change.scope).map_or("none".to_owned(), |policy| format!("version {}", policy.version));
    let description = Description::new(intent).text("Of", change.scope).quote("Name", change.name.as_ref());
    description.text("Replaces", replaced).rules(scene, &change.rules)
}

fn role(verb: &str, whose: &str, change: &RoleChange) -> Description {
    let role = Role::from(change.role);
    let power = match role {
        Role::Admin => "changes policies, powers and settings, together with the other admins",
        Role::Guardian => "stops payments and proposals, cancels transfers",
        Role::Approver => "agrees to transfers as a member of a group",
        Role::Auditor => "reads what takes work to answer, confirms archives",
        Role::Viewer => "has balances refreshed and policies tried out",
    };
    Description::new(format!("{verb} the role {role:?}")).text(whose, change.principal).text("Power", power)
}

fn change_wallet(change: &WalletChange) -> Description {
    match change {
        WalletChange::Activate => Description::new("Activate a wallet"),
        WalletChange::Deactivate => Description::new("Deactivate a wallet"),
        WalletChange::MakePrimary => Description::new("Make a wallet the first of its owner"),
        WalletChange::Owner(owner) => Description::new("Give a wallet to another owner").text("Owner", owner),
        WalletChange::Parent(ParentChange { parent }) => {
            let parent = parent.map_or("none".to_owned(), |parent| parent.to_string());
            Description::new("Set the wallet whose policy binds another too").text("Parent", parent)
        }
    }
}

/// Describes every setting that changes.
fn configure(old: &Settings, new: &Settings) -> Description {
    let numbers = [
        ("Admins who have to agree", old.quorum, new.quorum),
        ("Denials that open an agent's breaker", old.breaker_threshold, new.breaker_threshold),
        ("Failures that open a chain's breaker", old.chain_breaker_threshold, new.chain_breaker_threshold),
        ("Active wallets of an owner", old.max_wallets_per_owner, new.max_wallets_per_owner),
        ("Waiting transfers of an agent", old.max_pending_per_agent, new.max_pending_per_agent),
        ("Requests of an agent per minute", old.attempts_per_minute, new.attempts_per_minute),
        ("Requests of an agent per hour", old.attempts_per_hour, new.attempts_per_hour),
        ("Percent of limits after an emergency", old.resume_percent.into(), new.resume_percent.into()),
    ];
    let durations = [
        ("Time lock", old.time_lock_seconds, new.time_lock_seconds),
        ("Life of a proposal", old.proposal_ttl_seconds, new.proposal_ttl_seconds),
        ("An agent's breaker stays open", old.breaker_cool_down_seconds, new.breaker_cool_down_seconds),
        ("A chain's breaker stays open", old.chain_breaker_cool_down_seconds, new.chain_breaker_cool_down_seconds),
    ];
    let mut description = Description::new("Change the canister's settings");
    for (name, _, new) in numbers.into_iter().filter(|(_, old, new)| old != new) {
        description = description.text(name, new);
    }
    for (name, _, new) in durations.into_iter().filter(|(_, old, new)| old != new) {
        description = description.seconds(name, new);
    }
    for kept in new.min_balances.iter().filter(|kept| !old.min_balances.contains(kept)) {
        description = description.amount("What every wallet keeps", kept.asset, kept.min);
    }
    description
}
