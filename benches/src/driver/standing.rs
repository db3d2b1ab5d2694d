//! [`Standing`]: whether Pintle has won a row.
//!
//! It has if the better of its two modes beats every peer, and each mode beats every peer of its
//! own kind. Pintle's current-thread runtime does not count; tokio's does, among all peers.

use crate::runtime::Kind;
use crate::runtimes::{self, Entry};
use crate::stats::Summary;
use std::collections::BTreeMap;
use std::fmt;

/// What is known of a row's metric: for each runtime a summary, or why there is none.
#[derive(Debug)]
pub struct Row<'a> {
    pub more_is_better: bool,
    pub cells: BTreeMap<&'a str, Result<Summary, String>>,
}

/// How one runtime compares with another.
#[derive(Debug, Clone, PartialEq)]
pub struct Duel {
    pub ours: &'static str,
    pub peer: &'static str,
    /// Above one: so many times worse than the peer.
    pub ratio: f64,
    /// The rounds lie so close to one another that more of them could turn the order round.
    pub close: bool,
}

/// All that the goal asks for, worst first.
#[derive(Debug)]
pub struct Standing(pub Vec<Duel>);

impl Row<'_> {
    pub fn summary(&self, runtime: &str) -> Option<&Summary> {
        self.cells.get(runtime)?.as_ref().ok()
    }

    /// How many times worse than `base` a value is.
    pub fn ratio(&self, value: &Summary, base: &Summary) -> f64 {
        match self.more_is_better {
            false => value.median / base.median,
            true => base.median / value.median,
        }
    }

    /// The best of those runtimes that have something to say.
    pub fn best(&self, of: impl Fn(&Entry) -> bool) -> Option<&'static Entry> {
        let candidates = runtimes::ALL.iter().filter(|entry| of(entry));
        let candidates = candidates.filter_map(|entry| Some((entry, self.summary(entry.name)?)));
        let best = candidates.min_by(|(_, one), (_, other)| {
            let order = one.median.total_cmp(&other.median);
            if self.more_is_better {
                order.reverse()
            } else {
                order
            }
        });
        best.map(|(entry, _)| entry)
    }

    pub fn best_peer(&self) -> Option<&'static Entry> {
        self.best(is_peer)
    }

    fn duel(&self, ours: Option<&Entry>, peer: Option<&Entry>) -> Option<Duel> {
        let (ours, peer) = (ours?.name, peer?.name);
        let (value, base) = (self.summary(ours)?, self.summary(peer)?);
        Some(Duel {
            ours,
            peer,
            ratio: self.ratio(value, base),
            close: value.overlaps(base),
        })
    }

    pub fn standing(&self) -> Standing {
        let of_kind = |kind: Kind| {
            let ours = self.best(|entry| entry.is_pintle() && entry.kind == kind);
            self.duel(
                ours,
                self.best(|entry| is_peer(entry) && entry.kind == kind),
            )
        };
        let is_mode = |entry: &Entry| entry.is_pintle() && entry.kind != Kind::Single;
        let mut duels = [
            self.duel(self.best(is_mode), self.best_peer()),
            of_kind(Kind::Stealing),
            of_kind(Kind::PerCore),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<Duel>>();
        duels.sort_by(|one, other| other.ratio.total_cmp(&one.ratio));
        // The better mode may be the one of its kind, and so its rival.
        duels.dedup();
        Standing(duels)
    }
}

/// Plain code is the limit, not a peer.
fn is_peer(entry: &Entry) -> bool {
    !entry.is_pintle() && entry.kind != Kind::Plain
}

impl Standing {
    pub fn is_lost(&self) -> bool {
        self.0.iter().any(|duel| duel.ratio >= 1.0 && !duel.close)
    }

    pub fn is_won(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|duel| duel.ratio < 1.0 && !duel.close)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing to compare");
        }
        if self.is_won() {
            return f.write_str("won");
        }
        let lost = self.is_lost();
        f.write_str(if lost { "**lost**: " } else { "close: " })?;
        let not_won = self.0.iter().filter(|duel| duel.ratio >= 1.0 || duel.close);
        for (i, duel) in not_won.enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            let close = if lost && duel.close { " (close)" } else { "" };
            let Duel {
                ours, peer, ratio, ..
            } = duel;
            write!(f, "{separator}{ours} {ratio:.2} × {peer}{close}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
