//! A hint to the processor that something will be read soon.
//!
//! Applying walks actors that another core wrote last, and planning walks rows that
//! nobody read for a while: without a hint, each waits for memory by itself.

#![expect(unsafe_code, reason = "a hint has no safe form; it never faults and reads nothing")]

/// Begins to bring the cache line at which `value` begins here. Returns at once.
#[inline]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch of any address is defined: it does not access memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Brings all of a value that is up to two cache lines long.
#[inline]
pub(crate) fn prefetch_both<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let first = std::ptr::from_ref(value).cast::<i8>();
        // SAFETY: as above; the second address is computed and not used otherwise.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(first);
            _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(size_of::<T>() - 1));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
