use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;

use super::*;

/// A verifier that remembers, and its clock.
fn remembering() -> (Verifier, Clock) {
    let clock = clock();
    let builder = Verifier::builder().issuer(a()).issuer(b()).remember(10);
    (builder.clock(clock.clone()).build().unwrap(), clock)
}

fn entries(verifier: &Verifier) -> usize {
    verifier.0.memory.as_ref().map_or(0, Memory::entries)
}

#[test]
fn a_token_that_is_remembered_is_the_same_value() {
    let (verifier, _) = remembering();
    let token = token_with(&[]);

    let first = verifier.verify_now(&token).unwrap();
    let second = verifier.verify_now(&token).unwrap();

    assert!(std::ptr::eq(first.claims(), second.claims()));
    assert_eq!(second.issuer(), Some(A));
}

#[test]
fn without_being_told_nothing_is_remembered() {
    let token = token_with(&[]);
    let verifier = both();

    let [first, second] = [(), ()].map(|()| verifier.verify_now(&token).unwrap());

    assert!(!std::ptr::eq(first.claims(), second.claims()));
}

#[test]
fn a_token_that_is_remembered_ends_with_its_leeway() {
    let (verifier, clock) = remembering();
    let token = token_with(&[]);
    verifier.verify_now(&token).unwrap();

    clock.advance(TimeDelta::microseconds(330_000_000 - 1));
    assert!(verifier.verify_now(&token).is_ok());
    clock.advance(TimeDelta::microseconds(1));
    assert_eq!(fault(&verifier, &token), TokenError::Expired);
}

#[test]
fn a_wall_clock_that_jumps_ahead_ends_what_is_remembered() {
    let (verifier, clock) = remembering();
    let token = token_with(&[]);
    verifier.verify_now(&token).unwrap();

    clock.set_ahead(TimeDelta::hours(1));

    assert_eq!(fault(&verifier, &token), TokenError::Expired);
}

#[test]
fn what_is_refused_is_not_remembered() {
    let (verifier, _) = remembering();
    let forged = sign(&OF_B, &header_with(""), &claims_with(&[]));

    assert_eq!(fault(&verifier, &forged), TokenError::BadSignature);
    assert_eq!(
        fault(&verifier, &token_with(&[("exp", "1")])),
        TokenError::Expired
    );

    assert_eq!(entries(&verifier), 0);
}

#[test]
fn a_token_that_is_remembered_can_be_revoked_at_any_moment() {
    static IS_REVOKED: AtomicBool = AtomicBool::new(false);
    let builder = Verifier::<Claims>::builder()
        .issuer(a())
        .clock(clock())
        .remember(10);
    let builder = builder.refuse_if(|_| IS_REVOKED.load(Ordering::Relaxed));
    let verifier = builder.build().unwrap();
    let token = token_with(&[]);
    verifier.verify_now(&token).unwrap();

    IS_REVOKED.store(true, Ordering::Relaxed);

    assert_eq!(fault(&verifier, &token), TokenError::Revoked);
}

#[test]
fn a_token_that_is_another_in_one_letter_is_not_remembered() {
    let (verifier, _) = remembering();
    let token = token_with(&[]);
    verifier.verify_now(&token).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };

    let forged = format!("{input}.{first}{}", &signature[1..]);

    assert_eq!(fault(&verifier, &forged), TokenError::BadSignature);
}

#[test]
fn no_more_tokens_are_remembered_than_were_said() {
    let (verifier, _) = remembering();

    for jti in 0..100 {
        let token = token_with(&[("jti", &format!("\"{jti}\""))]);
        verifier.verify_now(&token).unwrap();
    }

    assert!(entries(&verifier) <= 10);
}

#[test]
fn what_is_remembered_is_counted_for_its_issuer() {
    let (verifier, _) = remembering();
    let token = token_with(&[]);

    for _ in 0..3 {
        verifier.verify_now(&token).unwrap();
    }

    let found = verifier.counts().find(|one| one.count > 0).unwrap();
    assert_eq!((found.issuer, found.count), (Some(A), 3));
}
