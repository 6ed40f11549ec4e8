//! The order to stop: by when, or at once for who comes after.

use tokio::sync::watch;
use tokio::time::Instant;

/// Gives the order.
#[derive(Clone, Debug)]
pub struct Drain(watch::Sender<Option<Order>>);

/// Waits for the order.
#[derive(Clone, Debug)]
pub struct DrainSignal(watch::Receiver<Option<Order>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Send what is held until then.
    DrainUntil(Instant),
    /// Leave what is held to another.
    HandOver,
}

impl Drain {
    /// The order and those who wait for it.
    #[must_use]
    pub fn new() -> (Self, DrainSignal) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), DrainSignal(receiver))
    }

    /// Asks everybody to send what they hold until `deadline`, and to stop.
    pub fn begin(&self, deadline: Instant) {
        self.0.send_replace(Some(Order::DrainUntil(deadline)));
    }

    /// Asks a pump to end the calls that are under way, and to leave everything else to the next pump of its queue, which may have begun.
    pub fn hand_over(&self) {
        self.0.send_replace(Some(Order::HandOver));
    }
}

impl DrainSignal {
    /// The deadline, once a drain is ordered. Nobody left to order means now.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match *self.0.borrow() {
            Some(Order::DrainUntil(deadline)) => Some(deadline),
            Some(Order::HandOver) => None,
            None => self.0.has_changed().is_err().then(Instant::now),
        }
    }

    /// Returns whether another pump takes over the queue.
    #[must_use]
    pub fn is_hand_over(&self) -> bool {
        *self.0.borrow() == Some(Order::HandOver)
    }

    /// Waits until a drain's deadline has passed; its sender gone means at once.
    pub(crate) async fn overdue(&mut self) {
        let ordered = self.0.wait_for(|order| matches!(order, Some(Order::DrainUntil(_)))).await.map(|order| *order);
        if let Ok(Some(Order::DrainUntil(deadline))) = ordered {
            tokio::time::sleep_until(deadline).await;
        }
    }

    /// Waits for the order; its sender gone means at once.
    pub async fn ordered(&mut self) {
        let _gone_is_an_order = self.0.wait_for(Option::is_some).await;
    }
}
