//! As much of the PostgreSQL protocol (version 3) as the comparison needs: no
//! password, simple queries, one statement that is prepared once.

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

const PROTOCOL: i32 = 3 << 16;
/// A server that says nothing for this long has failed.
const SILENCE_MAX: Duration = Duration::from_mins(2);
/// Parameters and results in binary.
const BINARY: i16 = 1;
/// The type of the elements of an array: `int4`.
const INT4_OID: i32 = 23;

/// A message that is being made: its kind, its length, its fields.
#[derive(Debug)]
pub struct Message(Vec<u8>);

impl Message {
    /// A message of that kind.
    pub fn new(kind: u8) -> Self {
        Self(vec![kind, 0, 0, 0, 0])
    }

    /// Two bytes.
    pub fn int2(mut self, value: i16) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    /// Four bytes.
    pub fn int4(mut self, value: i32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    /// Bytes with their number before them.
    pub fn counted(mut self, bytes: &[u8]) -> Self {
        self = self.int4(len(bytes));
        self.0.extend_from_slice(bytes);
        self
    }

    /// Text with a zero after it.
    pub fn text(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        self
    }

    /// Bytes.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// The message with its length.
    pub fn done(mut self) -> Vec<u8> {
        let length = len(&self.0[1..]);
        self.0[1..5].copy_from_slice(&length.to_be_bytes());
        self.0
    }
}

fn len(bytes: &[u8]) -> i32 {
    i32::try_from(bytes.len()).expect("messages are short")
}

/// An `int4[]` of one dimension, in binary.
pub fn array(values: impl ExactSizeIterator<Item = u32>) -> Vec<u8> {
    let count = i32::try_from(values.len()).expect("few lines");
    let mut bytes = Vec::new();
    // Dimensions, no nulls, the type, the length, the first index.
    for field in [1, 0, INT4_OID, count, 1] {
        bytes.extend(field.to_be_bytes());
    }
    for value in values {
        bytes.extend(4i32.to_be_bytes());
        bytes.extend(value.to_be_bytes());
    }
    bytes
}

/// The messages that execute the statement `name`, each parameter in binary.
pub fn execute(name: &str, parameters: &[&[u8]]) -> Vec<u8> {
    let count = i16::try_from(parameters.len()).expect("few parameters");
    let bind = Message::new(b'B').text("").text(name).int2(1).int2(BINARY).int2(count);
    let bind = parameters.iter().fold(bind, |bind, parameter| bind.counted(parameter));
    let bind = bind.int2(1).int2(BINARY).done();
    let execute = Message::new(b'E').text("").int4(0).done();
    [bind, execute, Message::new(b'S').done()].concat()
}

/// What came of a statement.
#[derive(Debug)]
pub enum Outcome {
    /// The first column of each row.
    Rows(Vec<Vec<u8>>),
    /// The SQLSTATE and the text of the error; nothing was done.
    Failed(String, String),
}

impl Outcome {
    /// The rows, or the error as one.
    pub fn rows(self) -> io::Result<Vec<Vec<u8>>> {
        match self {
            Self::Rows(rows) => Ok(rows),
            Self::Failed(state, text) => {
                Err(io::Error::other(format!("postgres says: {state} {text}")))
            }
        }
    }
}

/// A connection.
#[derive(Debug)]
pub struct Postgres {
    stream: TcpStream,
    replies: BufReader<TcpStream>,
}

impl Postgres {
    /// Connects as that user to the database of the same name.
    pub fn connect(address: &str, user: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE_MAX))?;
        let replies = BufReader::new(stream.try_clone()?);
        let mut connection = Self { stream, replies };
        let hello = Message::new(b' ').int4(PROTOCOL).text("user").text(user).text("").done();
        // The first message alone has no kind.
        connection.stream.write_all(&hello[1..])?;
        connection.outcome()?.rows()?;
        Ok(connection)
    }

    /// Runs one or more statements; returns the first column of all rows, as text.
    pub fn query(&mut self, sql: &str) -> io::Result<Vec<String>> {
        self.stream.write_all(&Message::new(b'Q').text(sql).done())?;
        let rows = self.outcome()?.rows()?;
        Ok(rows.into_iter().map(|row| String::from_utf8_lossy(&row).into_owned()).collect())
    }

    /// Copies rows of text into a table.
    pub fn copy_in(&mut self, table: &str, chunks: impl Iterator<Item = String>) -> io::Result<()> {
        let copy = format!("copy {table} from stdin");
        self.stream.write_all(&Message::new(b'Q').text(&copy).done())?;
        for chunk in chunks {
            self.stream.write_all(&Message::new(b'd').bytes(chunk.as_bytes()).done())?;
        }
        self.stream.write_all(&Message::new(b'c').done())?;
        self.outcome()?.rows().map(drop)
    }

    /// Prepares a statement.
    pub fn prepare(&mut self, name: &str, sql: &str) -> io::Result<()> {
        let parse = Message::new(b'P').text(name).text(sql).int2(0).done();
        self.stream.write_all(&[parse, Message::new(b'S').done()].concat())?;
        self.outcome()?.rows().map(drop)
    }

    /// Sends messages that end with a sync, and waits for what comes of them.
    pub fn call(&mut self, messages: &[u8]) -> io::Result<Outcome> {
        self.stream.write_all(messages)?;
        self.outcome()
    }

    /// Reads until the server is ready again.
    fn outcome(&mut self) -> io::Result<Outcome> {
        let (mut rows, mut failed) = (Vec::new(), None);
        loop {
            match self.message()? {
                (b'D', row) => rows.extend(first_column(&row)),
                (b'E', error) => failed = Some(error),
                (b'R', method) if method != [0; 4] => {
                    return Err(io::Error::other("postgres wants a password"));
                }
                (b'Z', _) => break,
                _ => {}
            }
        }
        Ok(failed.map_or(Outcome::Rows(rows), |error| {
            Outcome::Failed(error_field(&error, b'C'), error_field(&error, b'M'))
        }))
    }

    fn message(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.replies.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
        self.replies.read_exact(&mut body)?;
        Ok((kind, body))
    }
}

