use super::*;

#[test]
fn an_order_keeps_every_item_and_depends_on_the_round() {
    let items: Vec<u32> = (0..20).collect();
    let (first, second) = (shuffled(&items, 1), shuffled(&items, 2));
    assert_ne!(first, second);
    for mut order in [first, second] {
        order.sort_unstable();
        assert_eq!(order, items);
    }
}

#[test]
fn an_interrupted_run_knows_what_it_has_done() {
    let results = Results::parse("1\ttokio-mt\tspawn\tok\t1\n1\tsmol\tspawn\tok\t1\n2\ttok");
    assert!(results.has(1, "smol", "spawn"));
    assert!(!results.has(2, "tokio-mt", "spawn"));
    assert_eq!(results.rounds(), 1);
}

#[test]
fn a_name_is_a_row_or_a_scenario_in_all_sizes() {
    assert_eq!(rows_named("spawn").unwrap(), ["spawn"]);
    assert_eq!(rows_named("tasks@5").unwrap(), ["tasks@5"]);
    assert!(rows_named("tasks").unwrap().len() > 2);
    assert!(rows_named("no_such_scenario").is_err());
}
