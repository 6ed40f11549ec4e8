//! Statements as subsegments: a traced pool stands where sqlx's own stood.

use sqlx::SqlitePool;
use xray_sdk::sqlx::PoolExt as _;
use xray_sdk::{FutureExt as _, Segment};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("orders").sampler(xray_sdk::sampling::SampleAll).install()?;
    let pool = SqlitePool::connect("sqlite::memory:").await?.traced().record_statements(true);
    let segment = Segment::begin("orders");
    let work = async {
        sqlx::query("CREATE TABLE orders (id INTEGER PRIMARY KEY, sku TEXT)").execute(&pool).await?;
        let mut transaction = pool.begin().await?;
        sqlx::query("INSERT INTO orders (sku) VALUES (?)").bind("a-1").execute(&mut *transaction).await?;
        transaction.commit().await?;
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM orders").fetch_one(&pool).await
    };
    let orders = work.in_segment(segment).await?;
    println!("{orders} order, kept in one transaction");
    examples::report(&xray);
    Ok(())
}
