//! Mistakes of the function itself are shown where they are, not at the attribute.

use xray_sdk::traced;

struct Counter(usize);

#[traced]
async fn forgotten() -> char {}

#[traced]
fn empty() -> char {}

#[traced]
fn unwrapped() -> Option<char> {
    'a'
}

impl Counter {
    #[traced]
    fn set(&mut self) {
        self.0 = "error";
    }

    #[traced]
    async fn set_later(&mut self) {
        self.0 = "error";
    }
}

trait Cache {
    #[traced]
    async fn declared(&self) -> u8;
}

fn main() {}
