//! A file of what the feed keeps: a list, which is replaced whole.
//!
//! ```text
//!   magic, 8 bytes; version u32; CRC-32 of what follows u32
//!   pairs of a key and what is kept under it, as CBOR
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::disk::{Access, Disk, is_unreadable};

const VERSION: u32 = 1;
const HEADER_BYTES: usize = 16;

/// What a file is of.
#[derive(Clone, Debug)]
pub(in crate::feed) struct Kind {
    /// Where it is.
    pub(in crate::feed) path: PathBuf,
    /// What it begins with.
    pub(in crate::feed) magic: [u8; 8],
    /// Bytes that it has at most. One that is longer is damaged.
    pub(in crate::feed) bytes_max: u64,
    /// What it has, for people: as `consumers`.
    pub(in crate::feed) of: &'static str,
}

/// Why what the feed keeps in a data directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The file system refuses.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A newer program wrote it.
    #[error(
        "{} has format version {found}, and this program reads up to {VERSION}: use the program \
         that wrote it, or a newer one", .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

/// What is in a file.
enum Content<K, V> {
    None,
    Entries(BTreeMap<K, V>),
    Newer(u32),
    Damaged,
}

/// A key or a value of a file.
pub(in crate::feed) trait Part: Encode<()> + for<'b> Decode<'b, ()> {}

impl<T: Encode<()> + for<'b> Decode<'b, ()>> Part for T {}

/// A file in a data directory, which may not be there yet.
pub(super) struct KeptFile {
    disk: Arc<dyn Disk>,
    kind: Kind,
}

impl KeptFile {
    /// A file in a data directory, and what is in it.
    pub(super) fn open<K: Part + Ord, V: Part>(
        disk: Arc<dyn Disk>,
        kind: Kind,
    ) -> Result<(Self, BTreeMap<K, V>), KeptError> {
        let file = Self { disk, kind };
        let path = file.kind.path.clone();
        let failed = |source| KeptError::File { path: path.clone(), source };
        let content = match file.read() {
            Err(error) if is_unreadable(&error) => Content::Damaged,
            read => {
                let bytes = read.map_err(failed)?;
                bytes.map_or(Content::None, |bytes| decode(&bytes, file.kind.magic))
            }
        };
        match content {
            Content::None => Ok((file, BTreeMap::new())),
            Content::Entries(entries) => Ok((file, entries)),
            Content::Newer(found) => Err(KeptError::Newer { path, found }),
            Content::Damaged => {
                file.set_aside().map_err(failed)?;
                Ok((file, BTreeMap::new()))
            }
        }
    }

    /// All bytes of the file, if it is there.
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match self.disk.open(&self.kind.path, Access::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // One that is longer is damaged.
        let length = file.len()?.min(self.kind.bytes_max + 1);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        let mut done = 0;
        while done < bytes.len() {
            match file.read_at(&mut bytes[done..], done as u64)? {
                0 => break,
                read => done += read,
            }
        }
        bytes.truncate(done);
        Ok(Some(bytes))
    }

    /// Replaces the file by one with these entries, on stable storage.
    pub(super) fn write<K: Part, V: Part>(&mut self, entries: &BTreeMap<K, V>) -> io::Result<()> {
        let unfinished = self.kind.path.with_added_extension("new");
        let file = self.disk.open(&unfinished, Access::Create)?;
        file.write_at(&encode(entries, self.kind.magic), 0)?;
        file.sync_data()?;
        drop(file);
        self.disk.rename(&unfinished, &self.kind.path)?;
        self.sync_names()
    }

    fn set_aside(&self) -> io::Result<()> {
        let aside = self.kind.path.with_added_extension("damaged");
        let (path, to, of) = (self.kind.path.display(), aside.display(), self.kind.of);
        tracing::error!(%path, %to, of, "what the feed keeps cannot be read: the file is set \
            aside, and each of them has to be named again");
        self.disk.rename(&self.kind.path, &aside)?;
        self.sync_names()
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_dir(self.kind.path.parent().unwrap_or(Path::new("/")))
    }
}

fn encode<K: Part, V: Part>(entries: &BTreeMap<K, V>, magic: [u8; 8]) -> Vec<u8> {
    let list: Vec<_> = entries.iter().collect();
    let Ok(body) = minicbor::to_vec(&list) else {
        unreachable!("writing to memory does not fail, and model types encode");
    };
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend(magic);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(crc32fast::hash(&body).to_le_bytes());
    bytes.extend(body);
    bytes
}

fn decode<K: Part + Ord, V: Part>(bytes: &[u8], magic: [u8; 8]) -> Content<K, V> {
    let Some((header, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Content::Damaged;
    };
    let field = |at| {
        let mut field = [0; 4];
        field.copy_from_slice(&header[at..at + 4]);
        u32::from_le_bytes(field)
    };
    let is_sound = header[..8] == magic && field(12) == crc32fast::hash(body);
    if !is_sound {
        return Content::Damaged;
    }
    if field(8) != VERSION {
        return Content::Newer(field(8));
    }
    let list: Result<Vec<_>, _> = minicbor::decode(body);
    list.map_or(Content::Damaged, |list| Content::Entries(list.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::super::super::position::{Position, Positions};
    use super::*;
    use crate::model::{ConsumerId, Lsn, Timestamp};

    const MAGIC: [u8; 8] = *b"BKSTCONS";

    fn one() -> Positions {
        let id = ConsumerId::new("consumer_id", "erp").unwrap();
        let at = Timestamp::from_micros;
        let position = Position { acknowledged: Lsn::new(7), created_at: at(1), moved_at: at(2) };
        Positions::from([(id, position)])
    }

    fn read(bytes: &[u8]) -> Content<ConsumerId, Position> {
        decode(bytes, MAGIC)
    }

    #[test]
    fn a_file_has_these_bytes() {
        let golden = [
            0x42, 0x4B, 0x53, 0x54, 0x43, 0x4F, 0x4E, 0x53, 0x01, 0, 0, 0, 0xA2, 0xF5, 0x8A, 0x97,
            0x81, 0x82, 0x63, 0x65, 0x72, 0x70, 0x83, 0x07, 0x01, 0x02,
        ];
        assert_eq!(encode(&one(), MAGIC), golden);
        assert!(matches!(read(&golden), Content::Entries(found) if found == one()));
    }

    #[test]
    fn damage_and_newer_files_are_told_apart() {
        let good = encode(&one(), MAGIC);
        for at in 0..good.len() * 8 {
            let mut flipped = good.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let is_version = (8..12).contains(&(at / 8));
            assert_eq!(matches!(read(&flipped), Content::Newer(_)), is_version, "bit {at}");
            assert_eq!(matches!(read(&flipped), Content::Damaged), !is_version, "bit {at}");
        }
        assert!(matches!(read(&good[..good.len() - 1]), Content::Damaged));
        assert!(matches!(read(&good[..3]), Content::Damaged));
    }
}
