use super::*;

/// A row in which each runtime said the same three times, but for a little.
fn row(more_is_better: bool, medians: &[(&'static str, f64)]) -> Row<'static> {
    let cells = medians.iter().map(|&(runtime, median)| {
        let rounds = [median * 0.99, median, median * 1.01];
        (runtime, Ok(Summary::of(&rounds).unwrap()))
    });
    Row {
        more_is_better,
        cells: cells.collect(),
    }
}

#[test]
fn a_row_is_won_if_each_mode_beats_its_kind_and_the_better_one_all() {
    let row = row(
        false,
        &[
            ("pintle-ws", 50.0),
            ("pintle-tpc", 10.0),
            ("tokio-mt", 100.0),
            ("tokio-tpc", 20.0),
            ("tokio-ct", 15.0),
        ],
    );
    assert!(row.standing().is_won());
    assert_eq!(row.standing().to_string(), "won");
}

#[test]
fn one_mode_behind_one_peer_of_its_kind_loses_the_row() {
    let row = row(
        false,
        &[
            ("pintle-ws", 150.0),
            ("pintle-tpc", 10.0),
            ("tokio-mt", 100.0),
            ("tokio-tpc", 20.0),
        ],
    );
    assert!(row.standing().is_lost());
    assert_eq!(
        row.standing().to_string(),
        "**lost**: pintle-ws 1.50 × tokio-mt"
    );
}

#[test]
fn a_peer_of_neither_kind_counts_for_the_better_mode() {
    let row = row(
        false,
        &[
            ("pintle-ws", 50.0),
            ("pintle-tpc", 10.0),
            ("tokio-mt", 100.0),
            ("tokio-tpc", 20.0),
            ("tokio-ct", 5.0),
        ],
    );
    assert_eq!(
        row.standing().to_string(),
        "**lost**: pintle-tpc 2.00 × tokio-ct"
    );
}

#[test]
fn what_counts_twice_is_said_once() {
    let row = row(
        false,
        &[
            ("pintle-ws", 150.0),
            ("pintle-tpc", 40.0),
            ("tokio-mt", 100.0),
            ("tokio-tpc", 20.0),
        ],
    );
    let said = row.standing().to_string();
    assert_eq!(
        said,
        "**lost**: pintle-tpc 2.00 × tokio-tpc, pintle-ws 1.50 × tokio-mt"
    );
}

#[test]
fn the_current_thread_mode_does_not_count() {
    let row = row(
        false,
        &[
            ("pintle-ct", 1.0),
            ("pintle-ws", 200.0),
            ("tokio-mt", 100.0),
        ],
    );
    assert!(row.standing().is_lost());
}

#[test]
fn plain_code_is_no_peer() {
    let row = row(
        false,
        &[("raw", 1.0), ("pintle-ws", 50.0), ("tokio-mt", 100.0)],
    );
    assert!(row.standing().is_won());
}

#[test]
fn where_more_is_better_less_is_lost() {
    let row = row(
        true,
        &[("pintle-ws", 100.0), ("tokio-mt", 150.0), ("smol", 90.0)],
    );
    assert_eq!(row.best_peer().unwrap().name, "tokio-mt");
    assert_eq!(
        row.standing().to_string(),
        "**lost**: pintle-ws 1.50 × tokio-mt"
    );
}

#[test]
fn rounds_that_overlap_are_neither_won_nor_lost() {
    for ours in [99.5, 100.5] {
        let standing = row(false, &[("pintle-ws", ours), ("tokio-mt", 100.0)]).standing();
        assert!(!standing.is_won() && !standing.is_lost());
        assert!(standing.to_string().starts_with("close: "));
    }
}

#[test]
fn in_a_lost_row_what_is_close_is_marked() {
    let standing = row(
        false,
        &[
            ("pintle-ws", 99.5),
            ("pintle-tpc", 20.0),
            ("tokio-mt", 100.0),
            ("tokio-tpc", 10.0),
        ],
    )
    .standing();
    assert_eq!(
        standing.to_string(),
        "**lost**: pintle-tpc 2.00 × tokio-tpc, pintle-ws 0.99 × tokio-mt (close)"
    );
}

#[test]
fn a_runtime_that_said_nothing_is_no_opponent() {
    let mut row = row(false, &[("pintle-ws", 100.0)]);
    row.cells.insert("tokio-mt", Err("hung".into()));
    assert!(!row.standing().is_won());
    assert_eq!(row.standing().to_string(), "nothing to compare");
}
