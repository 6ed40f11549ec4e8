//! [`Queue`]: messages, and who has them.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::message::Message;

/// Messages of one queue; more are refused, as nobody would take them out.
pub(super) const MOST: usize = 120_000;

/// A standard queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: String,
    /// Seconds that a received message is hidden, unless the receiver says otherwise.
    pub(super) visibility: f64,
    pub(super) created: f64,
    /// As they were given.
    pub(super) attributes: Map<String, Value>,
    pub(super) messages: VecDeque<Message>,
    receipts: u64,
}

impl Queue {
    pub(super) const fn new(name: String, visibility: f64, created: f64, attributes: Map<String, Value>) -> Self {
        Self { name, visibility, created, attributes, messages: VecDeque::new(), receipts: 0 }
    }

    /// Hands out up to `most` messages that are visible.
    pub(super) fn receive(&mut self, most: usize, visibility: f64, now: f64) -> Vec<Message> {
        let mut handed = Vec::new();
        for message in self.messages.iter_mut().filter(|message| message.visible <= now).take(most) {
            self.receipts += 1;
            message.receipt = Some(format!("{}-{}", message.id, self.receipts));
            message.visible = now + visibility;
            message.received += 1;
            message.first_received.get_or_insert(now);
            handed.push(message.clone());
        }
        handed
    }

    /// Deletes what the receipt stands for; one that is known no more is no error.
    pub(super) fn delete(&mut self, receipt: &str) {
        self.messages.retain(|message| message.receipt.as_deref() != Some(receipt));
    }

    /// Hides the message for so long from now on. Whether the receipt is known.
    pub(super) fn change_visibility(&mut self, receipt: &str, visibility: f64, now: f64) -> bool {
        let found = self.messages.iter_mut().find(|message| message.receipt.as_deref() == Some(receipt));
        found.map(|message| message.visible = now + visibility).is_some()
    }

    /// Visible, hidden and not yet visible messages.
    pub(super) fn counts(&self, now: f64) -> (usize, usize, usize) {
        let count = |is_it: &dyn Fn(&Message) -> bool| self.messages.iter().filter(|message| is_it(message)).count();
        let visible = count(&|message| message.visible <= now);
        let hidden = count(&|message| message.visible > now && message.received > 0);
        (visible, hidden, self.messages.len() - visible - hidden)
    }
}
