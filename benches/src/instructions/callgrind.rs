//! A program under callgrind, which counts every instruction of all threads of a process.

use super::locked::Locked;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, process};

/// What `clock.rs` has become.
const CLOCK: &str = env!("COUNTED_CLOCK");

/// The version that is installed.
pub fn version() -> Result<String, String> {
    let output = Command::new("valgrind").arg("--version").output();
    let output = output.map_err(|error| format!("valgrind cannot be run: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What one operation takes: what the second half of twice as many adds, so that starting and
/// stopping are not in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Each {
    pub instructions: f64,
    /// Of these, those that lock the bus, with the function that each is in.
    pub locked: Vec<(String, f64)>,
}

impl Each {
    /// How many instructions lock the bus.
    pub fn atomics(&self) -> f64 {
        self.locked.iter().map(|(_, times)| times).sum()
    }

    pub fn of(
        runtime: &str,
        program: &str,
        operations: usize,
        locked: &Locked,
    ) -> Result<Each, String> {
        let once = Profile::of(runtime, program, operations, locked)?;
        let twice = Profile::of(runtime, program, 2 * operations, locked)?;
        let each = |once: u64, twice: u64| (twice as f64 - once as f64) / operations as f64;
        let sites = twice.locked.iter().map(|(site, times)| {
            let before = once.locked.get(site).copied().unwrap_or(0);
            (site.1.clone(), each(before, *times))
        });
        let mut sites: Vec<(String, f64)> = sites.collect();
        sites.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        Ok(Each {
            instructions: each(once.instructions, twice.instructions),
            locked: sites,
        })
    }
}

/// What one run has done.
#[derive(Debug, Default, PartialEq)]
struct Profile {
    instructions: u64,
    /// By address, and the function it is in.
    locked: BTreeMap<(u64, String), u64>,
}

impl Profile {
    fn of(
        runtime: &str,
        program: &str,
        operations: usize,
        locked: &Locked,
    ) -> Result<Profile, String> {
        let me = env::current_exe().map_err(|error| error.to_string())?;
        let file = env::temp_dir().join(format!("pintle-callgrind-{}", process::id()));
        let profile = run(&me, &file, &[runtime, program, &operations.to_string()]);
        let profile = profile.and_then(|()| {
            let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
            Ok(Profile::parse(&text, &me, locked))
        });
        let _ = fs::remove_file(file);
        profile
    }

    /// Objects (`ob=`), functions (`fn=`), and for each instruction its address, line and count; after `calls=`
    /// comes a line about what was called.
    fn parse(text: &str, me: &Path, locked: &Locked) -> Profile {
        let mut profile = Profile::default();
        let (mut object, mut function, mut is_call) = ("", "", false);
        for line in text.lines() {
            if let Some(path) = line.strip_prefix("ob=") {
                object = path;
            } else if let Some(name) = line.strip_prefix("fn=") {
                function = name;
            } else if line.starts_with("calls=") {
                is_call = true;
            } else if let Some(total) = line.strip_prefix("summary: ") {
                profile.instructions = total.trim().parse().unwrap_or(0);
            } else if let Some(line) = line.strip_prefix("0x") {
                let mut fields = line.split(' ');
                let address = fields
                    .next()
                    .and_then(|it| u64::from_str_radix(it, 16).ok());
                let times = fields.nth(1).and_then(|it| it.parse::<u64>().ok());
                if let (Some(address), Some(times), false) = (address, times, is_call)
                    && Path::new(object) == me
                    && locked.contains(address)
                {
                    let site = (address, function.to_owned());
                    *profile.locked.entry(site).or_default() += times;
                }
                is_call = false;
            }
        }
        profile
    }
}

fn run(me: &Path, file: &Path, args: &[&str]) -> Result<(), String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--dump-instr=yes"])
        .args(["--compress-pos=no", "--compress-strings=no"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(me)
        .arg("count")
        .args(args)
        .env("LD_PRELOAD", CLOCK)
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| format!("valgrind cannot be run: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_is_not_counted_twice_nor_what_is_in_another_object() {
        let text = "summary: 1000\n\nob=/lib/libc.so\nfn=malloc\n0x10 1 7\n\nob=/me\nfn=wake\n\
                    0x10 1 5\n0x14 2 5\ncfn=malloc\ncalls=3 0x10\n0x10 2 99\n0x10 3 1\n";
        let locked = Locked::parse("  10:\tlock incq (%rax)\n");
        let profile = Profile::parse(text, Path::new("/me"), &locked);
        assert_eq!(profile.instructions, 1000);
        assert_eq!(profile.locked, [((16, "wake".to_owned()), 6)].into());
    }
}
