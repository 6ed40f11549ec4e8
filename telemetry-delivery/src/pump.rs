//! [`Pump`]: takes, batches, sends, repeats; one task owns all of it.
//!
//! A destination that asks to wait pauses as a whole: the next call is made after the wait, one at a time until one succeeds, then more: see
//! `pace.rs`.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::batcher::Batcher;
use crate::drain::DrainSignal;
use crate::ledger::Ledger;
use crate::pace::Pace;
use crate::queue::{Held, Item, Queue};
use crate::verdict::{LossReason, Verdict};

/// Where batches go.
pub trait Destination<T>: Send + Sync + 'static {
    /// Sends once. Must not repeat by itself, must end within a time of its own choice, and must not panic.
    fn send(&self, batch: &[Held<T>]) -> impl Future<Output = Verdict> + Send;

    /// Learns the end of an item; for sources that acknowledge. Default: nothing.
    fn ended(&self, _item: &T, _outcome: Outcome) {}
}

/// The end of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has it.
    Accepted,
    /// Nobody has it.
    Lost(LossReason),
}

/// How a pump behaves.
#[derive(Clone, Copy, Debug)]
pub struct PumpSettings {
    /// Calls at once.
    pub concurrency: usize,
    /// When to repeat.
    pub backoff: Backoff,
    /// How long an item is worth sending.
    pub max_age: Duration,
}

/// Moves items from a queue to a destination until told to drain.
pub struct Pump<T, B, D> {
    queue: Arc<Queue<T>>,
    batcher: B,
    destination: Arc<D>,
    settings: PumpSettings,
    ledger: Arc<Ledger>,
    /// When what waits in the queue has waited long enough.
    due: Option<Instant>,
    ready: VecDeque<Vec<Held<T>>>,
    calls: JoinSet<Verdict>,
    /// What each call carries: a call that is aborted or panics must not take its items along.
    in_flight: HashMap<Id, Call<T>>,
    pace: Pace,
}

/// A call under way: what it carries, and the pause after which it began.
struct Call<T> {
    batch: Arc<Vec<Held<T>>>,
    epoch: u64,
}

