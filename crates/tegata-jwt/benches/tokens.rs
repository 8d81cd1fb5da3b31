//! What issuing, verifying and refusing a token takes, beside the bare primitive with a parsed key
//! over the same bytes.

use std::hint::black_box;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaParameters,
    VerificationAlgorithm,
};
use aws_lc_rs::{hmac, rand};
use criterion::{Criterion, criterion_group, criterion_main};
use tegata_jwt::{
    Algorithm, Audience, Clock, Issuer, Settings, SigningKey, TokenBackend, TokenClass,
    TrustedIssuer, UserId, VerifiedRefresh, Verifier,
};
use tokio::runtime::Runtime;

const SECRET: &[u8] = b"kT8zQ1x-Wm3rYp0sVb6nHc4eJd9uLg2f";
const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::HS256,
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

/// Something done with a signing input.
type Work = Box<dyn Fn(&[u8])>;

/// A bare primitive: signs, and verifies what it signed.
struct Bare {
    sign: Work,
    verify: Work,
}

fn text_of(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    std::fs::read_to_string(folder.join(name)).expect("the tests' keys are there")
}

fn pem(algorithm: Algorithm) -> String {
    text_of(match algorithm.key_kind() {
        "RSA" => "rsa.pem",
        "P-256" => "p256.pem",
        _ => "ed25519.pem",
    })
}

fn pkcs8(algorithm: Algorithm) -> Vec<u8> {
    let text = pem(algorithm);
    pem::parse(text)
        .expect("the tests' keys are PEM")
        .into_contents()
}

fn key(algorithm: Algorithm) -> SigningKey {
    if algorithm.is_symmetric() {
        return SigningKey::from_secret(algorithm, SECRET).expect("a secret of 32 bytes");
    }
    SigningKey::parse(algorithm, &pem(algorithm)).expect("a key of its algorithm")
}

fn bare(algorithm: Algorithm, input: &[u8]) -> Bare {
    match algorithm {
        Algorithm::HS256 => bare_hmac(input),
        Algorithm::RS256 => bare_rsa(&RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256, input),
        Algorithm::PS256 => bare_rsa(&RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256, input),
        Algorithm::ES256 => bare_ecdsa(input),
        _ => bare_ed25519(input),
    }
}

fn bare_hmac(input: &[u8]) -> Bare {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let tag = hmac::sign(&key, input);
    let verifying = key.clone();
    Bare {
        sign: Box::new(move |input| {
            black_box(hmac::sign(&key, input));
        }),
        verify: Box::new(move |input| {
            hmac::verify(&verifying, input, tag.as_ref()).expect("it was signed so");
        }),
    }
}

fn bare_rsa(sign: &'static dyn RsaEncoding, verify: &'static RsaParameters, input: &[u8]) -> Bare {
    let pair = RsaKeyPair::from_pkcs8(&pkcs8(Algorithm::RS256)).expect("an RSA key");
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(sign, &SystemRandom::new(), input, &mut signature)
        .expect("RSA signs");
    let verify = verifying(verify, pair.public_key().as_ref(), signature.clone());
    let sign = move |input: &[u8]| {
        let mut signature = [0; 256];
        pair.sign(sign, &SystemRandom::new(), input, &mut signature)
            .expect("RSA signs");
        black_box(signature);
    };
    Bare {
        sign: Box::new(sign),
        verify,
    }
}

fn bare_ecdsa(input: &[u8]) -> Bare {
    let pkcs8 = pkcs8(Algorithm::ES256);
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).expect("a key on P-256");
    let sign = move |pair: &EcdsaKeyPair, input: &[u8]| {
        pair.sign(&SystemRandom::new(), input).expect("ECDSA signs")
    };
    let signature = sign(&pair, input).as_ref().to_vec();
    Bare {
        verify: verifying(
            &ECDSA_P256_SHA256_FIXED,
            pair.public_key().as_ref(),
            signature,
        ),
        sign: Box::new(move |input| {
            black_box(sign(&pair, input));
        }),
    }
}

fn bare_ed25519(input: &[u8]) -> Bare {
    let pair = Ed25519KeyPair::from_pkcs8(&pkcs8(Algorithm::EdDSA)).expect("an Ed25519 key");
    let signature = pair.sign(input).as_ref().to_vec();
    Bare {
        verify: verifying(&ED25519, pair.public_key().as_ref(), signature),
        sign: Box::new(move |input| {
            black_box(pair.sign(input));
        }),
    }
}

fn verifying(
    algorithm: &'static dyn VerificationAlgorithm,
    public: &[u8],
    signature: Vec<u8>,
) -> Work {
    let key = ParsedPublicKey::new(algorithm, public).expect("a public key of its algorithm");
    Box::new(move |input| key.verify_sig(input, &signature).expect("it was signed so"))
}

/// A refresh token as `Issuer::access` wants it: one that was verified.
fn refresh_of(issuer: &Issuer, backend: &TokenBackend) -> VerifiedRefresh {
    let pair = issuer.pair(&UserId::Number(7).into()).expect("a pair");
    let decoded = backend
        .decode_own(&pair.refresh.token)
        .expect("it is genuine");
    backend.require_refresh(decoded).expect("a refresh token")
}

