//! The file of the consumers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::position::Positions;
use crate::disk::{Access, Disk, is_unreadable};
use crate::limits::CONSUMERS_FILE_BYTES_MAX;
use crate::paths::consumers_file;

const MAGIC: [u8; 8] = *b"BKSTCONS";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 16;

/// Why the consumers of a data directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConsumersError {
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
enum Content {
    None,
    Positions(Positions),
    Newer(u32),
    Damaged,
}

/// The file of the consumers of a data directory, which may not be there yet.
pub(super) struct ConsumersFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl ConsumersFile {
    /// The file in a data directory, and what is in it.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        data: &Path,
    ) -> Result<(Self, Positions), ConsumersError> {
        let file = Self { disk, path: consumers_file(data) };
        let failed = |source| ConsumersError::File { path: file.path.clone(), source };
        let content = match file.read() {
            Err(error) if is_unreadable(&error) => Content::Damaged,
            read => read.map_err(failed)?.map_or(Content::None, |bytes| decode(&bytes)),
        };
        match content {
            Content::None => Ok((file, Positions::new())),
            Content::Positions(positions) => Ok((file, positions)),
            Content::Newer(found) => Err(ConsumersError::Newer { path: file.path, found }),
            Content::Damaged => {
                file.set_aside().map_err(failed)?;
                Ok((file, Positions::new()))
            }
        }
    }

    /// All bytes of the file, if it is there.
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match self.disk.open(&self.path, Access::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // One that is longer is damaged.
        let length = file.len()?.min(CONSUMERS_FILE_BYTES_MAX + 1);
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

    /// Replaces the file by one with these consumers, on stable storage.
    pub(super) fn write(&mut self, positions: &Positions) -> io::Result<()> {
        let unfinished = self.path.with_added_extension("new");
        let file = self.disk.open(&unfinished, Access::Create)?;
        file.write_at(&encode(positions), 0)?;
        file.sync_data()?;
        drop(file);
        self.disk.rename(&unfinished, &self.path)?;
        self.sync_names()
    }

    fn set_aside(&self) -> io::Result<()> {
        let aside = self.path.with_added_extension("damaged");
        let (path, to) = (self.path.display(), aside.display());
        tracing::error!(%path, %to, "the feed's consumers cannot be read: the file is set aside, \
            and each has to be named again");
        self.disk.rename(&self.path, &aside)?;
        self.sync_names()
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_dir(self.path.parent().unwrap_or(Path::new("/")))
    }
}

fn encode(positions: &Positions) -> Vec<u8> {
    let list: Vec<_> = positions.iter().collect();
    let Ok(body) = minicbor::to_vec(&list) else {
        unreachable!("writing to memory does not fail, and model types encode");
    };
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(crc32fast::hash(&body).to_le_bytes());
    bytes.extend(body);
    bytes
}

fn decode(bytes: &[u8]) -> Content {
    let Some((header, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Content::Damaged;
    };
    let field = |at| {
        let mut field = [0; 4];
        field.copy_from_slice(&header[at..at + 4]);
        u32::from_le_bytes(field)
    };
    let is_sound = header[..8] == MAGIC && field(12) == crc32fast::hash(body);
    if !is_sound {
        return Content::Damaged;
    }
    if field(8) != VERSION {
        return Content::Newer(field(8));
    }
    let list: Result<Vec<_>, _> = minicbor::decode(body);
    list.map_or(Content::Damaged, |list| Content::Positions(list.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::super::super::position::Position;
    use super::*;
    use crate::model::{ConsumerId, Lsn, Timestamp};

    fn one() -> Positions {
        let id = ConsumerId::new("consumer_id", "erp").unwrap();
        let at = Timestamp::from_micros;
        let position = Position { acknowledged: Lsn::new(7), created_at: at(1), moved_at: at(2) };
        Positions::from([(id, position)])
    }

    #[test]
    fn a_file_has_these_bytes() {
        let golden = [
            0x42, 0x4B, 0x53, 0x54, 0x43, 0x4F, 0x4E, 0x53, 0x01, 0, 0, 0, 0xA2, 0xF5, 0x8A, 0x97,
            0x81, 0x82, 0x63, 0x65, 0x72, 0x70, 0x83, 0x07, 0x01, 0x02,
        ];
        assert_eq!(encode(&one()), golden);
        assert!(matches!(decode(&golden), Content::Positions(found) if found == one()));
    }

    #[test]
    fn damage_and_newer_files_are_told_apart() {
        let good = encode(&one());
        for at in 0..good.len() * 8 {
            let mut flipped = good.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let is_version = (8..12).contains(&(at / 8));
            assert_eq!(matches!(decode(&flipped), Content::Newer(_)), is_version, "bit {at}");
            assert_eq!(matches!(decode(&flipped), Content::Damaged), !is_version, "bit {at}");
        }
        assert!(matches!(decode(&good[..good.len() - 1]), Content::Damaged));
        assert!(matches!(decode(&good[..3]), Content::Damaged));
    }
}
