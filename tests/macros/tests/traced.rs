//! `#[traced]` on good code and on bad.

#[test]
fn mistakes_are_explained_and_good_code_compiles() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
