//! A connection that breaks when it is told to.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// What becomes of the connection once enough has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is closed to both sides.
    Cut,
    /// Nothing passes any more, and neither side is told.
    Hold,
}

/// Stands between one client and a server.
pub struct Proxy {
    pub addr: String,
    passed: Receiver<()>,
}

impl Proxy {
    /// Lets so many bytes of the client pass, and all of the server's before that.
    pub fn start(server: &str, bytes: u64, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("its number").to_string();
        let server = server.to_owned();
        let (tell, passed) = channel();
        thread::spawn(move || {
            let (client, _) = listener.accept().expect("a client");
            let server = TcpStream::connect(server).expect("the server");
            let back = (server.try_clone(), client.try_clone());
            let (from, mut to) = (back.0.expect("a handle"), back.1.expect("a handle"));
            thread::spawn(move || std::io::copy(&mut &from, &mut to));
            pass(&client, &server, bytes);
            if then == Then::Cut {
                // That one side has gone already is as good.
                let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
            }
            // What holds is held until the test is over.
            let _ = tell.send(());
            if then == Then::Hold {
                drain(&client);
            }
        });
        Self { addr, passed }
    }

    /// Waits until enough has passed.
    pub fn wait(&self) {
        self.passed.recv_timeout(Duration::from_mins(1)).expect("the client sends");
    }
}

fn pass(mut client: &TcpStream, mut server: &TcpStream, bytes: u64) {
    let mut left = bytes;
    let mut piece = [0; 4_096];
    while left > 0 {
        let read = client.read(&mut piece).expect("the client is there");
        assert!(read > 0, "the client sent too little");
        server.write_all(&piece[..read]).expect("the server is there");
        left = left.saturating_sub(read as u64);
    }
}

/// Reads until the client has gone.
fn drain(mut client: &TcpStream) {
    let mut piece = [0; 4_096];
    while client.read(&mut piece).is_ok_and(|read| read > 0) {}
}
