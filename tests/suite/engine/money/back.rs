//! Units that come back, and what a desk does of them: asked for, called off, received, looked at.

use backstock_engine::command::{
    Meta, ProgressReturn, RequestReturn, ReturnStep, Said, TermsAsked,
};
use backstock_engine::engine::EngineError;
use backstock_engine::model::returns::{
    Disposition, Finding, Grade, ReturnMode, ReturnReason, Verdict,
};
use backstock_engine::model::{LineUnits, ReturnId, Timestamp};
use backstock_tests::fixture::{DAY, node_id, order_id};

use super::{CENTRE, Life, WAREHOUSE};

/// Units of an order that come back.
pub(super) struct Back {
    pub(super) mode: ReturnMode,
    /// Where the goods go.
    pub(super) node: &'static str,
    /// By line of the order.
    pub(super) lines: Vec<BackLine>,
    /// The last revision of what came that was taken.
    pub(super) revision: u32,
    /// When a credit that came first is taken back of units that did not come.
    pub(super) until: Option<Timestamp>,
    /// Whether it was, as far as anybody looked.
    is_owed: bool,
}

/// Units of one of its lines.
#[derive(Clone, Copy, Default)]
pub(super) struct BackLine {
    pub(super) asked: usize,
    cancelled: usize,
    /// All that came, as it was told last.
    pub(super) came: usize,
    approved: usize,
    rejected: usize,
    restocked: usize,
    /// Units that left the node again, as waste or to the customer.
    out: usize,
    /// Units of which the credit came first, and was taken back since.
    charged_back: usize,
}

impl BackLine {
    /// Units that came, of those that were asked for.
    pub(super) fn arrived(self) -> usize {
        self.came.min(self.asked - self.cancelled)
    }

    pub(super) const fn seen(self) -> usize {
        self.approved + self.rejected
    }
}

impl Back {
    /// Units of a line that the customer was credited for.
    pub(super) fn credited(&self, line: usize) -> usize {
        let of = self.lines[line];
        match self.mode {
            ReturnMode::KeepIt => of.asked,
            ReturnMode::Advance => of.asked - of.cancelled - of.rejected - of.charged_back,
            ReturnMode::Normal | ReturnMode::Unannounced => of.approved,
        }
    }

    /// Units of a line that are in it: all but those that the customer kept or got back.
    pub(super) fn taken(&self, line: usize) -> usize {
        let of = self.lines[line];
        of.asked - of.cancelled - of.rejected
    }

    /// What it adds at its node of a line: units on hand, and of those, units that cannot be sold.
    pub(super) fn on_shelf(&self, line: usize) -> (usize, usize) {
        let of = self.lines[line];
        (of.came - of.out, of.came - of.out - of.restocked)
    }

    /// After the deadline: so many units of a line are credited. Which of those that came late were credited
    /// before is not known; no fewer are than somebody approved, and no more than are not rejected.
    pub(super) fn learn(&mut self, line: usize, credited: usize) {
        let of = &mut self.lines[line];
        let most = of.asked - of.cancelled - of.rejected;
        assert!((of.approved..=most).contains(&credited), "{credited} of {most}");
        of.charged_back = most - credited;
        self.is_owed |= of.charged_back > 0;
    }

    /// Whether a credit that came first was taken back.
    pub(super) fn took_back(&self) -> bool {
        let is_taken = self.lines.iter().any(|of| of.rejected + of.cancelled > 0);
        self.is_owed || self.mode == ReturnMode::Advance && is_taken
    }

    fn needs_goods(&self) -> bool {
        self.mode != ReturnMode::KeepIt
    }
}

impl Life {
    /// A customer asks for some units that he has; now and then for one that he has not.
    pub(super) fn request_return(&mut self) {
        let Some(id) = self.some() else { return };
        let known = &self.orders[&id];
        let returnable: Vec<usize> =
            (0..known.lines.len()).map(|line| known.returnable(line)).collect();
        let greed = usize::from(self.random.percent(5));
        let asked: Vec<usize> =
            returnable.iter().map(|units| self.random.up_to(units + greed)).collect();
        if asked.iter().all(|units| *units == 0) {
            return;
        }
        let mode = *self.random.pick(&[
            ReturnMode::Normal,
            ReturnMode::Normal,
            ReturnMode::KeepIt,
            ReturnMode::Advance,
        ]);
        let node = *self.random.pick(&[WAREHOUSE, CENTRE, CENTRE]);
        let name = format!("R{}", known.returns.len());
        let lines = asked.iter().map(|units| BackLine { asked: *units, ..BackLine::default() });
        let until = (mode == ReturnMode::Advance).then(|| self.now.saturating_add_micros(20 * DAY));
        let lines = lines.collect();
        let back = Back { mode, node, lines, revision: 0, until, is_owed: false };
        let meta = self.keyed(&format!("{id}/{name}"));
        let command = request(&id, &name, (&back, meta));
        let engine = self.engine();
        let done = self.single.run(async { engine.request_return(command).await });
        let is_greedy = asked.iter().zip(&returnable).any(|(asked, there)| asked > there);
        assert_eq!(done.is_err(), is_greedy, "{id}/{name}: {done:?}");
        if done.is_ok() {
            if back.node == CENTRE && back.needs_goods() {
                self.expect_parcel(&id, &name, &back);
            }
            self.known(&id).returns.insert(name, back);
        }
    }