impl<T, B, D> std::fmt::Debug for Pump<T, B, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pump").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<T: Item + Sync, B: Batcher<T>, D: Destination<T>> Pump<T, B, D> {
    /// A pump between these; `ledger` is the queue's.
    pub fn new(queue: Arc<Queue<T>>, batcher: B, destination: Arc<D>, settings: PumpSettings, ledger: Arc<Ledger>) -> Self {
        let pace = Pace::new(settings.concurrency, settings.backoff);
        let (ready, calls, in_flight) = (VecDeque::new(), JoinSet::new(), HashMap::new());
        Self { queue, batcher, destination, settings, ledger, due: None, ready, calls, in_flight, pace }
    }

    /// Runs until the drain is ordered and everything is sent, or its deadline has passed, or another goes on.
    pub async fn run(mut self, mut drain: DrainSignal) {
        loop {
            if drain.is_hand_over() {
                return self.hand_over(drain).await;
            }
            self.collect(drain.deadline().is_some());
            self.start_calls();
            if self.is_drained(&drain) {
                return self.abandon().await;
            }
            let next = self.next_look(&drain);
            tokio::select! {
                () = self.queue.arrived() => {}
                Some(done) = self.calls.join_next_with_id() => self.finish(done),
                () = tokio::time::sleep_until(next) => {}
                () = drain.ordered(), if drain.deadline().is_none() => self.pace.lift(),
            }
        }
    }

    /// Takes what has waited long enough and cuts it.
    fn collect(&mut self, is_draining: bool) {
        let due = if is_draining { Ok(self.queue.take()) } else { self.queue.take_due(self.batcher.patience()) };
        self.due = match due {
            Ok(items) => {
                self.ready.extend(self.batcher.cut(items));
                None
            }
            Err(due) => due,
        };
    }

    fn start_calls(&mut self) {
        while self.in_flight.len() < self.pace.calls_at_once() {
            let Some(batch) = self.ready.pop_front() else { return };
            let batch = self.drop_old(batch);
            if batch.is_empty() {
                continue;
            }
            self.ledger.call();
            let (destination, batch) = (Arc::clone(&self.destination), Arc::new(batch));
            let carried = Arc::clone(&batch);
            let call = self.calls.spawn(async move { destination.send(&carried).await });
            self.in_flight.insert(call.id(), Call { batch, epoch: self.pace.epoch() });
        }
    }

    fn drop_old(&self, batch: Vec<Held<T>>) -> Vec<Held<T>> {
        let now = Instant::now();
        let (old, worth): (Vec<_>, Vec<_>) = batch.into_iter().partition(|held| now.duration_since(held.since) > self.settings.max_age);
        self.lose(old, LossReason::TOO_OLD);
        worth
    }

    /// A call that panicked is as good as one that was not answered.
    fn finish(&mut self, done: Result<(Id, Verdict), JoinError>) {
        let (id, verdict) = done.unwrap_or_else(|error| (error.id(), Verdict::Again { not_before: None }));
        let Some(Call { batch, epoch }) = self.in_flight.remove(&id) else { return };
        let Some(batch) = Arc::into_inner(batch) else { return };
        match verdict {
            Verdict::Accepted => {
                self.pace.note_success(epoch);
                self.accept(batch);
            }
            Verdict::Again { not_before } => {
                self.pace.wait(epoch, not_before);
                self.send_again(batch);
            }
            Verdict::Partly { again, refused, not_before } => {
                if again.is_empty() {
                    self.pace.note_success(epoch);
                } else {
                    self.pace.wait(epoch, not_before);
                }
                self.finish_partly(batch, &again, &refused);
            }
            Verdict::Poisoned => self.bisect(batch),
            Verdict::Refused(reason) => {
                self.pace.note_success(epoch);
                self.lose(batch, reason);
            }
        }
    }

    fn finish_partly(&mut self, batch: Vec<Held<T>>, again: &[usize], refused: &[(usize, LossReason)]) {
        let (mut taken, mut repeated) = (Vec::new(), Vec::new());
        for (position, held) in batch.into_iter().enumerate() {
            match refused.iter().find(|(at, _)| *at == position) {
                Some((_, reason)) => self.lose(vec![held], *reason),
                None if again.contains(&position) => repeated.push(held),
                None => taken.push(held),
            }
        }
        self.accept(taken);
        if !repeated.is_empty() {
            self.send_again(repeated);
        }
    }

    /// Behind the others: a batch that always fails must not be the only probe.
    fn send_again(&mut self, batch: Vec<Held<T>>) {
        self.ledger.repeat(batch.len());
        self.ready.push_back(batch);
    }

    /// Halves keep their order, and go before everything else.
    fn bisect(&mut self, mut batch: Vec<Held<T>>) {
        if batch.len() <= 1 {
            return self.lose(batch, LossReason::POISON);
        }
        self.ledger.repeat(batch.len());
        let second = batch.split_off(batch.len() / 2);
        self.ready.push_front(second);
        self.ready.push_front(batch);
    }

    fn accept(&self, batch: Vec<Held<T>>) {
        self.ledger.accept(batch.len());
        self.end(&batch, Outcome::Accepted);
    }

    fn lose(&self, batch: Vec<Held<T>>, reason: LossReason) {
        self.ledger.lose(batch.len(), reason);
        self.end(&batch, Outcome::Lost(reason));
    }

    fn end(&self, batch: &[Held<T>], outcome: Outcome) {
        batch.iter().for_each(|held| self.destination.ended(&held.item, outcome));
        self.queue.release(batch);
    }

    fn is_drained(&self, drain: &DrainSignal) -> bool {
        let Some(deadline) = drain.deadline() else { return false };
        let is_empty = self.ready.is_empty() && self.in_flight.is_empty() && !self.queue.is_expecting() && self.queue.is_empty();
        is_empty || Instant::now() >= deadline
    }

    /// Leaves what could not be sent in time to the disk, or gives it up.
    async fn abandon(&mut self) {
        self.abort_calls().await;
        let left = self.ready.drain(..).flatten().chain(self.queue.close()).collect();
        self.leave(left);
    }

    async fn abort_calls(&mut self) {
        self.calls.abort_all();
        while let Some(done) = self.calls.join_next_with_id().await {
            self.finish(done);
        }
    }

    fn leave(&self, left: Vec<Held<T>>) {
        let nobodys = self.queue.leave(left);
        self.lose(nobodys, LossReason::SHUTDOWN);
    }

    /// Ends the calls under way; what is left goes back to the queue, whose next pump does not wait for them.
    async fn hand_over(&mut self, mut drain: DrainSignal) {
        self.give_back();
        while !self.in_flight.is_empty() {
            tokio::select! {
                Some(done) = self.calls.join_next_with_id() => self.finish(done),
                () = drain.overdue() => self.abort_calls().await,
            }
            self.give_back();
        }
    }

    /// Whoever drained the queue meanwhile will not come again.
    fn give_back(&mut self) {
        let late = self.queue.put_back(self.ready.drain(..).flatten().collect());
        self.leave(late);
    }

    fn next_look(&self, drain: &DrainSignal) -> Instant {
        /// A look without a reason costs nothing, and bounds the harm of a missed wake-up.
        const AT_LEAST_EVERY: Duration = Duration::from_secs(1);
        let resume = self.pace.resumes_at().filter(|_| !self.ready.is_empty() && self.in_flight.is_empty());
        let latest = Instant::now() + AT_LEAST_EVERY;
        self.due.into_iter().chain(resume).chain(drain.deadline()).fold(latest, Instant::min)
    }
}

#[cfg(test)]
#[path = "pump_tests.rs"]
mod tests;
