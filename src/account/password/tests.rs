mod attacks;
mod upgrades;

use proptest::prelude::*;

use super::*;
use crate::settings::PasswordHashers;

/// Made by Django 5.2 of `alice-pw`, with a salt that is given and the least work there is.
const DJANGO: [(PasswordHasher, &str); 7] = [
    (
        PasswordHasher::Pbkdf2Sha256,
        "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$CsNxP7taFR4nvMzukOKC/ht67+r0GVDFxtK8qy09kq0=",
    ),
    (
        PasswordHasher::Pbkdf2Sha1,
        "pbkdf2_sha1$1000$saltsaltsaltsaltsaltsa$yysjAlot3nT6qQBfjDz1txjg4CQ=",
    ),
    (
        PasswordHasher::Argon2,
        "argon2$argon2id$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ\
         $0S2sFYcqpV49gBuzg4udpVTLgoj0cWi3celAE+xekiI",
    ),
    (
        PasswordHasher::BcryptSha256,
        "bcrypt_sha256$$2b$04$saltsaltsaltsaltsaltsegNCMUNafXjXfFNNuGzJfMa5UDveWHS6",
    ),
    (
        PasswordHasher::Scrypt,
        "scrypt$16$saltsaltsaltsaltsaltsa$8$1$RYmqLeq+3mpkbmsHFSYIJNJc5fR+2l946Vz4B94mdNYLRvcuV2yU\
         35QPgG2LhHe27IZCkOoM7LGLfN6GLhCInQ==",
    ),
    (
        PasswordHasher::Bcrypt,
        "bcrypt$$2b$04$saltsaltsaltsaltsaltsesRkVQDGJBsvxCx.QCW.QNwtKZc4SCFK",
    ),
    (
        PasswordHasher::Md5,
        "md5$saltsaltsaltsaltsaltsa$bde0cb192358d6b176d66d6c9cc6edcc",
    ),
];

/// What argon2-cffi and bcrypt write besides, of the same password and salt.
const OTHER_FORMS: [&str; 7] = [
    "argon2$argon2i$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ\
     $bP2oUJoJf2HR80gtmK67TIbWiPWyFjIXbqRY9I+5lx8",
    "argon2$argon2d$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ\
     $xptK5S83YBAZOcBvksiyqsrAdyDborsSE2cKOIojxiQ",
    "argon2$argon2i$v=16$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ\
     $Cpy010xS+O/KEoYwskf2S8JXw7mx5pq9N27G6wRn0a8",
    "argon2$argon2i$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ\
     $Cpy010xS+O/KEoYwskf2S8JXw7mx5pq9N27G6wRn0a8",
    "bcrypt$$2a$04$saltsaltsaltsaltsaltsesRkVQDGJBsvxCx.QCW.QNwtKZc4SCFK",
    "bcrypt$$2x$04$saltsaltsaltsaltsaltsesRkVQDGJBsvxCx.QCW.QNwtKZc4SCFK",
    "bcrypt$$2y$04$saltsaltsaltsaltsaltsesRkVQDGJBsvxCx.QCW.QNwtKZc4SCFK",
];

/// Every hasher, this one preferred, with the work that [`DJANGO`] was made with.
fn cheap(preferred: PasswordHasher) -> Users {
    Users {
        password_hashers: hashers(preferred),
        pbkdf2_iterations: 1000,
        argon2_memory_cost: 64,
        argon2_time_cost: 1,
        argon2_parallelism: 2,
        bcrypt_rounds: 4,
        scrypt_work_factor: 16,
        scrypt_block_size: 8,
        scrypt_parallelism: 1,
        ..Users::default()
    }
}

fn hashers(preferred: PasswordHasher) -> PasswordHashers {
    let others = PasswordHasher::ALL
        .into_iter()
        .filter(|hasher| *hasher != preferred);
    let all: Vec<_> = std::iter::once(preferred).chain(others).collect();
    all.try_into().unwrap()
}

fn check(settings: &Users, stored: Option<&str>, is_active: bool, password: &str) -> Verdict {
    Hashers::new(settings)
        .check(stored, is_active, password, || true)
        .unwrap()
}

