//! API keys of providers.

use super::*;

const WITH_KEY: &str = "http://127.0.0.1:3/rpc?api-key={key}";
const OF_KASPA: &str = "http://127.0.0.1:5/{key}";
const KEY: &str = "0123456789-secret";

#[test]
fn a_providers_key_is_an_admins_and_stands_nowhere_but_in_its_table() {
    let mut state = State::new(VectorMemory::default());
    let mut config = config();
    config.chains.solana.providers.push(WITH_KEY.into());
    config.chains.kaspa.providers.push(OF_KASPA.into());
    let settings = Settings::new(&config);
    let decided = state.decide_init(stranger(), config, settings);
    done(&mut state, decided, at(0));
    assert!(state.decide_provider_key(admin(), OF_KASPA, Some(KEY)).is_ok(), "the providers of both chains take one");
    assert!(matches!(state.decide_provider_key(guardian(), WITH_KEY, Some(KEY)), Err(Refusal::Unauthorized { .. })));
    for url in ["http://127.0.0.1:1", "http://127.0.0.1:4/{key}"] {
        let refused = state.decide_provider_key(admin(), url, Some(KEY));
        assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "url", .. })), "{url}");
    }
    for bad in ["", "1234567", "12345678/9", "12345678&x", "12345678 9", &"k".repeat(257)] {
        let refused = state.decide_provider_key(admin(), WITH_KEY, Some(bad));
        assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "key", .. })), "{bad}");
    }
    assert!(matches!(state.decide_provider_key(admin(), WITH_KEY, None), Err(Refusal::AlreadySo { .. })));

    let decided = state.decide_provider_key(admin(), WITH_KEY, Some(KEY));
    done(&mut state, decided, at(1));
    let digest = state.digest();
    state.set_provider_key(WITH_KEY, Some(KEY));
    assert_eq!(state.provider_key(WITH_KEY).as_deref(), Some(KEY));
    assert_eq!(state.digest(), digest, "a secret is no part of what the log gives");
    for index in 0..state.log_len() {
        let block = state.block_bytes(crate::base::BlockIndex::new(index)).unwrap();
        assert!(!block.windows(KEY.len()).any(|part| part == KEY.as_bytes()));
    }
    replayed(&state);
    let decided = state.decide_provider_key(admin(), WITH_KEY, None);
    done(&mut state, decided, at(2));
    state.set_provider_key(WITH_KEY, None);
    assert_eq!(state.provider_key(WITH_KEY), None);
}

#[test]
fn a_key_has_its_place_behind_the_hosts_name() {
    let problem = |url: &str| {
        let mut config = config();
        config.chains.solana.providers = vec![url.into()];
        config.validate().err().map(|error| error.field)
    };
    assert_eq!(problem(WITH_KEY), None);
    for url in ["https://{key}.a.b/rpc", "https://{key}", "https://a.b{key}/rpc", "https://a.b/{key}/{key}", "https://a.b/{secret}"]
    {
        assert_eq!(problem(url), Some("solana.providers"), "{url}");
        let mut config = config();
        config.chains.kaspa.providers = vec![url.into()];
        assert_eq!(config.validate().err().map(|error| error.field), Some("kaspa.providers"), "{url}");
    }
}
