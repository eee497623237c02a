//! What bundles are given at the node where they are.
//!
//! ```text
//!   bundles that stay, of each component what they have and what is free
//!       --> how many are whole by when --> of each component the latest supply by then
//!       --> steps, from the last to come to the first, where that is sooner
//! ```

use smallvec::SmallVec;

use crate::model::Supply;
use crate::state::stock::Ready;

/// Units of a component on a supply of the node.
pub type Units = (Ready, Supply, u32);

/// What of a component is at a node for bundles that stay there.
#[derive(Clone, Debug, Default)]
pub struct Component {
    /// Units for each bundle, from 1.
    pub each: u32,
    /// What the bundles have, the last to be there first.
    pub has: SmallVec<[Units; 4]>,
    /// What is free.
    pub free: SmallVec<[Units; 4]>,
}

/// Units of a component that come to rest on another supply: from which, to which.
pub type AtHome = (Supply, Supply, u32);

/// The steps of each component for so many bundles: to what lets them leave sooner; and, where they
/// wait all the same and keep what they can have, to whatever there is.
pub fn at_home(bundles: u32, components: &[Component], keeps: bool) -> Vec<Vec<AtHome>> {
    let (whole, wanted) = wanted(bundles, components);
    let steps = components.iter().zip(wanted).map(|(component, wanted)| {
        let mut component = component.clone();
        let mut steps = component.step(wanted);
        if keeps {
            steps.extend(component.keep((bundles - whole) * component.each));
        }
        steps
    });
    steps.collect()
}

/// How many bundles can leave, and what each component's units would rest on, so that as many of
/// them as can leave by each date do. Each takes the latest supply by its date, so that what is there is left to what leaves
/// earlier.
fn wanted(bundles: u32, components: &[Component]) -> (u32, Vec<SmallVec<[Units; 4]>>) {
    let mut left: Vec<SmallVec<[Units; 4]>> = components.iter().map(Component::all).collect();
    let mut dates: Vec<Ready> = left.iter().flatten().map(|(ready, ..)| *ready).collect();
    dates.sort_unstable();
    dates.dedup();
    let mut wanted = vec![SmallVec::new(); components.len()];
    let mut whole = 0;
    for date in dates {
        let by_date = |(component, left): (&Component, &SmallVec<[Units; 4]>)| {
            let there = left.iter().filter(|(ready, ..)| *ready <= date);
            let units: u64 = there.map(|(.., units)| u64::from(*units)).sum();
            u32::try_from(units / u64::from(component.each)).unwrap_or(u32::MAX)
        };
        let more = components.iter().zip(&left).map(by_date).min().unwrap_or(0);
        let more = more.min(bundles - whole);
        whole += more;
        for (at, component) in components.iter().enumerate() {
            let mut units = more * component.each;
            for (ready, supply, there) in left[at].iter_mut().rev() {
                let taken = if *ready <= date { units.min(*there) } else { 0 };
                if taken > 0 {
                    wanted[at].push((*ready, *supply, taken));
                    (units, *there) = (units - taken, *there - taken);
                }
            }
        }
    }
    (whole, wanted)
}

impl Component {
    /// All units with supply, had and free, the first to be there first.
    fn all(&self) -> SmallVec<[Units; 4]> {
        let with_supply =
            self.has.iter().chain(&self.free).filter(|(ready, ..)| *ready < Ready::Never);
        let mut all: SmallVec<[Units; 4]> = with_supply.copied().collect();
        all.sort_by_key(|(ready, supply, _)| (*ready, *supply));
        all.dedup_by(|next, sum| {
            let is_same = next.1 == sum.1;
            if is_same {
                sum.2 += next.2;
            }
            is_same
        });
        all
    }

    /// The steps to what is wanted, where that is sooner. What it has of it stays as it is.
    fn step(&mut self, mut wanted: SmallVec<[Units; 4]>) -> Vec<AtHome> {
        for (_, supply, gained) in &mut wanted {
            for (_, _, had) in self.has.iter_mut().filter(|(_, of, _)| of == supply) {
                let stays = (*had).min(*gained);
                (*had, *gained) = (*had - stays, *gained - stays);
            }
        }
        wanted.sort_by_key(|(ready, ..)| *ready);
        self.exchange(wanted)
    }

