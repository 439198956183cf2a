//! The interface that the code exports, compared with the documented one.
//!
//! Not in the wasm: there the interface is the metadata section that `scripts/build` adds, and the printer would cost 100 kB.

// The macro repeats the signatures of the methods here.
use candid::Principal;
use ic_cdk_management_canister::{HttpRequestResult, TransformArgs};
use purser_types::log::IndexedBlock;
use purser_types::{
    Agent, ApprovalRequest, Archive, ArchiveInfo, Asset, AssetRate, AuditSettings, AuditStatus, Backtest, Balance, BatchArgs,
    BatchOutcome, BlockRange, BlockType, Change, ClientArgs, Config, ConfirmArchiveArgs, ConsentError, ConsentInfo,
    ConsentMessageRequest, ConsolidateArgs, CreateWalletArgs, DataCertificate, Error, Evaluation, FeeQuote, FindBlocksArgs,
    GetArchivesArgs, GetBlocksResult, Group, HttpRequest, HttpResponse, InitArgs, IntegrityReport, Member, ModeStatus,
    NonceAccount, OpenSessionArgs, Page, Permissions, Policy, PolicyDiff, PolicyExplanation, PolicyLint, PolicyVersion, Proposal,
    Provider, Rate, ReadinessItem, ReplaceArgs, ResolveQuarantineArgs, Role, Rule, Scope, ScopeUsage, Session, Settings,
    SettingsInit, SolanaSettings, Standard, StateDigest, TokenBalance, Transfer, TransferAnswer, TransferArgs, TransferFilter,
    Versioned, Wallet, WalletChange, WalletCount,
};
use serde_bytes::ByteBuf;

ic_cdk::export_candid!();

#[cfg(test)]
mod tests {
    use candid::TypeEnv;
    use candid::types::{Type, TypeInner};
    use candid_parser::utils::{CandidSource, service_equal};
    use std::collections::BTreeSet;

