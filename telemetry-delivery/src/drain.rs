//! The order to stop, and by when.

use tokio::sync::watch;
use tokio::time::Instant;

/// Gives the order.
#[derive(Clone, Debug)]
pub struct Drain(watch::Sender<Option<Instant>>);

/// Waits for the order.
#[derive(Clone, Debug)]
pub struct DrainSignal(watch::Receiver<Option<Instant>>);

impl Drain {
    /// The order and those who wait for it.
    #[must_use]
    pub fn new() -> (Self, DrainSignal) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), DrainSignal(receiver))
    }

    /// Asks everybody to send what they hold until `deadline`, and to stop.
    pub fn begin(&self, deadline: Instant) {
        self.0.send_replace(Some(deadline));
    }
}

impl DrainSignal {
    /// The deadline, once ordered. Nobody left to order means now.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let ordered = *self.0.borrow();
        ordered.or_else(|| self.0.has_changed().is_err().then(Instant::now))
    }

    /// Waits for the order; its sender gone means at once.
    pub async fn ordered(&mut self) -> Instant {
        match self.0.wait_for(Option::is_some).await {
            Ok(deadline) => deadline.unwrap_or_else(Instant::now),
            Err(_) => Instant::now(),
        }
    }
}
