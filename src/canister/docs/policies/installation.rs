//! An installation on which one recipe runs.

use super::{Call, Names, time};
use crate::docs::path;
use crate::fixture::root_keys;
use crate::store::Store;
use candid::types::Type;
use candid::utils::ArgumentDecoder;
use candid::{Principal, TypeEnv, decode_args};
use candid_parser::parse_idl_args;
use candid_parser::utils::CandidSource;
use ic_stable_structures::DefaultMemoryImpl;
use purser_core::access::{LabelledAgent, RoleChange};
use purser_core::base::{self, Bytes, Hash, SECOND_NS, SessionId, Timestamp, TransferId, WalletId};
use purser_core::chains::registry::Built;
use purser_core::governance::settings::Settings;
use purser_core::governance::{Action, PolicyChange};
use purser_core::policy::{self, Decision, Evaluation, Finding};
use purser_core::state::{ChangeOutcome, Decided, ItemOutcome, NewSession, Recheck, Refusal};
use purser_core::transfer::{BuiltTx, Outcome, SignedTx, Status, Transfer};
use purser_types::convert::policy::parse_rules;
use purser_types::fixture;
use purser_types::{
    Asset, BatchArgs, CreateWalletArgs, Execution, Group, InitArgs, KaspaInit, KaspaNetwork, MintText, OpenSessionArgs, Payment,
    Rate, Role, Rule, RuleKind, Scope, SettingsInit, SolanaInit, SolanaNetwork, TransferArgs, WalletChange,
};
use std::collections::BTreeMap;

pub struct Installation<'a> {
    names: &'a Names,
    state: Store,
    now: Timestamp,
    /// The types of the interface, and its service.
    interface: (TypeEnv, Type),
    requests: u64,
}

/// The arguments of an installation for real money, with a quorum of one admin and no time lock.
fn arguments(names: &Names) -> InitArgs {
    let endpoints = |chain: &str| vec![format!("https://{chain}-1.example"), format!("https://{chain}-2.example")];
    let named = |role: &str| names.people.iter().filter(|(_, is, _)| is == role).map(|(.., text)| principal(text)).collect();
    let local = fixture::init_args();
    InitArgs {
        admins: named("Admin"),
        guardians: named("Guardian"),
        recovery: None,
        key_name: "key_1".into(),
        solana: SolanaInit {
            network: SolanaNetwork::Mainnet,
            providers: endpoints("solana"),
            execution: Some(Execution::Live),
            ..local.solana
        },
        kaspa: KaspaInit {
            network: KaspaNetwork::Mainnet,
            providers: endpoints("kaspa"),
            execution: Some(Execution::Live),
            ..local.kaspa
        },
        settings: Some(SettingsInit { quorum: Some(1), time_lock_seconds: Some(0), ..SettingsInit::default() }),
    }
}

