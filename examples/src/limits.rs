//! How many descriptors a process may have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit on open descriptors to `wanted`, or as far as the system allows, and says what
/// it is then. It is never lowered.
///
/// Any process may raise its own (soft) limit up to the hard one; the hard one takes privileges.
pub fn raise_descriptors(wanted: u64) -> u64 {
    let now = getrlimit(Resource::Nofile);
    let enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= wanted);
    if enough(now.current) {
        return now.current.unwrap_or(u64::MAX);
    }
    let hard = if enough(now.maximum) {
        now.maximum
    } else {
        Some(wanted)
    };
    let asked = Rlimit {
        current: Some(wanted),
        maximum: hard,
    };
    if setrlimit(Resource::Nofile, asked).is_err() {
        // Not allowed beyond the hard limit; up to it, this fails only if the limit has changed
        // since we looked, and what is reported below is what holds.
        let _ = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: now.maximum,
                ..now
            },
        );
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
