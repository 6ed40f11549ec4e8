//! A local AWS: X-Ray, CloudWatch metrics, Logs, STS and some of SQS over their real wire protocols, and a web page that shows what arrives.
//!
//! One process, one port, no account. Any AWS SDK or CLI works against it by endpoint URL (`AWS_ENDPOINT_URL`); any signature is
//! taken and none is checked. It keeps what arrives in SQLite within a byte budget, and is no production store.
//!
//! ```no_run
//! # async fn run() -> Result<(), xray_console::StartError> {
//! let console = xray_console::Console::start(xray_console::Settings::default()).await?;
//! println!("http://{}", console.address());
//! console.stop().await;
//! # Ok(()) }
//! ```

mod clock;

mod storage;

mod protocol;

mod xray;

mod cloudwatch;

mod logs;

mod sqs;

mod sts;

mod activity;

mod api;

mod page;

mod server;

pub use server::{Console, Settings, StartError};
pub use storage::StorageError;
