//! Steps of a return, each from what it is to exactly what becomes of it, or why not. None where it was
//! done before.

use super::decision::Reduction;
use super::deed::Deed;
use super::draft::Draft;
use super::goods::{Disposition, Grade};
use super::parcel::Sent;
use super::progress::ReturnProgress;
use super::reason::ReturnMode;
use super::refusal::ReturnRefusal;
use super::return_::Return;
use super::status::Status;
use super::table::{Act, Obstacle};
use crate::model::stock::LineUnits;
use crate::model::time::Timestamp;

/// What a step makes of a return.
pub type Stepped = Result<Option<ReturnProgress>, ReturnRefusal>;

/// What an inspector found, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The grade.
    pub grade: Grade,
    /// What the customer is owed; none where that is decided later. What was decided before stays.
    pub verdict: Option<Verdict>,
    /// What becomes of the units; none where that is decided later.
    pub disposition: Option<Disposition>,
}

/// What a customer is owed for units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What they are worth.
    Approve,
    /// So much less.
    Reduce(Reduction),
    /// Nothing.
    Reject,
}

impl Verdict {
    const fn deed(self) -> Deed {
        match self {
            Self::Approve => Deed::Approve,
            Self::Reduce(by) => Deed::Reduce(by),
            Self::Reject => Deed::Reject,
        }
    }
}

impl Finding {
    /// What it makes of a unit.
    fn of(self, status: Status) -> Result<Status, Obstacle> {
        let seen = status.after(Deed::Inspect(self.grade))?;
        let decided = match self.verdict {
            Some(verdict) if !seen.decision.is_final() => seen.after(verdict.deed())?,
            _ => seen,
        };
        self.disposition.map_or(Ok(decided), |how| decided.after(Deed::Dispose(how)))
    }
}

// Where a step takes lines, they are the order's lines with units, and none named is all units that can
// take the step. Each step may be refused as `Draft::make` says; what else refuses it is said with it.
impl Return {
    /// Somebody grants it. Who need not send the goods is owed for them.
    pub fn authorise(&self, at: Timestamp) -> Stepped {
        let is_kept = self.mode == ReturnMode::KeepIt;
        let deed = if is_kept { Deed::KeepIt } else { Deed::Authorise };
        self.step(at, deed, &LineUnits::new())
    }

    /// Somebody does not grant it.
    pub fn refuse(&self, at: Timestamp) -> Stepped {
        self.step(at, Deed::Refuse, &LineUnits::new())
    }

    /// The customer does not send units after all. What arrived is sent back instead.
    pub fn cancel(&self, at: Timestamp, lines: &LineUnits) -> Stepped {
        self.step(at, Deed::Cancel, lines)
    }

    /// Units are on their way. A second word of it tells the carrier's number alone.
    pub fn send(&self, sent: Sent, lines: &LineUnits) -> Stepped {
        let mut draft = Draft::of(self);
        let at = sent.at;
        draft.make(&|status| status.after(Deed::Send), lines)?;
        let is_news = self.sent.as_deref() != Some(&sent);
        let (report, sent_so, node) = (None, None, None);
        let none =
            ReturnProgress { at, act: Act::Send, moves: vec![], report, sent: sent_so, node };
        let moved = draft.finish(at, Act::Send)?;
        let progress = moved.or(is_news.then_some(none));
        Ok(progress.map(|step| ReturnProgress { sent: Some(Box::new(sent)), ..step }))
    }

    /// The carrier lost units.
    pub fn lose(&self, at: Timestamp, lines: &LineUnits) -> Stepped {
        self.step(at, Deed::Lose, lines)
    }

    /// The time passed until which the goods are waited for.
    ///
    /// # Errors
    /// It did not.
    pub fn expire(&self, now: Timestamp) -> Stepped {
        due(self.expires_at, now)?;
        self.step(now, Deed::Expire, &LineUnits::new())
    }

    /// Somebody looked at units.
    pub fn inspect(&self, at: Timestamp, lines: &LineUnits, finding: Finding) -> Stepped {
        let mut draft = Draft::of(self);
        draft.make(&|status| finding.of(status), lines)?;
        draft.finish(at, Act::Inspect)
    }

    /// What becomes of units: those that were looked at, or that go back as they came.
    pub fn dispose(&self, at: Timestamp, lines: &LineUnits, how: Disposition) -> Stepped {
        self.step(at, Deed::Dispose(how), lines)
    }

    /// The customer is owed for what the carrier lost.
    ///
    /// # Errors
    /// The terms do not say so.
    pub fn grant_lost(&self, at: Timestamp, lines: &LineUnits) -> Stepped {
        allowed(self.terms.covers_loss)?;
        self.step(at, Deed::GrantLost, lines)
    }

    /// The customer is credited before the goods come.
    ///
    /// # Errors
    /// It is not a return of that kind.
    pub fn advance(&self, at: Timestamp, lines: &LineUnits) -> Stepped {
        allowed(self.mode == ReturnMode::Advance)?;
        self.step(at, Deed::Advance, lines)
    }

    /// The customer is credited for units that he is owed for.
    pub fn credit(&self, at: Timestamp, lines: &LineUnits) -> Stepped {
        self.step(at, Deed::Credit, lines)
    }

    /// What the customer was credited before the goods came is taken back of those that did not come
    /// until the deadline.
    ///
    /// # Errors
    /// There is none, or it has not passed.
    pub fn charge_back(&self, now: Timestamp) -> Stepped {
        let until = self.advance_until.ok_or(ReturnRefusal::NotByTerms)?;
        due(until, now)?;
        self.step(now, Deed::ChargeBack, &LineUnits::new())
    }

    fn step(&self, at: Timestamp, deed: Deed, lines: &LineUnits) -> Stepped {
        let mut draft = Draft::of(self);
        draft.make(&|status| status.after(deed), lines)?;
        draft.finish(at, deed.act())
    }
}

fn allowed(is_allowed: bool) -> Result<(), ReturnRefusal> {
    if is_allowed { Ok(()) } else { Err(ReturnRefusal::NotByTerms) }
}

fn due(due: Timestamp, now: Timestamp) -> Result<(), ReturnRefusal> {
    if now < due { Err(ReturnRefusal::NotDue { due }) } else { Ok(()) }
}
