//! [`Operation`]: what an interceptor knows of a running operation.

use aws_smithy_types::config_bag::{Storable, StoreReplace};

use crate::clock::{Ticks, ticks};
use crate::{Context, Subsegment};

/// Lives in the operation's own configuration: when the future of the operation is dropped, so is this, and no hook is called.
#[derive(Debug)]
pub(super) struct Operation {
    /// Which interceptor began it; one that was added twice leaves the call alone.
    pub(super) owner: usize,
    pub(super) parent: Context,
    state: State,
    pub(super) attempt: Option<Subsegment>,
    /// When the attempt was over, if it is.
    attempt_ended: Option<Ticks>,
    pub(super) attempts: u32,
    /// Whether bodies are members in JSON.
    pub(super) is_of_members: bool,
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
        Self { owner, parent, state: State::Begun, attempt: None, attempt_ended: None, attempts: 0, is_of_members: false }
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

    /// What calls pass on: the first attempt the operation, which is there for certain; later ones themselves.
    pub(super) fn context(&self) -> Context {
        match (&self.attempt, &self.state) {
            (Some(attempt), _) if self.attempts > 1 => attempt.context(),
            (_, State::Open(subsegment)) => subsegment.context(),
            (_, State::Begun | State::Ended) => self.parent,
        }
    }

    /// The attempt is over. Whether it is worth a record is known when there is another one: until then it stays.
    pub(super) fn attempt_ended(&mut self) -> Option<&mut Subsegment> {
        self.attempt_ended = Some(ticks());
        self.attempt.as_mut()
    }

    pub(super) fn end_attempt(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.end_at(self.attempt_ended.take().unwrap_or_else(ticks));
        }
    }

    /// An attempt that was the only one tells nothing that the operation does not.
    pub(super) fn end_attempt_unless_alone(&mut self) {
        if let Some(attempt) = self.attempt.as_mut().filter(|_| self.attempts == 1) {
            attempt.forget();
        }
        self.end_attempt();
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