/// The first column of a row, unless it is null.
fn first_column(row: &[u8]) -> Option<Vec<u8>> {
    let (length, column) = row.get(2..)?.split_first_chunk()?;
    let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
    column.get(..length).map(<[u8]>::to_vec)
}

/// A field of an error: a kind, text, a zero.
fn error_field(error: &[u8], kind: u8) -> String {
    let mut fields = error.split(|byte| *byte == 0);
    let field = fields.find(|field| field.first() == Some(&kind));
    field.map_or_else(String::new, |field| String::from_utf8_lossy(&field[1..]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_counts_its_own_length() {
        assert_eq!(Message::new(b'Q').text("ab").done(), b"Q\0\0\0\x07ab\0");
        assert_eq!(Message::new(b'S').done(), b"S\0\0\0\x04");
    }

    #[test]
    fn an_array_is_as_the_server_reads_it() {
        let bytes = array([7].into_iter());
        let fields: Vec<_> = bytes.chunks(4).map(|field| field[3]).collect();
        assert_eq!(fields, [1, 0, 23, 1, 1, 4, 7]);
    }

    #[test]
    fn an_error_tells_its_state_and_text() {
        let error = b"SERROR\0C40P01\0Mdeadlock detected\0\0";
        assert_eq!(error_field(error, b'C'), "40P01");
        assert_eq!(error_field(error, b'M'), "deadlock detected");
        assert_eq!(error_field(error, b'D'), "");
    }

    #[test]
    fn nulls_and_torn_rows_have_no_first_column() {
        assert_eq!(first_column(b"\0\x01\0\0\0\x02ab"), Some(b"ab".to_vec()));
        assert_eq!(first_column(b"\0\x01\xff\xff\xff\xff"), None);
        assert_eq!(first_column(b"\0\x01\0\0\0\x05ab"), None);
    }
}
