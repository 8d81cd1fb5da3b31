use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::*;

#[test]
fn a_stored_hash_is_not_a_password() {
    for (_, stored) in DJANGO {
        assert!(!fits(stored, stored));
        assert!(!fits(stored, stored.rsplit('$').next().unwrap()));
    }
}

#[test]
fn a_damaged_hash_fits_nothing() {
    for (_, stored) in DJANGO {
        let (head, hash) = stored.rsplit_once('$').unwrap();
        for damaged in [
            &stored[..stored.len() - 1],
            &format!("{stored}="),
            &format!("{stored} "),
            &format!("{stored}$"),
            &format!("${stored}"),
            &format!("{head}$"),
            &format!("{head}${}", hash.to_uppercase()),
            &stored.replacen('$', "$$", 1),
            &stored.replace('4', "+4"),
            &stored.replace('1', "-1"),
            &stored.replace('s', "ß"),
            &stored
                .replace("c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ", "")
                .replace("saltsa", ""),
            head,
        ] {
            assert!(damaged == stored || !fits(damaged, "alice-pw"), "{damaged}");
        }
    }
}

#[test]
fn an_unusable_password_fits_nothing() {
    for stored in [
        "",
        "!",
        "!4kA7mXo2",
        "alice-pw",
        "$",
        "bde0cb192358d6b176d66d6c9cc6edcc",
    ] {
        assert!(!fits(stored, "alice-pw"), "{stored}");
        assert!(!fits(stored, stored), "{stored}");
        assert!(!fits(stored, ""), "{stored}");
    }
}

#[test]
fn a_stored_hash_of_absurd_work_is_refused_before_it_takes_the_service_down() {
    let begin = Instant::now();
    for stored in [
        "pbkdf2_sha256$4294967295$saltsaltsaltsaltsaltsa$CsNxP7taFR4nvMzukOKC/ht67+r0GVDFxtK8qy09kq0=",
        "argon2$argon2id$v=19$m=4294967295,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$0S2sFYcqpV49gBuzg4udpVTLgoj0cWi3celAE+xekiI",
        "argon2$argon2id$v=19$m=1048576,t=4294967295,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$0S2sFYcqpV49gBuzg4udpVTLgoj0cWi3celAE+xekiI",
        "argon2$argon2id$v=19$m=64,t=1,p=4294967295$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$0S2sFYcqpV49gBuzg4udpVTLgoj0cWi3celAE+xekiI",
        "bcrypt$$2b$31$saltsaltsaltsaltsaltsesRkVQDGJBsvxCx.QCW.QNwtKZc4SCFK",
        "scrypt$2147483648$saltsaltsaltsaltsaltsa$8$1$RYmqLeq+3mpkbmsHFSYIJNJc5fR+2l946Vz4B94mdNYLRvcuV2yU35QPgG2LhHe27IZCkOoM7LGLfN6GLhCInQ==",
        "scrypt$16$saltsaltsaltsaltsaltsa$4294967295$4294967295$RYmqLeq+3mpkbmsHFSYIJNJc5fR+2l946Vz4B94mdNYLRvcuV2yU35QPgG2LhHe27IZCkOoM7LGLfN6GLhCInQ==",
    ] {
        assert!(!fits(stored, "alice-pw"), "{stored}");
    }

    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_password_beyond_72_bytes_is_not_truncated_by_bcrypt() {
    let longest = "x".repeat(72);
    let longer = longest.clone() + "y";
    let stored = hash(PasswordHasher::Bcrypt, &longest);

    assert!(fits(&stored, &longest));
    assert!(!fits(&stored, &longer));
    let refused = Hashers::new(&cheap(PasswordHasher::Bcrypt)).hash(&longer);
    assert!(matches!(refused, Err(NotHashed::BeyondBcrypt)));
    let whole = hash(PasswordHasher::BcryptSha256, &longer);
    assert!(fits(&whole, &longer) && !fits(&whole, &longest));
}

#[test]
fn a_nul_does_not_make_bcrypt_read_a_password_twice() {
    let stored = hash(PasswordHasher::Bcrypt, "alice-pw");

    assert!(!fits(&stored, "alice-pw\0alice-pw"));
    assert!(!fits(&stored, "alice-pw\0"));
    assert!(
        Hashers::new(&cheap(PasswordHasher::Bcrypt))
            .hash("a\0")
            .is_err()
    );
}

#[test]
fn the_time_of_a_refusal_does_not_tell_why() {
    for preferred in PASSWORD_HASHERS_OF_WORK {
        let settings = Users {
            pbkdf2_iterations: 100_000,
            argon2_memory_cost: 16_384,
            bcrypt_rounds: 9,
            scrypt_work_factor: 2048,
            ..cheap(preferred)
        };
        let hashers = Hashers::new(&settings);
        // Of the processor, which others cannot make longer.
        let time = |work: &dyn Fn()| {
            let begin = cpu_time();
            work();
            cpu_time().saturating_sub(begin)
        };
        let hash = (0..3)
            .map(|_| time(&|| drop(hashers.hash("nope"))))
            .min()
            .unwrap();

        let md5 = PasswordHasher::Md5;
        let (_, quick) = DJANGO.into_iter().find(|(of, _)| *of == md5).unwrap();
        let (_, weaker) = DJANGO.into_iter().find(|(of, _)| *of == preferred).unwrap();
        let damaged = &weaker[..weaker.len() - 4];
        let mut refused = vec![
            (None, true, "nope"),
            (Some("!4kA7mXo2"), true, "nope"),
            (Some("sha1$salt$4d36"), true, "nope"),
            (Some(damaged), true, "alice-pw"),
            (Some(quick), true, "nope"),
            (Some(quick), false, "alice-pw"),
            // Right, and the client hung up.
            (Some(quick), true, "alice-pw"),
        ];
        if CAN_BURN_A_DIFFERENCE.contains(&preferred) {
            refused.push((Some(weaker), true, "nope"));
            refused.push((Some(weaker), false, "alice-pw"));
            refused.push((Some(weaker), true, "alice-pw"));
        }
        for (stored, is_active, password) in refused {
            let refusal = time(&|| {
                let verdict = hashers.check(stored, is_active, password, || false);
                assert!(matches!(verdict, Ok(Verdict::Refused)));
            });
            // Unhashed it would be a thousandth.
            assert!(
                refusal > hash / 4,
                "{preferred:?} {stored:?}: {refusal:?} of {hash:?}"
            );
        }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}

#[test]
fn a_right_guess_whose_client_hung_up_is_not_hashed_anew_and_so_takes_no_longer() {
    let hashers = Hashers::new(&cheap(PasswordHasher::Argon2));

    for (_, stored) in DJANGO {
        let verdict = hashers.check(Some(stored), true, "alice-pw", || false);

        assert!(matches!(verdict, Ok(Verdict::Refused)), "{stored}");
    }
}

const PASSWORD_HASHERS_OF_WORK: [PasswordHasher; 5] = [
    PasswordHasher::Pbkdf2Sha256,
    PasswordHasher::Pbkdf2Sha1,
    PasswordHasher::Argon2,
    PasswordHasher::Bcrypt,
    PasswordHasher::Scrypt,
];
const CAN_BURN_A_DIFFERENCE: [PasswordHasher; 3] = [
    PasswordHasher::Pbkdf2Sha256,
    PasswordHasher::Pbkdf2Sha1,
    PasswordHasher::Bcrypt,
];
