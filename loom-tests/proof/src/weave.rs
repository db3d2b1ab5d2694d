//! Writes all mutants of a file into its text, each behind a switch, so that one build has them all.

use std::ops::Range;

use crate::site::{Kind, Place};

/// The text of a file with its mutants. `first` is the number of the first of them.
pub fn weave(source: &str, places: &[Place], first: usize) -> String {
    let mut number = first;
    let mut numbered: Vec<Woven<'_>> = places
        .iter()
        .map(|place| {
            let woven = Woven {
                place,
                first: number,
            };
            number += place.mutants.len();
            woven
        })
        .collect();
    // Outer before inner, where both begin at the same byte.
    numbered.sort_by_key(|woven| {
        let range = &woven.place.range;
        (range.start, usize::MAX - range.end, woven.rank())
    });
    render(source, 0..source.len(), &numbered)
}

#[derive(Clone, Copy)]
struct Woven<'a> {
    place: &'a Place,
    first: usize,
}

impl Woven<'_> {
    /// Of two places of the same bytes, the outer one has the lower rank.
    fn rank(&self) -> u8 {
        match self.place.kind {
            Kind::Answer => 0,
            Kind::Condition { .. } => 1,
            Kind::ReadModifyWrite { .. } | Kind::Fence => 2,
            Kind::Ordering => 3,
        }
    }
}

/// The text of `range`, in which the places lie, outer before inner.
fn render(source: &str, range: Range<usize>, places: &[Woven<'_>]) -> String {
    let mut text = String::new();
    let mut at = range.start;
    let mut rest = places;
    while let Some((outer, others)) = rest.split_first() {
        let bytes = outer.place.range.clone();
        let inside = others.partition_point(|woven| woven.place.range.start < bytes.end);
        let (inner, after) = others.split_at(inside);
        text.push_str(&source[at..bytes.start]);
        text.push_str(&broken(source, *outer, inner));
        at = bytes.end;
        rest = after;
    }
    text.push_str(&source[at..range.end]);
    text
}

fn is(number: usize) -> String {
    format!("::pintle_sync::mutant::is({number})")
}

/// One place with its switch.
fn broken(source: &str, woven: Woven<'_>, inner: &[Woven<'_>]) -> String {
    let Woven { place, first } = woven;
    let bytes = place.range.clone();
    let whole = render(source, bytes.clone(), inner);
    match &place.kind {
        Kind::Ordering => {
            let mut text = String::from("(");
            for (i, mutant) in place.mutants.iter().enumerate() {
                text.push_str(&format!(
                    "if {} {{ ::core::sync::atomic::Ordering::{} }} else ",
                    is(first + i),
                    mutant.ordering
                ));
            }
            text.push_str(&format!("{{ {whole} }})"));
            text
        }
        Kind::Fence => format!("(if !{} {{ {whole} }})", is(first)),
        Kind::ReadModifyWrite { name } => {
            let before = inner.partition_point(|woven| woven.place.range.start < name.start);
            let receiver = render(source, bytes.start..name.start, &inner[..before]);
            let arguments = render(source, name.end..bytes.end, &inner[before..]);
            format!(
                "({{ use ::pintle_sync::mutant::{{Torn as _, TornNumber as _}}; if {} {{ {receiver}torn_{}{arguments} }} else {{ {whole} }} }})",
                is(first),
                &source[name.clone()],
            )
        }
        Kind::Condition { has_let: true } => format!("!{} && {whole}", is(first)),
        Kind::Condition { has_let: false } => format!("(({whole}) && !{})", is(first)),
        Kind::Answer => format!("((({whole}) && !{}) || {})", is(first), is(first + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use crate::scan::scan;
    use crate::shared::questions;

    fn woven(source: &str) -> String {
        let parsed = parse("a.rs", source).expect("it parses");
        let questions = questions(std::iter::once(&parsed));
        let found = scan("a.rs", source, &parsed, Some(&questions)).expect("nothing is hidden");
        let text = weave(source, &found.places, 7);
        syn::parse_file(&text).expect("what is woven parses, too");
        text
    }

    #[test]
    fn code_without_places_is_as_it_was() {
        let source = "fn f() -> u8 { 1 }\n";
        assert_eq!(woven(source), source);
    }

    #[test]
    fn an_ordering_inside_of_a_torn_exchange_inside_of_an_answer_keeps_its_switch() {
        let text = woven("fn f(w: &A) -> bool { w.swap(1, Acquire) == 0 }");
        // The exchange is written twice, once torn, and the ordering in each; the answer is around both.
        for (number, times) in [(7, 1), (8, 2), (9, 1), (10, 1)] {
            let switch = format!("mutant::is({number})");
            assert_eq!(text.matches(&switch).count(), times, "{switch} in {text}");
        }
        assert!(text.contains("w.torn_swap(1, "));
    }

    #[test]
    fn conditions_with_a_pattern_are_skipped_before_they_match() {
        let text = woven("fn f(w: &A) { if let Some(x) = w.lock().pop() { drop(x) } }");
        assert!(
            text.contains("if !::pintle_sync::mutant::is(7) && let Some(x)"),
            "{text}"
        );
    }
}
