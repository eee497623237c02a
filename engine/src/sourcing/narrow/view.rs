//! What each line sees of the shipments: as words, and by place.

use crate::sourcing::limits::{NARROW_LINES_MAX as LINES, NARROW_SHIPMENTS_MAX as SHIPMENTS};
use crate::sourcing::problem::{Line, Offer, Problem};

/// The shipments that one line may use.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {
    /// Those with an offer that fills the line alone.
    pub(super) full: u64,
    /// Those with too few units for that.
    pub(super) part: u64,
}

impl View {
    /// Those that have any unit for the line.
    #[inline]
    pub(super) fn any(self) -> u64 {
        self.full | self.part
    }
}

/// The views of the first so many lines.
#[derive(Debug)]
pub(super) struct Views {
    lines: [View; LINES],
    /// By line and shipment of its view: the offer.
    offers: [[u32; SHIPMENTS]; LINES],
    looked: usize,
}

impl Default for Views {
    fn default() -> Self {
        Self { lines: [View::default(); LINES], offers: [[0; SHIPMENTS]; LINES], looked: 0 }
    }
}

impl Views {
    #[inline]
    pub(super) fn clear(&mut self) {
        self.looked = 0;
    }

    /// The lines looked at so far.
    #[inline]
    pub(super) fn looked(&self) -> usize {
        self.looked
    }

    #[inline]
    pub(super) fn of(&self, line: usize) -> View {
        self.lines[line % LINES]
    }

    /// The index of the offer of a shipment in the line's view.
    #[inline]
    pub(super) fn index(&self, line: usize, shipment: usize) -> u32 {
        self.offers[line % LINES][shipment % SHIPMENTS]
    }

    /// The offer of a shipment in the line's view.
    #[inline]
    pub(super) fn offer<'a>(
        &self,
        problem: &Problem<'a>,
        line: usize,
        shipment: usize,
    ) -> &'a Offer {
        &problem.offers[self.index(line, shipment) as usize]
    }

    /// Looks at the offers of the next line that are so many days late. `None` if a
    /// shipment has two of them: what they come to together, only the search sees.
    pub(super) fn look(
        &mut self,
        problem: &Problem<'_>,
        line: &Line,
        late_days: u32,
    ) -> Option<View> {
        let places = &mut self.offers[self.looked % LINES];
        let units_min = problem.units_min(line);
        let (mut full, mut part, mut usable) = (0u64, 0u64, 0);
        for (index, offer) in problem.offers_of(line) {
            if offer.late_days != late_days {
                continue;
            }
            let shipment = usize::from(offer.shipment) % SHIPMENTS;
            if offer.quantity >= line.quantity {
                full |= 1 << shipment;
            } else if offer.quantity >= units_min {
                part |= 1 << shipment;
            } else {
                continue;
            }
            places[shipment] = index;
            usable += 1;
        }
        let view = View { full, part };
        self.lines[self.looked % LINES] = view;
        self.looked += 1;
        (view.any().count_ones() == usable).then_some(view)
    }

    /// Looks again at the line looked at last, at the offers that are least late.
    pub(super) fn look_at_late(&mut self, problem: &Problem<'_>, line: &Line) -> Option<View> {
        self.looked -= 1;
        let units_min = problem.units_min(line);
        let usable = problem.offers_of(line).filter(|(_, offer)| offer.quantity >= units_min);
        let late_days = usable.map(|(_, offer)| offer.late_days).min().unwrap_or(0);
        self.look(problem, line, late_days)
    }
}
