use super::*;

fn shell(script: &str, limit: Duration) -> Result<String, String> {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    finish(start(command).unwrap(), limit)
}

const PLENTY: Duration = Duration::from_secs(60);

#[test]
fn what_a_process_printed_is_returned() {
    assert_eq!(shell("echo one; echo two", PLENTY), Ok("one\ntwo\n".into()));
}

#[test]
fn a_process_that_fails_has_its_last_words_heard() {
    let error = shell("echo half; echo oh dear >&2; exit 3", PLENTY).unwrap_err();
    assert!(
        error.contains("exit status: 3") && error.contains("oh dear"),
        "{error}"
    );
}

#[test]
fn a_process_that_hangs_is_killed() {
    let error = shell("echo half; sleep 1000", Duration::from_millis(50)).unwrap_err();
    assert!(error.starts_with("hung"), "{error}");
}
