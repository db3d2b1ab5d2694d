// What the compiler refuses of what a macro was given: the error's code, and where.

async fn f() -> u8 {
    1
}

async fn result() -> Result<u8, String> {
    Ok(1)
}

async fn select_no_future() {
    pintle::select! {
        x = 5 => drop(x),
//          ^ E0277
    }
}

async fn select_no_future_by_name() {
    let number = 5;
    pintle::select! {
        _ = f() => {}
        x = number => drop(x),
//          ^ E0277
    }
}

async fn select_condition() {
    pintle::select! {
        x = f(), if 1 => drop(x),
//                  ^ E0308
    }
}

async fn select_pattern() {
    pintle::select! {
        Some(x) = f() => drop(x),
//      ^ E0308
    }
}

async fn select_handler() -> u8 {
    pintle::select! {
        x = f() => x,
        x = result() => x,
//                      ^ E0308
    }
}

async fn select_in_handler() {
    pintle::select! {
        x = f() => {
            let _text: String = x;
//                              ^ E0308
        }
    }
}

async fn select_unknown_name() {
    pintle::select! {
        x = nobody() => drop(x),
//          ^ E0425
        x = f() => drop(y),
//                      ^ E0425
    }
}

async fn select_question_mark() {
    pintle::select! {
        x = result() => drop(x?),
//                            ^ E0277
    }
}

async fn select_else() -> u8 {
    pintle::select! {
        x = f() => x,
        else => "",
//              ^ E0308
    }
}

async fn select_not_unpin() {
    let mut future = async { 1 };
    pintle::select! {
        x = &mut future => drop(x),
//          ^ E0277
    }
}

fn select_outside() {
    pintle::select! {
//  ^ E0728
        x = f() => drop(x),
    }
}

async fn join_no_future() {
    pintle::join!(f(), 5);
//                     ^ E0277
}

async fn join_not_unpin() {
    let mut future = async { 1 };
    pintle::join!(f(), &mut future);
//                     ^ E0277
}

async fn try_join_no_future() {
    let _ = pintle::try_join!(result(), "text");
//                                      ^ E0277
}

async fn try_join_no_result() {
    let _ = pintle::try_join!(result(), f());
//                                      ^ E0271
}

async fn try_join_other_error() -> Result<(u8, u8), String> {
    pintle::try_join!(result(), async { Err::<u8, u8>(1) })
//                              ^ E0308
}

#[pintle::main]
async fn tail() -> u8 {
    "text"
//  ^ E0308
}

#[pintle::main]
async fn early() -> u8 {
    if true {
        return "text";
//             ^ E0308
    }
    1
}

#[pintle::main]
async fn no_value() -> u8 {
//                        ^ E0308
    let _x = 1;
}

#[pintle::main]
async fn question_mark() {
    let _x: u8 = "1".parse()?;
//                          ^ E0277
}

#[pintle::main]
async fn unit() {
    1
//  ^ E0308
}

#[pintle::test]
async fn test_body() {
    let _x: u8 = "";
//               ^ E0308
}

#[pintle::test]
async fn test_tail() -> Result<(), String> {
    f().await
//  ^ E0308
}

fn main() {}