fn principal(text: &str) -> Principal {
    Principal::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

impl<'a> Installation<'a> {
    /// An installation with known keys, one wallet and its agents, and the approvers.
    pub fn new(names: &'a Names) -> Self {
        let (env, service) = CandidSource::File(&path("candid/purser.did")).load().expect("the interface");
        let mut new = Self {
            names,
            state: Store::new(DefaultMemoryImpl::default()),
            now: time("Mon 00:00"),
            interface: (env, service.expect("a service")),
            requests: 0,
        };
        let args = arguments(names);
        let config = args.clone().into_config(None);
        let settings = args.settings.expect("said").over(Settings::new(&config));
        let admin = new.person("admin");
        new.commit(new.state.decide_init(admin, config, settings));
        new.commit(new.state.decide_register_keys(root_keys()));
        new.commit(new.state.decide_create_wallet(admin, "wallet 1".into(), new.now).map(|(decided, _)| decided));
        for (_, is, text) in &names.people {
            match is.as_str() {
                "agent of wallet 1" => {
                    let change = LabelledAgent { wallet: WalletId::new(1), agent: principal(text), label: None };
                    new.change(admin, Action::AddAgent(change), None);
                }
                "Approver" => {
                    let change = RoleChange { principal: principal(text), role: Role::Approver.into() };
                    new.change(admin, Action::GrantRole(change), None);
                }
                "Admin" | "Guardian" | "no role yet" => {}
                other => panic!("what is `{other}`?"),
            }
        }
        new
    }

    fn person(&self, name: &str) -> Principal {
        let found = self.names.people.iter().find(|(person, ..)| person == name);
        principal(&found.unwrap_or_else(|| panic!("nobody is called {name}")).2)
    }

    fn commit(&mut self, decided: Result<Decided, Refusal>) {
        self.state.commit(decided.unwrap_or_else(|refusal| panic!("refused: {refusal}")), self.now);
    }

    fn change(&mut self, caller: Principal, action: Action, expected: Option<&str>) {
        let decided = self.state.decide_change(caller, action, self.now);
        let (decided, change) = decided.unwrap_or_else(|refusal| panic!("refused: {refusal}"));
        let answer = match change {
            ChangeOutcome::Applied => None,
            ChangeOutcome::Proposed(id) => Some(format!("answers: Proposed = {id}")),
        };
        assert_eq!(answer.as_deref(), expected);
        self.state.commit(decided, self.now);
    }

    /// The arguments of a call, by the types of the interface.
    fn read<T: for<'d> ArgumentDecoder<'d>>(&self, call: &Call) -> T {
        let (env, service) = &self.interface;
        let method = env.get_method(service, &call.method).unwrap_or_else(|error| panic!("{}: {error}", call.method));
        let arguments = parse_idl_args(&call.argument).unwrap_or_else(|error| panic!("{}: {error}", call.argument));
        let bytes = arguments.to_bytes_with_types(env, &method.args).unwrap_or_else(|error| panic!("{}: {error}", call.argument));
        decode_args(&bytes).unwrap_or_else(|error| panic!("{}: {error}", call.method))
    }

    fn rules(&self, rules: Vec<Rule>) -> Vec<policy::Rule> {
        parse_rules(rules, &self.state.config().chains).unwrap_or_else(|error| panic!("{}", error.message))
    }

    /// Makes a call, as its endpoint does.
    pub fn call(&mut self, call: &Call) {
        let caller = self.person(&call.caller);
        let action = match call.method.as_str() {
            "set_policy" => {
                let (scope, name, rules): (Scope, Option<String>, Vec<Rule>) = self.read(call);
                let (scope, rules) = (policy::Scope::from(scope), self.rules(rules));
                let mut lints = self.state.lint_policy(scope, &rules, self.now);
                // That every admin is needed is not said of the rules.
                lints.retain(|lint| lint.severity == policy::Severity::Error || lint.rule_index.is_some());
                assert!(lints.is_empty(), "{lints:?}");
                let replaces = self.state.last_policy_version(&scope);
                Action::SetPolicy(PolicyChange { scope, replaces, name, rules })
            }
            "set_group" => Action::SetGroup(self.read::<(Group,)>(call).0.into()),
            "set_rate" => Action::SetRate(self.read::<(Rate,)>(call).0.try_into().expect("readable")),
            "set_settings" => {
                let settings = self.read::<(SettingsInit,)>(call).0.over(self.state.settings());
                Action::ChangeSettings(Box::new(settings))
            }
            "grant_role" => {
                let (principal, role): (Principal, Role) = self.read(call);
                Action::GrantRole(RoleChange { principal, role: role.into() })
            }
            "add_agent" => {
                let (wallet, agent, label): (u64, Principal, Option<String>) = self.read(call);
                Action::AddAgent(LabelledAgent { wallet: WalletId::new(wallet), agent, label })
            }
            "change_wallet" => {
                let (wallet, change): (u64, WalletChange) = self.read(call);
                Action::ChangeWallet { wallet: WalletId::new(wallet), change: change.into() }
            }
            "end_emergency" => Action::EndEmergency { reason: self.read::<(String,)>(call).0 },
            _ => return self.call_other(caller, call),
        };
        self.change(caller, action, call.answer.as_deref());
    }

    /// Makes a call that is not a change of the admins.
    fn call_other(&mut self, caller: Principal, call: &Call) {
        let decided = match call.method.as_str() {
            "create_wallet" => {
                let (args,): (CreateWalletArgs,) = self.read(call);
                self.state.decide_create_wallet(caller, args.try_into().expect("readable"), self.now).map(|(decided, _)| decided)
            }
            "open_session" => {
                let (args,): (OpenSessionArgs,) = self.read(call);
                let (agent, ttl_ns, rules) = (args.agent.unwrap_or(caller), args.ttl_seconds * SECOND_NS, self.rules(args.rules));
                let new = NewSession { wallet: WalletId::new(args.wallet_id), agent, ttl_ns, label: args.label, rules };
                self.state.decide_open_session(caller, new, self.now).map(|(decided, _)| decided)
            }
            "close_session" => {
                let (id,): (u64,) = self.read(call);
                self.state.decide_close_session(caller, SessionId::new(id), self.now)
            }
            "start_emergency" => {
                let (reason,): (String,) = self.read(call);
                self.state.decide_start_emergency(caller, reason, self.now)
            }
            "approve_proposal" => {
                let (id,): (u64,) = self.read(call);
                self.state.decide_approve_proposal(caller, base::ProposalId::new(id), self.now)
            }
            other => panic!("{other} is no method of these recipes"),
        };
        assert_eq!(call.answer, None);
        self.commit(decided);
    }

    /// The result of a request, an approval or a rejection, in the words of the tables.
    pub fn result_of(&mut self, now: Timestamp, who: &str, asks: &str) -> String {
        assert!(now >= self.now, "{asks}: the time of the recipes does not run backwards");
        self.now = now;
        self.pass_time();
        let answer = match asks {
            "approves" => self.approve(who),
            "rejects" => {
                let (caller, last) = (self.person(who), self.last());
                self.commit(self.state.decide_reject(caller, last.id, String::new(), now));
                self.status_text()
            }
            "status" => self.status_text(),
            payments => self.pay(who, payments),
        };
        self.settle();
        answer
    }

    /// Lets time pass: due proposals take effect, due approvals end.
    fn pass_time(&mut self) {
        for proposal in self.state.open_proposals() {
            if let Some(decided) = self.state.decide_due_proposal(proposal.id, self.now).expect("it is open") {
                self.state.commit(decided, self.now);
            }
        }
        for transfer in self.state.pending_approvals(None) {
            if let Some(decided) = self.state.decide_pending_approval(transfer.id, self.now).expect("it waits") {
                self.state.commit(decided, self.now);
            }
        }
        self.settle();
    }

    /// Pays every transfer that may be paid, with half of its fee cap as the fee.
    fn settle(&mut self) {
        for id in self.state.active_transfers() {
            let transfer = self.state.transfer(id).expect("it is active");
            let goes_on = transfer.status == Status::Reserved && self.state.may_progress(id);
            if !goes_on || self.state.recheck(id, self.now) != Recheck::Passed {
                continue;
            }
            let fee = transfer.request.max_fee.share(1, 2);
            let unsigned = Bytes::new(id.get().to_be_bytes());
            let details = Built::new(transfer.request.asset.chain());
            self.commit(self.state.decide_built(id, BuiltTx { unsigned, fee, details }));
            self.commit(self.state.decide_signed(id, SignedTx { signed: Bytes::new([1]), txid: "txid".into() }));
            self.commit(self.state.decide_submitted(id));
            self.commit(self.state.decide_confirmed(id, fee, None));
        }
    }

    /// The newest transfer.
    fn last(&self) -> Transfer {
        self.state.transfer(TransferId::new(self.state.transfer_count())).expect("one was asked for")
    }

    fn approve(&mut self, who: &str) -> String {
        let (caller, last) = (self.person(who), self.last());
        let intent: Hash = last.approval.expect("it waits for people").intent;
        self.commit(self.state.decide_approve(caller, last.id, intent, self.now));
        self.status_text()
    }

    fn status_text(&self) -> String {
        let last = self.last();
        match (last.status, last.approval.and_then(|approval| approval.ready_at), last.code) {
            (Status::AwaitingApproval, None, _) => "awaiting approval".into(),
            (Status::AwaitingApproval, Some(_), _) => "approved, time lock running".into(),
            (Status::Reserved | Status::Confirmed, ..) => "allowed".into(),
            (Status::Rejected, _, Some(code)) => format!("rejected: `{code}`"),
            (status, ..) => format!("{status:?}"),
        }
    }

    /// A request in words: `2 SOL to landlord`, several with commas; `from wallet 2`, `in session 1`.
    fn pay(&mut self, who: &str, words: &str) -> String {
        let (words, session) = words.split_once(" in session ").map_or((words, None), |(words, id)| (words, id.parse().ok()));
        let (words, wallet) =
            words.split_once(" from wallet ").map_or((words, 1), |(words, id)| (words, id.parse().expect("a number")));
        let payments: Vec<(Asset, Payment)> = words.split(", ").map(|words| self.payment(words)).collect();
        self.requests += 1;
        let (asset, key) = (payments[0].0, format!("request {}", self.requests));
        if payments.len() > 1 {
            return self.pay_many(who, wallet, session, key, payments);
        }
        let (_, Payment { to, amount, .. }) = payments.into_iter().next().expect("one");
        let args = TransferArgs { wallet_id: wallet, asset, to, session_id: session, ..fixture::sol(amount, &key) };
        let request = args.into_request(self.state.config()).unwrap_or_else(|error| panic!("{words}: {}", error.message));
        let decided = self.state.decide_transfer(self.person(who), request, self.now);
        let (decided, outcome) = decided.unwrap_or_else(|refusal| panic!("{words}: {refusal}"));
        if let Some(decided) = decided {
            self.state.commit(decided, self.now);
        }
        match outcome {
            Outcome::Accepted { evaluation, .. } | Outcome::Pending { evaluation, .. } => {
                decision_text(&evaluation) + &self.minimum_text(asset)
            }
            Outcome::Denied { evaluation } => decision_text(&evaluation),
            Outcome::Duplicate { .. } => panic!("{words}: every request has its own key"),
        }
    }

    fn payment(&self, words: &str) -> (Asset, Payment) {
        let parts: Vec<&str> = words.split(' ').collect();
        let [amount, asset, "to", to] = parts[..] else { panic!("`{words}` is no payment") };
        let (asset, decimals) = match asset {
            "SOL" => (Asset::Sol, 9),
            "KAS" => (Asset::Kas, 8),
            token => {
                let (mint, decimals) = self.names.tokens.get(token).unwrap_or_else(|| panic!("{token} is no token"));
                (Asset::Spl { mint: MintText::new(mint) }, *decimals)
            }
        };
        let to = self.names.recipients.get(to).unwrap_or_else(|| panic!("{to} is no recipient"));
        (asset, Payment::new(to.clone(), units(amount, decimals)))
    }

    fn pay_many(
        &mut self,
        who: &str,
        wallet_id: u64,
        session_id: Option<u64>,
        key: String,
        payments: Vec<(Asset, Payment)>,
    ) -> String {
        let args = BatchArgs {
            wallet_id,
            asset: payments[0].0,
            payments: payments.into_iter().map(|(_, payment)| payment).collect(),
            max_fee: None,
            idempotency_key: key,
            reason: None,
            session_id,
            created_at: None,
            params: None,
        };
        let request = args.into_request(self.state.config()).expect("readable");
        let (decided, outcome) = self.state.decide_batch(self.person(who), &request, self.now).expect("decided");
        if let Some(decided) = decided {
            self.state.commit(decided, self.now);
        }
        let item = |item: &ItemOutcome| match item {
            ItemOutcome::Accepted { .. } => "allowed".to_owned(),
            ItemOutcome::Pending { transfer } => {
                let approval = self.state.transfer(*transfer).and_then(|transfer| transfer.approval).expect("it waits for people");
                approval_text(&approval.demands)
            }
            ItemOutcome::Denied { evaluation } => decision_text(evaluation),
            ItemOutcome::DeniedBefore => panic!("every batch has its own key"),
        };
        let mut answers: Vec<String> = outcome.items.iter().map(item).collect();
        if answers.iter().all(|answer| *answer == answers[0]) {
            answers.truncate(1);
        }
        answers.join("; ")
    }

    /// The minimum balance, where a policy states one.
    fn minimum_text(&self, asset: Asset) -> String {
        let asset: base::Asset = asset.try_into().expect("readable");
        let (kept, usual) = (self.state.minimum_balance(&self.last(), asset), self.state.settings().min_balance(asset));
        if kept == usual {
            String::new()
        } else {
            format!(", if {} {asset} stay", purser_core::base::decimal_text(kept, asset.units().decimals.unwrap_or(0)))
        }
    }
}

/// Base units of an amount in whole coins.
fn units(text: &str, decimals: u32) -> u64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let missing = decimals - u32::try_from(part.len()).expect("a few digits");
    format!("{whole}{part}").parse::<u64>().expect("an amount") * 10u64.pow(missing)
}

