//! Spreads names evenly, the same way in every build and on every machine.

/// FNV-1a over the bytes (Fowler, Noll and Vo), with the final mix of splitmix64
/// (Steele, Lea and Flood 2014) so that every bit depends on every byte. The
/// `purpose` keeps two uses of one name apart.
pub(super) fn spread(purpose: &str, name: &str) -> u64 {
    let bytes = purpose.bytes().chain([0]).chain(name.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A number from 0 to below `bound`, which is at least 1.
pub(super) fn spread_below(purpose: &str, name: &str, bound: u32) -> u32 {
    // The high half times the bound, shifted back, is always below the bound.
    let high = spread(purpose, name) >> 32;
    u32::try_from((high * u64::from(bound)) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_spread_evenly_and_purposes_apart() {
        let mut counts = [0u32; 10];
        for number in 0..10_000 {
            counts[spread_below("test", &format!("SKU-{number}"), 10) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        assert_ne!(spread("a", "bc"), spread("ab", "c"));
    }
}
