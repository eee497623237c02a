//! What customers are credited for, in the event that has them owed for it.

use super::deed::Deed;
use super::draft::Draft;
use super::progress::ReturnProgress;
use super::refusal::ReturnRefusal;
use super::return_::Return;
use super::status::Status;
use super::table::Act;

impl Return {
    /// A step, and the credits that follow from it: of units that are owed for by then, and of those that
    /// are credited before they come, where that was granted. Units that were credited before are passed
    /// over.
    ///
    /// # Errors
    /// The units of a line would be in too many places.
    pub fn settled(&self, mut step: ReturnProgress) -> Result<ReturnProgress, ReturnRefusal> {
        let mut after = self.clone();
        after.apply(&step);
        let more = after.credits_due(&step)?;
        step.moves.extend(more.into_iter().flat_map(|more| more.moves));
        Ok(step)
    }

    /// The credits that are due as it stands, as a step at the time of another one.
    fn credits_due(&self, step: &ReturnProgress) -> Result<Option<ReturnProgress>, ReturnRefusal> {
        let mut draft = Draft::of(self);
        for at in 0..draft.lines.len() {
            draft.move_units(at, &|status| status.after(Deed::Credit), u32::MAX);
            let advance = |status: Status| {
                if self.advances(status, step.at) {
                    status.after(Deed::Advance)
                } else {
                    Ok(status)
                }
            };
            draft.move_units(at, &advance, u32::MAX);
        }
        draft.finish(step.at, step.act)
    }

    /// The same return, with the credits that are due as soon as it is granted: of who keeps the goods, or
    /// is credited before they come.
    ///
    /// # Errors
    /// The units of a line would be in too many places.
    pub fn with_credits(mut self) -> Result<Self, ReturnRefusal> {
        let at = self.requested_at;
        let none = ReturnProgress {
            at,
            act: Act::Authorise,
            moves: Vec::new(),
            report: None,
            sent: None,
            node: None,
        };
        if let Some(credits) = self.credits_due(&none)? {
            self.apply(&credits);
        }
        Ok(self)
    }
}
