//! A receiver of webhooks that checks what it gets, and answers as a test says.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::super::server::LONG;

/// What a test signs with: 24 bytes of 7.
const SECRET: [u8; 24] = [7; 24];

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub id: String,
    pub version: u64,
    pub subject: String,
    pub at: Instant,
    pub status: u16,
}

/// What a receiver does with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16, &'static str),
    /// The connection is closed.
    Close,
    /// The answer comes late.
    After(Duration, u16),
}

type Rule = Box<dyn Fn(&Received, usize) -> Answer + Send + Sync>;

/// An HTTP server that checks what it gets and answers by a rule: of the request, and of how many
/// with its id there were before.
#[derive(Clone)]
pub struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    rule: Arc<Mutex<Rule>>,
}

impl Receiver {
    pub async fn start(rule: impl Fn(&Received, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let rule: Rule = Box::new(rule);
        let receiver = Self { address, received: Arc::default(), rule: Arc::new(Mutex::new(rule)) };
        let accepting = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let receiver = accepting.clone();
                tokio::spawn(async move { receiver.serve(stream).await });
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    pub async fn answers(&self, rule: impl Fn(&Received, usize) -> Answer + Send + Sync + 'static) {
        *self.rule.lock().await = Box::new(rule);
    }

    /// Serves one connection; `None` where it is closed.
    async fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let (head, body) = request(&mut stream).await?;
            let received = checked(&head, &body);
            let before = {
                let all = self.received.lock().await;
                all.iter().filter(|of| of.id == received.id).count()
            };
            let answer = (self.rule.lock().await)(&received, before);
            let (status, more) = match &answer {
                Answer::Status(status, more) => (*status, *more),
                Answer::Close => (0, ""),
                Answer::After(_, status) => (*status, ""),
            };
            self.received.lock().await.push(Received { status, ..received });
            match answer {
                Answer::Close => return None,
                Answer::After(pause, _) => sleep(pause).await,
                Answer::Status(..) => {}
            }
            let text = format!("HTTP/1.1 {status} Word\r\ncontent-length: 2\r\n{more}\r\nok");
            stream.write_all(text.as_bytes()).await.ok()?;
        }
    }

    pub async fn all(&self) -> Vec<Received> {
        self.received.lock().await.clone()
    }

    /// Waits until what came is as it is to be.
    pub async fn until(&self, what: &str, is_so: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let waited = timeout(LONG, async {
            loop {
                let all = self.all().await;
                if is_so(&all) {
                    return all;
                }
                sleep(Duration::from_millis(10)).await;
            }
        });
        if let Ok(all) = waited.await {
            return all;
        }
        panic!("{what} did not come to be: {:#?}", self.all().await)
    }

    pub async fn delivered(&self, count: usize) -> Vec<Received> {
        let is_so = |all: &[Received]| taken(all).len() >= count;
        self.until(&format!("{count} deliveries"), is_so).await
    }
}

/// Events that were taken, each once, in the order in which they were taken first.
pub fn taken(all: &[Received]) -> Vec<&Received> {
    let mut seen = HashSet::new();
    let is_first = |of: &&Received| of.status == 200 && seen.insert(of.id.clone());
    all.iter().filter(is_first).collect()
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<(HashMap<String, String>, Vec<u8>)> {
    let mut head = HashMap::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some((name, value)) => head.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => head.insert("request".to_owned(), line.to_owned()),
        };
    }
    let length = head.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

/// Checks a request as the specification says, and reads it.
fn checked(head: &HashMap<String, String>, body: &[u8]) -> Received {
    assert_eq!(head["request"], "POST /hooks HTTP/1.1");
    assert_eq!(head["content-type"], "application/cloudevents+json");
    let (id, seconds) = (&head["webhook-id"], &head["webhook-timestamp"]);
    let mut signed = format!("{id}.{seconds}.").into_bytes();
    signed.extend(body);
    let expected = STANDARD.encode(hmac_sha256::HMAC::mac(&signed, SECRET));
    let signatures = head["webhook-signature"].split(' ');
    let known = signatures.filter_map(|signature| signature.strip_prefix("v1,"));
    assert!(known.into_iter().any(|signature| signature == expected), "the signature is wrong");
    let event: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!((&event["specversion"], &event["source"]), (&"1.0".into(), &"/backstock".into()));
    Received {
        id: id.clone(),
        version: event["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(0),
        subject: event["subject"].as_str().unwrap_or_default().to_owned(),
        at: Instant::now(),
        status: 0,
    }
}

pub fn secret() -> String {
    format!("whsec_{}", STANDARD.encode(SECRET))
}