    /// Reads the documented interface when the tests run, so that a change of it needs no build.
    fn documented() -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../candid/purser.did");
        std::fs::read_to_string(path).expect("the interface is there")
    }

    /// The variants that stand in answers without a name; those that do not grow, and one that still has to be wrapped.
    const CLOSED: &[&str] = &[
        // Only in the minimum balances of the settings, which are not wrapped yet.
        "Asset",
        // A change is in force or waits; a request is allowed, needs approval, or is denied; a lint refuses the policy or warns.
        "Change",
        "Decision",
        "Severity",
        // The types of ICRC-3 and ICRC-21.
        "ConsentError",
        "ConsentMessage",
        "Value",
    ];

    /// A method as `candid/purser.did` writes it: the comment above it without its slashes, and its signature.
    struct Method<'a> {
        comment: Vec<&'a str>,
        signature: &'a str,
    }

    /// Returns the methods of an interface, each of which has its own line.
    fn methods(interface: &str) -> Vec<Method<'_>> {
        let (_, service) = interface.split_once("\nservice").expect("the interface has a service");
        let (mut methods, mut comment) = (Vec::new(), Vec::new());
        for line in service.lines().skip(1).map(str::trim) {
            match line.strip_prefix("//") {
                Some(text) => comment.push(text.trim()),
                None if line.contains(" : (") => methods.push(Method { comment: std::mem::take(&mut comment), signature: line }),
                None => comment.clear(),
            }
        }
        methods
    }

    /// Returns the codes that the comment of the type `Error` lists.
    fn codes(interface: &str) -> Vec<&str> {
        let (_, error) = interface.split_once("\ntype Error = record {").expect("the interface has errors");
        let (comment, _) = error.split_once("code : text").expect("an error has a code");
        comment.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).filter(|word| word.len() > 3).collect()
    }

    /// Returns what the comment of a method lacks: a purpose of one paragraph, then a line of roles, then one of errors.
    fn problem(method: &Method<'_>, codes: &[&str]) -> Option<String> {
        let at = |start: &str| method.comment.iter().position(|line| line.starts_with(start));
        let (Some(roles), Some(errors)) = (at("Roles: "), at("Errors: ")) else {
            return Some("no line of Roles or of Errors".to_owned());
        };
        if roles == 0 || errors < roles {
            return Some("the purpose comes first, then Roles, then Errors".to_owned());
        }
        let named = method.comment[errors..].iter().flat_map(|line| line.split(|c: char| !(c.is_ascii_uppercase() || c == '_')));
        let unknown = named.filter(|word| word.contains('_')).find(|word| !codes.contains(word))?;
        Some(format!("{unknown} is no code"))
    }

    /// Adds the variants in a type that are not optional, by the name of the type that they stand in, other than `Ok` and `Err`.
    fn plain_variants(env: &TypeEnv, within: &str, of: &Type, seen: &mut BTreeSet<String>, found: &mut BTreeSet<String>) {
        match of.as_ref() {
            TypeInner::Var(name) if seen.insert(name.to_string()) => {
                let named = env.find_type(name).expect("the type is defined");
                plain_variants(env, &name.to_string(), named, seen, found);
            }
            TypeInner::Vec(of) => plain_variants(env, within, of, seen, found),
            TypeInner::Record(fields) => fields.iter().for_each(|field| plain_variants(env, within, &field.ty, seen, found)),
            TypeInner::Variant(fields) => {
                let is_result = fields.iter().all(|field| matches!(field.id.to_string().as_str(), "Ok" | "Err"));
                if !is_result {
                    found.insert(within.to_owned());
                }
                fields.iter().for_each(|field| plain_variants(env, within, &field.ty, seen, found));
            }
            _ => {}
        }
    }

    /// Returns the variants that stand in the answers of an interface without being optional.
    fn plain_variants_of_answers(interface: &str) -> BTreeSet<String> {
        let (env, service) = CandidSource::Text(interface).load().expect("the interface can be read");
        let service = service.expect("it has a service");
        let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
        for (method, _) in env.as_service(&service).expect("a service") {
            let signature = env.get_method(&service, method).expect("a function");
            signature.rets.iter().for_each(|answer| plain_variants(&env, method, answer, &mut seen, &mut found));
        }
        found
    }

    #[test]
    fn every_variant_of_an_answer_that_may_grow_has_a_name() {
        let found = plain_variants_of_answers(&documented());
        assert_eq!(found, CLOSED.iter().map(|name| (*name).to_owned()).collect(), "give it a name, or say why it does not grow");
    }

    #[test]
    fn a_variant_without_a_name_is_found() {
        let of = |status: &str| {
            format!(
                "type S = variant {{ A; B }}; type T = record {{ status : {status} }}; service : {{ get : () -> (variant {{ Ok : vec T; Err }}) }}"
            )
        };
        assert_eq!(plain_variants_of_answers(&of("S")), BTreeSet::from(["S".to_owned()]));
        assert_eq!(plain_variants_of_answers(&of("record { name : text; value : opt S }")), BTreeSet::new());
    }

    /// No method, field or mode is missing on either side.
    #[test]
    fn the_exported_interface_is_the_documented_one() {
        let exported = super::__export_service();
        service_equal(CandidSource::Text(&exported), CandidSource::Text(&documented())).expect("the interfaces are equal");
    }

    #[test]
    fn every_method_says_its_purpose_its_roles_and_its_errors() {
        let documented = documented();
        let (methods, codes) = (methods(&documented), codes(&documented));
        assert!(methods.len() > 80 && codes.contains(&"NOT_FOUND"), "{} methods, {codes:?}", methods.len());
        let problems = methods.iter().filter_map(|method| Some(format!("{}: {}", method.signature, problem(method, &codes)?)));
        assert_eq!(problems.collect::<Vec<_>>(), Vec::<String>::new());
    }

    #[test]
    fn an_undocumented_method_is_found() {
        let interface = "type A = nat;\nservice : {\n  // Pays.\n  // Roles: open.\n  // Errors: NO_CODE.\n  pay : () -> ();\n\n  stop : () -> ();\n}";
        let found: Vec<_> = methods(interface).iter().map(|method| problem(method, &["NOT_FOUND"])).collect();
        assert_eq!(found, [Some("NO_CODE is no code".to_owned()), Some("no line of Roles or of Errors".to_owned())]);
    }

    #[test]
    fn every_argument_has_a_name() {
        for Method { signature, .. } in methods(&documented()) {
            let (_, arguments) = signature.split_once(" : (").expect("a method has arguments");
            let (arguments, _) = arguments.split_once(") -> ").expect("a method has an answer");
            let unnamed = |argument: &&str| !argument.is_empty() && !argument.contains(" : ");
            assert_eq!(arguments.split(", ").find(unnamed), None, "{signature}");
        }
    }
}
