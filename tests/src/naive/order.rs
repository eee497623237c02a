//! One order, as naively as can be.

mod compare;
mod packages;
mod shipments;

use std::collections::{BTreeMap, BTreeSet};

use backstock_engine::command::LineCancellation;
use backstock_engine::model::{AnswerKind, HoldState, Lsn, Priority, Supply, Timestamp};

pub use self::packages::Parcel;

use super::For;
use super::bundle::Bundle;
use super::hold::{Hold, Units};
use super::pair::same;

/// Units of one line that one shipment takes from one supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allotted {
    /// The line, from 0.
    pub line: u16,
    /// Its item.
    pub sku: String,
    /// The node that ships.
    pub node: String,
    /// The shipment, from 0.
    pub shipment: u16,
    /// What they rest on.
    pub supply: Supply,
    /// How many.
    pub units: u32,
}

/// The order.
#[derive(Clone, Debug)]
pub struct Order {
    /// The engine's number for it: an order that waits longer has a lower one.
    pub no: u64,
    /// Units ordered, by line; lines of one SKU are one.
    pub ordered: Vec<u32>,
    /// The bundles among them.
    pub bundles: Vec<Bundle>,
    /// What it was given.
    pub allotted: Vec<Allotted>,
    shipped: Vec<u32>,
    cancelled: Vec<u32>,
    moved: Vec<u32>,
    /// Of those that are open.
    picked: Vec<u32>,
    /// By shipment, from 0, and id.
    packages: BTreeMap<(u16, String), Parcel>,
    /// How many parts it was given when it was placed.
    placed: usize,
    /// Whether a line must not be split.
    pub is_whole: bool,
    /// Whose it is, and how it goes.
    pub whom: For,
    /// The hold that it began as, if it did.
    pub hold: Option<Hold>,
    /// The nodes that declined a shipment of it.
    pub declined: BTreeSet<String>,
    /// What nodes answered last, by shipment from 0.
    answers: BTreeMap<u16, AnswerKind>,
    /// Who works on shipments, from 0, and until when.
    pub claims: BTreeMap<u16, (String, Timestamp)>,
    /// Before whom it is served.
    pub priority: Priority,
    /// The holds on it, by id: until when its units are kept, and whether they were let go.
    pub holds: BTreeMap<String, (Option<Timestamp>, bool)>,
    /// Shipments, from 0, of which the customer is asked what becomes of them.
    pub asked: BTreeSet<u16>,
    /// Shipments, from 0, with which their node began, and did not give back.
    began: BTreeSet<u16>,
    /// Shipments, from 0, that their node was told to work on.
    released: BTreeSet<u16>,
    /// Those that somebody took back.
    taken_back: BTreeSet<u16>,
    /// Until when nodes may answer that they are asked for shipments, from 0.
    recalls: BTreeMap<u16, Timestamp>,
    /// The versions at which it was decided on anew.
    pub decisions: Vec<Lsn>,
    /// The versions at which anything happened to it after it was placed.
    pub changes: Vec<Lsn>,
}

impl Order {
    /// An order as placed.
    pub fn new(
        (no, whom): (u64, For),
        ordered: Vec<u32>,
        allotted: Vec<Allotted>,
        is_whole: bool,
    ) -> Self {
        let placed = allotted.len();
        let none = vec![0; placed];
        let (shipped, cancelled) = (none.clone(), none.clone());
        let (moved, picked) = (none.clone(), none);
        Self {
            no,
            ordered,
            bundles: Vec::new(),
            allotted,
            shipped,
            cancelled,
            moved,
            picked,
            packages: BTreeMap::new(),
            placed,
            is_whole,
            whom,
            hold: None,
            priority: Priority::DEFAULT,
            holds: BTreeMap::new(),
            asked: BTreeSet::new(),
            began: BTreeSet::new(),
            released: BTreeSet::new(),
            taken_back: BTreeSet::new(),
            recalls: BTreeMap::new(),
            decisions: Vec::new(),
            changes: Vec::new(),
            declined: BTreeSet::new(),
            answers: BTreeMap::new(),
            claims: BTreeMap::new(),
        }
    }

