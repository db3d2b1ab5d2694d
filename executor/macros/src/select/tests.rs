//! Every error's text, and the shapes of patterns; what the expansion does is
//! tested in `pintle`.

use super::*;
use quote::quote;

fn error(input: &str) -> String {
    match Select::parse.parse_str(&format!("(pintle) {input}")) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("`{input}` is no error"),
    }
}

fn parsed(input: &str) -> Select {
    let parsed = Select::parse.parse_str(&format!("(pintle) {input}"));
    parsed.unwrap_or_else(|error| panic!("{error}: {input}"))
}

/// The pattern without its variables, and those.
fn shape(pattern: &str) -> (String, String) {
    let pattern = Pat::parse_multi_with_leading_vert
        .parse_str(pattern)
        .unwrap();
    let shape = Shape::of(&pattern);
    let variables: Vec<_> = shape.variables.iter().map(Ident::to_string).collect();
    (
        shape.pattern.to_token_stream().to_string(),
        variables.join(" "),
    )
}

#[test]
fn all_parts_of_a_branch_are_found() {
    let select =
        parsed("biased; Some(x) = f::<A, B>(), if a && b => x, _ = g() => { h } else => 0");
    assert!(select.head.biased);
    assert_eq!(select.branches.len(), 2);
    let branch = &select.branches[0];
    assert_eq!(
        branch.pattern.to_token_stream().to_string(),
        quote!(Some(x)).to_string()
    );
    assert_eq!(
        branch.future.to_token_stream().to_string(),
        quote!(f::<A, B>()).to_string()
    );
    assert_eq!(
        branch.condition.to_token_stream().to_string(),
        quote!(a && b).to_string()
    );
    assert_eq!(branch.handler.to_string(), "x");
    assert_eq!(select.otherwise.unwrap().to_string(), "0");
}

#[test]
fn the_comma_after_a_block_and_after_the_last_branch_may_be_left_out() {
    assert_eq!(
        parsed("a = b => {} c = d => {}, e = f => {}")
            .branches
            .len(),
        3
    );
    assert_eq!(parsed("a = b => 1, c = d => 2").branches.len(), 2);
    assert_eq!(
        parsed("a = b => if x {} else {}, c = d => (),")
            .branches
            .len(),
        2
    );
    assert!(parsed("a = b => 1, else => 2,").otherwise.is_some());
    assert!(parsed("else => 2").otherwise.is_some());
}

#[test]
fn a_block_that_does_not_parse_is_passed_on() {
    assert_eq!(
        parsed("a = b => { half. }").branches[0].handler.to_string(),
        "{ half . }"
    );
}

#[test]
fn biased_may_be_a_variable() {
    let select = parsed("biased = b => {}");
    assert!(!select.head.biased);
    assert_eq!(select.branches.len(), 1);
}

#[test]
fn a_branch_without_a_future() {
    let text = "expected `= future`: a branch is `pattern = future => handler`";
    assert_eq!(error("x => {}"), text);
    assert_eq!(error("a = b => {} default => {}"), text);
    assert_eq!(error("x.recv() => {}"), text);
}

#[test]
fn a_branch_without_a_handler() {
    assert_eq!(error("x = f() ; y = g() => {}"), "expected `=> handler`");
    let text = "expected `if condition` or, before the comma, `=> handler`";
    assert_eq!(error("x = f(), y = g() => {}"), text);
}

#[test]
fn a_precondition_in_the_wrong_form() {
    let text = "a precondition follows a comma: `, if condition`";
    assert_eq!(error("x = f() if ready => {}"), text);
    let text = "a precondition is a `bool`; for a `let` there is `matches!`";
    assert_eq!(error("x = f(), if let Some(x) = y => {}"), text);
}

#[test]
fn a_missing_comma() {
    let text = "expected `,`: only after a handler in braces it may be left out";
    assert_eq!(error("x = f() => g(x) y = h() => {}"), text);
}

#[test]
fn something_after_else() {
    assert_eq!(error("else => {} x = f() => {}"), "`else` comes last");
    let text = "`else` has no condition: it runs when every branch is disabled";
    assert_eq!(error("x = f() => {} else if y => {}"), text);
}

#[test]
fn nothing_at_all() {
    let text = "`select!` needs a branch: `pattern = future => handler`";
    assert_eq!(error(""), text);
    assert_eq!(error("biased;"), text);
}

#[test]
fn more_branches_than_bits() {
    let branches = |count| "x = f() => {} ".repeat(count);
    assert_eq!(parsed(&branches(64)).branches.len(), 64);
    assert_eq!(error(&branches(65)), "`select!` takes up to 64 branches");
}

#[test]
fn the_shape_of_a_pattern_has_no_variables() {
    for (pattern, expected, variables) in [
        ("x", "_", "x"),
        ("mut x", "_", "x"),
        ("ref X", "_", "X"),
        ("_", "_", ""),
        ("None", "None", ""),
        ("Some(x)", "Some (_)", "x"),
        ("Some(&x)", "Some (& _)", "x"),
        ("(a, .., r#else)", "(_ , .. , _)", "a r#else"),
        ("Ok(x) | Err(x)", "Ok (_) | Err (_)", "x x"),
        (
            "Point { x, y: (a, 1..=2), .. }",
            "Point { x : _ , y : (_ , 1 ..= 2) , .. }",
            "x a",
        ),
        ("[first, rest @ ..]", "[_ , ..]", "first"),
        ("all @ (Some(x))", "(Some (_))", "x"),
        ("path::CONST", "path :: CONST", ""),
    ] {
        let found = shape(pattern);
        assert_eq!(
            (found.0.as_str(), found.1.as_str()),
            (expected, variables),
            "{pattern}"
        );
    }
}

#[test]
fn only_a_branch_that_may_not_fit_is_looked_at() {
    let tokens = parsed("x = f() => {}").expand().to_string();
    assert!(!tokens.contains("match output"), "{tokens}");
    let tokens = parsed("Some(x) = f() => {}").expand().to_string();
    assert!(
        tokens.contains("match output { Some (_) => true , _ => false , }"),
        "{tokens}"
    );
}
