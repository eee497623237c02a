//! What was asked and answered, checked against the naive model.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use backstock_engine::command::AnyEvent;
use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::model::{
    AllocationUnits, HoldId, HoldState, Lsn, PackedOrder, Pair, RefusalKind, Timestamp,
};

use super::command::{
    Command, EXPIRED, FactOf, LINES_OF_A_PAIR, Outcome, RELEASED_BY_RULE, RELEASED_TOGETHER,
    STOCK_LET_GO, Told,
};
use crate::fixture::NOW;
use crate::naive::command::{
    BacklogRepegged, BundleMoved, Fact, HoldCreated, HoldsEnded, HoldsProlonged, OrderStockLetGo,
    SaleOpened, ShipmentExpired, ShipmentsReleased, SoldOut,
};
use crate::naive::{DaysTold, LineFull, Naive, days_told};

/// How often each command got each kind of answer.
pub type Answers = BTreeMap<(&'static str, String), u32>;

/// What every command has to be answered with over a run of some seeds.
const OUTCOMES: [&str; 3] = ["done", "repeated", "REQUEST_ID_REUSED"];

/// The commands and kinds of answers that were not met, though they have to be.
pub fn unmet(answers: &Answers) -> Vec<(&'static str, &'static str)> {
    let all = Command::LIST.iter().flat_map(|entry| {
        OUTCOMES.iter().chain(entry.outcomes).map(|outcome| (entry.name, *outcome))
    });
    all.filter(|(name, outcome)| !answers.contains_key(&(*name, (*outcome).into()))).collect()
}

/// What happened at a version.
struct Happened {
    /// The newest version when it was asked for; the oldest such one where the same was
    /// asked for several times.
    asked: Lsn,
    fact: Box<dyn Fact>,
}

/// What happened at a version of which the answer does not tell all.
struct InJournal {
    /// What was asked.
    command: &'static str,
    version: Lsn,
    /// The newest version when it was asked for.
    asked: Lsn,
    fact_of: FactOf,
    /// Whether it may be that nothing happened.
    perhaps: bool,
}

/// What was asked and answered, in any order.
pub struct History {
    /// The first version that it is to know, and does not yet.
    first: Lsn,
    facts: BTreeMap<Lsn, Happened>,
    /// What the journal tells of the days of shipments: answers tell the days of a later moment.
    told: BTreeMap<Lsn, DaysTold>,
    sold_out: Vec<SoldOut>,
    line_full: Vec<LineFull>,
    in_journal: Vec<InJournal>,
    /// The times that commands brought, with the newest version when each was sent.
    times: Vec<(Lsn, Timestamp)>,
    /// Quotes for changes of orders, with the newest version when each was asked for first: no
    /// answer tells of the holds of their new units.
    quotes: BTreeMap<HoldId, Lsn>,
    /// How often each kind of answer was given.
    pub answers: Answers,
}

impl History {
    /// The history after a version.
    pub fn after(version: Lsn) -> Self {
        let (facts, sold_out, in_journal) = (BTreeMap::new(), Vec::new(), Vec::new());
        let (first, times, answers) = (version.next(), Vec::new(), Answers::new());
        let (told, line_full, quotes) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        Self { first, facts, told, sold_out, line_full, in_journal, times, quotes, answers }
    }

    /// Notes that a command is sent, whatever is answered: it brings its time. `asked` is the
    /// newest version before.
    pub fn note_sent(&mut self, asked: Lsn, command: &Command) {
        self.times.push((asked, command.clone().meta().at));
        if let Command::ChangeOrder(change) = command {
            self.quotes.entry(change.quote.clone()).or_insert(asked);
        }
    }

    /// Notes that the engine is told the time, at the newest version.
    pub fn note_time(&mut self, version: Lsn, now: Timestamp) {
        self.times.push((version, now));
    }

    /// The newest time that the engine was told.
    pub fn now(&self) -> Timestamp {
        self.times.iter().map(|(_, at)| *at).max().unwrap_or(NOW)
    }

    /// Notes an answer; `asked` is the newest version before the question. The
    /// same answer given again is the same fact.
    ///
    /// # Panics
    /// When an answer is one that no command of a generator may get.
    pub fn note(&mut self, engine: &Engine, asked: Lsn, command: &Command, outcome: &Outcome) {
        *self.answers.entry((command.name(), kind(outcome))).or_default() += 1;
        if let Outcome::Failed(EngineError::Refused(refusal)) = outcome {
            if let (Some(wanted), true) =
                (command.wanted(), refusal.kind() == RefusalKind::BacklogFull)
            {
                let (wanted, until) = (wanted.clone(), engine.status().applied);
                let refusal = refusal.clone();
                self.line_full.push(LineFull { wanted, asked, until, refusal });
            }
            return;
        }
        if let (Outcome::Failed(EngineError::Invalid(_)), true) = (outcome, command.is_too_late()) {
            return;
        }
        match command.clone().told(engine, asked, outcome) {
            Some(Told::SoldOut(sold_out)) => self.sold_out.push(*sold_out),
            Some(Told::InJournal(fact_of)) => {
                self.note_later(asked, (command.name(), outcome), fact_of, false);
            }
            Some(Told::PerhapsInJournal(fact_of)) => {
                self.note_later(asked, (command.name(), outcome), fact_of, true);
            }
            Some(Told::Fact(fact)) => {
                self.note_fact(outcome.version().expect("facts have versions"), asked, fact);
            }
            None => panic!("{command:?} was answered with {outcome:?}"),
        }
    }

    fn note_later(
        &mut self,
        asked: Lsn,
        (command, outcome): (&'static str, &Outcome),
        fact_of: FactOf,
        perhaps: bool,
    ) {
        let version = outcome.version().expect("facts have versions");
        self.in_journal.push(InJournal { command, version, asked, fact_of, perhaps });
    }

    fn note_fact(&mut self, version: Lsn, asked: Lsn, fact: Box<dyn Fact>) {
        let said = format!("{fact:?}");
        let known = self.facts.entry(version).or_insert_with(|| Happened { asked, fact });
        known.asked = known.asked.min(asked);
        assert_eq!(format!("{:?}", known.fact), said, "two answers at version {version}");
    }

    /// Notes what the journal tells and no answer does in full, what happened to backlogs and
    /// which holds lapsed among it. The engine has applied all that it will.
    ///
    /// # Panics
    /// When something happened that nobody was told of, or something else than was said.
    pub fn note_unanswered(&mut self, engine: &Engine) {
        for later in std::mem::take(&mut self.in_journal) {
            let InJournal { command, version, asked, fact_of, perhaps } = later;
            let event = engine.event(version).expect("it is in the journal");
            let said = format!("{event:?}");
            match fact_of(engine, event) {
                Some(fact) => self.note_fact(version, asked, fact),
                None => assert!(perhaps, "{command} at {version}: {said}"),
            }
        }
        let last = engine.status().applied;
        let mut version = self.first;
        while version <= last {
            if let Some(event) = engine.event(version) {
                self.told.insert(version, days_told(&event));
                if matches!(&event, AnyEvent::ShipmentsReleased(of) if of.left.is_some() && !of.shipments.is_empty())
                {
                    let met = ("ReleaseWave", RELEASED_TOGETHER.into());
                    *self.answers.entry(met).or_default() += 1;
                }
                if let Some(name) = of_lines_of_a_pair(&event) {
                    *self.answers.entry((name, LINES_OF_A_PAIR.into())).or_default() += 1;
                }
            }
            let quotes = &self.quotes;
            if let Entry::Vacant(vacant) = self.facts.entry(version) {
                let event = engine.event(version);
                let held = event.as_ref().and_then(|event| of_quote(engine, quotes, event));
                if let Some(happened) = held {
                    vacant.insert(happened);
                    version = version.next();
                    continue;
                }
                let fact: Box<dyn Fact> = match event {
                    Some(AnyEvent::BacklogRepegged(event)) => {
                        Box::new(BacklogRepegged::new(engine, event))
                    }
                    Some(AnyEvent::BundleMoved(event)) => {
                        Box::new(BundleMoved::new(engine, &event))
                    }
                    Some(AnyEvent::SaleOpened(event)) => Box::new(SaleOpened::new(engine, &event)),
                    Some(AnyEvent::HoldsEnded(event)) if event.state == HoldState::Lapsed => {
                        Box::new(HoldsEnded::new(engine, event))
                    }
                    Some(AnyEvent::OrderStockLetGo(event)) => {
                        if !event.lines.is_empty() {
                            let met = ("HoldOrder", STOCK_LET_GO.into());
                            *self.answers.entry(met).or_default() += 1;
                        }
                        Box::new(OrderStockLetGo::new(engine, &event))
                    }
                    Some(AnyEvent::ShipmentsReleased(event)) if event.left.is_none() => {
                        let met = ("ReleaseWave", RELEASED_BY_RULE.into());
                        *self.answers.entry(met).or_default() += 1;
                        Box::new(ShipmentsReleased::from(event))
                    }
                    Some(AnyEvent::ShipmentExpired(event)) => {
                        let met = ("ProgressShipment", EXPIRED.into());
                        *self.answers.entry(met).or_default() += 1;
                        Box::new(ShipmentExpired::from(event))
                    }
                    Some(AnyEvent::HoldsProlonged(event)) => Box::new(HoldsProlonged::new(event)),
                    other => panic!("nobody was told of version {version}: {other:?}"),
                };
                vacant.insert(Happened { asked: version, fact });
            }
            version = version.next();
        }
        self.first = version;
    }

    /// Replays all facts from the model's version up to another, and checks that each
    /// could happen.
    ///
    /// # Panics
    /// When one could not, or a version is missing.
    pub fn replay(&self, mut naive: Naive, until: Lsn) -> Naive {
        let first = naive.version().next();
        // What was defined before may be answered with the version of that.
        let facts = self.facts.iter().filter(|(version, _)| (first..=until).contains(*version));
        let mut times: Vec<_> = self.times.clone();
        times.sort_unstable();
        let mut times = times.into_iter().peekable();
        let none = DaysTold::new();
        for (version, Happened { asked, fact }) in facts {
            while let Some((_, at)) = times.next_if(|(sent, _)| sent < version) {
                naive.pass_to(at);
            }
            let told = self.told.get(version).unwrap_or(&none);
            let applied = naive.apply(*version, (*asked, told), &**fact);
            applied.unwrap_or_else(|error| panic!("{error}"));
        }
        let last = naive.version();
        while let Some((_, at)) = times.next_if(|(sent, _)| *sent <= last) {
            naive.pass_to(at);
        }
        naive
    }

    /// Checks every refusal for want of supply, or of room in a line.
    ///
    /// # Panics
    /// When one was not called for.
    pub fn check_sold_out(&self, naive: &Naive) {
        for refused in &self.sold_out {
            refused.check(naive).unwrap_or_else(|error| panic!("{error}"));
        }
        for refused in &self.line_full {
            refused.check(naive).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

/// That new units of a quote are held, if the event is of such a hold.
fn of_quote(engine: &Engine, quotes: &BTreeMap<HoldId, Lsn>, event: &AnyEvent) -> Option<Happened> {
    let created = HoldCreated::of_quote(engine, event)?;
    let asked = *quotes.get(created.id())?;
    Some(Happened { asked, fact: Box::new(created) })
}

/// The command that did something to several lines of an order at one pair, if the event's did.
fn of_lines_of_a_pair(event: &AnyEvent) -> Option<&'static str> {
    let placed = |order: &PackedOrder| {
        let order = order.unpack().expect("it is in the journal");
        let parts = order.allocations.iter().map(|a| (order.pair_of(a), a.line));
        parts.collect::<Vec<_>>()
    };
    let units = |units: &[AllocationUnits]| units.iter().map(|of| (of.pair, of.line)).collect();
    let (name, parts) = match event {
        AnyEvent::OrderPlaced(event) => ("PlaceOrder", placed(&event.order)),
        AnyEvent::HoldCreated(event) => ("CreateHold", placed(&event.order)),
        AnyEvent::OrderCancelled(event) => ("CancelOrder", units(&event.releases)),
        AnyEvent::ShipmentProgressed(event) => {
            ("ProgressShipment", units(&[event.picked.clone(), event.left.clone()].concat()))
        }
        AnyEvent::ShipmentDeclined(event) => {
            let all = event
                .pairs
                .iter()
                .flat_map(|(pair, declined)| declined.all_off().map(|(line, ..)| (*pair, line)));
            ("DeclineShipment", all.collect())
        }
        _ => return None,
    };
    let is_other = |one: &(Pair, u16), other: &(Pair, u16)| one.0 == other.0 && one.1 != other.1;
    parts.iter().any(|one| parts.iter().any(|other| is_other(one, other))).then_some(name)
}

/// What tells an answer from answers of other kinds: the name of a refusal, or of another
/// outcome.
fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(done) if done.is_repeat => "repeated".into(),
        Outcome::Placed(_, true, _) => "repeated".into(),
        Outcome::Done(_) | Outcome::Placed(..) => "done".into(),
        Outcome::SoldOut(_) => "sold out".into(),
        Outcome::Failed(EngineError::Refused(refusal)) => refusal.kind().name().into(),
        Outcome::Failed(_) => "failed".into(),
    }
}
