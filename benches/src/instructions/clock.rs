//! A clock that depends on nothing but how often it is read: a library of its own (see build.rs), preloaded into
//! the programs whose instructions are counted. Under callgrind everything takes fifty times as long, and
//! a runtime that looks at the clock would find its tasks slow, and do other things than it does in truth.

use std::ffi::c_int;
use std::sync::atomic::{AtomicI64, Ordering};

/// `struct timespec` on 64-bit Linux.
#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

const SECOND: i64 = 1_000_000_000;
/// Far ahead of the kernel's clocks: who waits for a time by them does so to the end of the program,
/// instead of not at all.
const START: i64 = 1_000_000_000 * SECOND;
/// From one reading to the next: a few polls.
const STEP: i64 = 100;

static NOW: AtomicI64 = AtomicI64::new(START);

/// The function of libc, in whose place this one is.
#[unsafe(no_mangle)]
extern "C" fn clock_gettime(_clock: c_int, time: &mut Timespec) -> c_int {
    let now = NOW.fetch_add(STEP, Ordering::Relaxed);
    time.seconds = now / SECOND;
    time.nanoseconds = now % SECOND;
    0
}
