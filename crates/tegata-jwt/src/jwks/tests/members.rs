use super::*;
use crate::fixtures::key_file;
use crate::keys::UnusableReason;

/// The names of the usable keys of a set with one odd member among good ones, and why that is
/// not one of them.
async fn with_odd(member: &str) -> (Option<Vec<String>>, Vec<(usize, UnusableReason)>) {
    let case = Case::of([Answer::ok(set_of(&[&jwk("a"), member, &jwk("b")]))]).await;
    let kids = case.kids().await;
    let unusable = case.keys.status().unusable;
    let unusable = unusable.iter().map(|key| (key.position, key.reason));
    (kids, unusable.collect())
}

#[tokio::test]
async fn an_odd_member_takes_no_other_with_it() {
    let nested = format!(r#"{{"kid":"c","x":{}{}}}"#, "[".repeat(20), "]".repeat(20));
    let numeric = jwk("c").replace(r#""c""#, "7");
    let malformed = (
        Some(names(&["a", "b"])),
        vec![(1, UnusableReason::Malformed)],
    );

    assert_eq!(with_odd("null").await, malformed);
    assert_eq!(with_odd("7").await, malformed);
    assert_eq!(with_odd(&numeric).await, malformed);
    assert_eq!(with_odd(&nested).await, malformed);
    assert_eq!(with_odd(r#"{"kty":7}"#).await, malformed);
}

#[tokio::test]
async fn a_certificate_in_a_key_is_not_looked_at() {
    let odd = jwk("c").replacen('{', r#"{"x5c":"no list","x5u":"http://127.0.0.1/","#, 1);

    assert_eq!(
        with_odd(&odd).await,
        (Some(names(&["a", "c", "b"])), vec![])
    );
}

#[tokio::test]
async fn a_published_private_key_is_refused() {
    let odd = jwk("c").replacen('{', r#"{"d":"AAAA","#, 1);

    let (kids, unusable) = with_odd(&odd).await;

    assert_eq!(kids, Some(names(&["a", "b"])));
    assert_eq!(unusable, [(1, UnusableReason::Private)]);
}

#[tokio::test]
async fn each_member_that_only_private_keys_have_makes_a_key_one() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let odd = jwk("c").replacen('{', &format!(r#"{{"{member}":"AAAA","#), 1);

        let (_, unusable) = with_odd(&odd).await;

        assert_eq!(unusable, [(1, UnusableReason::Private)], "{member}");
    }
}

#[tokio::test]
async fn the_public_part_of_a_published_private_key_is_taken_where_one_asks_for_it() {
    let lenient = KeySetRules {
        accept_public_part: true,
        ..rules()
    };
    let private = jwk("c").replacen('{', r#"{"d":"AAAA","#, 1);
    let case = Case::with(lenient, [Answer::ok(set_of(&[private]))]).await;

    assert_eq!(case.kids().await, Some(names(&["c"])));
}

#[tokio::test]
async fn a_published_secret_never_verifies() {
    let secret = r#"{"kty":"oct","kid":"c","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}"#;
    let lenient = KeySetRules {
        accept_public_part: true,
        ..rules()
    };
    let case = Case::with(lenient, [Answer::ok(set_of(&[secret, &jwk("a")]))]).await;

    assert_eq!(case.kids().await, Some(names(&["a"])));
    assert_eq!(
        case.keys.status().unusable[0].reason,
        UnusableReason::Secret
    );
}

#[tokio::test]
async fn a_key_for_another_purpose_is_skipped() {
    let with = |members: &str| jwk("c").replace(r#""use":"sig""#, members);
    let skipped = (Some(names(&["a", "b"])), vec![(1, UnusableReason::Purpose)]);

    assert_eq!(with_odd(&with(r#""use":"enc""#)).await, skipped);
    assert_eq!(with_odd(&with(r#""key_ops":["sign"]"#)).await, skipped);
    assert_eq!(with_odd(&with(r#""key_ops":[]"#)).await, skipped);
    assert_eq!(
        with_odd(&with(r#""key_ops":["verify","verify"]"#)).await,
        skipped
    );
}

#[tokio::test]
async fn a_use_and_key_ops_that_contradict_each_other_are_skipped() {
    let with = |members: &str| jwk("c").replace(r#""use":"sig""#, members);
    let both = r#""use":"sig","key_ops":["sign","verify"]"#;
    let contradiction = r#""use":"sig","key_ops":["verify","encrypt"]"#;

    assert_eq!(
        with_odd(&with(both)).await,
        (Some(names(&["a", "c", "b"])), vec![])
    );
    let (_, unusable) = with_odd(&with(contradiction)).await;
    assert_eq!(unusable, [(1, UnusableReason::Purpose)]);
}

/// The public part of an RSA key in a file, with these members, too.
fn rsa(file: &str, members: &str) -> String {
    let private = key_file(file);
    let object = crate::object::Object::parse(private.as_bytes()).unwrap();
    let (n, e) = (object.get("n").unwrap(), object.get("e").unwrap());
    format!(r#"{{"kty":"RSA","kid":"c","n":{n},"e":{e}{members}}}"#)
}

#[tokio::test]
async fn a_key_that_is_too_weak_is_skipped() {
    let low_order = r#"{"kty":"OKP","crv":"Ed25519","kid":"c","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    let skipped = (
        Some(names(&["a", "b"])),
        vec![(1, UnusableReason::Strength)],
    );

    assert_eq!(with_odd(&rsa("rsa_1024.jwk", "")).await, skipped);
    assert_eq!(with_odd(&rsa("rsa_2047.jwk", "")).await, skipped);
    assert_eq!(with_odd(low_order).await, skipped);
}

#[tokio::test]
async fn a_key_off_its_curve_or_of_a_curve_that_nobody_allowed_is_skipped() {
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    let on = |curve| format!(r#"{{"kty":"EC","crv":"{curve}","kid":"c","x":"{x}","y":"{x}"}}"#);
    let skipped = (Some(names(&["a", "b"])), vec![(1, UnusableReason::Kind)]);

    assert_eq!(with_odd(&on("P-256")).await, skipped);
    assert_eq!(with_odd(&on("P-384")).await, skipped);
    assert_eq!(with_odd(&on("secp256k1")).await, skipped);
}

#[tokio::test]
async fn an_rsa_key_that_says_hs256_is_skipped() {
    let (_, unusable) = with_odd(&rsa("rsa.jwk", r#","alg":"HS256""#)).await;
    let (kids, _) = with_odd(&rsa("rsa.jwk", "")).await;

    assert_eq!(unusable, [(1, UnusableReason::Algorithm)]);
    assert_eq!(kids, Some(names(&["a", "c", "b"])));
}

#[tokio::test]
async fn two_keys_of_one_name_are_both_kept() {
    let case = Case::of([Answer::ok(set(&["a", "a"]))]).await;

    let kept = case.keys.get().await.unwrap();

    let candidates = kept.keys.candidates(Some("a"), Algorithm::ES256);
    assert_eq!(candidates.count(), 2);
}

#[tokio::test]
async fn of_many_keys_that_fit_four_are_tried() {
    let case = Case::of([Answer::ok(set(&["a"; 10]))]).await;

    let kept = case.keys.get().await.unwrap();

    assert_eq!(kept.keys.candidates(Some("a"), Algorithm::ES256).count(), 4);
    assert_eq!(kept.keys.candidates(None, Algorithm::ES256).count(), 4);
}

#[tokio::test]
async fn a_key_without_a_name_serves_tokens_that_name_none() {
    let nameless = jwk("c")
        .replace(r#""kid":"c","#, "")
        .replace(r#","kid":"c""#, "");
    let case = Case::of([Answer::ok(set_of(&[nameless]))]).await;

    let kept = case.keys.get().await.unwrap();

    assert_eq!(kept.keys.keys()[0].kid(), None);
    assert_eq!(kept.keys.candidates(None, Algorithm::ES256).count(), 1);
    assert_eq!(kept.keys.candidates(Some("c"), Algorithm::ES256).count(), 0);
}

#[tokio::test]
async fn what_stands_behind_64_keys_is_ignored() {
    let many: Vec<_> = (0..70).map(|n| n.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let case = Case::of([Answer::ok(set(&many))]).await;

    let kept = case.keys.get().await.unwrap();

    assert_eq!(kids(&kept).last().map(String::as_str), Some("63"));
    assert_eq!((kept.keys.keys().len(), kept.keys.ignored()), (64, 6));
}

#[tokio::test]
async fn skipped_members_are_counted_by_their_reason() {
    let case = Case::of([Answer::ok(set_of(&[
        &jwk("a"),
        "null",
        "{}",
        r#"{"kty":"oct"}"#,
    ]))])
    .await;
    case.kids().await;

    let skipped = case.keys.status().counts.skipped;

    let counted: Vec<_> = skipped
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(
        counted,
        [
            (UnusableReason::Malformed, 1),
            (UnusableReason::Secret, 1),
            (UnusableReason::Kind, 1),
        ]
    );
}
