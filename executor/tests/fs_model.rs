//! A `File` against `std`'s: whatever is read, written, sought and given up half way, in whatever
//! order, both have the same bytes at the same positions.

#![cfg(feature = "fs")]
#![deny(unused, unsafe_code)]

mod support;

use pintle::fs::File;
use pintle::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof, proptest};
use std::fs::File as StdFile;
use std::io::{Read, Seek, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;
use support::{Mode, guarded, poll_once};

#[derive(Debug, Clone)]
enum Step {
    Read(usize),
    Write(Vec<u8>),
    Seek(SeekFrom),
    SetLen(u64),
    Flush,
    /// Polled once, and dropped.
    BeginRead(usize),
    BeginWrite(Vec<u8>),
    /// Into `std`'s and back.
    ThereAndBack,
    AskLength,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = || vec(0..=u8::MAX, 0..300);
    let seek = prop_oneof![
        (0..6000_u64).prop_map(SeekFrom::Start),
        (-600..600_i64).prop_map(SeekFrom::Current),
        (-600..300_i64).prop_map(SeekFrom::End),
    ];
    let step = prop_oneof![
        3 => (0..300_usize).prop_map(Step::Read),
        3 => bytes().prop_map(Step::Write),
        2 => seek.prop_map(Step::Seek),
        1 => (0..6000_u64).prop_map(Step::SetLen),
        1 => Just(Step::Flush),
        2 => (0..300_usize).prop_map(Step::BeginRead),
        2 => bytes().prop_map(Step::BeginWrite),
        1 => Just(Step::ThereAndBack),
        1 => Just(Step::AskLength),
    ];
    vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_file_does_what_stds_does(steps in steps(), max_buf_size in 1..2000_usize) {
        guarded("model", || {
            Mode::MultiThread.runtime().block_on(async {
                let mut pair = Pair::new(max_buf_size);
                for step in steps {
                    pair.take(step).await;
                }
                pair.ours.flush().await.unwrap();
                let [ours, theirs] = pair.paths.each_ref().map(|path| std::fs::read(path).unwrap());
                assert!(ours == theirs, "the bytes differ");
            });
        });
    }
}

/// Two files, to which the same is done.
struct Pair {
    ours: File,
    theirs: StdFile,
    paths: [PathBuf; 2],
}

impl Pair {
    fn new(max_buf_size: usize) -> Self {
        let paths = ["ours", "theirs"].map(|name| {
            let name = format!("pintle-tests-model-{}-{name}", std::process::id());
            std::env::temp_dir().join(name)
        });
        let contents: Vec<_> = (0..5000_u32).map(|n| (n % 251) as u8).collect();
        let [ours, theirs] = paths.each_ref().map(|path| {
            std::fs::write(path, &contents).unwrap();
            let mut options = StdFile::options();
            options.read(true).write(true).open(path).unwrap()
        });
        let mut ours = File::from_std(ours);
        ours.set_max_buf_size(max_buf_size);
        Self {
            ours,
            theirs,
            paths,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Read(count) => {
                let mut bytes = vec![0; count];
                let read = self.ours.read(&mut bytes).await.unwrap();
                self.has_read(&bytes[..read]);
                if read == 0 && count > 0 {
                    assert_eq!(self.theirs.read(&mut [0]).unwrap(), 0, "no end here");
                }
            }
            Step::BeginRead(count) => {
                let mut bytes = vec![0; count];
                let read = poll_once(pin!(self.ours.read(&mut bytes))).await;
                if let Poll::Ready(read) = read {
                    self.has_read(&bytes[..read.unwrap()]);
                }
            }
            Step::Write(bytes) => {
                let written = self.ours.write(&bytes).await.unwrap();
                self.theirs.write_all(&bytes[..written]).unwrap();
            }
            Step::BeginWrite(bytes) => {
                let written = poll_once(pin!(self.ours.write(&bytes))).await;
                if let Poll::Ready(written) = written {
                    self.theirs.write_all(&bytes[..written.unwrap()]).unwrap();
                }
            }
            Step::Seek(to) => {
                let (ours, theirs) = (self.ours.seek(to).await, self.theirs.seek(to));
                assert_eq!(ours.ok(), theirs.ok());
            }
            Step::SetLen(length) => {
                self.ours.set_len(length).await.unwrap();
                self.theirs.set_len(length).unwrap();
            }
            Step::Flush => self.ours.flush().await.unwrap(),
            Step::ThereAndBack => {
                let size = self.ours.max_buf_size();
                // In its place for a moment.
                let another = File::from_std(StdFile::open(&self.paths[0]).unwrap());
                let mut file = std::mem::replace(&mut self.ours, another).into_std().await;
                let here = file.stream_position().unwrap();
                assert_eq!(here, self.theirs.stream_position().unwrap());
                self.ours = File::from_std(file);
                self.ours.set_max_buf_size(size);
            }
            Step::AskLength => {
                let ours = self.ours.metadata().await.unwrap().len();
                assert_eq!(ours, self.theirs.metadata().unwrap().len());
            }
        }
    }

    fn has_read(&mut self, ours: &[u8]) {
        let mut theirs = vec![0; ours.len()];
        self.theirs.read_exact(&mut theirs).unwrap();
        assert!(ours == theirs, "what was read differs");
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = std::fs::remove_file(path);
        }
    }
}
