//! Which bundles leave their node, as far as their order has room for the parts that they become.

/// So many bundles leave their home for a shipment of the draft, from 0.
pub type Leg = (usize, u32);

/// As many of these bundles as what they are given `fits`, with that: those that are first. All of
/// them or none, where they must not be split.
pub fn fitting<T>(
    (mut legs, is_whole): (Vec<Leg>, bool),
    fits: impl Fn(&[Leg]) -> (bool, T),
) -> (Vec<Leg>, T) {
    loop {
        let (is_fit, given) = fits(&legs);
        let Some((_, bundles)) = legs.last_mut().filter(|_| !is_fit) else { return (legs, given) };
        *bundles /= 2;
        if is_whole {
            legs.clear();
        } else if *bundles == 0 {
            legs.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_bundles_move_as_their_order_has_room_for() {
        let fit = |legs: &[Leg], is_whole, room: u32| {
            let fits = |legs: &[Leg]| (legs.iter().map(|leg| leg.1).sum::<u32>() <= room, ());
            fitting((legs.to_vec(), is_whole), fits).0
        };
        let legs = [(0, 4), (1, 5)];
        assert_eq!(fit(&legs, false, 9), legs);
        assert_eq!(fit(&legs, false, 6), [(0, 4), (1, 2)]);
        assert_eq!(fit(&legs, false, 3), [(0, 2)]);
        assert_eq!(fit(&legs, false, 0), []);
        assert_eq!(fit(&legs, true, 8), [], "all of them, or none");
    }
}
