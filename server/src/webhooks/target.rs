//! Where an endpoint is.

use std::net::IpAddr;

use tonic::codegen::http::Uri;

use super::WebhookPolicy;
use super::addresses::is_public;
use super::limits::URL_BYTES_MAX;

/// Why nothing is sent to a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// It is too long, or empty.
    #[error("has {0} bytes; 1 to {URL_BYTES_MAX}")]
    Length(usize),
    /// It is no URL.
    #[error("is no URL, as https://example.com/hooks")]
    Syntax,
    /// It is neither https nor, if that is allowed, http.
    #[error("is not https, which `webhook_allow_http` alone makes do without")]
    Scheme,
    /// It has a name or a password in it, which logs would show.
    #[error("has a user or a password in it: receivers know a message by its signature")]
    User,
    /// It has a fragment, which is not sent.
    #[error("has a fragment")]
    Fragment,
    /// It names an address that is not of the world.
    #[error(
        "names an address of a private network, which `webhook_allow_private_addresses` alone allows"
    )]
    Private,
}

/// Reads a URL. The address of a host with a name is looked at when it is connected to.
pub(super) fn target(url: &str, policy: WebhookPolicy) -> Result<Uri, BadUrl> {
    if !(1..=URL_BYTES_MAX).contains(&url.len()) {
        return Err(BadUrl::Length(url.len()));
    }
    if url.contains('#') {
        return Err(BadUrl::Fragment);
    }
    let target: Uri = url.parse().map_err(|_| BadUrl::Syntax)?;
    let (scheme, authority) = target.scheme_str().zip(target.authority()).ok_or(BadUrl::Syntax)?;
    if scheme != "https" && !(scheme == "http" && policy.allow_http) {
        return Err(BadUrl::Scheme);
    }
    if authority.as_str().contains('@') {
        return Err(BadUrl::User);
    }
    if authority.host().is_empty() {
        return Err(BadUrl::Syntax);
    }
    match address(authority.host()) {
        Some(address) if !policy.lets_connect(address) => Err(BadUrl::Private),
        _ => Ok(target),
    }
}

/// The address that a host is called by.
pub(super) fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

impl WebhookPolicy {
    /// Whether an address may be connected to.
    pub(super) fn lets_connect(self, address: IpAddr) -> bool {
        self.allow_private_addresses || is_public(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: WebhookPolicy =
        WebhookPolicy { allow_http: false, allow_private_addresses: false };
    const LAX: WebhookPolicy = WebhookPolicy { allow_http: true, allow_private_addresses: true };

    #[test]
    fn a_url_is_https_with_a_host_of_the_world() {
        let long = format!("https://example.com/{}", "x".repeat(URL_BYTES_MAX));
        for (url, expected) in [
            ("https://example.com/hooks?shop=1", Ok(())),
            ("https://example.com:8443", Ok(())),
            ("https://[2606:4700::1111]/", Ok(())),
            ("http://example.com/hooks", Err(BadUrl::Scheme)),
            ("ftp://example.com/hooks", Err(BadUrl::Scheme)),
            ("/hooks", Err(BadUrl::Syntax)),
            ("example.com", Err(BadUrl::Syntax)),
            ("https://exa mple.com", Err(BadUrl::Syntax)),
            ("https://", Err(BadUrl::Syntax)),
            ("https://user:word@example.com", Err(BadUrl::User)),
            ("https://example.com/#part", Err(BadUrl::Fragment)),
            ("https://127.0.0.1/", Err(BadUrl::Private)),
            ("https://169.254.169.254/latest", Err(BadUrl::Private)),
            ("https://[::1]:8443/", Err(BadUrl::Private)),
            ("https://[::ffff:10.0.0.1]/", Err(BadUrl::Private)),
            ("", Err(BadUrl::Length(0))),
            (&long, Err(BadUrl::Length(long.len()))),
        ] {
            assert_eq!(target(url, STRICT).map(drop), expected, "{url}");
        }
    }

    #[test]
    fn the_servers_settings_allow_more() {
        assert!(target("http://127.0.0.1:8080/", LAX).is_ok());
        assert_eq!(target("ftp://127.0.0.1/", LAX), Err(BadUrl::Scheme));
    }
}
