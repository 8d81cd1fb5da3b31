use super::*;

type Change = fn(&mut Users);

/// The hash that a login would put in the place of this one.
fn upgrade(settings: &Users, stored: &str) -> Option<String> {
    match check(settings, Some(stored), true, "alice-pw") {
        Verdict::Accepted { upgrade } => upgrade,
        Verdict::Refused => panic!("{stored} was refused"),
    }
}

#[test]
fn a_hash_with_the_present_work_is_left_as_it_is() {
    for (hasher, stored) in DJANGO {
        assert_eq!(upgrade(&cheap(hasher), stored), None);
    }
}

#[test]
fn a_hash_of_another_algorithm_is_upgraded_to_the_preferred_one() {
    for (preferred, _) in DJANGO {
        for (hasher, stored) in DJANGO
            .into_iter()
            .filter(|(hasher, _)| *hasher != preferred)
        {
            let upgraded = upgrade(&cheap(preferred), stored).unwrap();

            let name = format!("{}$", preferred.algorithm());
            assert!(upgraded.starts_with(&name), "{hasher:?}: {upgraded}");
            assert!(fits(&upgraded, "alice-pw"), "{upgraded}");
            assert_eq!(upgrade(&cheap(preferred), &upgraded), None);
        }
    }
}

#[test]
fn a_hash_of_other_work_is_upgraded_even_where_it_took_more() {
    let changes: [(PasswordHasher, Change); 10] = [
        (PasswordHasher::Pbkdf2Sha256, |u| u.pbkdf2_iterations = 1001),
        (PasswordHasher::Pbkdf2Sha256, |u| u.pbkdf2_iterations = 999),
        (PasswordHasher::Pbkdf2Sha1, |u| u.pbkdf2_iterations = 999),
        (PasswordHasher::Argon2, |u| u.argon2_memory_cost = 65),
        (PasswordHasher::Argon2, |u| u.argon2_time_cost = 2),
        (PasswordHasher::Argon2, |u| u.argon2_parallelism = 1),
        (PasswordHasher::BcryptSha256, |u| u.bcrypt_rounds = 5),
        (PasswordHasher::Scrypt, |u| u.scrypt_work_factor = 8),
        (PasswordHasher::Scrypt, |u| u.scrypt_block_size = 7),
        (PasswordHasher::Scrypt, |u| u.scrypt_parallelism = 2),
    ];
    for (hasher, change) in changes {
        let mut settings = cheap(hasher);
        change(&mut settings);
        let (_, stored) = DJANGO.into_iter().find(|(of, _)| *of == hasher).unwrap();

        let upgraded = upgrade(&settings, stored).unwrap();

        assert_eq!(upgrade(&settings, &upgraded), None, "{upgraded}");
    }
}

#[test]
fn another_variant_or_version_of_argon2_is_upgraded() {
    for stored in OTHER_FORMS
        .iter()
        .filter(|stored| stored.starts_with("argon2"))
    {
        let upgraded = upgrade(&cheap(PasswordHasher::Argon2), stored).unwrap();

        assert!(
            upgraded.starts_with("argon2$argon2id$v=19$m=64,t=1,p=2$"),
            "{upgraded}"
        );
    }
}

#[test]
fn a_salt_of_under_128_bits_is_upgraded() {
    let salted = [
        (
            PasswordHasher::Md5,
            "md5$salt$45d7229585fdbe17e27294c3db33e2b8",
        ),
        (
            PasswordHasher::Pbkdf2Sha256,
            "pbkdf2_sha256$1000$saltsaltsaltsaltsalts$MV0yZYOwcG0YhzAc5IXKi6EXx7BFU2kaYYfXrDAJXXY=",
        ),
    ];
    for (hasher, stored) in salted {
        assert!(upgrade(&cheap(hasher), stored).is_some(), "{stored}");
    }
}

#[test]
fn without_upgrades_an_old_hash_stays() {
    let settings = Users {
        upgrade_password_hashes: false,
        ..cheap(PasswordHasher::Argon2)
    };

    for (_, stored) in DJANGO {
        assert_eq!(upgrade(&settings, stored), None);
    }
}

#[test]
fn an_inactive_user_is_refused_and_keeps_the_old_hash() {
    for (_, stored) in DJANGO {
        let verdict = check(&cheap(PasswordHasher::Md5), Some(stored), false, "alice-pw");

        assert!(matches!(verdict, Verdict::Refused), "{stored}");
    }
}

#[test]
fn a_password_that_bcrypt_cannot_take_keeps_its_old_hash() {
    let long = "x".repeat(73);
    let stored = hash(PasswordHasher::Argon2, &long);

    let verdict = check(&cheap(PasswordHasher::Bcrypt), Some(&stored), true, &long);

    assert!(matches!(verdict, Verdict::Accepted { upgrade: None }));
}