/// Whether the hash fits, whichever hasher is preferred.
fn fits(stored: &str, password: &str) -> bool {
    let verdict = check(&cheap(PasswordHasher::Md5), Some(stored), true, password);
    matches!(verdict, Verdict::Accepted { .. })
}

fn hash(preferred: PasswordHasher, password: &str) -> String {
    Hashers::new(&cheap(preferred)).hash(password).unwrap()
}

#[test]
fn a_hash_made_by_django_fits_its_password_only() {
    for (_, stored) in DJANGO {
        assert!(fits(stored, "alice-pw"), "{stored}");
        assert!(!fits(stored, "alice-PW"), "{stored}");
        assert!(!fits(stored, ""), "{stored}");
    }
    for stored in OTHER_FORMS {
        assert!(fits(stored, "alice-pw"), "{stored}");
        assert!(!fits(stored, "alice-PW"), "{stored}");
    }
}

#[test]
fn an_algorithm_that_is_not_listed_fits_nothing() {
    for (listed, _) in DJANGO {
        let settings = Users {
            password_hashers: vec![listed].try_into().unwrap(),
            ..cheap(listed)
        };
        for (_, stored) in DJANGO.into_iter().filter(|(hasher, _)| *hasher != listed) {
            let verdict = check(&settings, Some(stored), true, "alice-pw");

            assert!(matches!(verdict, Verdict::Refused), "{listed:?}: {stored}");
        }
    }
}

#[test]
fn a_new_hash_is_as_django_makes_it_and_fits_its_column() {
    for hasher in PasswordHasher::ALL {
        let settings = Users {
            password_hashers: hashers(hasher),
            ..Users::default()
        };
        let stored = Hashers::new(&settings).hash("alice-pw").unwrap();

        assert!(stored.len() <= 128, "{stored}");
        let begins = match hasher {
            PasswordHasher::Pbkdf2Sha256 => "pbkdf2_sha256$1000000$",
            PasswordHasher::Pbkdf2Sha1 => "pbkdf2_sha1$1000000$",
            PasswordHasher::Argon2 => "argon2$argon2id$v=19$m=102400,t=2,p=8$",
            PasswordHasher::BcryptSha256 => "bcrypt_sha256$$2b$12$",
            PasswordHasher::Scrypt => "scrypt$16384$",
            PasswordHasher::Bcrypt => "bcrypt$$2b$12$",
            PasswordHasher::Md5 => "md5$",
        };
        assert!(stored.starts_with(begins), "{stored}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_is_hashed_fits_and_no_other_password_does(password: String, other: String) {
        // HMAC fills a short key up with NULs, in every implementation of PBKDF2.
        prop_assume!(password.trim_end_matches('\0') != other.trim_end_matches('\0'));
        for preferred in PasswordHasher::ALL {
            let hashed = Hashers::new(&cheap(preferred)).hash(&password);
            if let Ok(stored) = hashed {
                prop_assert!(fits(&stored, &password), "{}", stored);
                prop_assert!(!fits(&stored, &other), "{}", stored);
            } else {
                prop_assert_eq!(preferred, PasswordHasher::Bcrypt);
            }
        }
    }

    #[test]
    fn no_character_in_a_hash_makes_a_check_panic(
        stored in prop::sample::select(DJANGO.map(|(_, stored)| stored).to_vec()),
        at: prop::sample::Index,
        character in prop_oneof![prop::char::range('$', '9'), prop::char::any()],
    ) {
        let at = at.index(stored.len());
        let damaged = format!("{}{character}{}", &stored[..at], &stored[at + 1..]);

        fits(&damaged, "alice-pw");
    }

    #[test]
    fn no_stored_text_makes_a_check_panic(
        stored: String,
        algorithm in prop::sample::select(PasswordHasher::ALL.map(PasswordHasher::algorithm).to_vec()),
    ) {
        let stored = format!("{algorithm}${stored}");

        prop_assert!(!fits(&stored, "alice-pw"));
    }
}
