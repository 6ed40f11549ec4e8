//! Customers.

use std::time::Duration;

use crate::AnyError;
use crate::shop::Shop;

/// Customers at once.
const AT_ONCE: usize = 8;
/// A restock for so many customers.
const RESTOCK_EVERY: u64 = 20;

/// A fixed number of customers, with progress.
pub(crate) async fn fixed(shop: &Shop, customers: u64) -> Result<(), AnyError> {
    for first in (0..customers).step_by(AT_ONCE) {
        let batch = first..(first + AT_ONCE as u64).min(customers);
        visits(shop, batch).await?;
        if customers > 1 {
            eprint!("\r{} of {customers} requests", (first + AT_ONCE as u64).min(customers));
        }
    }
    if customers > 1 {
        eprintln!();
    }
    Ok(())
}

async fn visits(shop: &Shop, numbers: std::ops::Range<u64>) -> Result<(), AnyError> {
    let visits = numbers.map(async |number| {
        if number % RESTOCK_EVERY == RESTOCK_EVERY - 1 {
            shop.restock(number).await;
        }
        shop.visit(number).await
    });
    for visit in futures_util::future::join_all(visits).await {
        visit?;
    }
    Ok(())
}

/// Customers come in waves, until stopped.
pub(crate) async fn forever(shop: &Shop) -> Result<(), AnyError> {
    let mut number = 1_u64;
    loop {
        let wave = ((number as f64 / 400.0).sin() + 1.2) * 12.0;
        let at_once = 1 + fastrand::u64(0..4);
        visits(shop, number..number + at_once).await?;
        number += at_once;
        tokio::time::sleep(Duration::from_secs_f64(at_once as f64 / wave)).await;
    }
}
