#![deny(warnings)]
#![no_implicit_prelude]

extern crate std;

use std::string::String;

mod reexported {
    pub use ::xray_sdk as tracing;
}

#[::xray_sdk::traced]
unsafe fn raw(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

#[::xray_sdk::traced]
extern "C" fn ffi() {}

#[::xray_sdk::traced(crate = reexported::tracing)]
fn constant<const N: usize>(items: [u8; N]) -> [u8; N] {
    items
}

#[::xray_sdk::traced]
async fn unit() {}

#[::xray_sdk::traced]
async fn text(text: &mut String) -> &mut String {
    text
}

#[::xray_sdk::traced(name = "never")]
fn never() -> ! {
    loop {}
}

#[::xray_sdk::traced]
fn r#loop() {}

fn is_send<T: std::marker::Send>(_: T) {}

fn main() {
    let byte = 1;
    std::assert_eq!(unsafe { raw(&byte) }, 1);
    ffi();
    r#loop();
    constant([1, 2]);
    is_send(unit());
    let mut owned = String::new();
    is_send(text(&mut owned));
    let _ = never as fn() -> !;
}
