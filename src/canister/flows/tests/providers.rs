//! The provider engine, on both chains alike.

use super::kaspa::{dag, fee};
use super::solana::accounts;
use super::*;
use crate::flows::list_providers;
use crate::flows::providers::{Health, health};

const KEY: &str = "s3cret-key";
const LIMITED: (u16, &str) = (429, "slower");
const BROKEN: (u16, &str) = (500, "oops");

/// A chain with three providers, and the first question of a payment on it.
struct Side {
    chain: Chain,
    asset: Asset,
    source: KeyKind,
    /// The beginnings of the providers' URLs.
    urls: [&'static str; 3],
}

const SIDES: [Side; 2] = [
    Side {
        chain: Chain::Solana,
        asset: Asset::Sol,
        source: KeyKind::Solana,
        urls: ["http://127.0.0.1:11", "http://127.0.0.1:12", "http://127.0.0.1:13"],
    },
    Side {
        chain: Chain::Kaspa,
        asset: Asset::Kas,
        source: KeyKind::KaspaSchnorr,
        urls: ["http://127.0.0.1:20", "http://127.0.0.1:21", "http://127.0.0.1:22"],
    },
];

impl Side {
    /// A world in which each chain has three providers, of which two must agree.
    fn world(&self) -> (World, TransferId) {
        let mut config = config(3);
        config.chains.solana.providers.push("http://127.0.0.1:13".into());
        config.chains.solana.quorum = Some(2);
        let world = World::configured(config);
        let id = world.request(self.asset, 50_000_000, self.source);
        (world, id)
    }

    fn answers(&self, provider: usize, (status, body): (u16, &'static str)) -> Step {
        all(self.urls[provider], move |_| Ok((status, body.into())))
    }

    fn health(&self, provider: usize) -> Health {
        health(self.chain, self.urls[provider])
    }

    /// The steps with the second question of a payment of KAS, which is asked at once with the first and may go unanswered.
    fn with_fee_rates(&self, mut script: Vec<Step>) -> Vec<Step> {
        if self.chain == Chain::Kaspa {
            script.extend((0..3).map(|_| all("/info/fee-estimate", |_| Ok((BROKEN.0, BROKEN.1.into())))));
        }
        script
    }

    /// Runs in which the first provider fails three times in a row, and the others answer.
    fn runs_in_which_the_first_fails(&self) -> Vec<Vec<Step>> {
        let fails = || self.answers(0, BROKEN);
        match self.chain {
            // The other two disagree, so that the run ends here.
            Chain::Solana => (0..3).map(|_| vec![fails(), accounts(1, None), accounts(10_000_000_000, None)]).collect(),
            Chain::Kaspa => {
                let dags = vec![fails(), dag(5_000), dag(5_000)];
                let fees = vec![fails(), fee(100), fee(100)];
                let lists = vec![fails(), self.answers(1, BROKEN), self.answers(2, BROKEN)];
                vec![dags.into_iter().chain(fees).chain(lists).collect()]
            }
        }
    }
}

/// A run on each chain in a thread of its own, because health is kept by thread.
fn on_both(run: impl Fn(&Side) + Send + Copy + 'static) {
    for side in &SIDES {
        std::thread::spawn(move || run(side)).join().unwrap();
    }
}

#[test]
fn a_quorum_is_asked_first_and_the_others_only_in_place_of_those_that_fail() {
    on_both(|side| {
        let (world, id) = side.world();
        let script = vec![side.answers(0, BROKEN), side.answers(1, BROKEN), side.answers(2, BROKEN)];
        assert!(matches!(world.drive(id, 0, side.with_fee_rates(script)), Progress::Transient(_)));
        assert_eq!(world.status(id), Status::Reserved);
        let Health { answers, failures, last_problem, .. } = side.health(2);
        assert_eq!((answers, last_problem.as_deref()), (0, Some("HTTP status 500")));
        assert!(failures >= 1);
    });
}

#[test]
fn a_provider_that_limits_the_rate_is_not_asked_for_a_while_and_nobody_is_to_blame() {
    on_both(|side| {
        let (world, id) = side.world();
        let script = (0..3).map(|provider| side.answers(provider, LIMITED)).collect();
        // The fee rate of Kaspa is not asked any more: all three limit the rate.
        world.drive(id, 0, script);
        assert!(matches!(world.drive(id, 0, vec![]), Progress::RateLimited(_)), "{}", side.chain);
        assert!(matches!(world.drive(id, 1, vec![]), Progress::RateLimited(_)));
        assert_eq!(world.status(id), Status::Reserved);
        world.advance(10);
        let script = (0..3).map(|provider| side.answers(provider, LIMITED)).collect();
        world.drive(id, 0, script);
        // The second limit in a row lasts twice as long.
        world.advance(19);
        assert!(matches!(world.drive(id, 0, vec![]), Progress::RateLimited(_)));
        assert_eq!(side.health(0).limits_in_a_row, 2);
    });
}

#[test]
fn a_provider_that_fails_three_times_in_a_row_is_asked_after_the_others() {
    on_both(|side| {
        let (world, id) = side.world();
        for script in side.runs_in_which_the_first_fails() {
            assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)), "{}", side.chain);
        }
        assert_eq!((side.health(0).failures_in_a_row, side.health(1).rests_until), (3, Timestamp::default()));
        let then = vec![side.answers(1, BROKEN), side.answers(2, BROKEN), side.answers(0, BROKEN)];
        assert!(matches!(world.drive(id, 0, side.with_fee_rates(then)), Progress::Transient(_)));
    });
}

