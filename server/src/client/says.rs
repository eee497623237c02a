//! What each call of a client says of who makes it.

use std::str::FromStr;

use backstock_engine::model::Text;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::grpc::caller::{ACTOR, CHANNEL};

/// The fields of metadata with which a client makes its calls.
#[derive(Debug, Clone, Default)]
pub struct Says(Vec<(&'static str, AsciiMetadataValue)>);

/// The name of who does something, or of a channel: a text that a server takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(Text);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 256 bytes without control characters")]
pub struct BadName;

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = Text::new("name", text).map_err(|_| BadName)?;
        if text.is_empty() { Err(BadName) } else { Ok(Self(name)) }
    }
}

impl Says {
    /// Who does it, and through which channel it was asked.
    pub fn of(actor: Option<&Name>, channel: Option<&Name>) -> Self {
        let fields = [(ACTOR, actor), (CHANNEL, channel)];
        let said = fields.into_iter().filter_map(|(field, name)| {
            let value = AsciiMetadataValue::try_from(name?.0.as_str().as_bytes());
            Some((field, value.expect("it has no control character")))
        });
        Self(said.collect())
    }
}

impl Interceptor for Says {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        for (field, value) in &self.0 {
            request.metadata_mut().insert(*field, value.clone());
        }
        Ok(request)
    }
}
