//! Providers of a chain: the checks of their list, and the quorum.

use super::config::ConfigError;

/// The most providers of one chain.
pub const MAX_PROVIDERS: usize = 8;
/// The longest URL of a provider, in bytes.
pub const MAX_PROVIDER_URL_BYTES: usize = 512;
/// The fewest providers of a mainnet, and its smallest quorum. A second one is needed to notice that one lies.
pub const MIN_MAINNET_PROVIDERS: usize = 2;
/// The placeholder for the API key in a provider's URL. The key itself is stored apart; see `State::provider_key`.
pub const KEY_PLACEHOLDER: &str = "{key}";
/// The number of providers that must agree when the installer names none.
pub const DEFAULT_QUORUM: usize = 2;

/// Returns the number of providers that must agree: the named one, else [`DEFAULT_QUORUM`], or all when there are fewer.
///
/// From 1 to the number of providers that count.
pub fn quorum(named: Option<u32>, providers: usize) -> usize {
    named.map_or(DEFAULT_QUORUM, |named| named as usize).clamp(1, providers.max(1))
}

/// Checks a quorum that the installer names against the providers that count.
///
/// # Errors
/// When it is 0 or more than the providers, or when one provider alone would decide on a mainnet.
pub fn validate_quorum(field: &'static str, named: Option<u32>, providers: usize, is_mainnet: bool) -> Result<(), ConfigError> {
    let Some(named) = named.map(|named| named as usize) else { return Ok(()) };
    if named == 0 || named > providers {
        return Err(ConfigError::new(field, format!("between 1 and {providers}, the number of providers that can be compared")));
    }
    if is_mainnet && named < MIN_MAINNET_PROVIDERS {
        return Err(ConfigError::new(field, "one provider's word is no proof; on a mainnet at least two must agree"));
    }
    Ok(())
}

/// Whether a URL begins with an allowed scheme: `https`, or `http` on loopback for a local network.
pub fn is_endpoint(url: &str, is_local: bool) -> bool {
    let loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|prefix| url.starts_with(prefix));
    url.starts_with("https://") || (is_local && loopback)
}

/// Checks number, length, uniqueness and form of the URLs in a list.
///
/// # Errors
/// When there are none or too many, or a URL is too long, named twice or malformed.
pub fn validate_providers(field: &'static str, urls: &[String], is_allowed: impl Fn(&str) -> bool) -> Result<(), ConfigError> {
    if urls.is_empty() || urls.len() > MAX_PROVIDERS {
        return Err(ConfigError::new(field, format!("between 1 and {MAX_PROVIDERS} endpoints are needed")));
    }
    for (index, url) in urls.iter().enumerate() {
        if url.len() > MAX_PROVIDER_URL_BYTES {
            return Err(ConfigError::new(field, format!("an endpoint is longer than {MAX_PROVIDER_URL_BYTES} bytes")));
        }
        if urls[..index].iter().any(|earlier| earlier.eq_ignore_ascii_case(url)) {
            return Err(ConfigError::new(field, format!("{url} is named twice")));
        }
        if !is_allowed(url) {
            return Err(ConfigError::new(field, "endpoints start with https:// (a local network may use http:// on loopback)"));
        }
        if url.ends_with('/') || url.contains(char::is_whitespace) || !url.is_ascii() {
            return Err(ConfigError::new(field, "an endpoint is plain ASCII without spaces and without a trailing slash"));
        }
        if is_key_misplaced(url) {
            let problem = format!("in {url} at most one {KEY_PLACEHOLDER} may stand, behind the host's name");
            return Err(ConfigError::new(field, problem));
        }
    }
    Ok(())
}

/// Whether a URL has a brace outside the one placeholder of the API key, which stands behind the host's name.
fn is_key_misplaced(url: &str) -> bool {
    match url.split_once(KEY_PLACEHOLDER) {
        Some((before, after)) => before.matches('/').count() < 3 || format!("{before}{after}").contains(['{', '}']),
        None => url.contains(['{', '}']),
    }
}

/// Checks that a mainnet has enough providers to compare their answers.
///
/// # Errors
/// When it is a mainnet with fewer than [`MIN_MAINNET_PROVIDERS`].
pub fn require_second_provider(field: &'static str, providers: usize, is_mainnet: bool) -> Result<(), ConfigError> {
    if is_mainnet && providers < MIN_MAINNET_PROVIDERS {
        return Err(ConfigError::new(field, "one provider's word is no proof; name at least two"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_providers_agree_unless_one_is_all_there_is() {
        assert_eq!([1, 2, 8].map(|providers| quorum(None, providers)), [1, 2, 2]);
        assert_eq!([0, 1, 3, 9].map(|named| quorum(Some(named), 3)), [1, 1, 3, 3]);
    }

    #[test]
    fn a_quorum_is_between_one_and_the_providers_and_two_on_a_mainnet() {
        let problem = |named, is_mainnet| validate_quorum("x.quorum", Some(named), 3, is_mainnet).map_err(|error| error.problem);
        assert_eq!(([1, 3].map(|named| problem(named, false)), problem(2, true)), ([Ok(()), Ok(())], Ok(())));
        for named in [0, 4, u32::MAX] {
            assert!(problem(named, false).unwrap_err().starts_with("between 1 and 3"), "{named}");
        }
        assert!(problem(1, true).unwrap_err().contains("at least two must agree"));
        assert_eq!(validate_quorum("x.quorum", None, 1, true), Ok(()));
    }
}
