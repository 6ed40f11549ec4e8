//! What the shop's services share: orders in SQLite, a queue to the worker, a topic that nobody serves.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use sqlx::Sqlite;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use xray_sdk::aws_sdk::TraceInterceptor;
use xray_sdk::sqlx::{Pool, PoolExt as _};
use xray_sdk::traced;

use crate::AnyError;

/// Connections, clients and counts.
#[derive(Debug)]
pub(crate) struct Backend {
    pool: Pool<Sqlite>,
    pub(crate) sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    pub(crate) queue: String,
    queued: AtomicU64,
    handled: AtomicU64,
}

impl Backend {
    pub(crate) async fn open(folder: &Path, config: &SdkConfig) -> Result<Self, AnyError> {
        let options = SqliteConnectOptions::new().filename(folder.join("orders.db")).create_if_missing(true);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        sqlx::query("CREATE TABLE orders (number INTEGER, state TEXT)").execute(&pool).await?;
        let sqs = aws_sdk_sqs::config::Builder::from(config).interceptor(TraceInterceptor::new()).build();
        let sqs = aws_sdk_sqs::Client::from_conf(sqs);
        let sns = aws_sdk_sns::config::Builder::from(config).interceptor(TraceInterceptor::new()).build();
        let queue = sqs.create_queue().queue_name("orders-placed").send().await?.queue_url.unwrap_or_default();
        Ok(Self {
            pool: pool.traced().record_statements(true),
            sqs,
            sns: aws_sdk_sns::Client::from_conf(sns),
            queue,
            queued: AtomicU64::new(0),
            handled: AtomicU64::new(0),
        })
    }

    /// Keeps an order in one transaction and tells the worker.
    #[traced(name = "keep order")]
    pub(crate) async fn keep(&self, number: i64) -> Result<(), KeepError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("INSERT INTO orders VALUES (?, 'placed')").bind(number).execute(&mut *transaction).await?;
        transaction.commit().await?;
        self.queued.fetch_add(1, Ordering::Relaxed);
        let sent = self.sqs.send_message().queue_url(&self.queue).message_body(number.to_string()).send().await;
        if sent.is_err() {
            self.queued.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(sent.map(drop).map_err(Box::new)?)
    }

    /// The worker's part. Each tenth customer is told by SNS, which the console does not serve: its error is in the trace.
    pub(crate) async fn ship(&self, number: i64) -> Result<(), KeepError> {
        sqlx::query("UPDATE orders SET state = 'shipped' WHERE number = ?").bind(number).execute(&self.pool).await?;
        if number % 10 == 3 {
            let told =
                self.sns.publish().topic_arn("arn:aws:sns:us-east-1:000000000000:shipped").message("your order is on its way").send().await;
            if told.is_err() {
                xray_sdk::annotate("customer_told", false);
            }
        }
        Ok(())
    }

    pub(crate) fn handled(&self) {
        self.handled.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until the worker has had every order.
    pub(crate) async fn settle(&self) {
        const LOOKS: usize = 500;
        for _ in 0..LOOKS {
            if self.handled.load(Ordering::Relaxed) == self.queued.load(Ordering::Relaxed) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Why an order is not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepError {
    #[error("the database did not take it")]
    Database(#[from] sqlx::Error),
    #[error("the queue did not take it")]
    Queue(#[from] Box<aws_sdk_sqs::error::SdkError<aws_sdk_sqs::operation::send_message::SendMessageError>>),
}
