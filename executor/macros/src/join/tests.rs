//! What the expansion looks like, and the errors; what it does is tested in `pintle`.

use super::*;

fn expanded(kind: Kind, input: &str) -> String {
    expand(kind, format!("(pintle) {input}").parse().unwrap()).to_string()
}

#[test]
fn each_future_has_a_place_and_the_first_one_changes() {
    let tokens = expanded(Kind::Join, "a(), b(),");
    assert!(tokens.contains("let future_0 = a ()"), "{tokens}");
    assert!(tokens.contains("let future_1 = b ()"), "{tokens}");
    assert!(tokens.contains("first += 1usize"), "{tokens}");
    assert!(!tokens.contains("take_error"), "{tokens}");
}

#[test]
fn biased_always_begins_with_the_first() {
    let tokens = expanded(Kind::TryJoin, "biased; a(), b()");
    assert!(tokens.contains("first += 0usize"), "{tokens}");
    assert!(tokens.contains("take_error"), "{tokens}");
}

#[test]
fn the_crate_is_the_one_that_was_passed() {
    let tokens = expand(Kind::Join, "(my::name) a()".parse().unwrap()).to_string();
    assert!(
        tokens.contains("my :: name :: macros :: support :: poll_fn"),
        "{tokens}"
    );
}

#[test]
fn what_is_no_list_of_futures_is_an_error() {
    let tokens = expanded(Kind::Join, "a() b()");
    assert!(tokens.contains("expected `,`"), "{tokens}");
    assert!(tokens.starts_with(":: core :: compile_error !"), "{tokens}");
}
