//! Which compiler it was, for the head of the table; and the clock of counted programs, which is a library of
//! its own, because it is preloaded.

use std::env;
use std::path::PathBuf;
use std::process::Command;

const CLOCK: &str = "src/instructions/clock.rs";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={CLOCK}");
    let rustc = env::var_os("RUSTC").expect("cargo sets RUSTC");
    let output = Command::new(&rustc).arg("--version").output();
    let version = output.map_or_else(
        |error| error.to_string(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    println!("cargo::rustc-env=RUSTC_VERSION={version}");

    let library = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let library = library.join("libclock.so");
    let built = Command::new(rustc)
        .args([
            "--edition=2024",
            "--crate-type=cdylib",
            "-Copt-level=3",
            CLOCK,
            "-o",
        ])
        .arg(&library)
        .status();
    assert!(built.is_ok_and(|status| status.success()), "{CLOCK}");
    println!("cargo::rustc-env=COUNTED_CLOCK={}", library.display());
}
