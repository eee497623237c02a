//! Pure: what a step changes of a shipment, by the table.

use super::super::find;
use super::super::handled::whole_bundles;
use super::super::on_hold::{refuse_on_hold, refuse_waiting};
use super::super::secured::{refuse_uncovered, refuse_unsecured};
use super::event::ShipmentProgressed;
use crate::limits::PACKAGES_MAX;
use crate::model::fulfilment::table::{self, Obstacle, OnHold};
use crate::model::fulfilment::{Content, Ended, Ending, Rule, TooMany};
use crate::model::{
    Act, AllocationUnits, Dispatch, LineUnits, Order, Package, PackageId, Refusal, Step, Text,
    Timestamp, UnitState,
};

/// What a step of the shipment of that number changes, at an instant; none if all is so already.
pub(super) fn decide(
    order: &Order,
    (shipment_number, step, now): (u16, &Step, Timestamp),
) -> Result<Option<ShipmentProgressed>, Refusal> {
    let at = find(order, shipment_number)?;
    if order.was_declined(at) {
        return Err(Refusal::ShipmentDeclined { shipment_number });
    }
    let mut plan = Plan::of(order, at, now, step.act());
    match step {
        Step::Release => plan.release()?,
        Step::Recall { until } => plan.recall(*until)?,
        Step::AnswerRecall { gives_back } => plan.answer_recall(*gives_back)?,
        Step::Pick(lines) => plan.pick(lines)?,
        Step::Unpick(lines) => plan.unpick(lines)?,
        Step::Pack { package, lines } => plan.pack(package, lines)?,
        Step::Unpack(package) => plan.unpack(package)?,
        Step::MakeReady(packages) => plan.make_ready(packages)?,
        Step::Ship { packages, carrier, tracking } => {
            plan.ship(packages, (carrier, tracking))?;
        }
        Step::Deliver { packages, at } => plan.end(packages, Ending::Delivered, *at)?,
        Step::Lose(packages) => plan.end(packages, Ending::Lost, None)?,
        Step::Collect(packages) => plan.end(packages, Ending::Collected, None)?,
    }
    plan.finish()
}

/// A step that is being decided.
struct Plan<'a> {
    order: &'a Order,
    content: Content<'a>,
    at: u16,
    known: Vec<Package>,
    event: ShipmentProgressed,
    changes: bool,
}

impl<'a> Plan<'a> {
    fn of(order: &'a Order, shipment: u16, now: Timestamp, act: Act) -> Self {
        let content = Content::of(order, shipment);
        let event = ShipmentProgressed {
            no: order.no,
            id: order.header.id.clone(),
            shipment,
            at: now,
            act,
            put_back: Vec::new(),
            picked: Vec::new(),
            left: Vec::new(),
            all_left: false,
            packages: Vec::new(),
            recall: None,
            parts: None,
        };
        let known = content.packages();
        Self { order, content, at: shipment, known, event, changes: false }
    }

    fn act(&self) -> Act {
        self.event.act
    }

    fn number(&self) -> u16 {
        self.at + 1
    }

    /// What the table says of the units of the whole shipment: whether any of them comes to be
    /// something else.
    fn judge(&self) -> Result<bool, Refusal> {
        let mut becomes = false;
        for line in self.content.lines() {
            for (state, units) in self.content.standing(line).states() {
                match table::rule(self.act(), state) {
                    Rule::Becomes(_) => becomes = true,
                    // Units that nobody wants any more are in nobody's way.
                    Rule::Refused(Obstacle::Cancelled) | Rule::Stays => {}
                    Rule::Refused(obstacle) => return Err(self.refusal(obstacle, units)),
                }
            }
        }
        Ok(becomes)
    }

    /// Refuses what the table refuses for units in a state.
    fn allow(&self, state: UnitState, units: u32) -> Result<Rule, Refusal> {
        match table::rule(self.act(), state) {
            Rule::Refused(obstacle) => Err(self.refusal(obstacle, units)),
            rule => Ok(rule),
        }
    }

