//! Where a process runs: Lambda, ECS, EKS, Elastic Beanstalk, EC2 or on-premises.
//!
//! ```
//! use telemetry_platform::World;
//!
//! let world = World::here();
//! let guess = world.guess();              // variables and three files: microseconds, no network
//! if guess.needs_resolving() {
//!     std::thread::spawn(move || {
//!         let platform = world.resolve(guess);   // asks metadata services, for two seconds at most each
//!         println!("{platform:?}");
//!     });
//! }
//! ```
//!
//! Each platform is a file. What cannot be found out is left out; nothing fails and nothing panics.

mod world;

mod fetch;

mod platform;

mod beanstalk;
mod container;
mod ec2;
mod ecs;
mod eks;
mod lambda;

mod detect;

pub use detect::Guess;
pub use platform::{Beanstalk, Ec2, Ecs, Eks, Lambda, LogGroup, Platform};
pub use world::World;
