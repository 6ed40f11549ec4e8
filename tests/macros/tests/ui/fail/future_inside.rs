use std::future::Future;

#[xray_sdk::traced]
fn both() -> (impl Future<Output = u8>, u8) {
    (async { 1 }, 2)
}

struct Opaque;

#[xray_sdk::traced(annotate(opaque))]
fn annotated(opaque: Opaque) {
    let _ = opaque;
}

fn main() {
    let _ = both();
    annotated(Opaque);
}