fn tokens(criterion: &mut Criterion) {
    for algorithm in ALGORITHMS {
        let (settings, clock) = (Settings::default(), Clock::System);
        let backend = TokenBackend::new(&settings, key(algorithm).verifying_key(), clock.clone());
        let issuer = Issuer::new(&settings, key(algorithm), clock);
        let refresh = refresh_of(&issuer, &backend);
        let token = issuer.access(&refresh).expect("an access token").token;
        let input = token.rsplit_once('.').expect("three segments").0.as_bytes();
        let bare = bare(algorithm, input);

        let mut group = criterion.benchmark_group(algorithm.name());
        group.bench_function("sign, bare", |bench| bench.iter(|| (bare.sign)(input)));
        group.bench_function("issue", |bench| bench.iter(|| issuer.access(&refresh)));
        group.bench_function("verify, bare", |bench| bench.iter(|| (bare.verify)(input)));
        group.bench_function("verify", |bench| {
            bench.iter(|| backend.verify_as(black_box(&token), TokenClass::Access));
        });
        group.finish();
    }
}

/// What a future comes to that has nothing to wait for.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("the keys are there"),
    }
}

/// An issuer's key among two others of its kind, and the last in their row.
fn keys_of(algorithm: Algorithm) -> String {
    let other = || {
        let pem = SigningKey::generate_pem(algorithm).expect("a key of its algorithm");
        SigningKey::parse(algorithm, &pem).expect("it was made so")
    };
    let keys = [other(), other(), key(algorithm)].map(|key| key.verifying_key().jwk());
    let keys: Vec<_> = keys.into_iter().flatten().collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// A verifier whose keys are fetched, from where nobody is: what it has is its seed.
fn trusting(algorithm: Algorithm, token: &str, runtime: &Runtime) -> [Verifier; 2] {
    [0, 100].map(|remembered| {
        let issuer = TrustedIssuer::jwks("https://id.example/", "http://127.0.0.1:9/")
            .audience(["orders-api"])
            .algorithms([algorithm])
            .seed(keys_of(algorithm));
        let builder = Verifier::builder().issuer(issuer).remember(remembered);
        runtime.block_on(async {
            let verifier = builder.build().expect("an issuer with keys");
            verifier.verify(token).await.expect("it is genuine");
            verifier
        })
    })
}

/// A token of an issuer that a verifier trusts, and what it takes to verify it by the header's
/// `kid`, beside the bare primitive; and what it takes once it is remembered.
fn others(criterion: &mut Criterion) {
    let settings = Settings {
        issuer: Some("https://id.example/".to_owned()),
        audience: Some(Audience::One("orders-api".to_owned())),
        ..Settings::default()
    };
    let runtime = Runtime::new().expect("threads");
    let mut group = criterion.benchmark_group("others");
    for algorithm in ALGORITHMS.into_iter().filter(|one| !one.is_symmetric()) {
        let issuer = Issuer::new(&settings, key(algorithm), Clock::System);
        let pair = issuer.pair(&UserId::Number(7).into()).expect("a pair");
        let token = pair.access.token;
        let input = token.rsplit_once('.').expect("three segments").0.as_bytes();
        let [verifier, remembering] = trusting(algorithm, &token, &runtime);
        let bare = bare(algorithm, input);

        group.bench_function(format!("{algorithm}, bare"), |bench| {
            bench.iter(|| (bare.verify)(input));
        });
        group.bench_function(format!("{algorithm}, verify"), |bench| {
            bench.iter(|| {
                verifier
                    .verify_now(black_box(&token))
                    .expect("it is genuine")
            });
        });
        group.bench_function(format!("{algorithm}, verify, awaited"), |bench| {
            bench.iter(|| at_once(verifier.verify(black_box(&token))).expect("it is genuine"));
        });
        group.bench_function(format!("{algorithm}, remembered"), |bench| {
            bench.iter(|| {
                remembering
                    .verify_now(black_box(&token))
                    .expect("it is genuine")
            });
        });
    }
    group.finish();
}

fn refusals(criterion: &mut Criterion) {
    let backend = |algorithm| {
        let verifying = key(algorithm).verifying_key();
        TokenBackend::new(&Settings::default(), verifying, Clock::System)
    };
    let issuer = Issuer::new(&Settings::default(), key(Algorithm::HS256), Clock::System);
    let token = issuer.pair(&UserId::Number(7).into()).expect("a pair");
    let token = token.access.token;

    let mut group = criterion.benchmark_group("refused");
    let es256 = backend(Algorithm::ES256);
    group.bench_function("by its header", |bench| {
        bench.iter(|| es256.decode_own(black_box(&token)).err());
    });
    let hs256 = backend(Algorithm::HS256);
    let forged = format!("{}A", &token[..token.len() - 1]);
    group.bench_function("by its signature", |bench| {
        bench.iter(|| hs256.decode_own(black_box(&forged)).err());
    });
    group.bench_function("as no token", |bench| {
        bench.iter(|| hs256.decode_own(black_box("no token")).err());
    });
    group.finish();
}

fn randomness(criterion: &mut Criterion) {
    let mut bits = [0; 16];
    criterion.bench_function("128 random bits", |bench| {
        bench.iter(|| rand::fill(black_box(&mut bits)));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2));
    targets = tokens, others, refusals, randomness
}
criterion_main!(benches);
