//! Those whom the feed is sent to: endpoints of webhooks, and how far each has come.
//!
//! An endpoint is what a caller said of it, its state, and what is left of the events that were
//! looked through for it. The journal is kept for it as for any consumer of the feed: its consumer is
//! called after it. Who sends is not here.
//!
//! - **Invariant, forward.** A consumer of an endpoint stands before the oldest event that was not
//!   delivered. What [`Progress`] says is written before the consumer moves.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use minicbor::{Decode, Encode};

use super::kept::{Kept, KeptError, Kind};
use crate::disk::Disk;
use crate::limits::{ENDPOINTS_FILE_BYTES_MAX, ENDPOINTS_MAX};
use crate::model::{ConsumerId, EndpointId, Lsn, Refusal, Timestamp};
use crate::paths::endpoints_file;
use crate::transaction::error::EngineError;

/// What the ids of the consumers of endpoints begin with.
const CONSUMER_PREFIX: &str = "webhook:";

/// The consumer of the feed that keeps the place of an endpoint.
pub fn consumer_of(id: &EndpointId) -> ConsumerId {
    let consumer = ConsumerId::new("endpoint_id", format!("{CONSUMER_PREFIX}{id}"));
    let Ok(consumer) = consumer else {
        unreachable!("an endpoint's id leaves room for what is put before it");
    };
    consumer
}

/// A secret, which no text shows.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Secret(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl Secret {
    /// Takes the bytes of one.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes, for signing.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Whether an endpoint is sent anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum EndpointState {
    /// It is.
    #[n(0)]
    Active,
    /// Not now: a caller said so.
    #[n(1)]
    Disabled,
    /// Not until a caller says so: an event could not be delivered by the last try, or the events
    /// that come next are not kept any more.
    #[n(2)]
    Parked,
    /// Not until a caller says so: the receiver answered that it is gone.
    #[n(3)]
    Gone,
}

/// Why an event was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Failure {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// Which event.
    #[n(1)]
    pub version: Lsn,
    /// The HTTP status of the answer; 0 if there was none.
    #[n(2)]
    pub status: u16,
    /// Why, for people.
    #[n(3)]
    pub why: String,
}

/// An event that was looked at and not delivered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Undelivered {
    /// Which event.
    #[n(0)]
    pub version: Lsn,
    /// Tries that failed.
    #[n(1)]
    pub failures: u32,
    /// When the next one is due.
    #[n(2)]
    pub due: Timestamp,
}

/// What was looked through for an endpoint, and what of it is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Progress {
    /// All events up to this one were delivered or were not wanted, but those that follow.
    #[n(0)]
    pub looked_through: Lsn,
    /// Those that were not delivered yet, by version.
    #[n(1)]
    pub undelivered: Vec<Undelivered>,
}

impl Progress {
    /// All events up to this one were delivered, or were not wanted.
    pub fn delivered(&self) -> Lsn {
        let oldest = self.undelivered.first();
        oldest.map_or(self.looked_through, |oldest| oldest.version.previous())
    }
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Endpoint {
    /// Where events are sent.
    #[n(0)]
    pub url: String,
    /// What they are signed with; all of these while they change.
    #[n(1)]
    pub secrets: Vec<Secret>,
    /// Names of the events that are sent; all if there is none.
    #[n(2)]
    pub names: Vec<String>,
    /// What they are about; anything if there is none.
    #[n(3)]
    pub subjects: Vec<String>,
    /// When it was made. It tells messages to this endpoint from those to an earlier one of its id.
    #[n(4)]
    pub created_at: Timestamp,
    /// Whether it is sent anything.
    #[n(5)]
    pub state: EndpointState,
    /// Why an event was not delivered, the last time that one was not.
    #[n(6)]
    pub last_failure: Option<Failure>,
    /// How far it has come.
    #[n(7)]
    pub progress: Progress,
    /// Counts what callers changed: who sends by an earlier one has no say any more.
    #[n(8)]
    pub revision: u64,
}

/// All endpoints, by id.
pub type EndpointList = BTreeMap<EndpointId, Endpoint>;

/// The endpoints of a data directory. What changes them blocks its thread.
pub struct Endpoints(Kept<EndpointId, Endpoint>);

impl Endpoints {
    /// The endpoints of a data directory. A file that is damaged is set aside.
    ///
    /// # Errors
    /// When the file system refuses, and when a newer program wrote the file.
    pub fn open(disk: Arc<dyn Disk>, data: &Path) -> Result<Self, KeptError> {
        let kind = Kind {
            path: endpoints_file(data),
            magic: *b"BKSTHOOK",
            bytes_max: ENDPOINTS_FILE_BYTES_MAX,
            of: "endpoints",
        };
        Ok(Self(Kept::open(disk, kind)?))
    }

