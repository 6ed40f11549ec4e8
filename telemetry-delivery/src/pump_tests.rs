//! A scripted destination and tokio's paused clock: minutes of outage take no time.

use std::sync::Mutex;

use super::*;
use crate::batcher::{AffineBatcher, BatchLimits};
use crate::drain::Drain;

#[derive(Debug)]
struct Number(u32);

impl Item for Number {
    fn bytes(&self) -> usize {
        10
    }
}

type Script = dyn FnMut(&[u32]) -> Verdict + Send;

struct Scripted {
    script: Mutex<Box<Script>>,
    /// Time that each call takes.
    takes: Mutex<Duration>,
    calls: Mutex<Vec<(Instant, Vec<u32>)>>,
    ended: Mutex<Vec<(u32, Outcome)>>,
}

impl Destination<Number> for Scripted {
    async fn send(&self, batch: &[Held<Number>]) -> Verdict {
        let numbers: Vec<u32> = batch.iter().map(|held| held.item.0).collect();
        self.calls.lock().unwrap().push((Instant::now(), numbers.clone()));
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        (self.script.lock().unwrap_or_else(std::sync::PoisonError::into_inner))(&numbers)
    }

    fn ended(&self, item: &Number, outcome: Outcome) {
        self.ended.lock().unwrap().push((item.0, outcome));
    }
}

struct Rig {
    queue: Arc<Queue<Number>>,
    destination: Arc<Scripted>,
    ledger: Arc<Ledger>,
    drain: Drain,
    task: tokio::task::JoinHandle<()>,
}

impl Rig {
    fn start(script: impl FnMut(&[u32]) -> Verdict + Send + 'static) -> Self {
        let ledger = Arc::new(Ledger::default());
        let room_for_a_hundred = 100 * Held::new(Number(0)).memory();
        Self::on(Queue::new(room_for_a_hundred, Arc::clone(&ledger)), ledger, script)
    }

    /// The next pump of a queue.
    fn on(queue: Arc<Queue<Number>>, ledger: Arc<Ledger>, script: impl FnMut(&[u32]) -> Verdict + Send + 'static) -> Self {
        let script: Mutex<Box<Script>> = Mutex::new(Box::new(script));
        let destination = Arc::new(Scripted { script, takes: Mutex::default(), calls: Mutex::default(), ended: Mutex::default() });
        let batcher = AffineBatcher::new(BatchLimits { items: 4, bytes: 1_000, linger: Duration::from_millis(100) });
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        let settings = PumpSettings { concurrency: 2, backoff, max_age: Duration::from_secs(600) };
        let (drain, signal) = Drain::new();
        let pump = Pump::new(Arc::clone(&queue), batcher, Arc::clone(&destination), settings, Arc::clone(&ledger));
        Self { queue, destination, ledger, drain, task: tokio::spawn(pump.run(signal)) }
    }

    fn push(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.queue.push(Number(number));
        }
    }

    async fn stop(self, within: Duration) -> (crate::LedgerSnapshot, Vec<(u32, Outcome)>, Vec<(Instant, Vec<u32>)>) {
        self.drain.begin(Instant::now() + within);
        self.task.await.unwrap();
        let snapshot = self.ledger.snapshot();
        assert_eq!(snapshot.held(), 0, "entered = accepted + lost");
        assert_eq!(self.queue.held_bytes(), 0);
        let ended = self.destination.ended.lock().unwrap().clone();
        (snapshot, ended, self.destination.calls.lock().unwrap().clone())
    }
}

