//! The feed of the engine.

use std::sync::Arc;

use super::{Engine, EngineError, Feed};
use crate::model::Lsn;

impl Engine {
    /// A place in the feed before the event of version `from`, 0 standing for 1: the first one
    /// there was. Waits for the event before it, if that is on its way.
    ///
    /// # Errors
    /// [`EngineError::VersionAhead`] where that event is not there, and
    /// [`EngineError::VersionDropped`] where `from` is not kept any more.
    pub async fn feed(&self, from: Lsn) -> Result<Feed, EngineError> {
        let from = from.max(Lsn::FIRST);
        self.at_least(from.previous()).await?;
        let first = self.history.first();
        if from < first {
            return Err(EngineError::VersionDropped { wanted: from, first });
        }
        Ok(Feed::new(Arc::clone(&self.kernel), self.history.cursor(from)))
    }
}
