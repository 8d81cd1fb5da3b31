use aws_lc_rs::hmac;

use super::*;
use crate::fixtures::asymmetric;

/// The orders of the curves (SEC2 2.4.2, 2.5.1, 2.6.1).
const CURVES: [(Algorithm, &str); 3] = [
    (
        Algorithm::ES256,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    ),
    (
        Algorithm::ES384,
        "ffffffffffffffffffffffffffffffffffffffffffffffff\
         c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    (
        Algorithm::ES512,
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa\
         51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    ),
];

/// The order of Ed25519 (RFC 8032 5.1), big-endian.
const ED25519_ORDER: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

/// The sum of two numbers, big-endian, where it is not longer than they are.
fn sum(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let digits = one.iter().zip(other).rev().map(|(one, other)| {
        let digit = u16::from(*one) + u16::from(*other) + carry;
        carry = digit >> 8;
        digit.to_le_bytes()[0]
    });
    let mut sum: Vec<_> = digits.collect();
    sum.reverse();
    (carry == 0).then_some(sum)
}

/// The difference of two numbers, big-endian: what, with the lesser, adds up to the greater.
fn difference(greater: &[u8], lesser: &[u8]) -> Vec<u8> {
    let complement: Vec<_> = greater.iter().map(|digit| !digit).collect();
    let sum = sum(&complement, lesser).unwrap();
    sum.iter().map(|digit| !digit).collect()
}

fn assert_bad(algorithm: Algorithm, token: &str) {
    let refused = refusal(backend(algorithm).verify(token));
    assert_eq!(refused, TokenError::BadSignature, "{algorithm} {token}");
}

#[test]
fn a_token_of_another_algorithm_is_refused_for_every_pair() {
    let tokens = Algorithm::ALL.map(|other| (other, issue(other)));
    for expected in Algorithm::ALL {
        let backend = backend(expected);
        for (_, token) in tokens.iter().filter(|(other, _)| *other != expected) {
            let refused = refusal(backend.verify(token));

            assert_eq!(refused, TokenError::AlgorithmMismatch { expected });
        }
    }
}

