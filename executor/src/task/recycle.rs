//! Memory of tasks that are over, for tasks to come.
//!
//! A server makes and ends tasks of the same few types all the time, and the general allocator, which
//! must be ready for anything, is the larger part of what a short task costs. So a thread that is a
//! worker keeps the cells of tasks that end on it, by size, and takes from these first. Cells go back
//! to the allocator when the thread has kept [`LIMIT`], and when it stops being a worker. Other threads
//! keep none.
//!
//! A cell is kept where its task ends, wherever it was made: they are plain allocations, of a size that
//! is rounded up to [`STEP`].

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::Cell;
use std::ptr::NonNull;

/// Sizes are multiples of this, as those of tasks are anyway: what is rounded up further may be the
/// allocator's next size.
const STEP: usize = 8;

/// How cells are aligned.
const ALIGN: usize = 16;

/// Larger cells are not kept.
const LARGEST: usize = 1024;

/// What a thread keeps at most, in bytes.
const LIMIT: usize = 2 << 20;

/// What a size may have in any case: others have to give way.
const SHARE: usize = LIMIT / 8;

/// In a model, and under an interpreter that watches memory, each task has memory of its own, so that
/// a late access is noticed.
const KEEPS: bool = !cfg!(loom) && !cfg!(miri);

/// A kept cell.
struct Free {
    next: Option<NonNull<Free>>,
}

struct Kept {
    /// How many times the thread is a worker.
    workers: Cell<usize>,
    bytes: Cell<usize>,
    /// By size, in steps.
    lists: [List; LARGEST / STEP + 1],
}

struct List {
    first: Cell<Option<NonNull<Free>>>,
    bytes: Cell<usize>,
}

// Not the shim's: nothing here is shared. Without a destructor, so that it outlives all users.
thread_local! {
    static KEPT: Kept = const {
        Kept {
            workers: Cell::new(0),
            bytes: Cell::new(0),
            lists: [const { List { first: Cell::new(None), bytes: Cell::new(0) } }; LARGEST / STEP + 1],
        }
    };
}

/// While this lives, its thread keeps the memory of tasks that end on it.
#[derive(Debug)]
#[must_use = "the memory is given back when this is dropped"]
pub struct Keeping(std::marker::PhantomData<*const ()>);

/// This thread is a worker from now on.
pub fn keep() -> Keeping {
    KEPT.with(|kept| kept.workers.set(kept.workers.get() + 1));
    Keeping(std::marker::PhantomData)
}

impl Drop for Keeping {
    fn drop(&mut self) {
        KEPT.with(|kept| {
            kept.workers.set(kept.workers.get() - 1);
            if kept.workers.get() > 0 {
                return;
            }
            (0..kept.lists.len()).for_each(|steps| while kept.give_back(steps) {});
        });
    }
}

/// Memory for a cell.
#[inline]
pub(super) fn allocate(layout: Layout) -> NonNull<u8> {
    let layout = match steps(layout) {
        None => layout,
        Some(steps) => {
            if let Some(cell) = KEPT.with(|kept| kept.take(steps)) {
                return cell;
            }
            layout_of(steps)
        }
    };
    allocate_anew(layout)
}

