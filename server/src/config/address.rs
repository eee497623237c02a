//! Where to listen.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

/// A host, by name or by number, and a port; port 0 takes a free one. A name is looked
/// up when a socket listens there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a host and a port, as localhost:7411")]
pub struct BadAddress;

impl Address {
    /// The addresses that it stands for, those of IPv4 first: a client that was told a
    /// name or 127.0.0.1 finds a server that listens on the first one.
    pub(crate) async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let mut found: Vec<_> = tokio::net::lookup_host(&self.0).await?.collect();
        found.sort_by_key(SocketAddr::is_ipv6);
        Ok(found)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let is_name = |host: &str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            !host.is_empty() && host.bytes().all(allowed)
        };
        let named = text.rsplit_once(':');
        let is_named =
            named.is_some_and(|(host, port)| is_name(host) && port.parse::<u16>().is_ok());
        let is_address = is_named || text.parse::<SocketAddr>().is_ok();
        is_address.then(|| Self(text.to_owned())).ok_or(BadAddress)
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self(address.to_string())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_a_number_and_a_port_is_needed() {
        for good in ["localhost:7411", "127.0.0.1:0", "[::1]:7411", "a-b.example.com:65535"] {
            assert_eq!(good.parse::<Address>().unwrap().to_string(), good);
        }
        for bad in ["", "localhost", "localhost:", "localhost:65536", ":7411", "a b:1", "::1", "on"]
        {
            assert_eq!(bad.parse::<Address>(), Err(BadAddress), "{bad}");
        }
    }

    #[tokio::test]
    async fn the_address_of_ipv4_comes_first() {
        let found = "localhost:7411".parse::<Address>().unwrap().resolve().await.unwrap();
        assert_eq!(found.first(), Some(&SocketAddr::from(([127, 0, 0, 1], 7411))), "{found:?}");
    }
}
