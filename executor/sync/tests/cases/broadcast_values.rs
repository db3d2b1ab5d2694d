//! What becomes of the values that are broadcast.

use std::cell::Cell;
use std::sync::Arc;

use super::panic_of;
use pintle_sync::broadcast;
use pintle_sync::broadcast::error::TryRecvError;

cases! {
    polls {
        a_value_is_gone_when_the_last_receiver_has_had_it_or_has_gone,
        what_is_written_over_or_left_behind_is_dropped_once,
        the_last_receiver_gets_the_value_itself,
        a_clone_that_panics_harms_only_who_asked_for_it,
        a_value_that_panics_when_dropped_harms_only_who_drops_it,
    }
}

pub fn a_value_is_gone_when_the_last_receiver_has_had_it_or_has_gone() {
    let counted = Arc::new(());
    let here = || Arc::strong_count(&counted) - 1;
    let (sender, mut a) = broadcast::channel(4);
    let mut b = sender.subscribe();
    sender.send(counted.clone()).unwrap();
    sender.send(counted.clone()).unwrap();
    assert_eq!((sender.len(), here()), (2, 2));
    drop(a.try_recv());
    assert_eq!((sender.len(), here()), (2, 2));
    drop(b.try_recv());
    assert_eq!((sender.len(), here()), (1, 1));
    drop(a);
    assert_eq!(here(), 1);
    assert_eq!(sender.receiver_count(), 1);
    drop(b);
    assert_eq!(here(), 0);
    assert!(sender.is_empty());
}

pub fn what_is_written_over_or_left_behind_is_dropped_once() {
    let counted = Arc::new(());
    let here = || Arc::strong_count(&counted) - 1;
    let (sender, lagging) = broadcast::channel(2);
    for _ in 0..5 {
        sender.send(counted.clone()).unwrap();
    }
    assert_eq!(here(), 2);
    drop(lagging);
    assert_eq!(here(), 0);

    let receiver = sender.subscribe();
    sender.send(counted.clone()).unwrap();
    drop(sender);
    assert_eq!(here(), 1);
    drop(receiver);
    assert_eq!(here(), 0);
}

pub fn the_last_receiver_gets_the_value_itself() {
    #[derive(Debug)]
    struct Clones(u32);
    impl Clone for Clones {
        fn clone(&self) -> Self {
            Self(self.0 + 1)
        }
    }
    let (sender, mut a) = broadcast::channel(2);
    let mut b = sender.subscribe();
    sender.send(Clones(0)).unwrap();
    assert_eq!(a.try_recv().unwrap().0, 1);
    assert_eq!(b.try_recv().unwrap().0, 0);
}

/// Panics when it is cloned, or when it is dropped.
struct Touchy<'a> {
    drops: &'a Cell<u32>,
    on_clone: bool,
    on_drop: bool,
}

impl Clone for Touchy<'_> {
    fn clone(&self) -> Self {
        assert!(!self.on_clone, "this value panics when cloned");
        Self { ..*self }
    }
}

impl Drop for Touchy<'_> {
    fn drop(&mut self) {
        self.drops.set(self.drops.get() + 1);
        assert!(!self.on_drop, "this value panics when dropped");
    }
}

pub fn a_clone_that_panics_harms_only_who_asked_for_it() {
    let drops = Cell::new(0);
    let value = |on_clone| Touchy {
        drops: &drops,
        on_clone,
        on_drop: false,
    };
    let (sender, mut a) = broadcast::channel(4);
    let mut b = sender.subscribe();
    assert!(sender.send(value(true)).is_ok());
    assert!(sender.send(value(false)).is_ok());
    panic_of(|| a.try_recv().map(drop));
    // It counts as received, by the one; the other, being the last, gets it without a clone.
    assert!(a.try_recv().is_ok());
    assert!(b.try_recv().is_ok());
    assert!(b.try_recv().is_ok());
    assert_eq!(drops.get(), 3);
}

pub fn a_value_that_panics_when_dropped_harms_only_who_drops_it() {
    let drops = Cell::new(0);
    let value = |on_drop| Touchy {
        drops: &drops,
        on_clone: false,
        on_drop,
    };
    let (sender, receiver) = broadcast::channel(4);
    for on_drop in [false, true, false] {
        assert!(sender.send(value(on_drop)).is_ok());
    }
    panic_of(|| drop(receiver));
    assert_eq!(drops.get(), 3);
    assert!(sender.is_empty());

    let mut receiver = sender.subscribe();
    for on_drop in [true, false, false, false] {
        assert!(sender.send(value(on_drop)).is_ok());
    }
    // This one writes over the one that panics.
    panic_of(|| sender.send(value(false)).is_ok());
    assert!(matches!(receiver.try_recv(), Err(TryRecvError::Lagged(1))));
    for _ in 0..4 {
        assert!(receiver.try_recv().is_ok());
    }
    assert!(matches!(receiver.try_recv(), Err(TryRecvError::Empty)));
}
