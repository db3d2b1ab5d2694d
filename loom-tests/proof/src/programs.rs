//! The test programs with the models: building them, and running one model of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a running model is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// One model: a test of one program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Model {
    pub program: String,
    pub test: String,
}

impl Model {
    /// As it stands in the tables.
    pub fn sentence(&self) -> String {
        self.test.replace("::", ": ").replace('_', " ")
    }
}

/// Every program, by the name of its file.
#[derive(Debug)]
pub struct Programs {
    executables: BTreeMap<String, PathBuf>,
    scratch: PathBuf,
}

/// How one run of a model ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Passed {
        bound: usize,
        iterations: usize,
        seconds: f64,
    },
    /// In that iteration, as far as it is known.
    Failed {
        iteration: usize,
    },
    TimedOut,
}

/// How a model is run.
#[derive(Debug, Clone, Copy)]
pub struct How {
    pub mutant: Option<usize>,
    /// Preemptions beyond the model's own bound.
    pub deeper: usize,
    pub limit: Duration,
}

impl Programs {
    /// Builds the models of the project in `folder`.
    ///
    /// `flags` are for the compiler.
    pub fn build(folder: &Path, target: &Path, flags: &str) -> Result<Self, String> {
        let outer = std::env::var("RUSTFLAGS").unwrap_or_default();
        let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
            .args([
                "test",
                "-p",
                "pintle-loom-tests",
                "--profile",
                "loom",
                "--no-run",
            ])
            .args([
                "--message-format",
                "json-render-diagnostics",
                "--tests",
                "--target-dir",
            ])
            .arg(target)
            .current_dir(folder)
            .env("RUSTFLAGS", format!("{outer} --cfg loom {flags}"))
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| format!("cargo: {e}"))?;
        if !output.status.success() {
            return Err(format!("the models in {} do not build", folder.display()));
        }
        let mut executables = BTreeMap::new();
        for line in output.stdout.split(|byte| *byte == b'\n') {
            let Ok(message) = serde_json::from_slice::<serde_json::Value>(line) else {
                continue;
            };
            let is_models = message["target"]["kind"][0] == "test";
            if let (true, Some(name), Some(path)) = (
                is_models,
                message["target"]["name"].as_str(),
                message["executable"].as_str(),
            ) {
                executables.insert(name.to_owned(), PathBuf::from(path));
            }
        }
        if executables.is_empty() {
            return Err("cargo has built no program with models".to_owned());
        }
        Ok(Self {
            executables,
            scratch: target.to_owned(),
        })
    }

    /// Runs one model. It is killed when the time is over.
    pub fn run(&self, model: &Model, how: How) -> Result<End, String> {
        let failed = |e| format!("{} {}: {e}", model.program, model.test);
        let program = self
            .executables
            .get(&model.program)
            .ok_or_else(|| format!("there is no program {} with models", model.program))?;
        let name = format!("output.{:?}", thread::current().id());
        let path = self.scratch.join(name);
        let mut output = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        let mut command = Command::new(program);
        command
            .args(["--exact", &model.test, "--nocapture", "--test-threads", "1"])
            .env("RUST_BACKTRACE", "0")
            .env("PINTLE_LOOM_DEEPER", how.deeper.to_string())
            .env_remove("LOOM_MAX_PREEMPTIONS")
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(failed)?)
            .stderr(output.try_clone().map_err(failed)?);
        if let Some(mutant) = how.mutant {
            command.env("PINTLE_MUTANT", mutant.to_string());
        }
        let start = Instant::now();
        let mut child = command.spawn().map_err(failed)?;
        let status = loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                break status;
            }
            if start.elapsed() > how.limit {
                child.kill().map_err(failed)?;
                child.wait().map_err(failed)?;
                return Ok(End::TimedOut);
            }
            thread::sleep(GLANCE);
        };
        let mut text = Vec::new();
        output.rewind().map_err(failed)?;
        output.read_to_end(&mut text).map_err(failed)?;
        let text = String::from_utf8_lossy(&text);
        if !status.success() {
            let iteration = numbers_after(&text, "panic in iteration ").unwrap_or_default();
            return Ok(End::Failed {
                iteration: iteration.first().map_or(0, |n| *n as usize),
            });
        }
        match numbers_after(&text, ": bound ").as_deref() {
            Some([bound, iterations, seconds]) => Ok(End::Passed {
                bound: *bound as usize,
                iterations: *iterations as usize,
                seconds: *seconds,
            }),
            _ => Err(format!(
                "{} {} passes and does not say what it took: is it run by `model`?",
                model.program, model.test
            )),
        }
    }
}

/// The numbers of the last line that has `mark`, behind it.
fn numbers_after(text: &str, mark: &str) -> Option<Vec<f64>> {
    let line = text.lines().rev().find(|line| line.contains(mark))?;
    let (_, rest) = line.split_once(mark)?;
    Some(
        rest.split(|c: char| !c.is_ascii_digit() && c != '.')
            .filter_map(|word| word.parse().ok())
            .collect(),
    )
}
