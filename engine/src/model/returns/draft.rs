//! A return while a step of it is decided: its lines as they come to be, and what moved.

use super::line::{Change, Moved, ReturnLine};
use super::progress::ReturnProgress;
use super::refusal::ReturnRefusal;
use super::return_::Return;
use super::table::Act;
use crate::limits::RETURN_BUCKETS_MAX;
use crate::model::stock::LineUnits;
use crate::model::time::Timestamp;

/// A return while a step of it is decided.
pub(super) struct Draft {
    pub(super) lines: Vec<ReturnLine>,
    moves: Vec<Moved>,
}

impl Draft {
    pub(super) fn of(of: &Return) -> Self {
        Self { lines: of.lines.to_vec(), moves: Vec::new() }
    }

    /// Makes a change of so many units of lines of the order, or of all units that it may be made of
    /// where no line is named. What was done before is no fault.
    ///
    /// # Errors
    /// It cannot be made of as many.
    pub(super) fn make(
        &mut self,
        change: Change<'_>,
        lines: &LineUnits,
    ) -> Result<(), ReturnRefusal> {
        if lines.is_empty() {
            return self.make_all(change);
        }
        for (line, units) in lines {
            let at = self.lines.iter().position(|of| of.line == *line);
            let at = at.ok_or(ReturnRefusal::UnknownLine { line: *line })?;
            self.check(at, change, *units)?;
            if self.lines[at].movable(change) > 0 {
                self.move_units(at, change, *units);
            }
        }
        Ok(())
    }

    fn make_all(&mut self, change: Change<'_>) -> Result<(), ReturnRefusal> {
        let is_done = self.lines.iter().any(|line| line.done(change) > 0);
        let moved = self.moves.len();
        for at in 0..self.lines.len() {
            self.move_units(at, change, u32::MAX);
        }
        if is_done || self.moves.len() > moved {
            return Ok(());
        }
        let first = self.lines.iter().find_map(|of| Some((of.line, of.obstacle(change)?)));
        first.map_or(Ok(()), |(line, obstacle)| Err(ReturnRefusal::Obstructed { line, obstacle }))
    }

    /// Whether as many units can move, or none has to any more.
    fn check(&self, at: usize, change: Change<'_>, units: u32) -> Result<(), ReturnRefusal> {
        let of = &self.lines[at];
        let there = of.movable(change);
        let is_done = there == 0 && of.done(change) >= units;
        if there >= units || is_done {
            return Ok(());
        }
        let line = of.line;
        match of.obstacle(change) {
            Some(obstacle) if there == 0 => Err(ReturnRefusal::Obstructed { line, obstacle }),
            _ => Err(ReturnRefusal::TooMany { line, there }),
        }
    }

    /// Makes a change of so many units of the line at a place.
    pub(super) fn move_units(&mut self, at: usize, change: Change<'_>, units: u32) {
        let place = u16::try_from(at).expect("fewer lines than a u16 holds");
        self.lines[at].make(place, (change, units), &mut self.moves);
    }

    /// The step, if anything changed.
    ///
    /// # Errors
    /// The units of a line are in too many places.
    pub(super) fn finish(
        self,
        at: Timestamp,
        act: Act,
    ) -> Result<Option<ReturnProgress>, ReturnRefusal> {
        let scattered = self.lines.iter().find(|of| of.buckets.len() > RETURN_BUCKETS_MAX);
        if let Some(of) = scattered {
            return Err(ReturnRefusal::TooManyParts { line: of.line });
        }
        let moves = self.moves;
        let moved = !moves.is_empty();
        Ok(moved.then_some(ReturnProgress { at, act, moves, report: None, sent: None, node: None }))
    }
}
