//! The inbox: what several threads push is taken once, in order, with what was written before; and
//! nothing is left behind when it closes.
//!
//! Checks: `executor/src/queue/inbox.rs`

#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;
use pintle::checked::queue::Inbox;
use pintle::checked::task::Task;
use pintle_loom_tests::{Once, Tasks, model};

fn run(batch: impl Iterator<Item = Task<Once>>) {
    batch.for_each(Task::run);
}

/// Pushes what it is told, in that order, on a thread of its own.
fn pusher(
    inbox: &Arc<Inbox<Once>>,
    tasks: &Tasks,
    names: &'static [usize],
) -> thread::JoinHandle<()> {
    let (inbox, tasks) = (inbox.clone(), tasks.clone());
    thread::spawn(move || {
        for &name in names {
            inbox.push(tasks.make(name)).unwrap();
        }
    })
}

/// pusher a   push 1 ─ push 2
/// pusher b       push 11 ─ push 12
/// taker         take ─ ─ ─ ─ ─ take      each once; 1 before 2, 11 before 12
#[test]
fn each_task_is_taken_once_and_in_its_pushers_order() {
    model(3, || {
        let (inbox, tasks) = (Arc::new(Inbox::new()), Tasks::new());
        let pushers = [
            pusher(&inbox, &tasks, &[1, 2]),
            pusher(&inbox, &tasks, &[11, 12]),
        ];
        run(inbox.take_all());
        for pusher in pushers {
            pusher.join().unwrap();
        }
        run(inbox.take_all());

        let ran = tasks.ran();
        let of =
            |pusher: fn(&usize) -> bool| ran.iter().copied().filter(pusher).collect::<Vec<_>>();
        assert_eq!(of(|&name| name < 10), [1, 2]);
        assert_eq!(of(|&name| name > 10), [11, 12]);
        assert_eq!(tasks.dropped(), 4);
        assert!(inbox.is_empty());
    });
}

/// pusher       write ─ push 1 ─ write ─ push 2
/// taker a            take              which of the two gets what; it sees what was written,
/// taker b            take              also below the head it took
#[test]
fn two_takers_never_get_the_same_task() {
    model(3, || {
        let (inbox, tasks) = (Arc::new(Inbox::new()), Tasks::new());
        let pusher = pusher(&inbox, &tasks, &[1, 2]);
        let thief = {
            let inbox = inbox.clone();
            thread::spawn(move || run(inbox.take_all()))
        };
        run(inbox.take_all());
        pusher.join().unwrap();
        thief.join().unwrap();
        run(inbox.take_all());
        assert_eq!(tasks.ran_sorted(), [1, 2]);
        assert_eq!(tasks.dropped(), 2);
    });
}

/// pusher   push 1 ─ push 2
/// taker        close           each is taken by the close, or comes back to its pusher
#[test]
fn a_push_against_a_close_is_taken_or_refused() {
    model(3, || {
        let (inbox, tasks) = (Arc::new(Inbox::new()), Tasks::new());
        let pusher = {
            let (inbox, tasks) = (inbox.clone(), tasks.clone());
            thread::spawn(move || {
                let mut refused = 0;
                for name in [1, 2] {
                    if let Err(task) = inbox.push(tasks.make(name)) {
                        task.cancel();
                        refused += 1;
                    }
                }
                refused
            })
        };
        run(inbox.close());
        let taken = tasks.ran().len();
        let refused = pusher.join().unwrap();
        assert_eq!(taken + refused, 2);
        assert_eq!(tasks.dropped(), 2);
        assert!(inbox.push(tasks.make(3)).is_err(), "closed for good");
    });
}

/// taker    close
/// thief        take      a take does not open again what was closed
/// pusher            push
#[test]
fn a_take_against_a_close_leaves_the_inbox_closed() {
    model(3, || {
        let (inbox, tasks) = (Arc::new(Inbox::new()), Tasks::new());
        inbox.push(tasks.make(1)).unwrap();
        assert!(!inbox.is_empty());
        let thief = {
            let inbox = inbox.clone();
            thread::spawn(move || run(inbox.take_all()))
        };
        run(inbox.close());
        thief.join().unwrap();
        assert_eq!(tasks.ran(), [1]);
        assert!(inbox.push(tasks.make(2)).is_err());
    });
}

/// pusher   push 1
/// dropper        the last reference goes, with whatever is inside
#[test]
fn an_inbox_that_is_dropped_cancels_what_is_inside() {
    model(3, || {
        let (inbox, tasks) = (Arc::new(Inbox::new()), Tasks::new());
        let pusher = pusher(&inbox, &tasks, &[1]);
        drop(inbox);
        pusher.join().unwrap();
        assert_eq!(tasks.ran(), []);
        assert_eq!(tasks.dropped(), 1);
    });
}
