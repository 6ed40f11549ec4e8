fn spawn(_: impl Send) {}

async fn work() {
    let mut guard = xray_sdk::subsegment("send");
    guard.annotate("order", 7);
    std::future::ready(()).await;
    drop(guard);
}

fn main() {
    spawn(work());
}