    fn refusal(&self, obstacle: Obstacle, units: u32) -> Refusal {
        let (shipment_number, units) = (self.number(), u64::from(units));
        match obstacle {
            Obstacle::NotReceived => Refusal::SupplyNotReceived { shipment_number, missing: units },
            Obstacle::Picked => Refusal::UnitsPicked { shipment_number, units },
            Obstacle::Packed => Refusal::UnitsPacked { shipment_number, units },
            Obstacle::Ready => Refusal::UnitsReady { shipment_number, units },
            Obstacle::NotShipped => Refusal::UnitsNotShipped { shipment_number, units },
            Obstacle::Left => Refusal::UnitsLeftNode { shipment_number, units },
            Obstacle::Arrived => Refusal::UnitsArrived { shipment_number, units },
            Obstacle::Cancelled => Refusal::ShipmentNotPlanned { shipment_number },
        }
    }

    fn too_many(&self, line: u16, wanted: u32, there: u32) -> Refusal {
        let (line_index, wanted, there) = (u32::from(line), u64::from(wanted), u64::from(there));
        Refusal::UnitsNotInShipment { shipment_number: self.number(), line_index, wanted, there }
    }

    /// Nothing of the shipment is left that could take the step.
    fn nothing_left(&self) -> Refusal {
        let shipment_number = self.number();
        self.expired().unwrap_or(Refusal::ShipmentNotPlanned { shipment_number })
    }

    /// That packages of it were not collected in time, if so.
    fn expired(&self) -> Option<Refusal> {
        let expired = self.content.work().and_then(|work| work.expired)?;
        Some(Refusal::ShipmentExpired { shipment_number: self.number(), expired })
    }

    fn has_any(&self) -> bool {
        self.content.lines().any(|line| {
            let standing = self.content.standing(line);
            standing.all() > standing.units(UnitState::Cancelled)
        })
    }

    fn release(&mut self) -> Result<(), Refusal> {
        if !self.has_any() {
            return Err(self.nothing_left());
        }
        self.changes = self.judge()?;
        Ok(())
    }

    fn recall(&mut self, until: Timestamp) -> Result<(), Refusal> {
        let asked = self.content.work().and_then(|work| work.recall);
        // A node that accepted it may work on it, whether it was told to or not.
        let is_accepted = self.order.shipments[usize::from(self.at)].is_accepted();
        let has_it = is_accepted && self.content.lines().any(|line| self.content.loose(line) > 0);
        if !(self.judge()? || has_it) || asked == Some(until) {
            return Ok(());
        }
        self.event.recall = Some(until).filter(|_| is_accepted);
        self.changes = true;
        Ok(())
    }

    fn answer_recall(&mut self, gives_back: bool) -> Result<(), Refusal> {
        let asked = self.content.work().and_then(|work| work.recall);
        if asked.is_none_or(|until| until < self.event.at) {
            return Err(Refusal::RecallNotAsked { shipment_number: self.number() });
        }
        if !self.has_any() {
            return Err(self.nothing_left());
        }
        if gives_back {
            self.judge()?;
        } else {
            self.event.act = Act::RefuseRecall;
        }
        self.changes = true;
        Ok(())
    }

    fn pick(&mut self, lines: &LineUnits) -> Result<(), Refusal> {
        if !self.has_any() {
            return Err(self.nothing_left());
        }
        for (line, total) in self.named(lines, |content, line| {
            let standing = content.standing(line);
            standing.all() - standing.units(UnitState::Cancelled)
        })? {
            let standing = self.content.standing(line);
            let loose = self.content.loose(line);
            let there = standing.all() - standing.units(UnitState::Cancelled);
            if total > there {
                return Err(self.too_many(line, total, there));
            }
            self.pick_loose(line, total.saturating_sub(there - loose))?;
        }
        Ok(())
    }

