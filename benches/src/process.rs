//! What this process takes, by the kernel's count.

use std::time::Duration;

/// Ticks of a second in `/proc`; fixed for programs since Linux 2.6.
const TICKS_PER_SECOND: u64 = 100;

/// Resident size, in bytes.
///
/// # Panics
/// When there is no `/proc`: the benches run on Linux.
pub fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = statm.split(' ').nth(1).expect("the second field");
    pages.parse::<u64>().expect("a number") * 4_096
}

/// Processor time of all threads so far, in user and kernel mode, to 10 ms. Unlike
/// the clock, it does not count what others do on the same cores.
///
/// # Panics
/// When there is no `/proc`: the benches run on Linux.
pub fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // The name before it may have blanks, and ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(')').expect("a name in parentheses");
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}
