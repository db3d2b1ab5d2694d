// What the macros themselves refuse: what they say, and where.

async fn f() -> u8 {
    1
}

async fn without_future() {
    pintle::select! {
        x => {}
//        ^ expected `= future`: a branch is `pattern = future => handler`
    }
}

async fn without_handler() {
    pintle::select! {
        x = f(),
        y = f() => {}
//      ^ expected `if condition` or, before the comma, `=> handler`
    }
}

async fn without_arrow() {
    pintle::select! {
        x = f() { x }
//              ^ expected `=> handler`
    }
}

async fn precondition_without_comma() {
    pintle::select! {
        x = f() if true => {}
//              ^ a precondition follows a comma: `, if condition`
    }
}

async fn let_as_precondition() {
    pintle::select! {
        x = f(), if let 1 = 2 => {}
//                  ^ a precondition is a `bool`; for a `let` there is `matches!`
    }
}

async fn without_comma() {
    pintle::select! {
        x = f() => drop(x) y = f() => {}
//                         ^ expected `,`: only after a handler in braces it may be left out
    }
}

async fn else_twice() {
    pintle::select! {
        x = f() => {}
        else => {}
        else => {}
//      ^ `else` comes last
    }
}

async fn else_first() {
    pintle::select! {
        else => {}
        x = f() => {}
//      ^ `else` comes last
    }
}

async fn else_if() {
    pintle::select! {
        x = f() => {}
        else if true => {}
//           ^ `else` has no condition: it runs when every branch is disabled
    }
}

async fn nothing() {
    pintle::select! {}
//  ^ `select!` needs a branch: `pattern = future => handler`
}

async fn only_biased() {
    pintle::select! { biased; }
//  ^ `select!` needs a branch: `pattern = future => handler`
}

async fn sixty_five() {
    pintle::select! {
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        _ = f() => {} _ = f() => {} _ = f() => {} _ = f() => {}
        last = f() => {}
//      ^ `select!` takes up to 64 branches
    }
}

async fn join_without_comma() {
    pintle::join!(f() f());
//                    ^ expected `,`
}

async fn try_join_with_a_pattern() {
    pintle::try_join!(x = f() => x);
//                            ^ expected `,`
}

async fn half_a_future() {
    pintle::join!(f(), f(.));
//                       ^ expected an expression
}

mod entries {
    #[pintle::main]
    fn not_async() {}
//  ^ `#[pintle::main]` needs an `async fn`: write `async` before this `fn`

    #[pintle::main]
    struct NotAFunction;
//  ^ `#[pintle::main]` goes on an `async fn`

    #[pintle::main(flavor = "fast")]
//                          ^ `flavor` must be one of `"multi_thread"`
    async fn flavor() {}

    #[pintle::main(flavor = multi_thread)]
//                          ^ `flavor` must be a string, one of `"multi_thread"`
    async fn flavor_type() {}

    #[pintle::main(flavor)]
//                 ^ `flavor` needs a value: `flavor = …`
    async fn flavor_value() {}

    #[pintle::main(threads = 4)]
//                 ^ unknown attribute `threads`; expected one of `flavor`
    async fn unknown() {}

    #[pintle::main(worker_threads = "4")]
//                                  ^ `worker_threads` must be a number of workers, as in `worker_threads = 4`
    async fn workers_type() {}

    #[pintle::main(worker_threads = 0)]
//                                  ^ `worker_threads` must be at least 1; for a runtime without workers there is `flavor = "current_thread"`
    async fn no_workers() {}

    #[pintle::main(start_paused = 1)]
//                                ^ `start_paused` must be `true` or `false`
    async fn paused_type() {}

    #[pintle::main(crate = "no path")]
//                         ^ `crate` must be a path in a string, as in `crate = "my_crate::pintle"`
    async fn crate_path() {}

    #[pintle::main(worker_threads = 1, worker_threads = 2)]
//                                     ^ `worker_threads` is set twice
    async fn twice() {}

    #[pintle::main(flavor = "current_thread", worker_threads = 2)]
//                                            ^ `worker_threads` has no meaning in the `current_thread` flavor, which has no workers
    async fn workers_of_one_thread() {}

    #[pintle::main(flavor = "multi_thread" worker_threads = 1)]
//                                         ^ expected `,`
    async fn attribute_without_comma() {}

    #[pintle::main]
    async fn main(args: Vec<String>) {}
//                ^ `main` takes no arguments; the program's are in `std::env::args()`

    #[pintle::test]
    fn not_async_test() {}
//  ^ `#[pintle::test]` needs an `async fn`: write `async` before this `fn`

    #[pintle::test(worker_threads = 2)]
//                 ^ `worker_threads` has no meaning in the `current_thread` flavor, which has no workers
    async fn test_workers() {}

    #[pintle::test]
    #[test]
//  ^ this would run the test twice: `#[pintle::test]` is enough, remove this
    async fn test_twice() {}

    #[pintle::test]
    async fn test_with_arguments(x: u8, y: u8) {}
//                               ^ a test takes no arguments
}

fn main() {}
