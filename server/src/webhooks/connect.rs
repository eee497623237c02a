//! Connecting to an endpoint: the address that is connected to is the one that was looked at, so that
//! a name which changes its address between the two gains nothing.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpStream, lookup_host};
use tonic::codegen::http::Uri;
use tower_service::Service;

use super::WebhookPolicy;
use super::limits::{ATTEMPTS_AT_ONCE, CONNECTION_IDLE_MAX};
use super::target::address;

/// Sends requests to endpoints, and follows no redirects. Cheap to clone.
pub(crate) type Sender = Client<HttpsConnector<Guarded>, Full<Bytes>>;

/// A sender that connects to what a policy allows.
///
/// # Errors
/// The system has no certificates of authorities.
pub(crate) fn sender(policy: WebhookPolicy) -> io::Result<Sender> {
    let tls = HttpsConnectorBuilder::new().with_native_roots()?;
    let connector = tls.https_or_http().enable_http1().wrap_connector(Guarded { policy });
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_timer(TokioTimer::new());
    client.pool_idle_timeout(CONNECTION_IDLE_MAX).pool_max_idle_per_host(ATTEMPTS_AT_ONCE);
    Ok(client.build(connector))
}

/// Connects to allowed addresses alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guarded {
    policy: WebhookPolicy,
}

impl Service<Uri> for Guarded {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let policy = self.policy;
        Box::pin(async move { connect(&uri, policy).await.map(TokioIo::new) })
    }
}

async fn connect(uri: &Uri, policy: WebhookPolicy) -> io::Result<TcpStream> {
    let found = resolve(uri).await?;
    let allowed: Vec<_> =
        found.into_iter().filter(|address| policy.lets_connect(address.ip())).collect();
    if allowed.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the host has no address outside of private networks",
        ));
    }
    let stream = TcpStream::connect(&*allowed).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The addresses of a host.
async fn resolve(uri: &Uri) -> io::Result<Vec<SocketAddr>> {
    let host = uri.host().unwrap_or_default();
    let default = if uri.scheme_str() == Some("http") { 80 } else { 443 };
    let port = uri.port_u16().unwrap_or(default);
    match address(host) {
        Some(address) => Ok(vec![SocketAddr::new(address, port)]),
        None => Ok(lookup_host((host, port)).await?.collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(url: &str) -> io::ErrorKind {
        let policy = WebhookPolicy::default();
        connect(&url.parse().unwrap(), policy).await.unwrap_err().kind()
    }

    /// The first is a name that has an address of this machine, the others are how a system reads
    /// an address that is written otherwise.
    #[tokio::test]
    async fn a_name_of_a_private_address_is_not_connected_to() {
        for url in ["https://localhost:9/", "https://127.1:9/", "https://2130706433:9/"] {
            let kind = refused(url).await;
            let is_unknown = kind != io::ErrorKind::PermissionDenied && !url.contains("localhost");
            assert!(kind == io::ErrorKind::PermissionDenied || is_unknown, "{url}: {kind:?}");
            assert_ne!(kind, io::ErrorKind::ConnectionRefused, "{url} was connected to");
        }
    }

    #[tokio::test]
    async fn what_is_allowed_is_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let policy = WebhookPolicy { allow_private_addresses: true, allow_http: true };
        connect(&url.parse().unwrap(), policy).await.unwrap();
    }
}
