//! The test environment: the network with the canister, both chains, and their clock.

use crate::client::Client;
use crate::network::Network;
use crate::wasm;
use candid::{Encode, Principal};
use devchains::kaspa::{KaspaDev, NetworkType};
use devchains::solana::SolanaDev;
use localnet::Reject;
use purser_types::fixture::init_args;
use purser_types::*;
use std::time::Duration;

/// One KAS in sompi.
pub const KAS: u64 = 100_000_000;
/// One SOL in lamports.
pub const SOL: u64 = 1_000_000_000;
/// Cycles the canister starts with.
pub const CYCLES: u128 = 100_000_000_000_000;
/// The time between two reads of a transfer.
const STEP: Duration = Duration::from_secs(5);
/// The most steps of a transfer to its end: more than two lifetimes of a Solana blockhash.
const MAX_STEPS: usize = 400;

/// A caller of the canister. Every principal is self-authenticating, as those of real users are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Administers the canister; also its controller.
    Admin,
    /// May start an emergency.
    Guardian,
    /// Requests transfers.
    Agent,
    /// Has no role.
    Stranger,
    /// Is not authenticated.
    Anonymous,
}

impl Actor {
    /// All actors.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Guardian, Self::Agent, Self::Stranger, Self::Anonymous];

    /// The actor's principal.
    pub fn principal(self) -> Principal {
        match self {
            Self::Admin => Principal::self_authenticating([1]),
            Self::Guardian => Principal::self_authenticating([2]),
            Self::Agent => Principal::self_authenticating([3]),
            Self::Stranger => Principal::self_authenticating([4]),
            Self::Anonymous => Principal::anonymous(),
        }
    }
}

/// The network with the canister on it, and the two chains that it pays on.
pub struct TestEnv {
    /// The network the canister runs on.
    pub network: Network,
    /// The Solana chain.
    pub solana: SolanaDev,
    /// The Kaspa chain.
    pub kaspa: KaspaDev,
    /// The canister.
    pub canister: Principal,
}

impl TestEnv {
    /// An environment with the canister installed and its keys known, on the network that the environment variables select.
    pub fn new() -> Self {
        Self::on(Network::from_environment())
    }

    /// An environment on the embedded network, for tests that inject faults.
    pub fn local() -> Self {
        Self::on(Network::Local(Box::new(localnet::LocalNet::new())))
    }

    /// An environment on the embedded network with changed init arguments.
    ///
    /// # Panics
    /// When the installation fails.
    pub fn local_with(change: impl FnOnce(&mut InitArgs)) -> Self {
        let mut env = Self::empty(Network::Local(Box::new(localnet::LocalNet::new())));
        let mut args = env.init_args();
        change(&mut args);
        env.install(&args).unwrap_or_else(|reject| panic!("install: {reject}"));
        env.await_keys();
        env
    }

    /// An environment on a given network.
    ///
    /// # Panics
    /// When the installation fails.
    pub fn on(network: Network) -> Self {
        let mut env = Self::empty(network);
        let args = env.init_args();
        env.install(&args).unwrap_or_else(|reject| panic!("install: {reject}"));
        env.await_keys();
        env
    }

    /// An environment whose canister has no code yet.
    pub fn empty(mut network: Network) -> Self {
        let canister = network.ic().create_canister(&[Actor::Admin.principal()], CYCLES);
        Self { network, solana: SolanaDev::start(), kaspa: KaspaDev::start(NetworkType::Simnet), canister }
    }

    /// The default init arguments.
    pub fn init_args(&self) -> InitArgs {
        let local = init_args();
        InitArgs {
            admins: vec![Actor::Admin.principal()],
            guardians: vec![Actor::Guardian.principal()],
            solana: SolanaInit { providers: vec![self.solana.url()], ..local.solana },
            kaspa: KaspaInit { providers: vec![self.kaspa.url()], ..local.kaspa },
            ..local
        }
    }

    /// Installs the released wasm.
    ///
    /// # Errors
    /// When `init` refused.
    pub fn install(&mut self, args: &InitArgs) -> Result<(), Reject> {
        let arg = Encode!(&Some(args)).expect("arguments encode");
        self.network.ic().install(self.canister, Actor::Admin.principal(), &wasm::purser(), arg)
    }

