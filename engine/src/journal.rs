#![allow(missing_docs, dead_code)]
use crate::model::Lsn;
use std::marker::PhantomData;
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    pub lsn: Lsn,
    pub epoch: u64,
}
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    #[error("f")]
    Full,
    #[error("h")]
    Halted(String),
    #[error("o")]
    Overloaded,
    #[error("t")]
    TooLarge { bytes: usize },
}
pub struct GroupCommit<T>(PhantomData<fn(T)>);
impl<T> GroupCommit<T> {
    pub fn append(&self, _: &[u8], _: T) -> Result<Ticket, AppendError> {
        todo!()
    }
    pub fn tail(&self) -> Lsn {
        todo!()
    }
}
pub enum Unacknowledged {
    Rejected,
    Halted(String),
}
pub struct Watermark;
impl Watermark {
    pub fn applied(&self) -> Lsn {
        todo!()
    }
    pub async fn wait(&self, _: Ticket) -> Result<(), Unacknowledged> {
        todo!()
    }
    pub async fn wait_past(&self, _: Lsn) -> Result<(), Unacknowledged> {
        todo!()
    }
}
