//! How a command begins: with its idempotency key in hand.

use super::error::EngineError;
use super::kernel::Kernel;
use crate::model::{Request, RequestId};
use crate::state::requests::{Begin, Remembered};

/// How a request starts, once no other request has its key in flight.
pub enum Started<'a> {
    /// It is new.
    Fresh(Option<Key<'a>>),
    /// It was carried out before.
    Repeat(Remembered),
}

/// Takes the request's key; waits while the same key is in flight.
pub async fn begin_request<'a>(
    kernel: &'a Kernel,
    request: Option<&Request>,
) -> Result<Started<'a>, EngineError> {
    let Some(request) = request else {
        return Ok(Started::Fresh(None));
    };
    loop {
        let seen = kernel.look_at_names();
        match kernel.state.requests.begin(request)? {
            Begin::Fresh => {
                let key = Key { kernel, id: Some(request.id.clone()) };
                return Ok(Started::Fresh(Some(key)));
            }
            Begin::Repeat(done) => return Ok(Started::Repeat(done)),
            Begin::Wait => kernel.progress(seen).await?,
        }
    }
}

/// A key in flight. Dropped before its event is in the journal, it is free again.
pub struct Key<'a> {
    kernel: &'a Kernel,
    id: Option<RequestId>,
}

impl Key<'_> {
    /// The event is in the journal: the applier settles the key from here on.
    pub fn hand_over(mut self) {
        self.id = None;
    }
}

impl Drop for Key<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.kernel.state.requests.abandon(&id);
            self.kernel.gave_up_name();
        }
    }
}