#[cold]
fn allocate_anew(layout: Layout) -> NonNull<u8> {
    // SAFETY: a cell has a header, so its size is not zero.
    let memory = unsafe { alloc(layout) };
    NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Takes the memory of a cell back.
///
/// # Safety
///
/// It comes from [`allocate`] with this layout, and what was in it has been dropped.
#[inline]
pub(super) unsafe fn release(memory: NonNull<u8>, layout: Layout) {
    let layout = match steps(layout) {
        None => layout,
        Some(steps) => {
            if KEPT.with(|kept| kept.put(steps, memory)) {
                return;
            }
            layout_of(steps)
        }
    };
    // SAFETY: by the contract of this function, and the same layout as `allocate` has chosen.
    unsafe { dealloc(memory.as_ptr(), layout) };
}

/// The size in steps, if cells like this are kept.
fn steps(layout: Layout) -> Option<usize> {
    (KEEPS && layout.size() <= LARGEST && layout.align() <= ALIGN)
        .then(|| layout.size().div_ceil(STEP))
}

fn layout_of(steps: usize) -> Layout {
    Layout::from_size_align(steps * STEP, ALIGN).expect("far below the limit of sizes")
}

impl Kept {
    #[inline]
    fn take(&self, steps: usize) -> Option<NonNull<u8>> {
        let list = &self.lists[steps];
        let cell = list.first.get()?;
        // SAFETY: (kept cells) what is in a list was written by `put`, and is nobody else's.
        list.first.set(unsafe { cell.as_ref() }.next);
        list.bytes.set(list.bytes.get() - steps * STEP);
        self.bytes.set(self.bytes.get() - steps * STEP);
        Some(cell.cast())
    }

    #[inline]
    fn put(&self, steps: usize, memory: NonNull<u8>) -> bool {
        if self.workers.get() == 0
            || (self.bytes.get() + steps * STEP > LIMIT && !self.make_room(steps))
        {
            return false;
        }
        let cell = memory.cast::<Free>();
        let list = &self.lists[steps];
        let next = list.first.get();
        // SAFETY: (kept cells) the memory is nobody's, as `release` asks, and at least one step large,
        // which has room for a link.
        unsafe { cell.write(Free { next }) };
        list.first.set(Some(cell));
        list.bytes.set(list.bytes.get() + steps * STEP);
        self.bytes.set(self.bytes.get() + steps * STEP);
        true
    }

    /// Whether there is room for one more of this size, at the cost of others if it has little: what
    /// a burst has left, of tasks that come no more, is not kept for ever.
    #[cold]
    fn make_room(&self, steps: usize) -> bool {
        if self.lists[steps].bytes.get() + steps * STEP > SHARE {
            return false;
        }
        while self.bytes.get() + steps * STEP > LIMIT {
            let others = (0..self.lists.len()).filter(|&other| other != steps);
            let fullest = others.max_by_key(|&other| self.lists[other].bytes.get());
            if !fullest.is_some_and(|fullest| self.give_back(fullest)) {
                return false;
            }
        }
        true
    }

    /// Gives a cell of this size back to the allocator, if there is one.
    fn give_back(&self, steps: usize) -> bool {
        let Some(cell) = self.take(steps) else {
            return false;
        };
        // SAFETY: (kept cells) it was allocated with this layout, and is nobody's.
        unsafe { dealloc(cell.as_ptr(), layout_of(steps)) };
        true
    }
}

#[cfg(all(test, not(loom), not(miri)))]
mod tests {
    use super::*;

    fn bytes() -> usize {
        KEPT.with(|kept| kept.bytes.get())
    }

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    /// Allocates so many, then releases them all.
    fn use_cells(size: usize, count: usize) {
        let cells: Vec<_> = (0..count).map(|_| allocate(layout(size))).collect();
        for cell in cells {
            // SAFETY: allocated above with the same layout; nothing was put there.
            unsafe { release(cell, layout(size)) };
        }
    }

    #[test]
    fn a_worker_uses_the_memory_of_a_task_that_is_over_for_the_next_of_its_size() {
        let _keeping = keep();
        let first = allocate(layout(100));
        // SAFETY: allocated with the same layout; nothing was put there.
        unsafe { release(first, layout(100)) };
        assert_eq!(bytes(), 104);
        let other = allocate(layout(120));
        assert_ne!(other, first);
        let next = allocate(layout(104));
        assert_eq!(next, first);
        assert_eq!(bytes(), 0);
        for (cell, size) in [(other, 120), (next, 104)] {
            // SAFETY: allocated with the same layout; nothing was put there.
            unsafe { release(cell, layout(size)) };
        }
    }

    #[test]
    fn what_is_kept_is_limited_and_ends_with_the_work() {
        let outer = keep();
        let inner = keep();
        use_cells(512, 2 * LIMIT / 512);
        assert_eq!(bytes(), LIMIT);
        drop(inner);
        assert_eq!(bytes(), LIMIT);
        drop(outer);
        assert_eq!(bytes(), 0);
    }

    #[test]
    fn what_one_size_has_left_gives_way_to_another() {
        let _keeping = keep();
        use_cells(512, LIMIT / 512);
        use_cells(256, 2 * SHARE / 256);
        let of = |size: usize| KEPT.with(|kept| kept.lists[size / STEP].bytes.get());
        assert_eq!((of(512), of(256), bytes()), (LIMIT - SHARE, SHARE, LIMIT));
    }

    #[test]
    fn other_threads_keep_nothing_and_nobody_keeps_what_is_large() {
        use_cells(128, 10);
        assert_eq!(bytes(), 0);
        let _keeping = keep();
        use_cells(LARGEST + 1, 10);
        assert_eq!(bytes(), 0);
    }
}
