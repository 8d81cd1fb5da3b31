use super::*;

/// An issuer whose set is fresh for 1000 seconds.
async fn fresh_for_1000(then: Answer) -> Case {
    let first = Answer::ok(set(&["a"]))
        .header("cache-control", "max-age=1000")
        .header("etag", "\"1\"")
        .header("last-modified", "Wed, 21 Oct 2026 07:28:00 GMT");
    let case = Case::of([first, then]).await;
    assert_eq!(case.kids().await, Some(names(&["a"])));
    case
}

/// Fresh to the last second, and no longer.
fn assert_fresh_for(seconds: i64, case: &Case) {
    case.advance(seconds - 1);
    assert_eq!(case.keys.status().standing, Standing::Fresh);
    case.advance(1);

    assert!(case.keys.now().is_none());
}

#[tokio::test]
async fn a_set_that_is_used_is_asked_for_again_before_it_ends() {
    let case = fresh_for_1000(Answer::ok(set(&["b"]))).await;
    case.keys.now();

    case.advance(674);
    assert!(case.is_quiet(1).await);
    case.advance(152);
    case.ended(2).await;

    assert_eq!(case.keys.now().map(|kept| kids(&kept)), Some(names(&["b"])));
    assert_eq!(case.requests(), 2);
}

#[tokio::test]
async fn a_set_that_nobody_uses_is_not_asked_for_again() {
    let case = fresh_for_1000(Answer::ok(set(&["b"]))).await;

    case.advance(5000);

    assert!(case.is_quiet(1).await);
}

#[tokio::test]
async fn a_set_is_asked_for_ahead_once_and_only_while_it_is_used() {
    let case =
        fresh_for_1000(Answer::ok(set(&["b"])).header("cache-control", "max-age=1000")).await;
    case.keys.now();
    case.advance(900);
    case.ended(2).await;

    case.advance(5000);

    assert!(case.is_quiet(2).await);
}

#[tokio::test]
async fn who_comes_after_the_end_of_an_idle_set_waits_for_the_next() {
    let case = fresh_for_1000(Answer::ok(set(&["b"]))).await;
    case.advance(1000);

    assert!(case.keys.now().is_none());
    assert_eq!(case.kids().await, Some(names(&["b"])));

    assert_eq!(case.requests(), 2);
}

#[tokio::test]
async fn who_comes_late_but_in_time_does_not_wait() {
    let case = fresh_for_1000(Answer::ok(set(&["b"]))).await;
    case.advance(999);

    assert_eq!(case.keys.now().map(|kept| kids(&kept)), Some(names(&["a"])));
    case.ended(2).await;

    assert_eq!(case.keys.now().map(|kept| kids(&kept)), Some(names(&["b"])));
}

#[tokio::test]
async fn a_set_is_asked_for_again_by_what_it_is_recognized_by() {
    let case = fresh_for_1000(Answer::status(304)).await;
    case.advance(999);
    case.keys.now();
    case.ended(2).await;

    let request = case.issuer.requests().pop().unwrap();

    assert_eq!(request.header("if-none-match"), Some("\"1\""));
    assert_eq!(
        request.header("if-modified-since"),
        Some("Wed, 21 Oct 2026 07:28:00 GMT")
    );
}

#[tokio::test]
async fn a_set_that_is_not_modified_is_fresh_again_and_the_same() {
    let case = fresh_for_1000(Answer::status(304)).await;
    case.advance(999);
    case.keys.now();
    case.ended(2).await;

    case.advance(999);
    let kept = case.keys.now().unwrap();

    assert_eq!((kept.generation, kept.attempt), (1, 2));
    assert_eq!(kids(&kept), ["a"]);
    assert_eq!(case.fetches(FetchOutcome::NotModified), 1);
}

#[tokio::test]
async fn a_set_with_the_same_keys_keeps_its_generation() {
    let case = fresh_for_1000(Answer::ok(format!("{}\n", set(&["a"])))).await;
    case.advance(999);
    case.keys.now();
    case.ended(2).await;

    let kept = case.keys.now().unwrap();

    assert_eq!((kept.generation, kept.attempt), (1, 2));
}

#[tokio::test]
async fn a_key_that_was_withdrawn_is_dead_at_once() {
    let case = fresh_for_1000(Answer::ok(set(&["b"]))).await;
    case.advance(999);
    case.keys.now();
    case.ended(2).await;

    let kept = case.keys.now().unwrap();

    assert_eq!(kids(&kept), ["b"]);
    assert_eq!(kept.generation, 2);
}

#[tokio::test]
async fn a_set_whose_answer_says_nothing_is_fresh_for_ten_minutes() {
    let case = Case::of([Answer::ok(set(&["a"])), Answer::ok(set(&["b"]))]).await;
    case.kids().await;

    assert_fresh_for(600, &case);
}

#[tokio::test]
async fn a_set_that_must_not_be_stored_is_fresh_for_a_minute() {
    let first = Answer::ok(set(&["a"])).header("cache-control", "no-store");
    let case = Case::of([first, Answer::ok(set(&["b"]))]).await;
    case.kids().await;

    assert_fresh_for(60, &case);
}

#[tokio::test]
async fn an_answer_of_an_age_is_fresh_for_what_is_left() {
    let first = Answer::ok(set(&["a"]))
        .header("cache-control", "public, max-age=1000")
        .header("age", "900");
    let case = Case::of([first]).await;
    case.kids().await;

    assert_fresh_for(100, &case);
}

#[tokio::test]
async fn a_set_expires_by_the_clock_of_its_server() {
    let first = Answer::ok(set(&["a"]))
        .header("date", "Wed, 21 Oct 2015 07:28:00 GMT")
        .header("expires", "Wed, 21 Oct 2015 07:30:00 GMT");
    let case = Case::of([first]).await;
    case.kids().await;

    assert_fresh_for(120, &case);
}

#[tokio::test]
async fn a_jump_of_the_wall_clock_makes_no_set_stale_or_fresh() {
    let case = fresh_for_1000(Answer::ok(set(&["b"]))).await;

    case.clock.set_ahead(TimeDelta::days(400));
    assert_eq!(case.keys.status().standing, Standing::Fresh);
    case.clock.set_ahead(TimeDelta::days(-800));
    assert_eq!(case.keys.status().standing, Standing::Fresh);
    case.advance(1000);

    assert!(case.keys.now().is_none());
}

#[tokio::test]
async fn the_age_of_a_set_counts_from_when_it_was_asked_for() {
    let case = fresh_for_1000(Answer::status(304)).await;
    case.advance(300);
    let before = case.keys.status().age;
    case.advance(699);
    case.keys.now();
    case.ended(2).await;

    case.advance(5);

    assert_eq!(before, Some(Duration::from_mins(5)));
    assert_eq!(case.keys.status().age, Some(Duration::from_secs(5)));
}
