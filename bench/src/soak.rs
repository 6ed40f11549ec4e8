//! Hours in minutes: one agent, a steady load, and a fault of AWS at every other moment.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::agent::{Contestant, Running};
use crate::load::{Documents, Generator, Load};
use crate::sink::{Conduct, Door, Fault, Sink};

/// Longer than this no fault lasts, nor good weather.
const PHASE: u64 = 15;
/// For what is held at the end.
const PATIENCE: Duration = Duration::from_secs(120);

/// Prints a row for each minute, then the ledger beside the ids.
///
/// # Errors
/// When the ids do not say what the ledger says.
pub(crate) fn run(lasts: Duration, rate: u32) -> Result<(), Box<dyn Error>> {
    println!("### Soak\n\n{rate} segments of 1 kB a second for {} s, faults of AWS at random.\n", lasts.as_secs());
    println!("| minute | sent | arrived | held | on disk | lost | kernel drops | memory | CPU |\n|---|---|---|---|---|---|---|---|---|");
    let sink = Sink::start()?;
    let agent = Contestant::ours(&sink.endpoint(), "spool = \"overflow\"")?;
    let running = agent.start()?;
    let is_over = AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        scope.spawn(|| weather(&sink, &is_over));
        let sent = minutes_of_load(lasts, rate, &sink, &running);
        is_over.store(true, Ordering::Relaxed);
        sent
    })?;
    sink.set(Conduct::default());
    conclude(sent, &sink, &running)
}

fn minutes_of_load(lasts: Duration, rate: u32, sink: &Sink, running: &Running) -> Result<u64, Box<dyn Error>> {
    let mut generator = Generator::new(running.address(), Documents::of_size(1_000))?;
    let (mut minute, mut left) = (0, lasts);
    while !left.is_zero() {
        let before = running.program.processor_time()?;
        let row = left.min(Duration::from_secs(60));
        generator.send(Load::even(rate, row))?;
        (minute, left) = (minute + 1, left - row);
        let (status, drops) = (running.status()?, running.socket()?.drops);
        let share = (running.program.processor_time()? - before).as_secs_f64() * 100.0 / row.as_secs_f64();
        println!(
            "| {minute} | {} | {} | {} | {} | {} | {drops} | {:.1} MB | {share:.0} % |",
            generator.sent,
            sink.tally.documents(),
            status.held,
            status.disk_items,
            status.lost,
            running.program.memory()?
        );
    }
    Ok(generator.sent)
}

/// Changes the sink's conduct until it is over; every other time to good.
fn weather(sink: &Sink, is_over: &AtomicBool) {
    let slow = Fault::SlowRead(Duration::from_millis(50));
    let bad = [
        Conduct::behind(Door::Shut),
        Conduct::behind(Door::Hanging),
        Conduct::with(1.0, Fault::Throttled),
        Conduct::with(0.3, Fault::Unavailable),
        Conduct::with(0.3, Fault::ResetBefore),
        Conduct::with(0.1, Fault::ResetAfter),
        Conduct::with(1.0, Fault::Unprocessed(0.05, "ThrottledException")),
        Conduct::with(0.5, slow),
    ];
    let mut is_good = true;
    let (mut began, mut lasts) = (Instant::now(), Duration::ZERO);
    while !is_over.load(Ordering::Relaxed) {
        if began.elapsed() >= lasts {
            is_good = !is_good;
            sink.set(if is_good { Conduct::default() } else { bad[fastrand::usize(..bad.len())].clone() });
            (began, lasts) = (Instant::now(), Duration::from_secs(fastrand::u64(3..=PHASE)));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn conclude(sent: u64, sink: &Sink, running: &Running) -> Result<(), Box<dyn Error>> {
    let deadline = Instant::now() + PATIENCE;
    // What the kernel has yet is not held by the agent. Its count is read first: an item that was read in between is held then.
    while (running.socket()?.waiting > 0 || running.status()?.held > 0) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(200));
    }
    let (status, drops, arrivals) = (running.status()?, running.socket()?.drops, sink.tally.arrivals());
    let lost = sent - arrivals.documents;
    println!(
        "\n| sent | entered | arrived | twice | lost by ids | lost by the ledger | dropped by the kernel | held |\n|---|---|---|---|---|---|---|---|"
    );
    println!(
        "| {sent} | {} | {} | {} | {lost} | {} {} | {drops} | {} |",
        status.entered,
        arrivals.documents,
        arrivals.duplicates,
        status.lost,
        status.reasons(),
        status.held
    );
    println!("\nMost memory: {:.1} MB.", running.program.most_memory()?);
    if lost == status.lost + drops { Ok(()) } else { Err("the ids do not say what the ledger says".into()) }
}
