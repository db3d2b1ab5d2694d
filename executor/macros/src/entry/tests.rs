//! Every error's text, one message a mistake, and what stands beside it.

use super::*;

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("the test's own source")
}

/// The texts of the `compile_error!`s that the expansion begins with, and the rest of it.
fn expanded(kind: Kind, args: &str, item: &str) -> (Vec<String>, String) {
    let mut rest = expand(kind, tokens(args), tokens(item))
        .into_iter()
        .peekable();
    let mut errors = Vec::new();
    while rest
        .peek()
        .is_some_and(|token| matches!(token, TokenTree::Punct(_)))
    {
        // `::core::compile_error!{ "text" }`, or the attribute of the function.
        if matches!(rest.peek(), Some(TokenTree::Punct(hash)) if hash.as_char() == '#') {
            break;
        }
        let group = rest.by_ref().find_map(|token| match token {
            TokenTree::Group(group) => Some(group),
            _ => None,
        });
        let text: syn::LitStr = syn::parse2(group.unwrap().stream()).unwrap();
        errors.push(text.value());
    }
    (errors, rest.collect::<TokenStream>().to_string())
}

/// The only error of an expansion that still makes a function.
fn error(kind: Kind, args: &str, item: &str) -> String {
    let (mut errors, rest) = expanded(kind, args, item);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(rest.contains("fn "), "no function beside the error: {rest}");
    errors.remove(0)
}

fn main_error(args: &str) -> String {
    error(Kind::Main, args, "async fn main() {}")
}

fn test_error(item: &str) -> String {
    error(Kind::Test, "", item)
}

#[test]
fn the_expansion_is_a_plain_function_around_an_async_block() {
    let (errors, rest) = expanded(
        Kind::Main,
        "worker_threads = 4, start_paused = true",
        "#[inline] pub async fn main() -> Ret { one(); two }",
    );
    assert!(errors.is_empty(), "{errors:?}");
    let expected = quote! {
        #[inline]
        pub fn main() -> Ret {
            let body = async { if false { return (|| -> Ret { loop {} })(); } { one(); two } };
            ::pintle::runtime::Builder::new_multi_thread()
                .worker_threads(4usize)
                .start_paused(true)
                .enable_all()
                .build()
                .expect("failed to build the runtime")
                .block_on(body)
        }
    };
    assert_eq!(rest, expected.to_string());
}

#[test]
fn a_body_that_does_not_parse_is_passed_on() {
    let (errors, rest) = expanded(Kind::Main, "", "async fn main() { half. }");
    assert!(errors.is_empty(), "{errors:?}");
    assert!(rest.contains("{ half . }"), "{rest}");
}

#[test]
fn each_flavor_is_known() {
    for name in ["multi_thread", "current_thread", "thread_per_core"] {
        let (errors, rest) = expanded(
            Kind::Test,
            &format!("flavor = \"{name}\""),
            "async fn t() {}",
        );
        assert!(errors.is_empty(), "{errors:?}");
        assert!(
            rest.contains(&format!("Builder :: new_{name} ()")),
            "{rest}"
        );
    }
}

#[test]
fn the_crate_may_be_renamed() {
    let (errors, rest) = expanded(Kind::Main, "crate = \"my::pintle\",", "async fn main() {}");
    assert!(errors.is_empty(), "{errors:?}");
    assert!(
        rest.contains(" my :: pintle :: runtime :: Builder"),
        "{rest}"
    );
    let (errors, rest) = expanded(Kind::Test, "crate = \"crate\"", "async fn t() {}");
    assert!(errors.is_empty(), "{errors:?}");
    assert!(rest.contains(" crate :: runtime :: Builder"), "{rest}");
}

#[test]
fn not_async() {
    assert_eq!(
        error(Kind::Main, "", "fn main() {}"),
        "`#[pintle::main]` needs an `async fn`: write `async` before this `fn`"
    );
    assert_eq!(
        test_error("fn t() {}"),
        "`#[pintle::test]` needs an `async fn`: write `async` before this `fn`"
    );
}

#[test]
fn not_a_function() {
    let (errors, rest) = expanded(Kind::Main, "", "struct Main;");
    assert_eq!(errors, ["`#[pintle::main]` goes on an `async fn`"]);
    assert_eq!(rest, "struct Main ;");
    let (errors, _) = expanded(Kind::Test, "", "async fn t();");
    assert_eq!(errors, ["expected the body of the function"]);
}

