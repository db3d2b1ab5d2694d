//! A worker on a processor of its own. Not in a model, whose threads are one.

/// The processors this process may use, if the platform can tell and can pin threads to them.
#[cfg(all(target_os = "linux", not(loom)))]
pub fn cpus() -> Option<Vec<usize>> {
    let set = rustix::thread::sched_getaffinity(None).ok()?;
    Some(
        (0..rustix::thread::CpuSet::MAX_CPU)
            .filter(|&cpu| set.is_set(cpu))
            .collect(),
    )
}

/// Keeps the calling thread on one processor. Best effort: a refusal (a container's policy, say)
/// leaves the thread where the kernel wants it.
#[cfg(all(target_os = "linux", not(loom)))]
pub fn pin_to(cpu: usize) {
    let mut set = rustix::thread::CpuSet::new();
    set.set(cpu);
    let _ = rustix::thread::sched_setaffinity(None, &set);
}

#[cfg(any(not(target_os = "linux"), loom))]
pub fn cpus() -> Option<Vec<usize>> {
    None
}

#[cfg(any(not(target_os = "linux"), loom))]
pub fn pin_to(_cpu: usize) {}
