//! Checks of the lists of providers that both chains share.

use super::error::{ConfigError, error};

/// The most providers of one chain.
pub const MAX_PROVIDERS: usize = 8;
/// The longest URL of a provider, in bytes.
pub const MAX_PROVIDER_URL_BYTES: usize = 512;
/// The fewest providers of a mainnet. A second one is needed to notice that one lies.
pub const MIN_MAINNET_PROVIDERS: usize = 2;

/// Whether a URL begins with an allowed scheme: `https`, or `http` on loopback for a local network.
pub(super) fn is_endpoint(url: &str, is_local: bool) -> bool {
    let loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|prefix| url.starts_with(prefix));
    url.starts_with("https://") || (is_local && loopback)
}

/// Checks number, length, uniqueness and form of the URLs in a list.
pub(super) fn validate_providers(
    field: &'static str,
    urls: &[String],
    is_allowed: impl Fn(&str) -> bool,
) -> Result<(), ConfigError> {
    if urls.is_empty() || urls.len() > MAX_PROVIDERS {
        return Err(error(field, format!("between 1 and {MAX_PROVIDERS} endpoints are needed")));
    }
    for (index, url) in urls.iter().enumerate() {
        if url.len() > MAX_PROVIDER_URL_BYTES {
            return Err(error(field, format!("an endpoint is longer than {MAX_PROVIDER_URL_BYTES} bytes")));
        }
        if urls[..index].iter().any(|earlier| earlier.eq_ignore_ascii_case(url)) {
            return Err(error(field, format!("{url} is named twice")));
        }
        if !is_allowed(url) {
            return Err(error(field, "endpoints start with https:// (a local network may use http:// on loopback)"));
        }
        if url.ends_with('/') || url.contains(char::is_whitespace) || !url.is_ascii() {
            return Err(error(field, "an endpoint is plain ASCII without spaces and without a trailing slash"));
        }
    }
    Ok(())
}

/// Checks that a mainnet has enough providers to compare their answers.
pub(super) fn require_second_provider(field: &'static str, urls: &[String], is_mainnet: bool) -> Result<(), ConfigError> {
    if is_mainnet && urls.len() < MIN_MAINNET_PROVIDERS {
        return Err(error(field, "one provider's word is no proof; name at least two"));
    }
    Ok(())
}
