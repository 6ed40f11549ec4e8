//! Times the steps of a run.

use std::time::{Duration, Instant};

/// Does something and says how long it took.
#[expect(clippy::disallowed_methods, reason = "the time is shown to a person; no test drives it")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let outcome = work();
    (outcome, began.elapsed())
}

/// Steps of a run and how long each took.
#[derive(Debug, Default)]
pub(crate) struct Stages(Vec<(String, Duration)>);

impl Stages {
    /// Does `work` under this name.
    ///
    /// # Errors
    /// Those of `work`.
    pub(crate) fn time<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        println!("\n-- {name}");
        let (outcome, took) = timed(work);
        self.0.push((name.to_owned(), took));
        outcome
    }

    /// Prints a row per step.
    pub(crate) fn print(&self) {
        println!();
        for (name, took) in &self.0 {
            println!("{name:28} {:6.1} s", took.as_secs_f64());
        }
    }
}
