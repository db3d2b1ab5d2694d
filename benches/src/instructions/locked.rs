//! [`Locked`]: which instructions of this program are atomic read-modify-writes or full fences. They
//! are told from others by their names, which are those of x86-64.

use std::collections::HashSet;
use std::env;
use std::process::Command;

/// Addresses of instructions.
#[derive(Debug, Default)]
pub struct Locked(HashSet<u64>);

impl Locked {
    /// Those of this program.
    pub fn of_this_program() -> Result<Locked, String> {
        if !cfg!(target_arch = "x86_64") {
            return Err("atomics can be told from other instructions on x86-64 only".into());
        }
        let me = env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new("objdump")
            .args(["--disassemble", "--no-show-raw-insn"])
            .arg(me)
            .output();
        let output = output.map_err(|error| format!("objdump cannot be run: {error}"))?;
        Ok(Locked::parse(&String::from_utf8_lossy(&output.stdout)))
    }

    /// Lines of an address and an instruction, in the assembler's language of AT&T.
    pub fn parse(listing: &str) -> Locked {
        let addresses = listing.lines().filter_map(|line| {
            let (address, instruction) = line.split_once(":\t")?;
            let address = u64::from_str_radix(address.trim(), 16).ok()?;
            is_locked(instruction).then_some(address)
        });
        Locked(addresses.collect())
    }

    pub fn contains(&self, address: u64) -> bool {
        self.0.contains(&address)
    }
}

/// An exchange with memory is locked without saying so.
fn is_locked(instruction: &str) -> bool {
    let name = instruction.split_whitespace().next().unwrap_or("");
    name == "lock" || name == "mfence" || (name.starts_with("xchg") && instruction.contains('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_modify_writes_and_fences_are_told_from_the_rest() {
        assert!(is_locked("lock cmpxchg %rdi,(%rbx)"));
        assert!(is_locked("xchg   %rsi,0x80(%rax)"));
        assert!(is_locked("mfence"));
        assert!(!is_locked("xchg   %ax,%ax"));
        assert!(!is_locked("mov    %rax,(%rdi)"));
    }
}
