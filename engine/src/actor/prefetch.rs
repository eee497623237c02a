//! A hint to the processor that something will be read or written soon.
//!
//! Applying walks actors that another core wrote last, and planning walks rows that
//! were not read for a while: without a hint, each waits for memory by itself.
//!
//! A line that is prefetched for writing comes to this core alone. One that is
//! prefetched for reading would have to be asked of the other cores once more before it
//! is written.

#![expect(unsafe_code, reason = "a hint has no safe form; it never faults and reads nothing")]

/// Bytes that come at a time.
const LINE_BYTES: usize = 64;

/// Prefetches all lines of a value, and nothing that it points to. Returns at once.
#[inline]
pub(crate) fn prefetch_all<T>(value: &T) {
    lines_of(value).for_each(line);
}

/// As [`prefetch_all`], to be written.
#[inline]
pub(crate) fn prefetch_all_to_write<T>(value: &T) {
    lines_of(value).for_each(prefetch_to_write);
}

/// An address in each line of a value, wherever it begins in its first one.
#[inline]
fn lines_of<T>(value: &T) -> impl Iterator<Item = *const u8> {
    let first = std::ptr::from_ref(value).cast::<u8>();
    let last = size_of::<T>().saturating_sub(1);
    let starts = (0..last).step_by(LINE_BYTES);
    starts.chain([last]).map(move |at| first.wrapping_add(at))
}

/// Prefetches the cache line of an address, which need not be valid.
#[inline]
fn line(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch of any address is defined: it does not access memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Begins to bring the cache line of an address, which need not be valid, to be written.
#[inline]
pub(crate) fn prefetch_to_write(address: *const u8) {
    // The intrinsic would become the hint to read: the compiler takes this one for an
    // extension. Processors of this architecture that lack it do nothing instead.
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as above; it changes no register, no flag and no memory.
    unsafe {
        std::arch::asm!(
            "prefetchw [{}]",
            in(reg) address,
            options(nostack, preserves_flags, readonly),
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