#[test]
fn arguments() {
    assert_eq!(
        error(Kind::Main, "", "async fn main(args: Vec<String>) {}"),
        "`main` takes no arguments; the program's are in `std::env::args()`"
    );
    assert_eq!(
        test_error("async fn t(x: u8) {}"),
        "a test takes no arguments"
    );
    let (errors, _) = expanded(Kind::Main, "", "async fn not_main(x: u8) {}");
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn unknown_attribute() {
    assert_eq!(
        main_error("threads = 4"),
        "unknown attribute `threads`; expected one of `flavor`, `worker_threads`, \
         `start_paused`, `crate`"
    );
}

#[test]
fn unknown_flavor() {
    assert_eq!(
        main_error("flavor = \"fast\""),
        "`flavor` must be one of `\"multi_thread\"`, `\"current_thread\"`, \
         `\"thread_per_core\"`, not `\"fast\"`"
    );
}

#[test]
fn values_of_the_wrong_type() {
    let flavors = "`flavor` must be a string, one of `\"multi_thread\"`, `\"current_thread\"`, \
                   `\"thread_per_core\"`";
    assert_eq!(main_error("flavor = 1"), flavors);
    assert_eq!(main_error("flavor = multi_thread"), flavors);
    for value in [
        "\"4\"",
        "-4",
        "4.0",
        "COUNT",
        "true",
        "99999999999999999999999",
    ] {
        assert_eq!(
            main_error(&format!("worker_threads = {value}")),
            "`worker_threads` must be a number of workers, as in `worker_threads = 4`"
        );
    }
    assert_eq!(
        main_error("start_paused = 1"),
        "`start_paused` must be `true` or `false`"
    );
    for value in ["pintle", "\"not a path\"", "\"\""] {
        assert_eq!(
            main_error(&format!("crate = {value}")),
            "`crate` must be a path in a string, as in `crate = \"my_crate::pintle\"`"
        );
    }
}

#[test]
fn no_workers() {
    assert_eq!(
        main_error("worker_threads = 0"),
        "`worker_threads` must be at least 1; for a runtime without workers there is \
         `flavor = \"current_thread\"`"
    );
}

#[test]
fn values_left_out() {
    assert_eq!(main_error("flavor"), "`flavor` needs a value: `flavor = …`");
    assert_eq!(
        main_error("start_paused(true)"),
        "`start_paused` needs a value: `start_paused = …`"
    );
}

#[test]
fn the_same_attribute_twice() {
    assert_eq!(
        main_error("worker_threads = 1, worker_threads = 2"),
        "`worker_threads` is set twice"
    );
}

#[test]
fn workers_without_a_flavor_that_has_them() {
    let message = |name: &str| {
        format!(
            "`worker_threads` has no meaning in the `current_thread` flavor, which has no \
             workers; use `#[pintle::{name}(flavor = \"multi_thread\", worker_threads = …)]` or \
             `\"thread_per_core\"`"
        )
    };
    assert_eq!(
        main_error("worker_threads = 2, flavor = \"current_thread\""),
        message("main")
    );
    assert_eq!(
        error(Kind::Test, "worker_threads = 2", "async fn t() {}"),
        message("test")
    );
}

#[test]
fn a_second_test_attribute() {
    let message = "this would run the test twice: `#[pintle::test]` is enough, remove this";
    for attribute in [
        "test",
        "core::prelude::v1::test",
        "::std::prelude::v1::test",
        "pintle::test",
    ] {
        assert_eq!(
            test_error(&format!("#[{attribute}] async fn t() {{}}")),
            message
        );
    }
    let (errors, _) = expanded(Kind::Test, "", "#[other::test] #[ignore] async fn t() {}");
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn all_mistakes_are_named_at_once() {
    let (errors, rest) = expanded(
        Kind::Main,
        "flavor = 1, threads = 2, start_paused = 3",
        "async fn main() {}",
    );
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(rest.contains("fn main ()"), "{rest}");
}

#[test]
fn arguments_that_are_no_list() {
    assert_eq!(
        main_error("flavor = \"multi_thread\" worker_threads = 1"),
        "expected `,`"
    );
}
