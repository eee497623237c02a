//! A server whose engine is not open yet.

use std::future::pending;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use backstock::clock::ClockKind;
use backstock::config::Config;
use backstock::serve::{self, ServeError, ServeOptions};
use backstock::shutdown::Shutdown;
use backstock_engine::engine::Engine;
use backstock_proto::v1;
use backstock_proto::v1::admin_service_client::AdminServiceClient;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::connections::GREETING;
use super::server::{LONG, channel, configuration};

/// Longer than nothing, and shorter than a test should wait for a refusal.
const WAIT: Duration = Duration::from_millis(20);

/// A server that answers, and opens when `opens` is ready.
pub struct Opening {
    address: SocketAddr,
    pub channel: Channel,
    shutdown: Shutdown,
    is_announced: Arc<AtomicBool>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Opening {
    pub async fn start(
        config: &Config,
        opens: impl Future<Output = Result<Engine, ServeError>> + Send + 'static,
    ) -> Self {
        let listener = serve::listen(config.listen.clone()).await.expect("a free port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        let options =
            ServeOptions { opening_wait_max: WAIT, ..ServeOptions::new(config, ClockKind::System) };
        let (shutdown, is_announced) = (Shutdown::default(), Arc::new(AtomicBool::new(false)));
        let (ends, announced) = (shutdown.clone(), Arc::clone(&is_announced));
        let serving = tokio::spawn(async move {
            let announce = || {
                announced.store(true, Ordering::SeqCst);
                Ok(())
            };
            serve::serve_when_open(opens, listener, options, ends, announce).await
        });
        Self { address, channel: channel(address).await, shutdown, is_announced, serving }
    }

    /// What health says of the server.
    async fn health(&self) -> i32 {
        let mut health = HealthClient::new(self.channel.clone());
        let asked = health.check(HealthCheckRequest { service: String::new() }).await;
        asked.expect("health answers").into_inner().status
    }

    /// Drains, hangs up, and waits for the end.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.shutdown.drain();
        drop(self.channel);
        let ended = tokio::time::timeout(LONG, self.serving).await;
        ended.expect("the server ends").expect("no panic")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_opens_says_so_and_serves_when_it_is_open() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = configuration(directory.path());
    let (open, opens) = oneshot::channel();
    let of_data = config.clone();
    let server = Opening::start(&config, async move {
        opens.await.expect("the test opens it");
        serve::open(&of_data).await
    });
    let server = server.await;
    assert_eq!(server.health().await, 2, "not serving");
    let mut admin = AdminServiceClient::new(server.channel.clone());
    let refused = admin.get_status(v1::GetStatusRequest {}).await.expect_err("it opens");
    assert_eq!(refused.code(), tonic::Code::Unavailable, "{refused:?}");
    assert!(!server.is_announced.load(Ordering::SeqCst), "scripts wait for it");

    open.send(()).expect("it waits");
    let deadline = Instant::now() + LONG;
    while admin.get_status(v1::GetStatusRequest {}).await.is_err() {
        assert!(Instant::now() < deadline, "it does not open");
    }
    let deadline = Instant::now() + LONG;
    while server.health().await != 1 || !server.is_announced.load(Ordering::SeqCst) {
        assert!(Instant::now() < deadline, "it does not say that it is open");
    }
    drop(admin);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_opens_in_a_drain_does_not_say_that_it_is_open() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = configuration(directory.path());
    let (open, opens) = oneshot::channel();
    let of_data = config.clone();
    let server = Opening::start(&config, async move {
        opens.await.expect("the test opens it");
        serve::open(&of_data).await
    });
    let Opening { address, channel, shutdown, is_announced, serving } = server.await;
    // It keeps the drain from ending for a while.
    let mut held = TcpStream::connect(address).expect("it listens");
    held.write_all(GREETING).expect("sent");
    shutdown.drain();
    open.send(()).expect("it waits");
    drop(channel);
    let ended = tokio::time::timeout(LONG, serving).await.expect("the server ends");
    ended.expect("no panic").expect("drained");
    assert!(!is_announced.load(Ordering::SeqCst), "scripts wait for it");
    drop(held);
}

/// Nothing was taken yet, and recovery may be cut off at any moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_does_not_wait_for_what_is_being_opened() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Opening::start(&configuration(directory.path()), pending()).await;
    let began = Instant::now();
    server.stop().await.expect("it ends as drained");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
