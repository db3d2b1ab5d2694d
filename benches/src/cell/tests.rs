use super::*;

#[test]
fn a_line_is_read_as_it_was_written() {
    for outcome in [Ok(vec![1.5, 2e-7]), Err("it has no timers".to_owned())] {
        let line = Line::new("tokio-mt", "tasks@1000", outcome);
        assert_eq!(Line::parse(&format!("{line}\n")), Some(line));
    }
}

#[test]
fn a_reason_stays_on_one_line() {
    let line = Line::new("nio", "spawn", Err("first\nsecond\tthird".into()));
    assert_eq!(line.to_string().lines().count(), 1);
    assert_eq!(Line::parse(&line.to_string()), Some(line));
}

#[test]
fn what_is_not_a_line_is_refused() {
    assert_eq!(Line::parse("tokio-mt\tspawn"), None);
    assert_eq!(Line::parse("tokio-mt\tspawn\tok\tfast"), None);
    assert_eq!(Line::parse("tokio-mt\tspawn\tmaybe\t1"), None);
}

#[test]
fn a_row_may_have_a_size() {
    assert_eq!(split("tasks@1000"), ("tasks", 1000));
    assert_eq!(split("spawn"), ("spawn", 0));
}
