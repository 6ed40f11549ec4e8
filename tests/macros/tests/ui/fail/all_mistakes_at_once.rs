use xray_sdk::traced;

#[traced(nam = "x", namespace = "local", annotate("order.id" = 1), name = "a", name = "b", err)]
fn many() {}

#[traced("positional")]
fn positional() {}

#[traced(skip_all, fields(a = 1), level = "debug")]
fn from_tracing(a: u8) {}

#[traced(annotate(a + b), name)]
fn keyless(a: u8, b: u8) {}

#[traced(segment, namespace = "aws")]
fn both() {}

#[traced]
const fn at_compile_time() {}

#[traced]
struct NotAFunction;

fn main() {}
