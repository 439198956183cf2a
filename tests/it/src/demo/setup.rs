//! Steps 1 to 3: deployment, a wallet, its funds and its policy.

use super::console::grouped;
use super::context::Demo;
use crate::test_env::{Actor, KAS, SOL};
use crate::{recipients, wasm};
use purser_types::{Change, Scope};

/// Deploys the released wasm and creates a wallet.
///
/// # Panics
/// When the canister refuses a call.
pub fn deploy(demo: &mut Demo) {
    let module = wasm::purser();
    demo.say(format!("target/purser.wasm, {} bytes, goes on a subnet of 13 replicas", grouped(module.len() as u128)));
    let args = demo.env.init_args();
    let installed = demo.env.install(&args);
    demo.check(format!("the canister {} is installed", demo.env.canister), installed.is_ok());
    demo.env.await_keys();
    let config = demo.env.as_actor(Actor::Stranger).get_config();
    demo.check(format!("it learned its threshold public keys ({})", config.key_name), config.keys_ready);

    let wallet = demo.env.as_actor(Actor::Admin).create_wallet("treasury").expect("an admin creates a wallet");
    demo.say(format!("wallet {} \"{}\"", wallet.id, wallet.label));
    demo.say(format!("Solana           {}", wallet.solana_address()));
    demo.say(format!("Kaspa (Schnorr)  {}", wallet.kaspa_schnorr_address()));
    demo.say(format!("Kaspa (ECDSA)    {}", wallet.kaspa_ecdsa_address()));
    demo.check("the Kaspa addresses are a simnet's", {
        [wallet.kaspa_schnorr_address(), wallet.kaspa_ecdsa_address()].iter().all(|address| address.starts_with("kaspasim:"))
    });
    let again = demo.env.as_actor(Actor::Stranger).get_wallet(wallet.id);
    demo.check("anybody reads the same addresses", again.is_ok_and(|seen| seen.solana_address() == wallet.solana_address()));
    let refused = demo.env.as_actor(Actor::Stranger).create_wallet("mine");
    demo.check("a stranger cannot create one (AUTH_FAILED)", refused.is_err_and(|error| error.code == "AUTH_FAILED"));
    demo.wallet = Some(wallet);
}

/// Pays into the wallet from the chains' faucets.
///
/// # Panics
/// When the canister refuses a call.
pub fn fund(demo: &mut Demo) {
    let wallet = demo.wallet();
    demo.env.solana.airdrop(wallet.solana_address(), 10 * SOL);
    demo.env.kaspa.faucet(wallet.kaspa_schnorr_address(), 100 * KAS);
    demo.env.kaspa.faucet(wallet.kaspa_ecdsa_address(), 50 * KAS);
    demo.say("the faucets paid 10 SOL, 100 KAS (Schnorr) and 50 KAS (ECDSA)");
    let balances = demo.env.as_actor(Actor::Admin).refresh_balances(wallet.id).expect("the providers answer");
    let read = |key: &str| balances.iter().find(|balance| balance.key == key).map_or(0, |balance| balance.amount);
    let (sol, schnorr, ecdsa) = (read("solana"), read("kaspa_schnorr"), read("kaspa_ecdsa"));
    demo.check(format!("the canister reads {} lamports", grouped(sol.into())), sol == 10 * SOL);
    demo.check(format!("and {} sompi (Schnorr)", grouped(schnorr.into())), schnorr == 100 * KAS);
    demo.check(format!("and {} sompi (ECDSA)", grouped(ecdsa.into())), ecdsa == 50 * KAS);
}

/// Sets a policy and adds an agent.
///
/// # Panics
/// When the canister refuses a call.
pub fn policy(demo: &mut Demo) {
    let wallet = demo.wallet();
    let rules = recipients::rules();
    let set = demo.env.as_actor(Actor::Admin).set_policy(Scope::Wallet(wallet.id), Some("allowance"), &rules);
    let version = demo.env.as_actor(Actor::Stranger).get_policy(Scope::Wallet(wallet.id)).ok().map(|policy| policy.version);
    demo.check("the admin sets version 1", set == Ok(Change::Applied) && version == Some(1));
    demo.env.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin adds an agent");
    let shown = demo.env.as_actor(Actor::Stranger).get_policy(Scope::Wallet(wallet.id)).ok().and_then(|policy| policy.value);
    let shown = shown.map(|policy| policy.rules).unwrap_or_default();
    for rule in &shown {
        demo.say(rule.description.as_str());
    }
    demo.check("shown back, it is what was set", recipients::as_submitted(shown) == rules);
    let agents = demo.env.as_actor(Actor::Stranger).list_agents(wallet.id, None, None).map(|page| page.items).unwrap_or_default();
    demo.check("the wallet has one agent", agents.iter().map(|agent| agent.agent).eq([Actor::Agent.principal()]));
}