    /// All of them.
    pub fn all(&self) -> Arc<EndpointList> {
        self.0.all()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Refusal::EndpointNotFound`].
    pub fn get(&self, id: &EndpointId) -> Result<Endpoint, EngineError> {
        let found = self.all().get(id).cloned();
        found.ok_or_else(|| not_found(id).into())
    }

    /// Makes an endpoint, or changes one: `change` is given what is there. Callers alone do this.
    ///
    /// # Errors
    /// What `change` refuses, [`Refusal::ListFull`], and what the disk answers.
    pub fn put(
        &self,
        id: &EndpointId,
        change: impl FnOnce(Option<Endpoint>) -> Result<Endpoint, Refusal>,
    ) -> Result<Endpoint, EngineError> {
        self.0.change(|all| {
            let before = all.get(id).cloned();
            if before.is_none() && all.len() >= ENDPOINTS_MAX {
                return Err(Refusal::ListFull { what: "endpoints", max: ENDPOINTS_MAX });
            }
            let revision = before.as_ref().map_or(0, |before| before.revision) + 1;
            let endpoint = Endpoint { revision, ..change(before)? };
            all.insert(id.clone(), endpoint.clone());
            Ok(endpoint)
        })
    }

    /// Notes what who sends has to say of an endpoint, unless a caller changed it since. Whether it
    /// was noted.
    ///
    /// # Errors
    /// What the disk answers.
    pub fn note(
        &self,
        id: &EndpointId,
        revision: u64,
        note: impl FnOnce(&mut Endpoint),
    ) -> Result<bool, EngineError> {
        self.0.change(|all| {
            let endpoint = all.get_mut(id).filter(|endpoint| endpoint.revision == revision);
            let is_current = endpoint.is_some();
            endpoint.map(note);
            Ok(is_current)
        })
    }

    /// Forgets an endpoint.
    ///
    /// # Errors
    /// [`Refusal::EndpointNotFound`], and what the disk answers.
    pub fn delete(&self, id: &EndpointId) -> Result<(), EngineError> {
        self.0.change(|all| all.remove(id).map(drop).ok_or_else(|| not_found(id)))
    }
}

/// Nobody has that id.
pub fn not_found(id: &EndpointId) -> Refusal {
    Refusal::EndpointNotFound { endpoint_id: id.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimulatedDisk;
    use crate::limits::{CONSUMERS_MAX, ENDPOINT_ID_BYTES_MAX, ID_BYTES_MAX};

    const DATA: &str = "data";

    const _: () = assert!(CONSUMER_PREFIX.len() + ENDPOINT_ID_BYTES_MAX == ID_BYTES_MAX);
    const _: () = assert!(ENDPOINTS_MAX < CONSUMERS_MAX);

    fn disk() -> SimulatedDisk {
        let disk = SimulatedDisk::new();
        disk.create_dir_all(Path::new(DATA)).unwrap();
        disk
    }

    fn open(disk: &SimulatedDisk) -> Endpoints {
        Endpoints::open(Arc::new(disk.clone()), Path::new(DATA)).unwrap()
    }

    fn id(name: &str) -> EndpointId {
        EndpointId::new("endpoint_id", name).unwrap()
    }

    fn endpoint() -> Endpoint {
        Endpoint {
            url: "https://example.com/hooks".into(),
            secrets: vec![Secret::new(vec![7; 24])],
            names: vec!["order_placed".into()],
            subjects: vec!["orders/".into()],
            created_at: Timestamp::from_micros(1),
            state: EndpointState::Active,
            last_failure: None,
            progress: Progress::default(),
            revision: 0,
        }
    }

    #[test]
    fn what_was_noted_of_an_endpoint_is_there_after_a_power_cut() {
        let disk = disk();
        let made = open(&disk).put(&id("shop"), |_| Ok(endpoint())).unwrap();
        let due = Timestamp::from_micros(9);
        let undelivered = vec![Undelivered { version: Lsn::new(3), failures: 2, due }];
        let progress = Progress { looked_through: Lsn::new(7), undelivered };
        let noted = open(&disk).note(&id("shop"), made.revision, |endpoint| {
            endpoint.progress = progress.clone();
        });
        assert!(noted.unwrap());
        let found = open(&disk.crash(1)).get(&id("shop")).unwrap();
        assert_eq!(found, Endpoint { progress, ..made });
    }

    #[test]
    fn who_sends_by_what_a_caller_changed_has_no_say_any_more() {
        let endpoints = open(&disk());
        let made = endpoints.put(&id("shop"), |_| Ok(endpoint())).unwrap();
        let changed = endpoints.put(&id("shop"), |before| Ok(before.unwrap())).unwrap();
        assert!(changed.revision > made.revision);
        let park = |endpoint: &mut Endpoint| endpoint.state = EndpointState::Parked;
        assert!(!endpoints.note(&id("shop"), made.revision, park).unwrap());
        assert_eq!(endpoints.get(&id("shop")).unwrap().state, EndpointState::Active);
        assert!(endpoints.note(&id("shop"), changed.revision, park).unwrap());
        endpoints.delete(&id("shop")).unwrap();
        assert!(!endpoints.note(&id("shop"), changed.revision, park).unwrap());
    }

    #[test]
    fn there_are_no_more_endpoints_than_may_be_and_the_file_has_room_for_them() {
        let disk = disk();
        let endpoints = open(&disk);
        let longest = Endpoint {
            url: "x".repeat(2_048),
            secrets: vec![Secret::new(vec![7; 64]); 2],
            names: vec!["x".repeat(64); 64],
            subjects: vec!["x".repeat(600); 100],
            last_failure: Some(Failure {
                at: Timestamp::from_micros(i64::MAX),
                version: Lsn::new(u64::MAX),
                status: 599,
                why: "x".repeat(200),
            }),
            progress: Progress {
                looked_through: Lsn::new(u64::MAX),
                undelivered: vec![
                    Undelivered {
                        version: Lsn::new(u64::MAX),
                        failures: 10,
                        due: Timestamp::from_micros(i64::MAX),
                    };
                    crate::limits::ENDPOINT_UNDELIVERED_MAX
                ],
            },
            ..endpoint()
        };
        for at in 0..ENDPOINTS_MAX {
            endpoints.put(&id(&format!("{at:0>56}")), |_| Ok(longest.clone())).unwrap();
        }
        let more = endpoints.put(&id("more"), |_| Ok(endpoint()));
        assert!(matches!(more, Err(EngineError::Refused(Refusal::ListFull { .. }))));
        assert_eq!(open(&disk).all().len(), ENDPOINTS_MAX);
    }

    #[test]
    fn a_secret_is_in_no_text() {
        assert!(!format!("{:?}", endpoint()).contains('7'));
    }
}
