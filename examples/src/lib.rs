//! What the example programs share, so that each of them shows its own subject and little else.
//!
//! | module | |
//! | --- | --- |
//! | [`args`] | options on the command line, `--help`, exit codes |
//! | [`error`] | what went wrong, and during what |
//! | [`mode`] | `--mode stealing\|per-core\|current`, and the runtime for it |
//! | [`accept`] | accepting connections, also when descriptors run out |
//! | [`stop`] | telling every task to stop, and waiting until all have |
//! | [`limits`] | asking for more descriptors |
//! | [`report`] | percentiles, and what the workers did |

#![forbid(unsafe_code)]

pub mod accept;
pub mod args;
pub mod error;
pub mod limits;
pub mod mode;
pub mod report;
pub mod stop;

pub use args::{Args, run};
pub use error::{During, Error, Result};
pub use mode::Mode;
