use std::future::ready;
use std::net::Ipv4Addr;
use std::pin::{Pin, pin};

use chrono::DateTime;

use super::*;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn limits() -> Limits {
    let clock = Clock::fixed(DateTime::UNIX_EPOCH);
    Limits::new(&settings::Limits::default(), clock)
}

/// Guesses at Alice's password, none of them decided about.
async fn as_many_as_are_allowed(limits: &Limits) -> Vec<Attempt<'_>> {
    let mut under_way = Vec::new();
    for _ in 0..20 {
        under_way.push(limits.begin(ADDRESS, "alice").await.unwrap());
    }
    under_way
}

async fn waits_still<F: Future>(future: Pin<&mut F>) -> bool {
    tokio::select! {
        biased;
        _ = future => false,
        () = ready(()) => true,
    }
}

#[tokio::test]
async fn a_flood_of_logins_that_nobody_looks_at_does_not_lift_the_limit_of_an_account() {
    let limits = limits();
    let guess = |address: u32, name: String| {
        let limits = &limits;
        async move { limits.begin(IpAddr::V4(address.into()), &name).await }
    };
    for address in 0..100 {
        let guess = guess(address, "alice".to_owned()).await;
        let _ = guess.unwrap().end(true);
    }
    assert!(guess(100, "alice".to_owned()).await.is_err());

    for name in 0..MAX_BUCKETS + 1000 {
        let guess = guess(101, name.to_string()).await;
        let _ = guess.unwrap().end(false);
    }

    assert!(guess(102, "alice".to_owned()).await.is_err());
}

#[tokio::test]
async fn a_guess_waits_for_those_that_may_prove_right() {
    let limits = limits();
    let mut under_way = as_many_as_are_allowed(&limits).await;

    let mut one_more = pin!(limits.begin(ADDRESS, "alice"));

    assert!(waits_still(one_more.as_mut()).await);
    let _ = under_way.remove(0).end(false);
    assert!(one_more.await.is_ok());
}

#[tokio::test]
async fn a_guess_that_waited_for_wrong_ones_is_refused() {
    let limits = limits();
    let mut under_way = as_many_as_are_allowed(&limits).await;
    let mut one_more = pin!(limits.begin(ADDRESS, "alice"));
    assert!(waits_still(one_more.as_mut()).await);

    let _ = under_way.remove(0).end(true);

    assert!(one_more.await.is_err());
}

#[tokio::test]
async fn clients_that_hang_up_count_for_nothing_and_lift_nothing() {
    let limits = limits();
    for _ in 0..19 {
        let _ = limits.begin(ADDRESS, "alice").await.unwrap().end(true);
    }

    for _ in 0..30 {
        drop(limits.begin(ADDRESS, "alice").await.unwrap());
    }

    let last = limits.begin(ADDRESS, "alice").await;
    let _ = last.unwrap().end(true);
    assert!(limits.begin(ADDRESS, "alice").await.is_err());
}

#[tokio::test]
async fn a_bucket_that_a_guess_waits_for_is_still_the_one_that_counts() {
    let limits = limits();
    let under_way = as_many_as_are_allowed(&limits).await;
    let mut waits = pin!(limits.begin(ADDRESS, "alice"));
    assert!(waits_still(waits.as_mut()).await);

    // All hang up, so that the bucket is full again.
    drop(under_way);
    let _ = waits.await.unwrap().end(true);

    for _ in 0..19 {
        let _ = limits.begin(ADDRESS, "alice").await.unwrap().end(true);
    }
    assert!(limits.begin(ADDRESS, "alice").await.is_err());
}
