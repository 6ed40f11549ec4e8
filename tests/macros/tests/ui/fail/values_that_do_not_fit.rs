use xray_sdk::traced;

#[traced(err = |_: &u8| true)]
fn classified() -> Result<(), u8> {
    Ok(())
}

fn main() {}
