use super::*;

/// A set of ten minutes, after which the issuer is gone.
async fn outage(rules: KeySetRules) -> Case {
    let case = Case::with(rules, [Answer::ok(set(&["a"])), Answer::hung_up()]).await;
    assert_eq!(case.kids().await, Some(names(&["a"])));
    case
}

#[tokio::test]
async fn a_set_outlives_its_issuer_for_an_hour() {
    let case = outage(rules()).await;
    case.advance(600);
    assert_eq!(case.kids().await, Some(names(&["a"])));

    case.advance(3599);
    assert_eq!(case.keys.now().map(|kept| kids(&kept)), Some(names(&["a"])));
    let standing = case.keys.status().standing;
    case.advance(1);

    let (since, left) = (Duration::from_secs(3599), Duration::from_secs(1));
    assert_eq!(standing, Standing::Stale { since, left });
    assert!(case.keys.now().is_none());
    assert_eq!(case.keys.status().standing, Standing::Unavailable);
}

#[tokio::test]
async fn an_issuer_that_hangs_after_an_idle_hour_costs_a_wait_and_no_token() {
    let answers = [Answer::ok(set(&["a"])), Answer::dripping()];
    let case = Case::of(answers).await;
    case.kids().await;
    case.advance(3000);

    let (found, ()) = tokio::join!(case.kids(), async {
        case.issuer.asked(2).await;
        case.advance(3);
    });

    assert_eq!(found, Some(names(&["a"])));
    assert!(case.keys.0.shared.flight.is_under_way());
}

#[tokio::test]
async fn without_tolerance_a_set_ends_with_its_freshness() {
    let strict = KeySetRules {
        outage_tolerance: Duration::ZERO,
        ..rules()
    };
    let case = outage(strict).await;

    case.advance(600);

    assert_eq!(case.kids().await, None);
    assert_eq!(case.keys.status().standing, Standing::Unavailable);
}

#[tokio::test]
async fn while_an_issuer_is_gone_nobody_waits_for_it() {
    let case = Case::of([Answer::hung_up()]).await;
    assert_eq!(case.kids().await, None);
    let asked = case.requests();

    assert_eq!(case.kids().await, None);

    assert_eq!(case.requests(), asked);
    assert_eq!(case.keys.retry_after(), Duration::from_secs(1));
}

#[tokio::test]
async fn an_issuer_that_is_gone_is_asked_again_ever_less_often() {
    let case = Case::of([Answer::status(404)]).await;
    case.kids().await;
    case.keys.now();
    case.advance(1);
    case.ended(2).await;
    case.keys.now();

    case.advance(1);
    assert!(case.is_quiet(2).await);
    case.advance(1);
    case.ended(3).await;

    assert_eq!(case.requests(), 3);
    assert_eq!(case.keys.status().next_try, Duration::from_secs(4));
}

#[tokio::test]
async fn an_issuer_that_says_when_to_come_again_is_not_asked_before() {
    let busy = Answer::status(429).header("retry-after", "100");
    let case = Case::of([busy, Answer::ok(set(&["a"]))]).await;
    case.kids().await;
    case.keys.now();
    assert_eq!(case.keys.retry_after(), Duration::from_secs(100));

    case.advance(99);
    assert!(case.is_quiet(1).await);
    case.advance(1);

    assert_eq!(case.kids().await, Some(names(&["a"])));
}

#[tokio::test]
async fn an_issuer_that_is_gone_is_left_alone_where_nobody_needs_it() {
    let case = Case::of([Answer::status(404)]).await;
    case.kids().await;

    case.advance(100_000);

    assert!(case.is_quiet(1).await);
}

#[tokio::test]
async fn keys_are_there_again_when_their_issuer_is() {
    let case = Case::of([Answer::status(404), Answer::ok(set(&["a"]))]).await;
    assert_eq!(case.kids().await, None);

    case.advance(1);

    assert_eq!(case.kids().await, Some(names(&["a"])));
    assert_eq!(case.keys.status().last_error, None);
}

#[tokio::test]
async fn an_empty_set_takes_no_good_one_away() {
    let case = Case::of([Answer::ok(set(&["a"])), Answer::ok(set(&[]))]).await;
    case.kids().await;

    case.advance(600);

    assert_eq!(case.kids().await, Some(names(&["a"])));
    assert_eq!(case.fetches(FetchOutcome::NoKeys), 1);
    assert!(case.error().ends_with(": the set is empty"));
}

#[tokio::test]
async fn an_issuer_that_nobody_serves_is_unreachable() {
    let (issuer, clock) = (FakeIssuer::start().await, clock());
    let url = issuer.url(PATH);
    drop(issuer);
    let keys = keys(url, rules(), &clock);
    tokio::task::yield_now().await;

    assert!(keys.get().await.is_none());

    let error = keys.status().last_error.unwrap();
    assert!(error.contains("refused"), "{error}");
}

#[tokio::test]
async fn readiness_waits_for_the_first_set() {
    let case = Case::of([Answer::status(404), Answer::ok(set(&["a"]))]).await;
    let within = Duration::from_secs(10);

    let (ready, ()) = tokio::join!(case.keys.ready(within), async {
        case.ended(1).await;
        case.advance(1);
    });

    assert!(ready);
}

#[tokio::test]
async fn readiness_waits_no_longer_than_it_may() {
    let case = Case::of([Answer::status(404)]).await;
    let within = Duration::from_millis(500);

    let (ready, ()) = tokio::join!(case.keys.ready(within), async {
        case.ended(1).await;
        case.clock.advance(TimeDelta::milliseconds(500));
    });

    assert!(!ready);
}

#[tokio::test]
async fn with_the_last_handle_all_work_ends() {
    let Case { issuer, keys, .. } = Case::of([Answer::dripping()]).await;
    let copy = keys.clone();
    keys.now();
    issuer.asked(1).await;
    let shared = Arc::downgrade(&keys.0.shared);

    drop(keys);
    assert_eq!(shared.strong_count(), 2);
    drop(copy);
    tokio::task::yield_now().await;

    assert_eq!(shared.strong_count(), 0);
}

#[tokio::test]
async fn spans_without_end_are_long_ones() {
    let endless = KeySetRules {
        outage_tolerance: Duration::MAX,
        cooldown: Duration::MAX,
        fetch_wait: Duration::MAX,
        fetch_timeout: Duration::MAX,
        ..rules()
    };
    let case = outage(endless).await;
    case.advance(600);
    assert!(case.keys.ready(Duration::MAX).await);
    let kept = case.keys.now().unwrap();

    case.advance(1_000_000_000);

    assert_eq!(word(&case.keys.missed(&kept).await), "unknown");
    assert_eq!(case.kids().await, Some(names(&["a"])));
}
