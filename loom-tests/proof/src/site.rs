//! What can be broken, and where.

use std::fmt;
use std::ops::Range;

/// One way to break one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The source file, from the root of the project.
    pub file: String,
    /// The function, with the type it belongs to.
    pub function: String,
    /// What is done to it.
    pub change: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.file, self.function, self.change)
    }
}

/// A place in a source file and the mutants that share it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Bytes of the file.
    pub range: Range<usize>,
    pub kind: Kind,
    pub mutants: Vec<Mutant>,
}

/// One mutant.
#[derive(Debug, Clone)]
pub struct Mutant {
    pub key: Key,
    /// Replaces an ordering; otherwise empty.
    pub ordering: &'static str,
}

/// What stands at a place.
#[derive(Debug, Clone)]
pub enum Kind {
    /// An ordering, which a mutant weakens.
    Ordering,
    /// A fence, which a mutant leaves out.
    Fence,
    /// A read-modify-write, which a mutant tears into a load and a store. Holds where its name is.
    ReadModifyWrite { name: Range<usize> },
    /// A condition, which a mutant takes for false.
    Condition { has_let: bool },
    /// What a function of type `bool` answers; mutants answer no and yes.
    Answer,
}

/// One step weaker than `ordering` in a call of `call`, in each direction there is.
///
/// To the model checker `SeqCst` is the same as `AcqRel` but on a fence, so on an access it is weakened as that is.
pub fn weaker(call: &str, ordering: &str) -> &'static [&'static str] {
    match (call, ordering) {
        ("fence", "SeqCst") => &["AcqRel"],
        // There is no relaxed fence: that is one that is left out.
        ("fence", "Acquire" | "Release") => &[],
        ("load" | "store", "SeqCst") | (_, "Acquire" | "Release") => &["Relaxed"],
        (_, "SeqCst" | "AcqRel") => &["Acquire", "Release"],
        _ => &[],
    }
}

/// Whether this is the name of a memory ordering.
pub fn is_ordering(name: &str) -> bool {
    matches!(
        name,
        "Relaxed" | "Acquire" | "Release" | "AcqRel" | "SeqCst"
    )
}