    /// The steps of so many units of bundles that wait to what is free the first, from the last to
    /// be there.
    fn keep(&mut self, mut units: u32) -> Vec<AtHome> {
        for (.., had) in &mut self.has {
            *had = units.min(*had);
            units -= *had;
        }
        let free = self.free.clone();
        self.exchange(free)
    }

    fn exchange(&mut self, to: SmallVec<[Units; 4]>) -> Vec<AtHome> {
        let mut steps = Vec::new();
        for (ready, supply, mut gained) in to {
            for (had, from, units) in &mut self.has {
                let moved = if ready < *had { gained.min(*units) } else { 0 };
                if moved > 0 {
                    steps.push((*from, supply, moved));
                    (gained, *units) = (gained - moved, *units - moved);
                    let free = self.free.iter_mut().find(|(_, of, _)| *of == supply);
                    free.expect("what it does not have is free").2 -= moved;
                }
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{InboundNo, Timestamp};

    const NOW: (Ready, Supply) = (Ready::Now, Supply::OnHand);
    const NEVER: (Ready, Supply) = (Ready::Never, Supply::Backorder);

    fn on(day: u16) -> (Ready, Supply) {
        (Ready::At(Timestamp::from_micros(day.into())), Supply::Inbound(InboundNo(day)))
    }

    fn units(of: &[((Ready, Supply), u32)]) -> SmallVec<[Units; 4]> {
        of.iter().map(|((ready, supply), units)| (*ready, *supply, *units)).collect()
    }

    type There<'a> = &'a [((Ready, Supply), u32)];

    fn steps(bundles: u32, keeps: bool, parts: &[(u32, There<'_>, There<'_>)]) -> Vec<Vec<AtHome>> {
        let component = |(each, has, free): &(u32, There<'_>, There<'_>)| Component {
            each: *each,
            has: units(has),
            free: units(free),
        };
        at_home(bundles, &parts.iter().map(component).collect::<Vec<_>>(), keeps)
    }

    fn step(from: (Ready, Supply), to: (Ready, Supply), units: u32) -> AtHome {
        (from.1, to.1, units)
    }

    #[test]
    fn bundles_step_to_what_lets_them_leave_and_each_component_to_the_latest_of_it() {
        // Three weeks until there is a B: an A that comes by then will do.
        let waits = &[(NEVER, 1)][..];
        let told =
            steps(1, true, &[(1, waits, &[(NOW, 5), (on(20), 1)]), (1, waits, &[(on(21), 1)])]);
        assert_eq!(told, [[step(NEVER, on(20), 1)], [step(NEVER, on(21), 1)]]);
        // What it has stays, where nothing is sooner for the bundle.
        let has = [(1, &[(NOW, 1)][..], &[(on(3), 9)][..]), (1, &[(on(21), 1)], &[(on(22), 1)])];
        assert_eq!(steps(1, true, &has), [[], []]);
        // The other component comes sooner: so does this one.
        let sooner = [(1, &[(on(20), 1)][..], &[(NOW, 1)][..]), (2, &[(on(21), 2)], &[(NOW, 3)])];
        assert_eq!(steps(1, true, &sooner), [[step(on(20), NOW, 1)], [step(on(21), NOW, 2)]]);
        // As many as can leave by each date.
        let two = [(NEVER, 2)];
        let told = steps(
            2,
            true,
            &[(1, &two, &[(NOW, 1), (on(9), 5)]), (1, &two, &[(NOW, 1), (on(9), 1)])],
        );
        let each = [step(NEVER, NOW, 1), step(NEVER, on(9), 1)];
        assert_eq!(told, [each, each]);
    }

    #[test]
    fn a_bundle_that_waits_keeps_what_there_is_where_it_may() {
        let waits = &[(NEVER, 4)][..];
        let parts = [(2, waits, &[(NOW, 3), (on(2), 9)][..]), (2, waits, &[][..])];
        let kept = steps(2, true, &parts);
        assert_eq!(kept, [vec![step(NEVER, NOW, 3), step(NEVER, on(2), 1)], vec![]]);
        assert_eq!(steps(2, false, &parts), [vec![], vec![]]);
    }
}
