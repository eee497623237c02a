//! As much of the Redis protocol (RESP2) as the comparison needs.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A server that says nothing for this long has failed.
const SILENCE_MAX: Duration = Duration::from_mins(1);
const BUFFER_BYTES: usize = 64 << 10;

/// An answer.
#[derive(Debug)]
pub enum Reply {
    /// Done, without more to say.
    Done,
    /// A number.
    Integer(i64),
    /// Bytes, or nothing.
    Bulk(Option<Vec<u8>>),
    /// Answers.
    Array(Vec<Reply>),
}

/// A connection.
#[derive(Debug)]
pub struct Resp {
    stream: TcpStream,
    replies: BufReader<TcpStream>,
}

/// A command, as it goes over the wire.
pub fn command(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", parts.len()).into_bytes();
    for part in parts {
        bytes.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
        bytes.extend_from_slice(part);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

impl Resp {
    /// Connects.
    pub fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE_MAX))?;
        let replies = BufReader::with_capacity(BUFFER_BYTES, stream.try_clone()?);
        Ok(Self { stream, replies })
    }

    /// Sends a command and waits for its answer.
    pub fn call(&mut self, parts: &[&[u8]]) -> io::Result<Reply> {
        self.send(&command(parts))?;
        self.receive()
    }

    /// Sends commands.
    pub fn send(&mut self, commands: &[u8]) -> io::Result<()> {
        self.stream.write_all(commands)
    }

    /// Waits for the next answer.
    pub fn receive(&mut self) -> io::Result<Reply> {
        let mut line = String::new();
        self.replies.read_line(&mut line)?;
        let line = line.trim_end();
        let (kind, rest) = line.split_at_checked(1).ok_or(io::ErrorKind::UnexpectedEof)?;
        match kind {
            "+" => Ok(Reply::Done),
            ":" => Ok(Reply::Integer(number(rest)?)),
            "$" => self.bulk(number(rest)?),
            "*" => (0..number(rest)?)
                .map(|_| self.receive())
                .collect::<Result<_, _>>()
                .map(Reply::Array),
            _ => Err(io::Error::other(format!("redis says: {line}"))),
        }
    }

    fn bulk(&mut self, len: i64) -> io::Result<Reply> {
        let Ok(len) = usize::try_from(len) else { return Ok(Reply::Bulk(None)) };
        let mut bytes = vec![0; len + 2];
        self.replies.read_exact(&mut bytes)?;
        bytes.truncate(len);
        Ok(Reply::Bulk(Some(bytes)))
    }
}

fn number(text: &str) -> io::Result<i64> {
    text.parse().map_err(io::Error::other)
}
