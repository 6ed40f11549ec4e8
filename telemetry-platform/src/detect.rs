//! Cheap signals first, then the metadata services that they point at.

use crate::fetch::Fetch;
use crate::platform::Platform;
use crate::world::World;
use crate::{beanstalk, ec2, ecs, eks, lambda};

/// Which platforms the signals point at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guess {
    is_lambda: bool,
    is_beanstalk: bool,
    is_ecs: bool,
    is_eks: bool,
    is_ec2: bool,
}

impl Guess {
    /// Whether there is anything to find out; on-premises there is not.
    #[must_use]
    pub const fn needs_resolving(&self) -> bool {
        self.is_lambda || self.is_beanstalk || self.is_ecs || self.is_eks || self.is_ec2
    }
}

impl Guess {
    /// Whether the machine below everything else is EC2's.
    #[must_use]
    pub const fn is_on_ec2(&self) -> bool {
        self.is_ec2
    }
}

impl World {
    /// Looks at variables and at most three files.
    #[must_use]
    pub fn guess(&self) -> Guess {
        if lambda::is_here(self) {
            return Guess { is_lambda: true, ..Guess::default() };
        }
        Guess {
            is_lambda: false,
            is_beanstalk: beanstalk::is_here(self),
            is_ecs: ecs::is_here(self),
            is_eks: eks::is_here(self),
            is_ec2: ec2::is_here(self),
        }
    }

    /// Finds out the rest. Asks metadata services, each for two seconds at most: not for a thread that somebody waits for.
    #[must_use]
    pub fn resolve(&self, guess: Guess) -> Platform {
        let mut platform = Platform::default();
        let fetch = Fetch::new();
        if guess.is_lambda {
            lambda::resolve(self, &mut platform);
        }
        if guess.is_beanstalk {
            beanstalk::resolve(self, &mut platform);
        }
        if guess.is_ecs {
            ecs::resolve(self, &fetch, &mut platform);
        }
        if guess.is_ec2 {
            ec2::resolve(self, &fetch, &mut platform);
        }
        if guess.is_eks {
            eks::resolve(self, &mut platform);
        }
        platform
    }
}
