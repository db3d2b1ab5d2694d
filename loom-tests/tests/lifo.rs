//! The slot for the newest task: whoever takes it out has it alone, and with it what its maker wrote.
//!
//! Checks: `executor/src/queue/lifo.rs`

#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;
use pintle::checked::queue::LifoSlot;
use pintle::checked::task::Task;
use pintle_loom_tests::{Once, Tasks, model};

fn rescuer(slot: &Arc<LifoSlot<Once>>) -> thread::JoinHandle<()> {
    let slot = slot.clone();
    thread::spawn(move || slot.take().into_iter().for_each(Task::run))
}

/// owner     put 1 ─ take
/// rescuer        take      exactly one gets 1
#[test]
fn the_owner_or_the_rescuer_takes_the_task_and_never_both() {
    model(3, || {
        let (slot, tasks) = (Arc::new(LifoSlot::new()), Tasks::new());
        let rescuer = rescuer(&slot);
        assert!(slot.put(tasks.make(1)).is_none());
        slot.take().into_iter().for_each(Task::run);
        rescuer.join().unwrap();
        slot.take().into_iter().for_each(Task::run);
        assert_eq!(tasks.ran(), [1]);
        assert_eq!(tasks.dropped(), 1);
        assert!(slot.is_empty());
    });
}

/// owner     put 1 ─ put 2 (displaces 1, or finds it taken) ─ take
/// rescuer        take
#[test]
fn a_put_displaces_the_task_or_finds_it_rescued() {
    model(3, || {
        let (slot, tasks) = (Arc::new(LifoSlot::new()), Tasks::new());
        let rescuer = rescuer(&slot);
        assert!(slot.put(tasks.make(1)).is_none());
        slot.put(tasks.make(2)).into_iter().for_each(Task::run);
        slot.take().into_iter().for_each(Task::run);
        rescuer.join().unwrap();
        slot.take().into_iter().for_each(Task::run);
        assert_eq!(tasks.ran_sorted(), [1, 2]);
        assert_eq!(tasks.dropped(), 2);
    });
}

/// owner        put 1 ─ put 2
/// rescuer a        take
/// rescuer b            take
#[test]
fn two_rescuers_never_take_the_same_task() {
    model(3, || {
        let (slot, tasks) = (Arc::new(LifoSlot::new()), Tasks::new());
        let rescuers = [rescuer(&slot), rescuer(&slot)];
        for name in [1, 2] {
            slot.put(tasks.make(name)).into_iter().for_each(Task::run);
        }
        for rescuer in rescuers {
            rescuer.join().unwrap();
        }
        slot.take().into_iter().for_each(Task::run);
        assert_eq!(tasks.ran_sorted(), [1, 2]);
        assert_eq!(tasks.dropped(), 2);
    });
}

/// rescuer   take
/// owner     put 1, and goes away with the slot
#[test]
fn a_slot_that_is_dropped_cancels_its_task() {
    model(3, || {
        let (slot, tasks) = (Arc::new(LifoSlot::new()), Tasks::new());
        let rescuer = rescuer(&slot);
        assert!(slot.put(tasks.make(1)).is_none());
        drop(slot);
        rescuer.join().unwrap();
        assert_eq!(tasks.dropped(), 1);
    });
}
