//! *How often*: a token bucket that successes fill and repeats empty.

/// Limits repeats to a share of the calls that succeed, so that an outage is not answered with a storm. The figures are those
/// of the AWS SDKs' standard retry mode.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    tokens: u32,
}

impl Budget {
    const CAPACITY: u32 = 500;
    const REPEAT: u32 = 5;
    const SUCCESS: u32 = 1;

    /// Pays for one repeat; `false` when nothing is left, and the longest wait is due.
    pub const fn pay_for_repeat(&mut self) -> bool {
        let can_pay = self.tokens >= Self::REPEAT;
        if can_pay {
            self.tokens -= Self::REPEAT;
        }
        can_pay
    }

    /// Notes a success.
    pub fn note_success(&mut self) {
        self.tokens = (self.tokens + Self::SUCCESS).min(Self::CAPACITY);
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { tokens: Self::CAPACITY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_run_out_and_successes_earn_them_back() {
        let mut budget = Budget::default();
        assert_eq!((0..1_000).filter(|_| budget.pay_for_repeat()).count(), 100);
        (0..5).for_each(|_| budget.note_success());
        assert!(budget.pay_for_repeat());
        assert!(!budget.pay_for_repeat());
    }
}
