//! The tree of cancellation tokens.
//!
//! One lock holds the shape of a whole tree: it lies in the root's node. Every other node holds on
//! to the root, and the tree holds on to every node in it; a node leaves the tree, and so breaks
//! that circle, when it is cancelled or when its last token is dropped. The rules:
//!
//! 1. A node is in the tree from when it is made until it is cancelled or has no token left.
//! 2. `cancelled` becomes true under the lock, for the node and all under it at once, those below
//!    first: who sees it of a node sees it of what is under that node.
//! 3. A node that leaves for want of tokens leaves what is under it to the one above it.
//!
//! With one lock a walk is a loop, however deep the tree, and there is no order of locks to keep.
//! It is held for moments: to make a token, to drop one, to cancel; not to ask or to wait.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use slab::Slab;

use crate::notify::{Notification, Notifies, Notify};
use crate::shim::sync::Mutex;
use crate::shim::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::wait_list::{Listed, WaitList};

pub(super) struct Node {
    cancelled: AtomicBool,
    /// How many tokens there are of this node.
    tokens: AtomicUsize,
    notify: Notify,
    place: Place,
}

enum Place {
    Root(Mutex<Tree>),
    Under {
        root: Arc<Node>,
        key: usize,
    },
    /// Made when what it was to be under had been cancelled.
    Nowhere,
}

/// All nodes of a tree but the root.
#[derive(Default)]
struct Tree {
    branches: Slab<Branch>,
    first: Option<usize>,
}

struct Branch {
    node: Arc<Node>,
    /// `None` is the root.
    above: Option<usize>,
    first: Option<usize>,
    before: Option<usize>,
    behind: Option<usize>,
}

// A panic leaves no tree half changed: nothing of other people's is called while it is locked.
impl UnwindSafe for Node {}
impl RefUnwindSafe for Node {}

impl Node {
    pub(super) fn root() -> Arc<Self> {
        Self::new(false, Place::Root(Mutex::new(Tree::default())))
    }

    fn new(cancelled: bool, place: Place) -> Arc<Self> {
        Arc::new(Self {
            cancelled: AtomicBool::new(cancelled),
            tokens: AtomicUsize::new(1),
            notify: Notify::new(),
            place,
        })
    }

    pub(super) fn is_cancelled(&self) -> bool {
        // Acquire: what was done before the cancel is seen by who finds it (also rule 2).
        self.cancelled.load(Ordering::Acquire)
    }

    /// The root, its tree, and our key in it.
    fn tree(self: &Arc<Self>) -> Option<(&Arc<Self>, &Mutex<Tree>, Option<usize>)> {
        match &self.place {
            Place::Root(tree) => Some((self, tree, None)),
            Place::Under { root, key } => match &root.place {
                Place::Root(tree) => Some((root, tree, Some(*key))),
                _ => unreachable!("the root of a tree is a root"),
            },
            Place::Nowhere => None,
        }
    }

    /// Makes a node under this one, which has a token.
    pub(super) fn child(self: &Arc<Self>) -> Arc<Self> {
        let Some((root, tree, above)) = self.tree() else {
            return Self::new(true, Place::Nowhere);
        };
        let mut tree = tree.lock();
        if self.is_cancelled() {
            return Self::new(true, Place::Nowhere);
        }
        let key = tree.branches.vacant_key();
        let root = root.clone();
        let node = Self::new(false, Place::Under { root, key });
        tree.branches.insert(Branch {
            node: node.clone(),
            above,
            first: None,
            before: None,
            behind: None,
        });
        tree.link(key, above);
        node
    }

    /// Cancels this node and all under it.
    pub(super) fn cancel(self: &Arc<Self>) {
        let Some((_, tree, key)) = self.tree() else {
            return;
        };
        let cancelled = {
            let mut tree = tree.lock();
            // Rule 1: once cancelled, it is not in the tree, and its key may be another's.
            if self.is_cancelled() {
                return;
            }
            let below = tree.cut(key);
            for node in below.iter().rev() {
                node.set_cancelled();
            }
            self.set_cancelled();
            below
        };
        self.notify.notify_waiters();
        for node in cancelled {
            node.notify.notify_waiters();
        }
    }

    fn set_cancelled(&self) {
        // Release: pairs with the acquire in `is_cancelled`.
        self.cancelled.store(true, Ordering::Release);
    }

    pub(super) fn add_token(&self) {
        // Relaxed: who adds one has one.
        self.tokens.fetch_add(1, Ordering::Relaxed);
    }

    /// How many nodes are under the root of this one.
    #[cfg(loom)]
    pub(super) fn branches(self: &Arc<Self>) -> usize {
        self.tree()
            .map_or(0, |(_, tree, _)| tree.lock().branches.len())
    }

    /// One token less. Without any the node leaves the tree (rule 3).
    pub(super) fn drop_token(self: &Arc<Self>) {
        // Relaxed: it only counts. What is freed is freed by reference counts, and the tree has
        // its lock.
        if self.tokens.fetch_sub(1, Ordering::Relaxed) != 1 {
            return;
        }
        // A root that cannot be cancelled any more is in nobody's way.
        let Some((_, tree, Some(key))) = self.tree() else {
            return;
        };
        let mut tree = tree.lock();
        if !self.is_cancelled() {
            // Ours is not the last reference to the node: the caller has one.
            tree.leave(key);
        }
    }
}

impl Tree {
    fn first_of(&mut self, above: Option<usize>) -> &mut Option<usize> {
        match above {
            Some(above) => &mut self.branches[above].first,
            None => &mut self.first,
        }
    }

    /// Puts a branch first under another.
    fn link(&mut self, key: usize, above: Option<usize>) {
        let behind = self.first_of(above).replace(key);
        if let Some(behind) = behind {
            self.branches[behind].before = Some(key);
        }
        let branch = &mut self.branches[key];
        branch.above = above;
        branch.before = None;
        branch.behind = behind;
    }

    /// Takes a branch, which nothing is under, out of the tree.
    fn remove(&mut self, key: usize) -> Arc<Node> {
        let branch = self.branches.remove(key);
        match branch.before {
            Some(before) => self.branches[before].behind = branch.behind,
            None => *self.first_of(branch.above) = branch.behind,
        }
        if let Some(behind) = branch.behind {
            self.branches[behind].before = branch.before;
        }
        branch.node
    }

    /// Takes a branch out of the tree, and puts what is under it in its place.
    fn leave(&mut self, key: usize) {
        let above = self.branches[key].above;
        while let Some(below) = self.branches[key].first {
            let behind = self.branches[below].behind;
            self.branches[key].first = behind;
            self.link(below, above);
        }
        self.remove(key);
    }

    /// Takes a branch, or all of them, out of the tree with all that is under it. Returns what was
    /// under it, each after what it was under.
    fn cut(&mut self, key: Option<usize>) -> Vec<Arc<Node>> {
        let mut nodes = Vec::new();
        // Depth first: down to a leaf, take it, up again, … each is visited once on each way.
        let mut at = key;
        loop {
            if let Some(below) = *self.first_of(at) {
                at = Some(below);
                continue;
            }
            let Some(leaf) = at else { break };
            let above = self.branches[leaf].above;
            let node = self.remove(leaf);
            if Some(leaf) == key {
                // The caller has it.
                break;
            }
            nodes.push(node);
            at = above;
        }
        nodes.reverse();
        nodes
    }
}

impl Listed for Node {
    type Item = Option<Notification>;

    fn list(&self) -> &WaitList<Self::Item> {
        self.notify.list()
    }
}

impl Notifies for Node {
    fn notify(&self) -> &Notify {
        &self.notify
    }
}
