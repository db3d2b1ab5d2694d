use super::*;

const RESULTS: &str = "\
# machine: one
# budget: 1 ms
1\ttokio-mt\tspawn\tok\t800
1\tpintle-ws\tspawn\tok\t400
1\ttokio-mt\tyield_1k\tok\t50
1\tpintle-ws\tyield_1k\tok\t100
1\tsmol\tspawn\tnone\tnot today
2\ttokio-mt\tspawn\tok\t820
2\tpintle-ws\tspawn\tok\t410
2\ttokio-mt\tyield_1k\tok\t50.5
2\tpintle-ws\tyield_1k\tok\t10";

#[test]
fn the_head_is_above_the_tables() {
    let text = render(&Results::parse(RESULTS));
    assert!(text.starts_with("- machine: one\n- budget: 1 ms\n- rounds: 2\n"));
}

#[test]
fn a_row_has_its_medians_and_what_came_of_it() {
    let text = render(&Results::parse(RESULTS));
    let row = "| spawn 10k tasks from a worker: time, ns/task | tokio-mt 810 ±1 % | 405 ±1 % | 810 ±1 % | won |";
    assert!(text.contains(row), "{text}");
}

#[test]
fn ratios_are_to_the_base_and_the_best_peer_is_bold() {
    let text = render(&Results::parse(RESULTS));
    let row = "| spawn time, ns/task | 810 | 0.50 | **1.00** | n/a |";
    assert!(text.contains(row), "{text}");
}

#[test]
fn rows_that_are_not_won_are_listed_and_so_is_what_was_not_measured() {
    let text = render(&Results::parse(RESULTS));
    assert!(text.contains("Won: 1 of 2. Lost: 0. Close, or not to be compared: 1."));
    assert!(text.contains("- yield, 1k tasks: time, ns/yield: close: pintle-ws 1.09 × tokio-mt"));
    assert!(text.contains("- spawn on smol: not today"));
}

#[test]
fn every_row_has_as_many_columns_as_its_header() {
    let text = render(&Results::parse(RESULTS));
    for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
        let columns: BTreeSet<usize> = table
            .lines()
            .map(|line| line.matches('|').count())
            .collect();
        assert_eq!(columns.len(), 1, "{table}");
    }
}

#[test]
fn numbers_have_three_digits() {
    let shown: Vec<String> = [3522.4, 99.96, 27.24, 9.996, 0.1234].map(number).into();
    assert_eq!(shown, ["3522", "100", "27.2", "10.0", "0.12"]);
}
