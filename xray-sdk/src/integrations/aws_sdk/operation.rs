//! [`Operation`]: what an interceptor knows of a running operation.

use aws_smithy_types::config_bag::{Storable, StoreReplace};

use super::names;
use super::outcome::Outcome;
use crate::clock::{Ticks, ticks};
use crate::{Context, Subsegment};

/// Lives in the operation's own configuration: when the future of the operation is dropped, so is this, and no hook is called.
#[derive(Debug)]
pub(super) struct Operation {
    /// Which interceptor began it; one that was added twice leaves the call alone.
    pub(super) owner: usize,
    pub(super) parent: Context,
    state: State,
    first: Option<FirstAttempt>,
    /// The attempt that is under way or was last, after the first.
    attempt: Option<Subsegment>,
    /// When that was over, if it is.
    attempt_ended: Option<Ticks>,
    pub(super) attempts: u32,
    /// Whether bodies are members in JSON.
    pub(super) is_of_members: bool,
}

/// The facts of the first attempt. It becomes a subsegment only if there is a second: alone it repeats the operation.
#[derive(Debug)]
struct FirstAttempt {
    began: Ticks,
    ended: Ticks,
    outcome: Outcome,
}

impl FirstAttempt {
    fn begin() -> Self {
        let now = ticks();
        Self { began: now, ended: now, outcome: Outcome::default() }
    }

    fn record(self, operation: Context) {
        let mut attempt = Subsegment::begin_in(operation, names::attempt(1));
        attempt.began_at(self.began);
        self.outcome.describe(&mut attempt);
        attempt.end_at(self.ended);
    }
}

#[derive(Debug)]
enum State {
    /// The name is not known yet.
    Begun,
    Open(Subsegment),
    Ended,
}

impl Storable for Operation {
    type Storer = StoreReplace<Self>;
}

impl Operation {
    pub(super) const fn new(owner: usize, parent: Context) -> Self {
        Self { owner, parent, state: State::Begun, first: None, attempt: None, attempt_ended: None, attempts: 0, is_of_members: false }
    }

    pub(super) fn open(&mut self, subsegment: Subsegment) {
        self.state = State::Open(subsegment);
    }

    pub(super) const fn subsegment(&mut self) -> Option<&mut Subsegment> {
        match &mut self.state {
            State::Open(subsegment) => Some(subsegment),
            State::Begun | State::Ended => None,
        }
    }

    /// Returns what calls pass on: the first attempt the operation, which is recorded for certain; later ones themselves.
    pub(super) fn context(&self) -> Context {
        match (&self.attempt, &self.state) {
            (Some(attempt), _) => attempt.context(),
            (None, State::Open(subsegment)) => subsegment.context(),
            (None, State::Begun | State::Ended) => self.parent,
        }
    }

    /// Begins the next attempt. Attempts are subsegments from the second on.
    pub(super) fn begin_attempt(&mut self, records: bool) {
        self.end_attempt();
        self.attempts += 1;
        let operation = self.subsegment().map(|subsegment| subsegment.context());
        let Some(operation) = operation.filter(|operation| records && operation.is_recording()) else { return };
        if self.attempts == 1 {
            self.first = Some(FirstAttempt::begin());
            return;
        }
        if let Some(first) = self.first.take() {
            first.record(operation);
        }
        self.attempt = Some(Subsegment::begin_in(operation, names::attempt(self.attempts)));
    }

    /// Keeps the outcome of the attempt, which ends when the next one begins or the operation does. `outcome` runs only if the attempt is recorded.
    pub(super) fn attempt_ended(&mut self, outcome: impl FnOnce() -> Outcome) {
        if let Some(first) = &mut self.first {
            (first.ended, first.outcome) = (ticks(), outcome());
        } else if let Some(attempt) = &mut self.attempt {
            self.attempt_ended = Some(ticks());
            outcome().describe(attempt);
        }
    }

    pub(super) fn end_attempt(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.end_at(self.attempt_ended.take().unwrap_or_else(ticks));
        }
    }

    pub(super) fn end(&mut self) -> Option<Subsegment> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Open(subsegment) => Some(subsegment),
            State::Begun | State::Ended => None,
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.as_mut().filter(|_| self.attempt_ended.is_none()) {
            attempt.cancelled();
        }
        self.end_attempt();
        if let Some(mut subsegment) = self.end() {
            subsegment.cancelled();
        }
    }
}
