use super::*;

/// What an answer comes to where there was no set before.
async fn outcome(answer: Answer) -> (FetchOutcome, String) {
    let case = Case::of([answer]).await;
    assert_eq!(case.kids().await, None);
    let fetches = case.keys.status().counts.fetches;
    let (outcome, _) = fetches.into_iter().find(|(_, count)| *count > 0).unwrap();
    (outcome, case.error())
}

#[tokio::test]
async fn a_set_is_fetched_when_it_is_first_needed() {
    let case = Case::of([Answer::ok(set(&["a"]))]).await;
    assert!(case.is_quiet(0).await);

    assert_eq!(case.kids().await, Some(names(&["a"])));

    assert_eq!(case.requests(), 1);
    assert_eq!(case.keys.status().standing, Standing::Fresh);
}

#[tokio::test]
async fn keys_are_there_without_waiting_once_they_were_fetched() {
    let case = Case::of([Answer::ok(set(&["a"]))]).await;
    assert!(case.keys.now().is_none());
    case.ended(1).await;

    let kept = case.keys.now().unwrap();

    assert_eq!(kids(&kept), ["a"]);
    assert_eq!((kept.generation, kept.attempt), (1, 1));
}

#[tokio::test]
async fn all_who_need_a_first_set_share_one_fetch() {
    let case = Case::of([Answer::held(set(&["a"]))]).await;

    let waiting = async { tokio::join!(case.kids(), case.kids(), case.kids()) };
    let release = async {
        case.issuer.asked(1).await;
        case.issuer.release();
    };
    let (found, ()) = tokio::join!(waiting, release);

    assert_eq!(
        found,
        (
            Some(names(&["a"])),
            Some(names(&["a"])),
            Some(names(&["a"]))
        )
    );
    assert_eq!(case.requests(), 1);
}

#[tokio::test]
async fn a_request_that_is_dropped_stops_no_fetch() {
    let case = Case::of([Answer::held(set(&["a"]))]).await;

    tokio::select! {
        _ = case.kids() => unreachable!("the answer is held"),
        () = case.issuer.asked(1) => {}
    }
    case.issuer.release();
    case.ended(1).await;

    assert!(case.keys.now().is_some());
    assert_eq!(case.requests(), 1);
}

#[tokio::test]
async fn a_token_waits_no_longer_than_it_may() {
    let case = Case::of([Answer::dripping()]).await;

    let (found, ()) = tokio::join!(case.kids(), async {
        case.issuer.asked(1).await;
        case.advance(3);
    });

    assert_eq!(found, None);
    assert!(case.keys.0.shared.flight.is_under_way());
}

#[tokio::test]
async fn an_issuer_that_drips_is_given_up_in_time() {
    let case = Case::of([Answer::dripping()]).await;
    assert!(case.keys.now().is_none());
    case.issuer.asked(1).await;

    case.advance(5);
    case.ended(1).await;

    assert_eq!(case.fetches(FetchOutcome::Timeout), 1);
    assert_eq!(case.error(), "no answer within 5s");
    assert_eq!(
        case.keys.status().counts.fetch_time,
        (1, Duration::from_secs(5))
    );
}

#[tokio::test]
async fn an_issuer_at_fault_is_asked_twice() {
    let case = Case::of([Answer::status(500), Answer::ok(set(&["a"]))]).await;

    assert_eq!(case.kids().await, Some(names(&["a"])));

    assert_eq!(case.requests(), 2);
    assert_eq!(case.fetches(FetchOutcome::Ok), 1);
}

#[tokio::test]
async fn an_answer_that_is_neither_200_nor_304_is_none() {
    let five_hundred = outcome(Answer::status(500)).await;
    assert_eq!(five_hundred.0, FetchOutcome::Status);
    assert!(five_hundred.1.ends_with("/jwks: the answer is 500"));

    let keys = |status| Answer::ok(set(&["a"])).with_status(status);
    assert_eq!(outcome(keys(203)).await.0, FetchOutcome::Status);
    assert_eq!(outcome(keys(403)).await.0, FetchOutcome::Status);
    assert_eq!(outcome(keys(304)).await.0, FetchOutcome::Status);
}

#[tokio::test]
async fn a_connection_that_ends_early_is_no_answer() {
    assert_eq!(
        outcome(Answer::hung_up()).await.0,
        FetchOutcome::Unreachable
    );
    let cut = Answer::ok("{").header("content-length", "100");
    assert_eq!(outcome(cut).await.0, FetchOutcome::Unreachable);
}

#[tokio::test]
async fn what_is_no_key_set_is_refused() {
    let malformed = FetchOutcome::Malformed;

    assert_eq!(
        outcome(Answer::ok("<html>Log in</html>")).await.0,
        malformed
    );
    assert_eq!(
        outcome(Answer::ok(b"{\"keys\":\"\xff\"}")).await.0,
        malformed
    );
    assert_eq!(outcome(Answer::ok(r#"{"keys": {}}"#)).await.0, malformed);
    assert_eq!(
        outcome(Answer::ok(r#"{"keys": [], "keys": []}"#)).await.0,
        malformed
    );
    assert_eq!(outcome(Answer::ok(jwk("a"))).await.0, malformed);
    assert_eq!(outcome(Answer::ok("[".repeat(200_000))).await.0, malformed);
}

#[tokio::test]
async fn a_set_without_a_usable_key_is_a_failed_fetch() {
    let (outcome_, error) = outcome(Answer::ok(r#"{"keys": []}"#)).await;
    assert_eq!(outcome_, FetchOutcome::NoKeys);
    assert!(error.ends_with(": the set is empty"), "{error}");

    let (outcome_, error) = outcome(Answer::ok(r#"{"keys": [null]}"#)).await;
    assert_eq!(outcome_, FetchOutcome::NoKeys);
    assert!(
        error.contains(": none of its keys is of use; the first: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_set_is_read_whatever_its_type_says() {
    let case = Case::of([Answer::ok(set(&["a"])).header("content-type", "text/html")]).await;

    assert_eq!(case.kids().await, Some(names(&["a"])));
}