/// A decision in the words of the tables.
fn decision_text(evaluation: &Evaluation) -> String {
    match evaluation.decision {
        Decision::Allow => "allowed".into(),
        Decision::RequireApproval => approval_text(&evaluation.approvals),
        Decision::Deny => {
            let denials: Vec<String> = evaluation.denials().map(finding_text).collect();
            format!("denied: {}", denials.join(", "))
        }
    }
}

fn approval_text(demands: &[policy::ApprovalDemand]) -> String {
    let groups: Vec<String> = demands.iter().map(|demand| format!("{} of `{}`", demand.quorum, demand.group)).collect();
    format!("needs approval: {}", groups.join(" and "))
}

fn finding_text(finding: &Finding) -> String {
    let (kind, code) = (RuleKind::from(finding.rule), finding.code.expect("a denial has a code"));
    let whose = finding.scope.map_or("", |scope| match scope {
        policy::Scope::User(_) => " of the owner",
        policy::Scope::Wallet(_) => " of the parent",
        policy::Scope::Agent { .. } => " of the agent",
        policy::Scope::Session(_) => " of the session",
    });
    format!("`{code}` by `{kind:?}`{whose}")
}

#[test]
fn amounts_are_read_exactly() {
    let amounts: BTreeMap<&str, u64> = [("2", 2_000_000_000), ("0.05", 50_000_000), ("1.000000001", 1_000_000_001)].into();
    for (text, number) in amounts {
        assert_eq!(units(text, 9), number, "{text}");
    }
}
