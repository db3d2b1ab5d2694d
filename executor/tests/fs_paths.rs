//! What is done by path, in every flavour: whole files, links, directories and their entries.

#![cfg(feature = "fs")]

mod support;

use pintle::fs;
use pintle::io::ErrorKind;
use std::collections::BTreeSet;
use std::path::Path;
use std::pin::pin;
use std::task::Poll;
use support::fs::{BusyPool, Dir, every_mode_in_a_dir, one_blocking_thread};
use support::{every_mode, poll_once};

#[test]
fn whole_files() {
    every_mode_in_a_dir(async |dir| {
        let (one, other) = (dir.join("one"), dir.join("other"));
        fs::write(&one, "text").await?;
        assert_eq!(fs::read(&one).await?, b"text");
        assert_eq!(fs::copy(&one, &other).await?, 4);
        assert_eq!(fs::read_to_string(&other).await?, "text");
        fs::write(&one, [0xff]).await?;
        let error = fs::read_to_string(&one).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        fs::rename(&one, &other).await?;
        assert!(!fs::try_exists(&one).await?);
        fs::remove_file(&other).await?;
        let error = fs::read(&other).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        Ok(())
    });
}

#[test]
fn links() {
    every_mode_in_a_dir(async |dir| {
        let file = dir.file("file", "text");
        fs::hard_link(&file, dir.join("hard")).await?;
        fs::symlink("file", dir.join("soft")).await?;
        assert_eq!(fs::read_link(dir.join("soft")).await?, Path::new("file"));
        assert!(fs::symlink_metadata(dir.join("soft")).await?.is_symlink());
        assert!(fs::metadata(dir.join("soft")).await?.is_file());
        let canonical = fs::canonicalize(dir.join("soft")).await?;
        assert_eq!(canonical, std::fs::canonicalize(&file)?);
        fs::remove_file(&file).await?;
        assert!(!fs::try_exists(dir.join("soft")).await?, "it dangles");
        assert_eq!(fs::read(dir.join("hard")).await?, b"text");
        Ok(())
    });
}

#[test]
fn directories() {
    use std::os::unix::fs::PermissionsExt;
    every_mode_in_a_dir(async |dir| {
        let error = fs::create_dir(dir.join("a/b")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        fs::create_dir_all(dir.join("a/b")).await?;
        let mut builder = fs::DirBuilder::new();
        builder.mode(0o700).create(dir.join("private")).await?;
        let mode = fs::metadata(dir.join("private"))
            .await?
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(builder.create(dir.join("private")).await.is_err());
        builder.recursive(true).create(dir.join("private")).await?;
        let error = fs::remove_dir(dir.join("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty);
        fs::remove_dir(dir.join("a/b")).await?;
        fs::remove_dir_all(dir.join("a")).await?;
        assert!(!fs::try_exists(dir.join("a")).await?);
        Ok(())
    });
}

#[test]
fn a_directory_is_listed_whole() {
    every_mode_in_a_dir(async |dir| {
        for count in [0, 1, 31, 32, 33, 200] {
            let path = dir.join(count.to_string());
            fs::create_dir(&path).await?;
            let names: BTreeSet<_> = (0..count).map(|n| format!("entry-{n}")).collect();
            for name in &names {
                std::fs::write(path.join(name), "text")?;
            }
            let mut entries = fs::read_dir(&path).await?;
            let mut found = BTreeSet::new();
            while let Some(entry) = entries.next_entry().await? {
                assert_eq!(entry.path(), path.join(entry.file_name()));
                assert!(entry.file_type().await?.is_file());
                found.insert(entry.file_name().into_string().unwrap());
            }
            assert_eq!(found, names);
            assert!(entries.next_entry().await?.is_none(), "the end stays");
        }
        let error = fs::read_dir(dir.join("nothing")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        Ok(())
    });
}

#[test]
fn a_dropped_next_entry_loses_nothing() {
    every_mode(|mode| {
        let dir = Dir::new();
        for n in 0..100 {
            dir.file(&n.to_string(), "");
        }
        one_blocking_thread(mode).block_on(async {
            let mut entries = fs::read_dir(&dir.0).await.unwrap();
            let mut count = 0;
            let mut busy = Some(BusyPool::new().await);
            loop {
                let mut next = pin!(entries.next_entry());
                match poll_once(next.as_mut()).await {
                    Poll::Ready(entry) if entry.as_ref().unwrap().is_none() => break,
                    Poll::Ready(_) => count += 1,
                    Poll::Pending => {
                        busy = None;
                        pintle::task::yield_now().await;
                    }
                }
            }
            drop(busy);
            assert_eq!(count, 100);
        });
    });
}

#[test]
fn an_entry_tells_of_the_link_and_not_of_where_it_leads() {
    use std::os::unix::fs::MetadataExt;
    every_mode_in_a_dir(async |dir| {
        fs::symlink("nowhere", dir.join("link")).await?;
        let entry = fs::read_dir(&dir.0).await?.next_entry().await?.unwrap();
        let metadata = entry.metadata().await?;
        assert!(metadata.is_symlink());
        assert_eq!(entry.ino(), metadata.ino());
        assert!(format!("{entry:?}").contains("link"));
        Ok(())
    });
}
