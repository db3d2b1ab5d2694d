// Nothing is wrong here.

#[pintle::main]
async fn main() {
    pintle::select! {
        x = async { 1 } => drop(x),
    }
    pintle::join!(async {});
}