const SOON: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn items_are_sent_in_batches_after_lingering() {
    let rig = Rig::start(|_| Verdict::Accepted);
    let start = Instant::now();
    rig.push(0..10);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (ledger, _, calls) = rig.stop(SOON).await;
    assert_eq!((ledger.accepted, calls.len()), (10, 3));
    assert!(calls[0].0 >= start + Duration::from_millis(20));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_destination_gets_everything_in_the_end_one_call_at_a_time() {
    let mut throttles = 0;
    let rig = Rig::start(move |_| {
        throttles += 1;
        if throttles <= 20 { Verdict::Again { not_before: Some(Duration::from_secs(5)) } } else { Verdict::Accepted }
    });
    rig.push(0..12);
    tokio::time::sleep(Duration::from_secs(300)).await;
    let (ledger, _, calls) = rig.stop(SOON).await;
    assert_eq!((ledger.accepted, ledger.lost_in_all()), (12, 0));
    let waits: Vec<_> = calls.windows(2).skip(2).take(15).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(waits.iter().all(|&wait| wait >= Duration::from_secs(5)), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn only_what_was_not_taken_goes_again() {
    let mut first = true;
    let rig = Rig::start(move |_| {
        if std::mem::take(&mut first) {
            Verdict::Partly { again: vec![1], refused: vec![(2, LossReason("bad id"))], not_before: None }
        } else {
            Verdict::Accepted
        }
    });
    rig.push(0..4);
    tokio::time::sleep(SOON).await;
    let (ledger, mut ended, calls) = rig.stop(SOON).await;
    assert_eq!(calls.iter().map(|(_, batch)| batch.clone()).collect::<Vec<_>>(), [vec![0, 1, 2, 3], vec![1]]);
    ended.sort_by_key(|(number, _)| *number);
    assert_eq!(ended[2], (2, Outcome::Lost(LossReason("bad id"))));
    assert_eq!((ledger.accepted, ledger.lost[&LossReason("bad id")], ledger.repeated), (3, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn poison_is_found_without_its_neighbours() {
    let rig = Rig::start(|batch| if batch.contains(&2) { Verdict::Poisoned } else { Verdict::Accepted });
    rig.push(0..8);
    tokio::time::sleep(SOON).await;
    let (ledger, ended, _) = rig.stop(SOON).await;
    assert_eq!((ledger.accepted, ledger.lost[&LossReason::POISON]), (7, 1));
    assert!(ended.contains(&(2, Outcome::Lost(LossReason::POISON))));
}

#[tokio::test(start_paused = true)]
async fn data_that_is_too_old_is_lost_with_a_reason() {
    let rig = Rig::start(|_| Verdict::Again { not_before: None });
    rig.push(0..3);
    tokio::time::sleep(Duration::from_secs(700)).await;
    let (ledger, _, _) = rig.stop(SOON).await;
    assert_eq!(ledger.lost, [(LossReason::TOO_OLD, 3)].into());
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_counts_what_it_refuses() {
    let rig = Rig::start(|_| Verdict::Again { not_before: None });
    rig.push(0..150);
    assert_eq!(rig.ledger.snapshot().lost, [(LossReason::QUEUE_FULL, 50)].into());
    let (ledger, _, _) = rig.stop(Duration::from_secs(1)).await;
    assert_eq!(ledger.lost[&LossReason::SHUTDOWN], 100);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_can_wait_keeps_what_has_no_room_and_loses_nothing() {
    let mut calls = 0;
    let rig = Rig::start(move |_| {
        calls += 1;
        if calls < 5 { Verdict::Again { not_before: None } } else { Verdict::Accepted }
    });
    let mut waiting: Vec<Number> = (0..250).map(Number).rev().collect();
    while let Some(number) = waiting.pop() {
        if let Err(number) = rig.queue.offer(number) {
            waiting.push(number);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let (ledger, _, _) = rig.stop(SOON).await;
    assert_eq!((ledger.entered, ledger.accepted), (250, 250));
}

#[tokio::test(start_paused = true)]
async fn a_drain_during_a_pause_tries_once_more_at_once() {
    let mut first = true;
    let rig = Rig::start(move |_| {
        let hint = Some(Duration::from_secs(3_000));
        if std::mem::take(&mut first) { Verdict::Again { not_before: hint } } else { Verdict::Accepted }
    });
    rig.push(0..3);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(rig.stop(Duration::from_secs(5)).await.0.accepted, 3);
}

#[tokio::test(start_paused = true)]
async fn a_pump_whose_owner_is_gone_ends() {
    let rig = Rig::start(|_| Verdict::Accepted);
    rig.push(0..3);
    let Rig { drain, task, ledger, .. } = rig;
    drop(drain);
    task.await.unwrap();
    assert_eq!(ledger.snapshot().held(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_panics_goes_again() {
    let mut first = true;
    let rig = Rig::start(move |_| if std::mem::take(&mut first) { panic!("on purpose") } else { Verdict::Accepted });
    rig.push(0..4);
    tokio::time::sleep(SOON).await;
    assert_eq!(rig.stop(SOON).await.0.accepted, 4);
}

#[tokio::test(start_paused = true)]
async fn a_drain_sends_what_lingers_at_once() {
    let rig = Rig::start(|_| Verdict::Accepted);
    rig.push(0..3);
    let (ledger, _, _) = rig.stop(Duration::from_secs(5)).await;
    assert_eq!(ledger.accepted, 3);
}

#[tokio::test(start_paused = true)]
async fn the_next_pump_goes_on_with_what_the_one_before_could_not_send() {
    let before = Rig::start(|_| Verdict::Again { not_before: Some(Duration::from_secs(3_000)) });
    before.push(0..10);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = Rig::on(Arc::clone(&before.queue), Arc::clone(&before.ledger), |_| Verdict::Accepted);
    before.drain.hand_over();
    before.task.await.unwrap();
    let calls_before = before.destination.calls.lock().unwrap().len();
    after.push(10..12);
    let (ledger, _, calls) = after.stop(SOON).await;
    assert_eq!((ledger.accepted, ledger.lost_in_all()), (12, 0));
    assert_eq!(before.destination.calls.lock().unwrap().len(), calls_before, "the one before makes no more calls");
    let mut sent: Vec<u32> = calls.iter().flat_map(|(_, batch)| batch.clone()).collect();
    sent.sort_unstable();
    assert_eq!(sent, (0..12).collect::<Vec<_>>(), "each once");
}

#[tokio::test(start_paused = true)]
async fn a_call_in_flight_at_a_hand_over_may_end_until_the_drain_is_overdue() {
    for (deadline, accepted, ended_after) in [(None, 4, 4), (Some(2), 0, 2)] {
        let before = Rig::start(|_| Verdict::Accepted);
        *before.destination.takes.lock().unwrap() = Duration::from_secs(5);
        before.push(0..4);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        before.drain.hand_over();
        tokio::task::yield_now().await;
        if let Some(seconds) = deadline {
            before.drain.begin(began + Duration::from_secs(seconds));
        }
        before.task.await.unwrap();
        assert_eq!((before.ledger.snapshot().accepted, began.elapsed().as_secs()), (accepted, ended_after), "{deadline:?}");
        assert_eq!(before.queue.is_empty(), accepted == 4, "what was not answered goes back");
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_after_the_drain_is_counted() {
    let before = Rig::start(|_| Verdict::Again { not_before: Some(Duration::from_secs(3_000)) });
    before.push(0..4);
    tokio::time::sleep(Duration::from_secs(1)).await;
    before.queue.close();
    before.drain.hand_over();
    before.task.await.unwrap();
    assert_eq!(before.ledger.snapshot().lost, [(LossReason::SHUTDOWN, 4)].into());
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_waits_briefly_and_a_smaller_one_for_the_whole_linger() {
    let delays = async |items: u32| {
        let (rig, began) = (Rig::start(|_| Verdict::Accepted), Instant::now());
        rig.push(0..items);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (_, _, calls) = rig.stop(SOON).await;
        calls.iter().map(|(at, _)| at.duration_since(began).as_millis()).collect::<Vec<_>>()
    };
    assert_eq!(delays(3).await, [100]);
    assert_eq!(delays(5).await, [20, 20], "a batch of four and the one that came with it");
    assert_eq!(delays(32).await, [0; 8], "plenty");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_becomes_full_while_it_waits_is_sent_then() {
    let (rig, began) = (Rig::start(|_| Verdict::Accepted), Instant::now());
    rig.push(0..1);
    tokio::time::sleep(Duration::from_millis(50)).await;
    rig.push(1..4);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let (_, _, calls) = rig.stop(SOON).await;
    assert_eq!(calls.iter().map(|(at, _)| at.duration_since(began).as_millis()).collect::<Vec<_>>(), [50]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_of_nothing_ends_at_once() {
    let (rig, began) = (Rig::start(|_| Verdict::Accepted), Instant::now());
    rig.stop(SOON).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}