#[test]
fn a_signature_of_another_algorithm_with_the_same_key_is_refused_for_every_pair() {
    for own in Algorithm::ALL {
        let header = format!(r#"{{"alg":"{own}","typ":"JWT"}}"#);
        for other in Algorithm::ALL.into_iter().filter(|other| *other != own) {
            assert_bad(own, &sign(other, &header, CLAIMS));
        }
    }
}

#[test]
fn a_public_key_as_hmac_secret_is_refused() {
    // The attacker knows the public key and signs with HMAC over it (CVE-2016-10555).
    let hashes = [
        (Algorithm::HS256, hmac::HMAC_SHA256),
        (Algorithm::HS384, hmac::HMAC_SHA384),
        (Algorithm::HS512, hmac::HMAC_SHA512),
    ];
    for expected in asymmetric() {
        let public = key(expected).public_pem().unwrap();
        let der = pem::parse(&public).unwrap().into_contents();
        let jwk = key(expected).verifying_key().jwk().unwrap();
        let secrets: [&[u8]; 4] = [
            public.as_bytes(),
            public.trim_end().as_bytes(),
            &der,
            jwk.as_bytes(),
        ];
        for (secret, (named, hash)) in secrets.iter().flat_map(|s| hashes.map(|h| (s, h))) {
            for alg in [named, expected] {
                let header = format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#);
                let input = format!("{}.{}", encode(&header), encode(CLAIMS));
                let tag = hmac::sign(&hmac::Key::new(hash, secret), input.as_bytes());

                let forged = format!("{input}.{}", base64url::encode(tag.as_ref()));
                let refused = refusal(backend(expected).verify(&forged));
                let mismatch = TokenError::AlgorithmMismatch { expected };
                let bad = TokenError::BadSignature;
                assert_eq!(refused, if alg == named { mismatch } else { bad });
            }
            let refused = SigningKey::from_secret(named, secret).err();
            assert_eq!(refused, Some(crate::KeyError::KeyAsSecret));
        }
    }
}

#[test]
fn an_empty_signature_is_refused() {
    for algorithm in Algorithm::ALL {
        let token = issue(algorithm);
        let (unsigned, _) = token.rsplit_once('.').unwrap();

        assert_bad(algorithm, &format!("{unsigned}."));
        let refused = refusal(backend(algorithm).verify(unsigned));
        assert_eq!(refused, TokenError::Malformed);
    }
}

#[test]
fn a_signature_of_another_length_is_refused() {
    for algorithm in Algorithm::ALL {
        let token = issue(algorithm);
        let whole = signature_of(&token);
        let others = [
            whole[1..].to_vec(),
            whole[..whole.len() - 1].to_vec(),
            whole[..whole.len() / 2].to_vec(),
            [&whole[..], &[0]].concat(),
            [&[0], &whole[..]].concat(),
            [&whole[..], &whole].concat(),
            vec![0],
        ];
        for other in others {
            assert_bad(algorithm, &with_signature(&token, &other));
        }
    }
}

#[test]
fn a_signature_of_nothing_but_zeros_or_ones_is_refused() {
    for algorithm in Algorithm::ALL {
        let token = issue(algorithm);
        let length = signature_of(&token).len();

        for byte in [0, 0xff] {
            assert_bad(algorithm, &with_signature(&token, &vec![byte; length]));
        }
    }
}

#[test]
fn an_ecdsa_signature_with_zero_or_the_order_in_it_is_refused() {
    // CVE-2022-21449.
    for (algorithm, order) in CURVES {
        let token = issue(algorithm);
        let order = bytes(order);
        let own = signature_of(&token);
        let (r, s) = own.split_at(order.len());
        let zero = vec![0; order.len()];
        let mut one = zero.clone();
        one[order.len() - 1] = 1;

        let odd = [&zero[..], &order, &sum(&order, &one).unwrap()];
        for odd in odd {
            for signature in [[odd, s], [r, odd], [odd, odd], [odd, &one], [&one, odd]] {
                assert_bad(algorithm, &with_signature(&token, &signature.concat()));
            }
        }
    }
}

#[test]
fn an_ecdsa_signature_with_the_order_added_is_refused() {
    let (_, order) = CURVES[2];
    let (token, order) = (issue(Algorithm::ES512), bytes(order));
    let own = signature_of(&token);
    let (r, s) = own.split_at(order.len());

    // 521 bits in 528: here it always fits.
    let above = |number| sum(number, &order).unwrap();
    for signature in [[above(r), s.to_vec()], [r.to_vec(), above(s)]] {
        let forged = with_signature(&token, &signature.concat());
        assert_bad(Algorithm::ES512, &forged);
    }
}

#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    for (algorithm, order) in CURVES {
        let token = issue(algorithm);
        let own = signature_of(&token);
        let (r, s) = own.split_at(order.len() / 2);

        // With a zero before each number, whether needed or not: OpenSSL's old reading.
        let integer = |number: &[u8]| {
            let length = u8::try_from(number.len() + 1).unwrap();
            [&[2, length, 0], number].concat()
        };
        let numbers = [integer(r), integer(s)].concat();
        let length = u8::try_from(numbers.len()).unwrap();
        let der = match length {
            0..0x80 => [&[0x30, length], &numbers[..]].concat(),
            _ => [&[0x30, 0x81, length], &numbers[..]].concat(),
        };
        assert_bad(algorithm, &with_signature(&token, &der));
    }
}

#[test]
fn the_twin_of_an_ecdsa_signature_has_the_same_jti() {
    for (algorithm, order) in CURVES {
        let token = issue(algorithm);
        let order = bytes(order);
        let own = signature_of(&token);
        let (r, s) = own.split_at(order.len());

        let twin = [r, &difference(&order, s)].concat();
        let twin = with_signature(&token, &twin);
        assert_ne!(twin, token);
        let jti = |token| backend(algorithm).verify(token).unwrap().jti().cloned();
        assert_eq!(jti(&twin), jti(&token));
    }
}

#[test]
fn an_eddsa_signature_with_the_order_added_is_refused() {
    // RFC 8032 5.1.7: S is below the order.
    let token = issue(Algorithm::EdDSA);
    let own = signature_of(&token);
    let (r, s) = own.split_at(32);

    let big_endian: Vec<_> = s.iter().rev().copied().collect();
    let mut above = sum(&big_endian, &bytes(ED25519_ORDER)).unwrap();
    above.reverse();
    let forged = with_signature(&token, &[r, &above].concat());
    assert_bad(Algorithm::EdDSA, &forged);
}

#[test]
fn an_rsa_signature_with_the_modulus_added_is_refused() {
    let jwk = key(Algorithm::RS256).verifying_key().jwk().unwrap();
    let jwk: serde_json::Value = serde_json::from_str(&jwk).unwrap();
    let modulus = base64url::decode(jwk["n"].as_str().unwrap()).unwrap();

    for algorithm in [Algorithm::RS256, Algorithm::PS256] {
        let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
        // Where the sum is no longer than the modulus, as it is about every third time.
        let forge = |jti: i32| {
            let claims = format!(r#"{{"exp":1795219593,"jti":"{jti}"}}"#);
            let token = sign(algorithm, &header, &claims);
            let above = sum(&signature_of(&token), &modulus)?;
            Some(with_signature(&token, &above))
        };
        assert_bad(algorithm, &(0..).find_map(forge).unwrap());
    }
}
