//! Reads a file: each set becomes a message or a list of faults.

use backstock_engine::model::Timestamp;

use super::envelope::{Group, Interchange, interchanges};
use super::fault::{FileFault, SetFault};
use super::read::messages;
use super::syntax::text;
use crate::partner::contract::Message;

/// What one interchange of a file says.
#[derive(Debug)]
pub struct InterchangeRead {
    /// Who sends it.
    pub sender: String,
    /// Whom it is for.
    pub receiver: String,
    /// Its number; 0 if it has none.
    pub control: u64,
    /// Its groups.
    pub groups: Vec<GroupRead>,
}

/// What one group says: it is answered as one.
#[derive(Debug)]
pub struct GroupRead {
    /// What kind of sets it has, such as `SW`.
    pub code: String,
    /// Its number.
    pub control: String,
    /// Its sets.
    pub sets: Vec<SetRead>,
}

/// What one set says.
#[derive(Debug)]
pub struct SetRead {
    /// Which set it is, such as `945`.
    pub id: String,
    /// Its number.
    pub control: String,
    /// The messages: one, or in a 997 one for each set that it answers. Or what is wrong with it.
    pub outcome: Result<Vec<Message>, Vec<SetFault>>,
}

/// Reads a file of at most some 16 MiB.
///
/// # Errors
/// Why nothing of it is taken: it was cut short, or its envelope is broken.
pub fn read(bytes: &[u8], now: Timestamp) -> Result<Vec<InterchangeRead>, FileFault> {
    let list = interchanges(text(bytes)?)?;
    Ok(list.iter().map(|one| interchange(one, now)).collect())
}

fn interchange(from: &Interchange<'_>, now: Timestamp) -> InterchangeRead {
    InterchangeRead {
        sender: from.sender.to_owned(),
        receiver: from.receiver.to_owned(),
        control: from.control.trim().parse().unwrap_or(0),
        groups: from.groups.iter().map(|of| group(from, of, now)).collect(),
    }
}

fn group(interchange: &Interchange<'_>, from: &Group<'_>, now: Timestamp) -> GroupRead {
    let set = |set| {
        let outcome = messages(interchange.control, from, set, now);
        SetRead { id: set.id.to_owned(), control: set.control.to_owned(), outcome }
    };
    GroupRead {
        code: from.code.to_owned(),
        control: from.control.to_owned(),
        sets: from.sets.iter().map(set).collect(),
    }
}
