//! The last weeks of the year as nodes, carriers, customers and the desk lived them.
//!
//! ```text
//!   life --what leaves today--> floor: each order takes its course --> on its way --> arrived
//!                                 |   course: a hash of its id        (by day)
//!                                 +-- node, desk: what is said to the server
//!                                 +-- books: units, counted by the demo and by the server
//!   at the end --> report, with what some customers were told
//! ```
//! Everything is said one after the other, so that each run has the same outcome.

mod books;
mod course;
mod desk;
mod floor;
mod node;
mod operation;
mod pickup;
mod report;
mod told;

use std::collections::BTreeMap;

use backstock_engine::model::{Day, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;

use super::clock::pass_to;
use super::data::{SHOP_CLOSES_MINUTES, SHOP_OPENS_MINUTES, SHOP_ZONE, Superstore};
use super::error::DemoError;
use super::ledger::Ledger;
use super::life::{Life, Parcel, due};
use crate::client::Client;
use books::Books;
pub(super) use pickup::store_of;

/// Days before the last order from which on all is said that happens.
const DAYS_BEFORE: u16 = 28;

/// Days after the last order until which it is: by then, all that left has arrived.
pub(super) const DAYS_AFTER: u16 = 14;

/// Whom all of it is said to, and who is told.
pub(super) struct Shop<'a> {
    pub(super) client: &'a Client,
    pub(super) life: &'a mut Life,
    pub(super) ledger: &'a mut Ledger,
}

/// A shipment that is on its way, or waits for its customer.
#[derive(Debug)]
struct Bound {
    parcel: Parcel,
    units: u64,
    what: Arrival,
}

/// What happens at the end of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrival {
    /// It arrives.
    Arrives,
    /// It arrives, and only then the node says that it had left.
    ArrivesFirst,
    /// It arrives at the store at which the customer collects it.
    ArrivesAtStore,
    /// The customer comes for it.
    IsCollected,
}

/// The last weeks, under way.
#[derive(Debug)]
pub(super) struct Fulfilment {
    begins: Day,
    zone: TimeZone,
    /// The newest instant that the server was told.
    now: Timestamp,
    /// Any item: the clock is moved by asking for it.
    sku: &'static str,
    books: Books,
    bound: BTreeMap<Day, Vec<Bound>>,
}

impl Fulfilment {
    /// Nothing has happened yet.
    pub(super) fn new(store: &'static Superstore) -> Self {
        let last = store.orders.iter().map(|order| order.date).max();
        let last = last.unwrap_or(Day::from_epoch_days(0));
        Self {
            begins: last.minus(DAYS_BEFORE),
            now: Timestamp::default(),
            zone: TimeZone::get(SHOP_ZONE).unwrap_or(TimeZone::UTC),
            sku: store.products.first().map_or("", |product| &product.sku),
            books: Books::default(),
            bound: BTreeMap::new(),
        }
    }

    /// At which instant the server's clock stands, after the last orders.
    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether all is said that happens on that day.
    pub(super) fn is_told_of(&self, day: Day) -> bool {
        day >= self.begins
    }

    /// The night before a day: what has to leave does, once the shop is closed. Then the day's
    /// morning: what arrives does.
    pub(super) async fn night_before(
        &mut self,
        day: Day,
        ready: Vec<Parcel>,
        shop: &mut Shop<'_>,
    ) -> Result<(), DemoError> {
        let evening = self.at(day.minus(1), SHOP_CLOSES_MINUTES);
        for (minutes, parcel) in ready.into_iter().enumerate() {
            let minutes = i64::try_from(minutes).unwrap_or(0);
            let now = evening.saturating_add_micros(minutes * 60_000_000);
            pass_to(shop.client, self.sku, now).await?;
            self.take(day.minus(1), parcel, shop).await?;
        }
        self.now = self.at(day, SHOP_OPENS_MINUTES);
        pass_to(shop.client, self.sku, self.now).await?;
        for bound in due(&mut self.bound, day.plus(1)) {
            self.arrive(day, bound, shop.client).await?;
        }
        Ok(())
    }

    /// A time of a day, by the shop's clock.
    fn at(&self, day: Day, minutes: u16) -> Timestamp {
        let (hour, minute) = (minutes / 60, minutes % 60);
        let time = i8::try_from(hour).ok().zip(i8::try_from(minute).ok());
        let time = time.and_then(|(hour, minute)| civil::Time::new(hour, minute, 0, 0).ok());
        let date = day.date().expect("the demo's days are of our time");
        let zoned = date.to_datetime(time.unwrap_or_default()).to_zoned(self.zone.clone());
        let zoned = zoned.expect("so is each of their times");
        Timestamp::from_micros(zoned.timestamp().as_microsecond())
    }
}
