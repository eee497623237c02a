//! Which orders went which way, what some customers were told, and where all units are.

use std::collections::BTreeMap;

use backstock_proto::v1;
use futures_util::future::try_join_all;

use super::super::data::Superstore;
use super::super::error::DemoError;
use super::super::ledger::Ledger;
use super::Fulfilment;
use super::books::Units;
use super::course::Course;
use super::told::Story;
use crate::cli::table;
use crate::client::Client;

/// Orders that are read at once.
const CALLS_AT_ONCE: usize = 64;

/// Of each of these, one customer's timeline is shown.
const TELLING: [Course; 8] = [
    Course::NotFound,
    Course::Short,
    Course::Swapped,
    Course::More,
    Course::PutBack,
    Course::AskedAndWaits,
    Course::AskedAndCancels,
    Course::Backwards,
];

/// An order at the end, as the server has it and as its customer reads it.
struct Ended {
    course: Course,
    order: v1::Order,
    entries: Vec<v1::TimelineEntry>,
}

/// What the last weeks came to.
pub(in crate::demo) struct Report {
    text: String,
    is_good: bool,
}

impl Report {
    /// Whether all units are where they were brought.
    pub(in crate::demo) const fn is_good(&self) -> bool {
        self.is_good
    }

    /// For the person who watches.
    pub(in crate::demo) fn told(&self) -> &str {
        &self.text
    }
}

impl Fulfilment {
    /// Reads all orders that took a course, and sums them up.
    pub(in crate::demo) async fn report(
        &self,
        client: &Client,
        ledger: &Ledger,
    ) -> Result<Report, DemoError> {
        let mut all = Vec::with_capacity(self.books.courses.len());
        let courses: Vec<_> = self.books.courses.iter().collect();
        for some in courses.chunks(CALLS_AT_ONCE) {
            all.extend(
                try_join_all(some.iter().map(|(id, course)| read(client, id, **course))).await?,
            );
        }
        let mut found = Units::default();
        for ended in &all {
            found.add(Units::of(&ended.order));
        }
        let text = [self.ways(&all), self.stories(&all, ledger), self.sums(found)].join("\n");
        Ok(Report { text, is_good: self.books.agree(found) })
    }

    fn ways(&self, all: &[Ended]) -> String {
        let header = ["what became of the orders of the last weeks", "orders", "told another day"];
        let mut ways = table(&header, &[1, 2]);
        for course in Course::ALL {
            let of: Vec<_> = all.iter().filter(|ended| ended.course == course).collect();
            let moved = of.iter().filter(|ended| ended.days_moved() > 0).count();
            ways.add_row([course.told().to_owned(), of.len().to_string(), moved.to_string()]);
        }
        let others = all.iter().filter(|ended| ended.days_moved() > 0).count();
        ways.add_row(["all".to_owned(), all.len().to_string(), others.to_string()]);
        format!(
            "{ways}\n{} messages came again, or late: {} of them changed anything. {} picks were \
             refused, of orders on hold. {} changes could not be had",
            self.books.repeats,
            self.books.heard_twice,
            self.books.kept_back,
            self.books.refused_changes
        )
    }

    fn stories(&self, all: &[Ended], ledger: &Ledger) -> String {
        let store = Superstore::shared();
        let names = store.products.iter().map(|of| (of.sku.as_str(), of.name.as_str()));
        let names: BTreeMap<_, _> = names.collect();
        let stories = TELLING.iter().filter_map(|course| {
            let of = all.iter().filter(|ended| ended.course == *course && ended.is_telling());
            // The shortest story of this kind, and the first of these.
            let Ended { order, entries, .. } = of.min_by_key(|ended| ended.entries.len())?;
            let placed = ledger.order(&order.order_id);
            let promised = placed.and_then(|placed| placed.placed.promised_by.as_ref());
            let story = Story { order, entries, promised, names: &names, zone: &self.zone };
            Some(format!("  {}, {}\n{}", order.order_id, course.told(), story.told()))
        });
        let head = "what some customers were told:".to_owned();
        [head].into_iter().chain(stories).collect::<Vec<_>>().join("\n")
    }

    fn sums(&self, found: Units) -> String {
        let Units { ordered, delivered, collected, cancelled, on_the_way, open } = found;
        let sum = format!(
            "units: {ordered} ordered = {delivered} delivered + {collected} collected + \
             {cancelled} cancelled + {on_the_way} that had left before these weeks + {open} open"
        );
        let done = self.books.done;
        if self.books.agree(found) {
            return format!("{sum}; the demo counted the same");
        }
        format!(
            "{sum}\nUNITS ARE NOT WHERE THEY WERE BROUGHT: the demo counted {} ordered, {} \
             delivered, {} collected, {} cancelled",
            done.ordered, done.delivered, done.collected, done.cancelled
        )
    }
}

impl Ended {
    /// Whether its customer was told what is told of in its course.
    fn is_telling(&self) -> bool {
        let was_told = |event| self.entries.iter().any(|entry| entry.event() == event);
        match self.course {
            Course::NotFound | Course::Short => {
                self.days_moved() > 0 && Units::of(&self.order).open == 0
            }
            Course::Swapped | Course::More => was_told(v1::TimelineEvent::Changed),
            _ => true,
        }
    }

    /// How often a day was told that is another one than before.
    fn days_moved(&self) -> usize {
        let moved = |days: &&v1::DaysTold| {
            days.deliver_by_before.is_some() && days.deliver_by_before != days.deliver_by
        };
        self.entries.iter().flat_map(|entry| &entry.dates).filter(moved).count()
    }
}

async fn read(client: &Client, id: &str, course: Course) -> Result<Ended, DemoError> {
    let request = v1::GetOrderRequest { order_id: id.to_owned(), min_version: 0 };
    let order = client.orders().get_order(request).await?.into_inner().order.unwrap_or_default();
    let request = v1::GetTimelineRequest {
        order_id: id.to_owned(),
        audience: v1::TimelineAudience::Customer.into(),
        min_version: 0,
    };
    let entries = client.orders().get_timeline(request).await?.into_inner().entries;
    Ok(Ended { course, order, entries })
}
