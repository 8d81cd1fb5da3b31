use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_random_kids_is_one_fetch() {
    let case = Case::of([Answer::ok(set(&["a"]))]).await;
    let seen = case.keys.get().await.unwrap();
    let misses = async |keys: RemoteKeys, seen: Kept| {
        let mut words = Vec::new();
        for _ in 0..200 {
            words.push(word(&keys.missed(&seen).await));
        }
        words
    };

    let tasks = (0..50).map(|_| tokio::spawn(misses(case.keys.clone(), seen.clone())));
    let mut known = 0;
    for task in tasks.collect::<Vec<_>>() {
        let words = task.await.unwrap();
        known += words.iter().filter(|word| **word == "known").count();
    }

    assert_eq!(known, 10_000);
    assert_eq!(case.requests(), 1);
    assert_eq!(case.keys.status().counts.refused_misses, 10_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_random_kids_after_the_cool_down_is_one_fetch_more() {
    let case = Case::of([Answer::ok(set(&["a"]))]).await;
    let seen = case.keys.get().await.unwrap();
    case.advance(30);

    let miss = |_| {
        let (keys, seen) = (case.keys.clone(), seen.clone());
        tokio::spawn(async move { word(&keys.missed(&seen).await) })
    };
    let mut words = Vec::new();
    for task in (0..200).map(miss).collect::<Vec<_>>() {
        words.push(task.await.unwrap());
    }

    assert_eq!(words, ["renewed"; 200]);
    assert_eq!(case.requests(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_by_the_first_token_that_names_it() {
    let case = Case::of([Answer::ok(set(&["a"])), Answer::ok(set(&["a", "b"]))]).await;
    let seen = case.keys.get().await.unwrap();
    case.advance(30);

    let Missed::Renewed(kept) = case.keys.missed(&seen).await else {
        panic!("there is a newer set");
    };

    assert_eq!(kids(&kept), ["a", "b"]);
    assert_eq!((kept.generation, kept.attempt), (2, 2));
}

#[tokio::test]
async fn whoever_looked_into_an_older_set_gets_the_newer_one_without_a_fetch() {
    let case = Case::of([Answer::ok(set(&["a"])), Answer::ok(set(&["a", "b"]))]).await;
    let seen = case.keys.get().await.unwrap();
    case.advance(30);
    case.keys.missed(&seen).await;
    case.advance(30);

    let late = case.keys.missed_now(&seen);

    assert_eq!(word(&late), "renewed");
    assert_eq!(case.requests(), 2);
}

#[tokio::test]
async fn a_miss_that_cannot_wait_asks_and_does_not_know() {
    let case = Case::of([Answer::ok(set(&["a"])), Answer::ok(set(&["a", "b"]))]).await;
    let seen = case.keys.get().await.unwrap();
    case.advance(30);

    assert_eq!(word(&case.keys.missed_now(&seen)), "unknown");
    case.ended(2).await;

    assert_eq!(word(&case.keys.missed_now(&seen)), "renewed");
    assert_eq!(case.requests(), 2);
}

#[tokio::test]
async fn the_cool_down_holds_after_a_failure_too() {
    let case = Case::of([Answer::ok(set(&["a"])), Answer::hung_up()]).await;
    let seen = case.keys.get().await.unwrap();
    case.advance(30);

    assert_eq!(word(&case.keys.missed(&seen).await), "unknown");
    let asked = case.requests();
    assert_eq!(word(&case.keys.missed(&seen).await), "unknown");
    assert_eq!(word(&case.keys.missed_now(&seen)), "unknown");

    assert!(case.is_quiet(2).await);
    assert_eq!(case.requests(), asked);
    assert_eq!(case.keys.status().counts.refused_misses, 2);
}

#[tokio::test]
async fn the_cool_down_holds_after_an_empty_set_too() {
    let case = Case::of([Answer::ok(set(&["a"])), Answer::ok(set(&[]))]).await;
    let seen = case.keys.get().await.unwrap();
    case.advance(30);

    assert_eq!(word(&case.keys.missed(&seen).await), "unknown");
    assert_eq!(word(&case.keys.missed(&seen).await), "unknown");

    assert!(case.is_quiet(2).await);
    assert_eq!(case.kids().await, Some(names(&["a"])));
}

#[tokio::test]
async fn the_cool_down_counts_from_fetches_in_the_background_too() {
    let case = Case::of([Answer::ok(set(&["a"]))]).await;
    case.kids().await;
    case.kids().await;
    case.advance(500);
    case.ended(2).await;
    let seen = case.keys.now().unwrap();

    case.advance(29);

    assert_eq!(word(&case.keys.missed(&seen).await), "known");
    assert_eq!(case.requests(), 2);
}

#[tokio::test]
async fn the_cool_down_counts_from_the_start_of_a_fetch() {
    let case = Case::of([Answer::dripping(), Answer::ok(set(&["a"]))]).await;
    assert!(case.keys.now().is_none());
    case.issuer.asked(1).await;
    case.advance(5);
    case.ended(1).await;

    case.advance(1);
    let seen = case.keys.get().await.unwrap();
    case.advance(29);
    assert_eq!(word(&case.keys.missed(&seen).await), "known");
    case.advance(1);

    assert_eq!(word(&case.keys.missed(&seen).await), "renewed");
}

#[tokio::test]
async fn a_jump_of_the_wall_clock_ends_no_cool_down() {
    let case = Case::of([Answer::ok(set(&["a"]))]).await;
    let seen = case.keys.get().await.unwrap();

    case.clock.set_ahead(TimeDelta::days(400));
    assert_eq!(word(&case.keys.missed(&seen).await), "known");
    case.clock.set_ahead(TimeDelta::days(-800));
    assert_eq!(word(&case.keys.missed(&seen).await), "known");

    assert_eq!(case.requests(), 1);
}

#[tokio::test]
async fn an_issuer_that_asks_to_be_left_alone_is() {
    let busy = Answer::status(503).header("retry-after", "300");
    let case = Case::of([Answer::ok(set(&["a"])), busy, Answer::ok(set(&["b"]))]).await;
    let seen = case.keys.get().await.unwrap();
    case.advance(30);
    assert_eq!(word(&case.keys.missed(&seen).await), "unknown");

    case.advance(299);
    assert_eq!(word(&case.keys.missed(&seen).await), "unknown");
    assert_eq!(case.requests(), 2);
    case.advance(1);

    assert_eq!(word(&case.keys.missed(&seen).await), "renewed");
}