    /// Upgrades in place with the operator's steps: stop, upgrade, start.
    ///
    /// # Errors
    /// When `post_upgrade` refused.
    pub fn upgrade(&mut self, args: Option<&InitArgs>) -> Result<(), Reject> {
        let arg = Encode!(&args).expect("arguments encode");
        let (canister, admin) = (self.canister, Actor::Admin.principal());
        let ic = self.network.ic();
        ic.stop(canister, admin)?;
        let upgraded = ic.upgrade(canister, admin, &wasm::purser(), arg);
        ic.start(canister, admin)?;
        upgraded
    }

    /// Runs rounds until the canister knows its threshold public keys.
    ///
    /// # Panics
    /// When it does not learn them.
    pub fn await_keys(&mut self) {
        for _ in 0..MAX_STEPS {
            if self.as_actor(Actor::Stranger).get_config().keys_ready {
                return;
            }
            self.network.ic().tick();
        }
        panic!("the canister did not learn its public keys");
    }

    /// A client of the canister for an actor.
    pub fn as_actor(&mut self, actor: Actor) -> Client<'_> {
        self.as_principal(actor.principal())
    }

    /// A client of the canister for any principal.
    pub fn as_principal(&mut self, sender: Principal) -> Client<'_> {
        Client::new(self.network.ic(), self.canister, sender)
    }

    /// Creates a wallet with an agent, 10 SOL, 100 KAS at each Kaspa address, and a policy of these rules.
    ///
    /// # Panics
    /// When the canister refuses a call.
    pub fn wallet(&mut self, rules: &[Rule]) -> Wallet {
        let wallet = self.as_actor(Actor::Admin).create_wallet("treasury").expect("an admin creates a wallet");
        self.as_actor(Actor::Admin).add_agent(wallet.id, Actor::Agent.principal()).expect("an admin adds an agent");
        self.set_policy(wallet.id, rules);
        self.solana.airdrop(wallet.solana_address(), 10 * SOL);
        self.kaspa.faucet(wallet.kaspa_schnorr_address(), 100 * KAS);
        self.kaspa.faucet(wallet.kaspa_ecdsa_address(), 100 * KAS);
        wallet
    }

    /// Replaces a wallet's policy, where one admin suffices and no time lock applies.
    ///
    /// # Panics
    /// When it is refused or has to wait.
    pub fn set_policy(&mut self, wallet: u64, rules: &[Rule]) {
        let change = self.as_actor(Actor::Admin).set_policy(Scope::Wallet(wallet), None, rules);
        assert_eq!(change, Ok(Change::Applied));
    }

    /// Ends an emergency in its two stages.
    ///
    /// # Panics
    /// When there is no emergency, or its end has to wait.
    pub fn end_emergency(&mut self) {
        for _ in 0..2 {
            assert_eq!(self.as_actor(Actor::Admin).end_emergency("over"), Ok(Change::Applied));
        }
    }

    /// Advances everything by five seconds: the network's clock with a few rounds, and both chains with their blocks.
    pub fn step(&mut self) {
        self.solana.advance(12);
        self.kaspa.mine(50);
        let ic = self.network.ic();
        ic.advance_time(STEP);
        for _ in 0..10 {
            ic.tick();
        }
    }

    /// Advances time until the transfer satisfies `until`.
    ///
    /// # Panics
    /// When it never does.
    pub fn wait_until(&mut self, id: u64, until: impl Fn(&Transfer) -> bool) -> Transfer {
        let mut last = None;
        for _ in 0..MAX_STEPS {
            let transfer = self.as_actor(Actor::Admin).get_transfer(id).expect("the transfer exists");
            if until(&transfer) {
                return transfer;
            }
            last = Some(transfer);
            self.step();
        }
        panic!("transfer {id} does not get there: {last:?}");
    }

    /// Advances time until the transfer has ended.
    pub fn wait_for_end(&mut self, id: u64) -> Transfer {
        self.wait_until(id, |transfer| {
            matches!(transfer.status.value, Some(Status::Confirmed | Status::Failed | Status::Cancelled))
        })
    }

    /// Requests a transfer that must be accepted, and returns its id.
    ///
    /// # Panics
    /// When it is refused, denied or a duplicate.
    pub fn request_transfer(&mut self, args: &TransferArgs) -> u64 {
        match self.as_actor(Actor::Agent).transfer(args) {
            Ok(TransferOutcome::Accepted { transfer_id, .. }) => transfer_id,
            other => panic!("not accepted: {other:?}"),
        }
    }
}

impl Default for TestEnv {
    fn default() -> Self {
        Self::new()
    }
}
