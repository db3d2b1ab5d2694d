// What the borrow checker refuses of what a macro was given: the error's code, and where.

async fn push(list: &mut Vec<u8>) {
    list.push(1);
}

async fn select_of_two_that_borrow_mutably() {
    let mut list = Vec::new();
    pintle::select! {
        () = push(&mut list) => {}
        () = push(&mut list) => {}
//                ^ E0499
    }
}

async fn select_of_what_is_gone() {
    let list = vec![1];
    drop(list);
    pintle::select! {
        x = async { list.len() } => drop(x),
//          ^ E0382
    }
}

async fn handler_with_what_is_gone() {
    let list = vec![1];
    pintle::select! {
        x = std::future::ready(list) => drop(x),
        () = std::future::ready(()) => drop(list),
//                                          ^ E0382
    }
}

async fn join_of_two_that_borrow_mutably() {
    let mut list = Vec::new();
    pintle::join!(push(&mut list), push(&mut list));
//                                      ^ E0499
}

fn main() {}