    /// The desk takes a step of some return.
    pub(super) fn progress_return(&mut self) {
        let Some(id) = self.some() else { return };
        let names: Vec<String> = self.orders[&id].returns.keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let name = self.random.pick(&names).clone();
        match self.random.within(0..5) {
            0 => self.call_off(&id, &name),
            1..3 => self.receive(&id, &name),
            _ => self.inspect(&id, &name),
        }
    }

    /// The customer keeps units after all. Of what is on its way to the centre nobody does.
    fn call_off(&mut self, id: &str, name: &str) {
        let back = &self.orders[id].returns[name];
        if back.node == CENTRE || !back.needs_goods() {
            return;
        }
        let line = self.random.up_to(back.lines.len() - 1);
        let of = back.lines[line];
        let open = of.asked - of.cancelled - of.arrived();
        if open > 0 {
            let units = 1 + self.random.up_to(open - 1);
            let step = ReturnStep::Cancel(of_line(line, units));
            self.step(id, name, step).expect("they are still expected");
            self.back(id, name).lines[line].cancelled += units;
        }
    }

    /// The warehouse tells what came so far: less, more, or a correction.
    fn receive(&mut self, id: &str, name: &str) {
        let back = &self.orders[id].returns[name];
        if back.node == CENTRE || !back.needs_goods() {
            return;
        }
        let (revision, lines) = (back.revision + 1, back.lines.clone());
        let came: Vec<usize> = lines
            .iter()
            .map(|of| if of.asked == 0 { 0 } else { self.random.up_to(of.asked + 1) })
            .collect();
        let told = (0u16..).zip(&lines).zip(&came).filter(|((_, of), _)| of.asked > 0);
        let told: LineUnits = told.map(|((at, _), units)| (at, small(*units))).collect();
        let step = ReturnStep::Receive { revision, node: None, lines: told, strays: Vec::new() };
        let done = self.step(id, name, step);
        let is_short = lines.iter().zip(&came).any(|(of, came)| is_short(*of, *came));
        assert_eq!(done.is_err(), is_short, "{id}/{name}: {done:?}");
        if done.is_ok() {
            self.take(id, name, revision, &came);
        }
    }

    /// Takes what came into what is known.
    pub(super) fn take(&mut self, id: &str, name: &str, revision: u32, came: &[usize]) {
        let back = self.back(id, name);
        back.revision = revision;
        for (of, came) in back.lines.iter_mut().zip(came) {
            of.came = *came;
        }
    }

    /// Somebody looks at units, and decides all of it.
    fn inspect(&mut self, id: &str, name: &str) {
        let back = &self.orders[id].returns[name];
        let line = self.random.up_to(back.lines.len() - 1);
        let of = back.lines[line];
        let open = of.arrived() - of.seen();
        if open == 0 {
            return;
        }
        let units = 1 + self.random.up_to(open - 1);
        let (verdict, how) = *self.random.pick(&[
            (Verdict::Approve, Disposition::Restock),
            (Verdict::Approve, Disposition::Restock),
            (Verdict::Approve, Disposition::Refurbish),
            (Verdict::Approve, Disposition::Scrap),
            (Verdict::Reject, Disposition::SendBack),
        ]);
        let finding = Finding { grade: Grade::B, verdict: Some(verdict), disposition: Some(how) };
        let step = ReturnStep::Inspect { lines: of_line(line, units), finding };
        self.step(id, name, step).expect("they are there");
        let of = &mut self.back(id, name).lines[line];
        *(if verdict == Verdict::Approve { &mut of.approved } else { &mut of.rejected }) += units;
        match how {
            Disposition::Restock => of.restocked += units,
            Disposition::Scrap | Disposition::SendBack => of.out += units,
            _ => {}
        }
    }

    fn step(&mut self, id: &str, name: &str, step: ReturnStep) -> Result<(), EngineError> {
        let meta = self.keyed(&format!("{id}/{name}/{}", self.commands));
        let command = ProgressReturn { meta, order: order_id(id), id: return_id(name), step };
        let engine = self.engine();
        self.single.run(async { engine.progress_return(command).await }).map(drop)
    }

    pub(super) fn back(&mut self, id: &str, name: &str) -> &mut Back {
        self.known(id).returns.get_mut(name).expect("it is known")
    }
}

/// Whether fewer units came than were looked at.
pub(super) fn is_short(of: BackLine, came: usize) -> bool {
    came.min(of.asked - of.cancelled) < of.seen()
}

fn return_id(name: &str) -> ReturnId {
    ReturnId::new("return", name).expect("an id")
}

pub(super) fn small(units: usize) -> u32 {
    u32::try_from(units).expect("a few")
}

fn of_line(line: usize, units: usize) -> LineUnits {
    LineUnits::from_slice(&[(u16::try_from(line).expect("a few"), small(units))])
}

fn request(id: &str, name: &str, (back, meta): (&Back, Meta)) -> RequestReturn {
    let lines = (0u16..).zip(&back.lines).filter(|(_, of)| of.asked > 0);
    RequestReturn {
        meta,
        order: order_id(id),
        id: return_id(name),
        mode: back.mode,
        reason: ReturnReason::ChangedMind,
        note: None,
        node: back.needs_goods().then(|| node_id(back.node)),
        lines: lines.map(|(line, of)| (line, small(of.asked))).collect(),
        expires_at: None,
        advance_until: back.until,
        terms: Some(TermsAsked::default()),
        said: Said::default(),
        label: None,
    }
}