#[test]
fn an_api_key_of_either_chain_stands_in_the_url_on_the_wire_only() {
    let mut config = config(1);
    config.chains.solana.providers = vec!["http://127.0.0.1:11/{key}".into()];
    config.chains.kaspa.providers = vec!["http://127.0.0.1:20/v1?key={key}".into()];
    let world = World::configured(config);
    let urls = ["http://127.0.0.1:11/{key}", "http://127.0.0.1:20/v1?key={key}"];
    let sol = world.request(Asset::Sol, 50_000_000, KeyKind::Solana);
    let kas = world.request(Asset::Kas, 500_000_000, KeyKind::KaspaSchnorr);
    for id in [sol, kas] {
        let Progress::Transient(problem) = world.drive(id, 0, vec![]) else { panic!("without a key nobody is asked") };
        assert!(problem.contains("key is missing"), "{problem}");
    }
    for url in urls {
        world.state.borrow_mut().set_provider_key(url, Some(KEY));
    }
    world.advance(700);
    let repeated = || Err(CallError::rejected(format!("no answer from http://127.0.0.1/{KEY}")));
    let asked = [
        (sol, vec![all("http://127.0.0.1:11/s3cret-key ", move |_| repeated())]),
        (
            kas,
            vec![
                all("http://127.0.0.1:20/v1/info/blockdag?key=s3cret-key ", move |_| repeated()),
                all("http://127.0.0.1:20/v1/info/fee-estimate?key=s3cret-key ", move |_| repeated()),
            ],
        ),
    ];
    for (id, script) in asked {
        let Progress::Transient(problem) = world.drive(id, 0, script) else { panic!("no answer") };
        assert_eq!(problem, "no answer from http://127.0.0.1/{key}");
    }
    let listed = list_providers(&*world.state.borrow());
    assert_eq!(
        listed.iter().map(|provider| (provider.chain, provider.has_key)).collect::<Vec<_>>(),
        [(Chain::Kaspa, true), (Chain::Solana, true)]
    );
    assert!(!format!("{listed:?}").contains(KEY), "{listed:?}");
    assert_eq!(listed[0].health.last_problem.as_deref(), Some("no answer from http://127.0.0.1/{key}"));
}
