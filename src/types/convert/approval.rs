//! Approval requests as answers show them.

use crate::approval::{ApprovalRequest, ScopeBudgets, Votes};
use crate::batch::Payment;
use crate::chain::Asset;
use crate::policy::Scope;
use crate::policy_tools::Budget;
use crate::transfer::Transfer;
use ic_stable_structures::Memory;
use purser_core::base::text::quoted;
use purser_core::base::{SECOND_NS, Timestamp};
use purser_core::state::State;
use purser_core::transfer as domain;
use serde_bytes::ByteBuf;

impl ApprovalRequest {
    /// The question that a transfer waits for; `None` when it waits for none, or its time is over.
    pub fn new<M: Memory>(state: &State<M>, transfer: domain::Transfer, now: Timestamp) -> Option<Self> {
        let approval = transfer.approval.clone().filter(|_| transfer.status == domain::Status::AwaitingApproval)?;
        if approval.ready_at.is_none() && now >= approval.expires_at {
            return None;
        }
        let votes = approval.demands.iter().map(|demand| Votes {
            group: demand.group.clone(),
            quorum: demand.quorum,
            agreed: state.approvals_of(&transfer, demand),
        });
        let votes: Vec<Votes> = votes.collect();
        let chains = &state.config().chains;
        let scopes = state.scopes(&transfer).into_iter();
        let budgets = scopes.map(|scope| ScopeBudgets {
            scope: Scope::from(scope).into(),
            budgets: Budget::all(state.budgets(scope, now), chains),
        });
        let budgets = budgets.filter(|scope| !scope.budgets.is_empty()).collect();
        let asset = Asset::from(transfer.request.asset);
        let transfer = Transfer::new(transfer, chains);
        let amount = asset.show(transfer.amount);
        let left = approval.expires_at.nanos_since(now) / SECOND_NS;
        Some(Self {
            summary: summary(&transfer, asset, &amount, &votes, left),
            amount,
            intent_hash: ByteBuf::from(approval.intent.0),
            expires_at: approval.expires_at.nanos(),
            votes,
            budgets,
            transfer,
        })
    }
}

fn summary(transfer: &Transfer, asset: Asset, amount: &str, votes: &[Votes], left: u64) -> String {
    let Transfer { agent, wallet_id, max_fee, .. } = transfer;
    let to = match &transfer.payments[..] {
        [] => {
            format!("{}{}", transfer.to, with_memo(transfer.memo()))
        }
        // All of them, however many: people agree to each.
        payments => {
            let each = payments.iter().map(|payment| {
                let Payment { to, amount, .. } = payment;
                format!("{to} ({}{})", asset.show(*amount), with_memo(payment.memo()))
            });
            each.collect::<Vec<_>>().join(", ")
        }
    };
    let missing = votes.iter().map(|votes| format!("{} of {} of {}", votes.agreed, votes.quorum, quoted(&votes.group)));
    let missing = missing.collect::<Vec<_>>().join(" and ");
    let why = transfer.reason.as_deref().map_or_else(String::new, |reason| format!("; the requester's reason: {}", quoted(reason)));
    let fee = asset.native_asset().show(*max_fee);
    format!(
        "{agent} asks to pay {amount} and at most {fee} in fees from wallet {wallet_id} to {to}{why}. {missing} agreed; {left} s are left."
    )
}

/// At an exchange the memo decides whose the money is.
fn with_memo(memo: Option<&str>) -> String {
    memo.map_or_else(String::new, |memo| format!(" with the memo {}", quoted(memo)))
}