    /// Whether the backlog passes over a line of it: its units were let go, or the customer is
    /// asked about the line, or its bundle.
    pub fn is_passed_over(&self, line: u16) -> bool {
        let bundle = self.bundle_of(line);
        let together = |of: u16| {
            of == line || bundle.is_some_and(|all| all.lines.iter().any(|(at, _)| *at == of))
        };
        let asks = |at: usize| {
            let part = &self.allotted[at];
            self.asked.contains(&part.shipment) && self.open(at) > 0 && together(part.line)
        };
        let let_go = self.holds.values().any(|(_, let_go)| *let_go);
        let_go || (0..self.allotted.len()).any(asks)
    }

    /// What is open of a shipment, counted from 1.
    pub fn in_shipment(&self, shipment: u16) -> Vec<Allotted> {
        let of_it = (0..self.allotted.len())
            .filter(|at| self.allotted[*at].shipment == shipment - 1 && self.open(*at) > 0);
        of_it.map(|at| Allotted { units: self.open(at), ..self.allotted[at].clone() }).collect()
    }

    /// The hold, while it has its units, or waits for them, and is no order yet.
    pub fn open_hold(&self) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| hold.is_open())
    }

    /// Whether its units are held.
    pub fn is_held(&self) -> bool {
        self.open_hold().is_some()
    }

    /// Whether it is an order, and no hold that nobody confirmed.
    pub fn is_order(&self) -> bool {
        self.hold.as_ref().is_none_or(|hold| hold.state == HoldState::Confirmed)
    }

    /// Units that are neither shipped nor cancelled.
    pub fn open_in_all(&self) -> u32 {
        (0..self.allotted.len()).map(|at| self.open(at)).sum()
    }

    /// Units of an item that are neither shipped nor cancelled.
    pub fn open_of_item(&self, sku: &str) -> u32 {
        let of_it = (0..self.allotted.len()).filter(|at| self.allotted[*at].sku == sku);
        of_it.map(|at| self.open(at)).sum()
    }

    /// Whether a line that must not be split, of which nothing is picked or left, is to leave in two
    /// shipments.
    pub fn is_split(&self, line: u16) -> bool {
        let of_line = || (0..self.allotted.len()).filter(|at| self.allotted[*at].line == line);
        let begun = of_line().any(|at| self.picked[at] > 0 || self.shipped[at] > 0);
        let open = of_line().filter(|at| self.open(*at) > 0);
        let shipments: BTreeSet<u16> = open.map(|at| self.allotted[at].shipment).collect();
        self.is_whole && !begun && shipments.len() > 1
    }

    /// Open units by node and shipment, part by part.
    pub fn open_parts(&self) -> impl Iterator<Item = (&str, u16, u32)> {
        let parts = self.allotted.iter().enumerate();
        parts.map(|(at, part)| (part.node.as_str(), part.shipment, self.open(at)))
    }

    /// The hold ends: its units are not its own any more.
    pub fn end_hold(&mut self, state: HoldState) {
        for at in 0..self.allotted.len() {
            self.cancelled[at] += self.open(at);
        }
        self.hold.as_mut().expect("it began as a hold").state = state;
    }

    /// Goes without these units, by part: those of a hold that wait for supply, if it drops them.
    pub fn go_without(&mut self, parts: &[u32], had: &Units, drops: bool) -> Result<(), String> {
        let mut waiting = BTreeMap::<(u16, String), u32>::new();
        for ((line, _, node, supply), units) in had {
            if drops && *supply == Supply::Backorder {
                *waiting.entry((*line, node.clone())).or_default() += units;
            }
        }
        let mut dropped = BTreeMap::new();
        for (at, units) in parts.iter().enumerate().filter(|(_, units)| **units > 0) {
            if *units > self.open(at) {
                return Err(format!("part {at} has no {units} units"));
            }
            self.cancelled[at] += units;
            let Allotted { line, node, .. } = &self.allotted[at];
            *dropped.entry((*line, node.clone())).or_default() += units;
        }
        same("what it goes without", &dropped, &waiting)
    }

    fn open(&self, at: usize) -> u32 {
        self.allotted[at].units - self.shipped[at] - self.cancelled[at] - self.moved[at]
    }

    /// Open units that are not picked.
    fn loose(&self, at: usize) -> u32 {
        self.open(at) - self.picked[at]
    }

    /// A part of a shipment, from 0, with so many of its units.
    fn part(&self, shipment: u16, (at, units): (u16, u32)) -> Result<Allotted, String> {
        let part = self.allotted.get(usize::from(at)).filter(|part| part.shipment == shipment);
        let part = part.ok_or_else(|| format!("part {at} is not of shipment {shipment}"))?;
        Ok(Allotted { units, ..part.clone() })
    }

    /// Units of parts of a shipment, from 0, are picked.
    pub fn pick(&mut self, shipment: u16, parts: &[(u16, u32)]) -> Result<Vec<Allotted>, String> {
        let picked = parts.iter().map(|&(at, units)| {
            let part = self.part(shipment, (at, units))?;
            let at = usize::from(at);
            if units > self.loose(at) {
                return Err(format!("{units} of part {at} are picked, of {}", self.loose(at)));
            }
            self.picked[at] += units;
            Ok(part)
        });
        picked.collect()
    }

    /// Units of parts, which were picked, go back to the shelf.
    pub fn put_back(&mut self, parts: &[(u16, u32)]) -> Result<Vec<Allotted>, String> {
        let back = parts.iter().map(|&(at, units)| {
            let at = usize::from(at);
            let left = self.picked[at].checked_sub(units).ok_or("they were not picked")?;
            self.picked[at] = left;
            Ok(Allotted { units, ..self.allotted[at].clone() })
        });
        back.collect()
    }

    /// Units of parts of a shipment, from 0, which were picked, leave.
    pub fn leave(&mut self, shipment: u16, parts: &[(u16, u32)]) -> Result<Vec<Allotted>, String> {
        let all: Result<Vec<_>, _> = parts.iter().map(|part| self.part(shipment, *part)).collect();
        let all = all?;
        self.put_back(parts)?;
        for (at, units) in parts {
            self.shipped[usize::from(*at)] += units;
        }
        Ok(all)
    }

    /// Units of parts of a shipment, from 0, become a shipment by themselves.
    pub fn part_with(&mut self, shipment: u16, parts: &[(u16, u32)]) -> Result<u16, String> {
        let to = self.allotted.iter().map(|part| part.shipment).max().unwrap_or(0) + 1;
        for &(at, units) in parts {
            let part = self.part(shipment, (at, units))?;
            if units > self.loose(usize::from(at)) {
                return Err(format!("part {at} has no {units} units"));
            }
            self.moved[usize::from(at)] += units;
            let apart = Allotted { shipment: to, units, ..part };
            let same = |part: &Allotted| Allotted { units, ..part.clone() } == apart;
            match (self.placed..self.allotted.len()).find(|at| same(&self.allotted[*at])) {
                Some(at) => self.allotted[at].units += units,
                None => self.add(apart),
            }
        }
        Ok(to)
    }

    /// Units that are wanted of a line: those that are open, and those that left.
    pub fn wanted_of(&self, line: u16) -> u32 {
        let of_line = (0..self.allotted.len()).filter(|at| self.allotted[*at].line == line);
        of_line.map(|at| self.open(at) + self.shipped[at]).sum()
    }

    /// The node of a shipment, from 0, that has ever had units.
    pub fn node_of(&self, shipment: u16) -> Option<String> {
        let part = self.allotted.iter().find(|part| part.shipment == shipment);
        part.map(|part| part.node.clone())
    }

    /// The item of a line.
    pub fn sku_of(&self, line: u16) -> Option<String> {
        let part = self.allotted.iter().find(|part| part.line == line);
        part.map(|part| part.sku.clone())
    }

    /// Units of parts that are not picked leave in other shipments.
    pub fn move_out(&mut self, parts: &[(u16, u32)]) -> Result<(), String> {
        for (at, units) in parts {
            let at = usize::from(*at);
            if *units > self.loose(at) {
                return Err(format!("{units} of part {at} move, of {}", self.loose(at)));
            }
            self.moved[at] += units;
        }
        Ok(())
    }

    /// Whether pairs have what is open of it, by line and node.
    pub fn has_units(&self, at_pairs: &Units) -> Result<(), String> {
        let (mut open, mut there) = (BTreeMap::new(), BTreeMap::new());
        for (at, part) in self.allotted.iter().enumerate().filter(|(at, _)| self.open(*at) > 0) {
            let key = (part.line, part.sku.clone(), part.node.clone());
            *open.entry(key).or_insert(0) += self.open(at);
        }
        for ((line, sku, node, _), units) in at_pairs {
            *there.entry((*line, sku.clone(), node.clone())).or_insert(0) += units;
        }
        same("units of pairs and of their order", &there, &open)
    }

    /// Units come to a shipment, as a part that was added before, or a new one.
    pub fn put(&mut self, part: Allotted) {
        let same = |of: &Allotted| Allotted { units: part.units, ..of.clone() } == part;
        match (self.placed..self.allotted.len()).find(|at| same(&self.allotted[*at])) {
            Some(at) => self.allotted[at].units += part.units,
            None => self.add(part),
        }
    }

    fn add(&mut self, part: Allotted) {
        self.allotted.push(part);
        self.shipped.push(0);
        self.cancelled.push(0);
        self.moved.push(0);
        self.picked.push(0);
    }

    /// Units of a line leave a shipment for another one, where they rest on a supply.
    pub fn move_units(&mut self, from: u16, units: u32, to: &Allotted) -> Result<(), String> {
        for _ in 0..units {
            let of_it = (0..self.allotted.len()).filter(|at| {
                let part = &self.allotted[*at];
                (part.line, part.shipment) == (to.line, from) && self.loose(*at) > 0
            });
            let at = of_it.max().ok_or("a unit moves that the shipment does not have")?;
            self.moved[at] += 1;
        }
        let same = |part: &Allotted| Allotted { units: to.units, ..part.clone() } == *to;
        let known = (self.placed..self.allotted.len()).find(|at| same(&self.allotted[*at]));
        if let Some(at) = known {
            self.allotted[at].units += units;
        } else {
            self.add(Allotted { units, ..to.clone() });
        }
        Ok(())
    }

    /// Units of a line that are neither shipped nor cancelled.
    pub fn open_of(&self, line: u16) -> u32 {
        let of_line = (0..self.allotted.len()).filter(|at| self.allotted[*at].line == line);
        of_line.map(|at| self.open(at)).sum()
    }

    /// Cancels these parts, if they are everything that is open, or so many units of some
    /// lines; answers with what goes back where.
    pub fn cancel(
        &mut self,
        (lines, shipment): (&[LineCancellation], Option<u16>),
        parts: &[(u16, u32)],
    ) -> Result<Vec<Allotted>, String> {
        let is_of_it =
            |at: usize| shipment.is_none_or(|shipment| self.allotted[at].shipment + 1 == shipment);
        if let Some((at, _)) = parts.iter().find(|(at, _)| !is_of_it(usize::from(*at))) {
            return Err(format!("part {at} is not of the shipment: {shipment:?}"));
        }
        let open_of = |line: u16| -> u32 {
            let of_line = (0..self.allotted.len()).filter(|at| self.allotted[*at].line == line);
            of_line.filter(|at| is_of_it(*at)).map(|at| self.open(at)).sum()
        };
        let all = || (0..self.ordered.len()).map(|line| u16::try_from(line).expect("few lines"));
        let wanted: Vec<(u16, u32)> = match lines {
            [] => all().map(|line| (line, open_of(line))).collect(),
            lines => lines.iter().flat_map(|l| self.lines_of(l)).collect(),
        };
        for line in all() {
            let of_line =
                parts.iter().filter(|(at, _)| self.allotted[usize::from(*at)].line == line);
            let given: u32 = of_line.map(|(_, units)| units).sum();
            let wanted: u32 = wanted.iter().filter(|(of, _)| *of == line).map(|(_, u)| u).sum();
            if given != wanted {
                return Err(format!("{wanted} of line {line} were to be cancelled, not {given}"));
            }
        }
        let mut back = Vec::new();
        for &(at, units) in parts {
            let at = usize::from(at);
            if units == 0 || units > self.loose(at) {
                return Err(format!("part {at} has no {units} units that are open"));
            }
            self.cancelled[at] += units;
            back.push(Allotted { units, ..self.allotted[at].clone() });
        }
        if back.is_empty() { Err("nothing was there to cancel".into()) } else { Ok(back) }
    }

    /// The lines that a cancellation is of, with their units.
    fn lines_of(&self, of: &LineCancellation) -> Vec<(u16, u32)> {
        let line = u16::try_from(of.line - 1).expect("few");
        match self.bundle_of(line).filter(|_| of.of_bundle) {
            None => vec![(line, of.quantity)],
            Some(bundle) => {
                bundle.lines.iter().map(|(line, each)| (*line, of.quantity * each)).collect()
            }
        }
    }

    /// What is open of it, part by part.
    pub fn open_allotted(&self) -> Vec<Allotted> {
        let open = (0..self.allotted.len()).filter(|at| self.open(*at) > 0);
        open.map(|at| Allotted { units: self.open(at), ..self.allotted[at].clone() }).collect()
    }
}
