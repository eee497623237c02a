//! What kind of no a refusal is.

/// What kind of no a refusal is. Each kind has one gRPC code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// The command names something that does not exist.
    NotFound,
    /// What the command would begin exists already.
    AlreadyExists,
    /// An id was used before, for something else.
    IdReused,
    /// The state does not allow the change.
    Precondition,
    /// The change would take the state past one of its limits.
    LimitReached,
    /// The command can never be taken, whatever the state is.
    TooLarge,
    /// Others in flight stood in the way. The same command may succeed if it is sent again.
    Contention,
}
