use super::*;

#[test]
fn the_median_of_an_odd_number_is_the_middle_one() {
    assert_eq!(median(&mut [9.0, 1.0, 5.0]), 5.0);
}

#[test]
fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
    assert_eq!(median(&mut [9.0, 1.0, 5.0, 6.0]), 5.5);
}

#[test]
fn a_percentile_lies_between_its_neighbours() {
    let mut values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
    assert_eq!(percentile(&mut values, 0.99), 99.0);
    assert_eq!(percentile(&mut values, 1.0), 100.0);
    assert_eq!(percentile(&mut [1.0, 2.0], 0.25), 1.25);
}

#[test]
fn no_rounds_have_no_summary() {
    assert_eq!(Summary::of(&[]), None);
}

#[test]
fn the_spread_is_half_the_quartiles_distance() {
    let summary = Summary::of(&[10.0, 20.0, 30.0, 40.0, 50.0]).unwrap();
    assert_eq!((summary.low, summary.high), (20.0, 40.0));
    assert_eq!(summary.spread(), 10.0 / 30.0);
}

#[test]
fn ranges_overlap_if_they_touch() {
    let low = Summary::of(&[1.0, 2.0, 3.0]).unwrap();
    let high = Summary::of(&[2.0, 3.0, 4.0]).unwrap();
    let far = Summary::of(&[7.0, 8.0, 9.0]).unwrap();
    assert!(low.overlaps(&high) && high.overlaps(&low));
    assert!(!low.overlaps(&far) && !far.overlaps(&low));
}
