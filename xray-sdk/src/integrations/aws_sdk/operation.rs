//! [`Operation`]: what an interceptor knows of a running operation.

use aws_smithy_types::config_bag::{Storable, StoreReplace};

use crate::{Context, Subsegment};

/// Lives in the operation's own configuration: when the future of the operation is dropped, so is this, and no hook is called.
#[derive(Debug)]
pub(super) struct Operation {
    /// Which interceptor began it; one that was added twice leaves the call alone.
    pub(super) owner: usize,
    pub(super) parent: Context,
    state: State,
    pub(super) attempt: Option<Subsegment>,
    pub(super) attempts: u32,
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
        Self { owner, parent, state: State::Begun, attempt: None, attempts: 0 }
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

    pub(super) fn end(&mut self) -> Option<Subsegment> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Open(subsegment) => Some(subsegment),
            State::Begun | State::Ended => None,
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if let Some(attempt) = &mut self.attempt {
            attempt.cancelled();
        }
        self.attempt = None;
        if let Some(mut subsegment) = self.end() {
            subsegment.cancelled();
        }
    }
}