    /// The lines that are named, or all that have any such units.
    fn named(
        &self,
        lines: &LineUnits,
        all: impl Fn(&Content<'_>, u16) -> u32,
    ) -> Result<LineUnits, Refusal> {
        if lines.is_empty() {
            let all = self.content.lines().map(|line| (line, all(&self.content, line)));
            return Ok(all.filter(|(_, units)| *units > 0).collect());
        }
        for (line, _) in lines {
            if usize::from(*line) >= self.order.lines.len() {
                let (order_id, line_index) = (self.order.header.id.clone(), u32::from(*line));
                return Err(Refusal::LineNotFound { order_id, line_index });
            }
        }
        let mut lines = lines.clone();
        lines.sort_unstable();
        Ok(lines)
    }

    fn pick_loose(&mut self, line: u16, units: u32) -> Result<(), Refusal> {
        let taken = self.content.take_loose(line, units, &mut self.event.picked);
        self.changes |= units > 0;
        taken.map_err(|TooMany(there)| self.too_many(line, units, there))
    }

    fn unpick(&mut self, lines: &LineUnits) -> Result<(), Refusal> {
        for (line, units) in self.named(lines, |_, _| 0)? {
            let there = self.content.unpacked(line);
            if units > there {
                let standing = self.content.standing(line);
                for (state, units) in standing.states().filter(|(s, _)| *s > UnitState::Picked) {
                    self.allow(state, units)?;
                }
                return Err(self.too_many(line, units, there));
            }
            let taken = self.content.take_picked(line, units, &mut self.event.put_back);
            taken.map_err(|TooMany(there)| self.too_many(line, units, there))?;
            self.changes |= units > 0;
        }
        Ok(())
    }

    fn pack(&mut self, id: &PackageId, lines: &LineUnits) -> Result<(), Refusal> {
        let known = self.known.iter().find(|package| package.id == *id).cloned();
        let in_none = |content: &Content<'_>, line| content.unpacked(line) + content.loose(line);
        let says_nothing = lines.is_empty();
        let mut lines = self.named(lines, in_none)?;
        lines.retain(|(_, units)| *units > 0);
        if let Some(known) = &known {
            // Where nothing is said of lines, what is in no package is in it as well.
            if says_nothing {
                lines = known.lines.iter().copied().chain(lines).collect();
                lines.sort_unstable();
                lines.dedup_by(|next, sum| {
                    let is_same = next.0 == sum.0;
                    sum.1 += if is_same { next.1 } else { 0 };
                    is_same
                });
            }
            if known.lines == lines {
                return Ok(());
            }
            self.allow(known.state(), known.lines.iter().map(|(_, units)| units).sum())?;
        }
        if lines.is_empty() {
            return Err(self.nothing_left());
        }
        let ready = None;
        let (dispatch, ended, until) = (None, None, None);
        let package = Package { id: id.clone(), lines, ready, dispatch, ended, until };
        self.fill(package, known.as_ref())
    }

    /// Puts units into a package that are in none, those that are picked before others.
    fn fill(&mut self, package: Package, before: Option<&Package>) -> Result<(), Refusal> {
        if before.is_none() && self.known.len() >= PACKAGES_MAX {
            return Err(Refusal::ListFull { what: "packages", max: PACKAGES_MAX });
        }
        for (line, units) in &package.lines {
            let more = units.saturating_sub(before.map_or(0, |before| before.units(*line)));
            let (picked, loose) = (self.content.unpacked(*line), self.content.loose(*line));
            if more > picked + loose {
                let there = units - more + picked + loose;
                return Err(self.too_many(*line, *units, there));
            }
            self.pick_loose(*line, more.saturating_sub(picked))?;
        }
        self.put(package);
        Ok(())
    }

    fn put(&mut self, package: Package) {
        self.event.packages.retain(|known| known.id != package.id);
        self.event.packages.push(package);
        self.changes = true;
    }

    fn unpack(&mut self, id: &PackageId) -> Result<(), Refusal> {
        let package = self.package(id)?;
        let units = package.lines.iter().map(|(_, units)| units).sum();
        self.allow(package.state(), units)?;
        self.put(Package { lines: LineUnits::new(), ..package });
        Ok(())
    }

    fn package(&self, id: &PackageId) -> Result<Package, Refusal> {
        let known = self.known.iter().find(|package| package.id == *id);
        let unknown = || Refusal::PackageNotFound {
            shipment_number: self.number(),
            package_id: id.to_string(),
        };
        // Nobody is told that his package was never there.
        let expired = || self.expired().filter(|_| self.act() == Act::Collect);
        known.cloned().ok_or_else(|| expired().unwrap_or_else(unknown))
    }

    /// The packages that are named; where none is, all, with one for units that are in none.
    fn concerned(&mut self, ids: &[PackageId]) -> Result<Vec<Package>, Refusal> {
        if !ids.is_empty() {
            return ids.iter().map(|id| self.package(id)).collect();
        }
        let mut all = self.known.clone();
        let units = |line| self.content.unpacked(line) + self.content.loose(line);
        let rest = self.content.lines().map(|line| (line, units(line)));
        let lines: LineUnits = rest.filter(|(_, units)| *units > 0).collect();
        let goes_on = table::rule(self.act(), UnitState::Allocated);
        if !lines.is_empty() && matches!(goes_on, Rule::Becomes(_)) {
            let mut free = (1..).map(PackageId::numbered);
            let id = free.find(|id| all.iter().all(|known| known.id != *id));
            let id = id.expect("numbers do not end");
            let (ready, dispatch, ended, until) = (None, None, None, None);
            let package = Package { id, lines, ready, dispatch, ended, until };
            self.fill(package.clone(), None)?;
            all.push(package);
        }
        if all.is_empty() {
            return Err(self.nothing_left());
        }
        Ok(all)
    }

    fn make_ready(&mut self, ids: &[PackageId]) -> Result<(), Refusal> {
        let pickup = self.order.header.destination.pickup();
        let node = self.order.shipments[usize::from(self.at)].node;
        if pickup.is_none_or(|pickup| pickup.node != node) {
            return Err(Refusal::NotCollectedHere { shipment_number: self.number() });
        }
        for package in self.concerned(ids)? {
            let units = package.lines.iter().map(|(_, units)| units).sum();
            if let Rule::Becomes(_) = self.allow(package.state(), units)? {
                self.put(Package { ready: Some(self.event.at), ..package });
            }
        }
        Ok(())
    }

    fn ship(
        &mut self,
        ids: &[PackageId],
        (carrier, tracking): (&Text, &Text),
    ) -> Result<(), Refusal> {
        let packages = self.concerned(ids)?;
        let (mut leave, mut there) = (Vec::new(), Vec::new());
        for package in packages {
            let units = package.lines.iter().map(|(_, units)| units).sum();
            match self.allow(package.state(), units)? {
                Rule::Becomes(_) => leave.push(package),
                _ => there.push(package),
            }
        }
        let how = |at| Dispatch { at, carrier: carrier.clone(), tracking: tracking.clone() };
        // Of several that left before, only those that are named are meant.
        let is_of_others = ids.is_empty() && !leave.is_empty();
        for package in leave {
            self.leave(package, how(self.event.at))?;
        }
        if is_of_others {
            return Ok(());
        }
        let is_so = |package: &Package| {
            let known = package.dispatch.as_deref();
            known.is_some_and(|known| (&known.carrier, &known.tracking) == (carrier, tracking))
        };
        let some_are_so = there.iter().any(is_so);
        for package in there.into_iter().filter(|package| !is_so(package)) {
            match package.dispatch.as_deref() {
                // It arrived before anybody said how it left.
                Some(known) if known.carrier.as_str().is_empty() => {
                    let dispatch = Some(how(known.at).into());
                    self.put(Package { dispatch, ..package });
                }
                // The customer collected it at its node.
                None => {}
                _ if ids.is_empty() && some_are_so => {}
                _ => return Err(self.nothing_left()),
            }
        }
        Ok(())
    }

    /// A package leaves the node: all that is in it was picked, before or just now.
    fn leave(&mut self, package: Package, dispatch: Dispatch) -> Result<(), Refusal> {
        self.leave_node(&package)?;
        let dispatch = Some(dispatch.into());
        self.put(Package { dispatch, ready: None, until: None, ..package });
        Ok(())
    }

    fn leave_node(&mut self, package: &Package) -> Result<(), Refusal> {
        self.event.all_left = !self.event.picked.is_empty();
        for (line, units) in &package.lines {
            let now = |of: &&AllocationUnits| of.line == *line;
            let just_now: u32 = self.event.picked.iter().filter(now).map(|of| of.units).sum();
            let fresh = if self.known.iter().any(|known| known.id == package.id) {
                0
            } else {
                just_now.min(*units)
            };
            let before = units - fresh;
            self.take_picked(*line, before)?;
        }
        Ok(())
    }

    /// Units that were picked before, beyond those that leave already.
    fn take_picked(&mut self, line: u16, units: u32) -> Result<(), Refusal> {
        let leaving = self.event.left.iter().filter(|of| of.line == line);
        let before: u32 = leaving.map(|of| of.units).sum();
        self.event.left.retain(|of| of.line != line);
        let taken = self.content.take_picked(line, before + units, &mut self.event.left);
        taken.map_err(|TooMany(there)| self.too_many(line, before + units, there))
    }

    /// The way of packages ends.
    fn end(
        &mut self,
        ids: &[PackageId],
        how: Ending,
        at: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let pickup = self.order.header.destination.pickup();
        if how == Ending::Collected && pickup.is_none() {
            return Err(Refusal::NotCollectedHere { shipment_number: self.number() });
        }
        if how == Ending::Lost && ids.is_empty() {
            self.any_lost()?;
        }
        let at = at.unwrap_or(self.event.at);
        for package in self.concerned(ids)? {
            let units = package.lines.iter().map(|(_, units)| units).sum();
            let state = package.state();
            let is_meant = !ids.is_empty() || how != Ending::Lost || state == UnitState::Shipped;
            if !is_meant || self.allow(state, units)? == Rule::Stays {
                continue;
            }
            let shipped = package.dispatch.as_ref().map(|dispatch| dispatch.at);
            if let Some(shipped) = shipped.filter(|shipped| at < *shipped) {
                let shipment_number = self.number();
                return Err(Refusal::DeliveredTooEarly { shipment_number, shipped });
            }
            let ended = Some(Ended { how, at });
            if state > UnitState::Ready {
                self.put(Package { ended, ..package });
            } else if how == Ending::Collected && pickup.is_some_and(|p| p.node == self.node()) {
                self.leave_node(&package)?;
                self.put(Package { ended, until: None, ..package });
            } else {
                // Nobody said how it left.
                let unknown = || Text::default();
                let dispatch = Dispatch { at, carrier: unknown(), tracking: unknown() };
                self.leave_node(&package)?;
                let dispatch = Some(dispatch.into());
                self.put(Package { dispatch, ready: None, ended, until: None, ..package });
            }
        }
        match self.expired().filter(|_| how == Ending::Collected && !self.changes) {
            // What he asks for is not there, whatever he collected before.
            Some(expired) if ids.is_empty() => Err(expired),
            _ => Ok(()),
        }
    }

    fn node(&self) -> crate::model::NodeNo {
        self.order.shipments[usize::from(self.at)].node
    }

    /// Refuses that all is lost that left, where nothing is on its way.
    fn any_lost(&self) -> Result<(), Refusal> {
        let mut refused = Ok(());
        for line in self.content.lines() {
            for (state, units) in self.content.standing(line).states() {
                match table::rule(Act::Lose, state) {
                    Rule::Becomes(_) | Rule::Stays => return Ok(()),
                    Rule::Refused(obstacle) => refused = Err(self.refusal(obstacle, units)),
                }
            }
        }
        refused
    }

    /// Refuses what a hold on the order keeps the node from, and what it is not to begin before the order's
    /// payment is secured. What changes nothing is answered as before.
    fn refuse_kept(&self) -> Result<(), Refusal> {
        let was_packed = |package: &Package| self.known.iter().any(|known| known.id == package.id);
        let is_made = match table::on_hold(self.act()) {
            OnHold::Made => true,
            OnHold::PackedOnly => self.event.packages.iter().all(was_packed),
            OnHold::Refused => false,
        };
        if is_made {
            return Ok(());
        }
        refuse_on_hold(self.order)?;
        refuse_waiting(self.order, self.at)?;
        let work = self.order.shipments[usize::from(self.at)].work.as_deref();
        // A node that was told to work on it goes on, whatever became of the payment since.
        let is_begun = work.is_some_and(|work| work.released.is_some());
        if is_begun {
            return Ok(());
        }
        refuse_unsecured(self.order)?;
        refuse_uncovered(self.order, self.at)
    }

    fn finish(self) -> Result<Option<ShipmentProgressed>, Refusal> {
        if !self.changes {
            return Ok(None);
        }
        self.refuse_kept()?;
        let event = self.event;
        for units in [&event.put_back, &event.picked, &event.all_left()] {
            whole_bundles(self.order, units)?;
        }
        Ok(Some(event))
    }
}
