//! Where the engine of a run keeps its data.

use std::path::{Path, PathBuf};

use super::error::LoadError;

/// The data directory of a run.
pub enum Data {
    /// Gone when the run ends.
    Temporary(tempfile::TempDir),
    /// Stays, to be looked at.
    Named(PathBuf),
}

impl Data {
    /// Makes the directory `named`, or one for the time of the run.
    pub fn prepare(named: Option<&Path>) -> Result<Self, LoadError> {
        let Some(path) = named else {
            let directory = tempfile::tempdir();
            let failed = |source| LoadError::File { path: std::env::temp_dir(), source };
            return directory.map(Self::Temporary).map_err(failed);
        };
        let failed = |source| LoadError::File { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(failed)?;
        if std::fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(LoadError::DataInUse(path.to_owned()));
        }
        Ok(Self::Named(path.to_owned()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Temporary(directory) => directory.path(),
            Self::Named(path) => path,
        }
    }
}
