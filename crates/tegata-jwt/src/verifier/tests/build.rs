use super::*;
use crate::verifier::counts::CODES;

fn refused(issuer: TrustedIssuer) -> BuildError {
    let built = Verifier::<Claims>::builder().issuer(issuer).build();
    built.err().expect("nobody was to be trusted")
}

fn bare() -> TrustedIssuer {
    TrustedIssuer::keys(A, keys_of(&of_a()))
}

fn issuer() -> String {
    A.to_owned()
}

#[test]
fn nothing_is_trusted_by_default() {
    let built = Verifier::<Claims>::builder().build();

    assert_eq!(built.err(), Some(BuildError::NoIssuer));
}

#[test]
fn whom_tokens_are_for_must_be_said() {
    let missing = BuildError::AudienceMissing { issuer: issuer() };
    let bare = || bare().any_asymmetric_algorithm();

    assert_eq!(refused(bare()), missing);
    assert_eq!(refused(bare().audience([""; 0])), missing);
    assert_eq!(refused(bare().audience(["api", ""])), missing);
    assert_eq!(
        missing.to_string(),
        "whom the tokens of https://a.example/ must be for is not said: name this service by \
         `audience`, or accept those for anyone by `any_audience`"
    );
}

#[test]
fn which_algorithms_sign_must_be_said() {
    let missing = BuildError::AlgorithmsMissing { issuer: issuer() };

    assert_eq!(refused(bare().any_audience()), missing);
    assert_eq!(refused(bare().any_audience().algorithms([])), missing);
}

#[test]
fn a_secret_never_stands_among_public_keys() {
    let secret = || key(Algorithm::HS256).verifying_key();
    let symmetric = |algorithm| BuildError::SymmetricAlgorithm {
        issuer: issuer(),
        algorithm,
    };
    let (hs256, es256) = (Algorithm::HS256, Algorithm::ES256);

    let listed = bare().any_audience().algorithms([es256, hs256]);
    assert_eq!(refused(listed), symmetric(hs256));
    let mixed = KeySet::of([of_a().verifying_key(), secret()]);
    let mixed = TrustedIssuer::keys(A, mixed).any_audience();
    assert_eq!(refused(mixed.algorithms([es256])), symmetric(hs256));
    let shared = || TrustedIssuer::secret(A, secret()).any_audience();
    assert_eq!(
        refused(shared().algorithms([hs256, es256])),
        symmetric(es256)
    );
    assert_eq!(
        refused(shared().any_asymmetric_algorithm()),
        symmetric(Algorithm::RS256)
    );
    let public = TrustedIssuer::secret(A, of_a().verifying_key()).any_audience();
    assert_eq!(refused(public.algorithms([hs256])), symmetric(es256));
}

#[test]
fn algorithms_that_no_key_is_for_are_refused() {
    let algorithm = Algorithm::RS256;
    let listed = bare()
        .any_audience()
        .algorithms([Algorithm::ES256, algorithm]);
    assert_eq!(
        refused(listed),
        BuildError::KeyMissing {
            issuer: issuer(),
            algorithm
        }
    );

    let none = TrustedIssuer::keys(A, KeySet::of([])).any_audience();
    let none = none.any_asymmetric_algorithm();
    assert_eq!(refused(none), BuildError::KeysMissing { issuer: issuer() });
}

#[test]
fn two_issuers_of_one_name_are_refused() {
    let twins = Verifier::<Claims>::builder()
        .issuer(a())
        .issuer(b())
        .issuer(a());

    let duplicate = BuildError::DuplicateIssuer { issuer: issuer() };
    assert_eq!(twins.build().err(), Some(duplicate));
}

#[test]
fn an_issuer_without_a_name_is_refused() {
    let nameless = TrustedIssuer::keys("", keys_of(&of_a())).any_audience();

    assert_eq!(
        refused(nameless.any_asymmetric_algorithm()),
        BuildError::EmptyIssuer
    );
}

#[test]
fn a_thousand_issuers_are_trusted_and_no_more() {
    let of =
        |number: usize| TrustedIssuer::keys(number.to_string(), keys_of(&of_a())).any_audience();
    let build = |count| {
        let issuers = (0..count).map(|number| of(number).algorithms([Algorithm::ES256]));
        let empty = Verifier::<Claims>::builder();
        issuers.fold(empty, VerifierBuilder::issuer).build().err()
    };

    assert_eq!(build(1_000), None);
    assert_eq!(
        build(1_001),
        Some(BuildError::TooManyIssuers { most: 1_000 })
    );
}

#[test]
fn a_claim_that_is_required_to_be_no_json_is_refused() {
    let claim = || "token_use".to_owned();
    for json in ["access", "", "{", "\"a\" \"b\""] {
        let unfit = BuildError::ClaimNotJson {
            issuer: issuer(),
            claim: claim(),
        };
        assert_eq!(
            refused(a().require_claim("token_use", json)),
            unfit,
            "{json}"
        );
    }
}

#[test]
fn an_issuer_of_whom_no_type_is_accepted_is_refused() {
    let none = BuildError::TypMissing { issuer: issuer() };

    assert_eq!(refused(a().typ([""; 0])), none);
}

#[test]
fn a_leeway_of_more_than_a_day_is_refused() {
    let day = Duration::from_hours(24);
    let too_long = BuildError::LeewayTooLong {
        issuer: issuer(),
        longest: day,
    };

    assert_eq!(refused(a().leeway(Duration::MAX)), too_long);
    assert!(
        Verifier::<Claims>::builder()
            .issuer(a().leeway(day))
            .build()
            .is_ok()
    );
}

#[test]
fn every_refusal_has_its_counter() {
    let of_a_kind = |error: TokenError| error.code();
    let (expected, reason) = (Algorithm::ES256, "");
    let claim = String::new();
    let codes = [
        TokenError::AlgorithmMismatch { expected },
        TokenError::AlgorithmNotAllowed,
        TokenError::AudienceMismatch,
        TokenError::BadSignature,
        TokenError::BindingMissing,
        TokenError::ClaimMalformed(Claim::Exp),
        TokenError::ClaimMissing(Claim::Exp),
        TokenError::ClaimMismatch { claim: "".into() },
        TokenError::ClaimsUnfit,
        TokenError::Expired,
        TokenError::HeaderRefused { reason },
        TokenError::IssuerMismatch,
        TokenError::LifetimeTooLong,
        TokenError::Malformed,
        TokenError::NotYetValid,
        TokenError::RefreshExpired {
            claim: claim.clone(),
        },
        TokenError::RefreshExpMissing { claim },
        TokenError::Revoked,
        TokenError::TooLong,
        TokenError::UnknownIssuer,
        TokenError::UnknownKey,
        TokenError::WrongType,
    ]
    .map(of_a_kind);

    assert!(CODES.is_sorted());
    assert!(codes.iter().all(|code| CODES.contains(code)), "{codes:?}");
    assert!(
        ["insufficient-scope", "keys-unavailable"]
            .iter()
            .all(|code| CODES.contains(code))
    );
}
