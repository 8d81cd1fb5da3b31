//! What cannot be an HMAC secret.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::error::KeyError;

/// Refuses the texts of keys, which may be public: whoever knows one could then sign.
pub(super) fn refuse_keys(secret: &[u8]) -> Result<(), KeyError> {
    let text = text_of(secret);
    let is_key = KEY_STARTS.iter().any(|start| text.starts_with(start))
        || KEY_MARKS.iter().any(|mark| text.contains(mark))
        || is_der(secret)
        || is_der_in_base64(secret);
    if is_key {
        return Err(KeyError::KeyAsSecret);
    }
    if secret.is_empty() {
        return Err(KeyError::EmptySecret);
    }
    Ok(())
}

/// Refuses short secrets, well-known samples, and the texts of keys.
pub(super) fn refuse_weak(secret: &[u8]) -> Result<(), KeyError> {
    refuse_keys(secret)?;
    if secret.len() < MIN_SECRET {
        return Err(KeyError::ShortSecret {
            length: secret.len(),
            least: MIN_SECRET,
        });
    }
    let text = text_of(secret);
    let is_sample = SAMPLES.iter().any(|sample| text.contains(sample));
    if is_sample || is_repeated(secret) || distinct(text.as_bytes()) < MIN_DISTINCT {
        return Err(KeyError::SampleSecret);
    }
    Ok(())
}

/// Whether bytes are one block over and over, the last time perhaps not whole.
fn is_repeated(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|block| bytes[block..] == bytes[..bytes.len() - block])
}

fn distinct(bytes: &[u8]) -> usize {
    bytes.iter().collect::<HashSet<_>>().len()
}

/// What a secret says as a text, in lower case and without what may stand around it.
fn text_of(secret: &[u8]) -> String {
    let text = String::from_utf8_lossy(secret).to_lowercase();
    let is_around = |c: char| c.is_whitespace() || c == '\u{feff}';
    text.trim_matches(is_around).to_owned()
}

/// Whether these are one ASN.1 SEQUENCE from end to end, as every key in DER form is. Random bytes
/// are so once in some million times.
fn is_der(bytes: &[u8]) -> bool {
    match bytes {
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, 0x82, high, low, rest @ ..] => {
            rest.len() == usize::from(u16::from_be_bytes([*high, *low]))
        }
        [0x30, length @ 0..=0x7f, rest @ ..] => {
            rest.len() == usize::from(*length) && matches!(rest.first(), Some(0x02 | 0x30))
        }
        _ => false,
    }
}

/// The same in base64 or base64url, padded or not, broken into lines or not.
fn is_der_in_base64(text: &[u8]) -> bool {
    let mut text = text.trim_ascii_end();
    while let Some(rest) = text.strip_suffix(b"=") {
        text = rest;
    }
    let alphabet = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let solid = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(alphabet);
    STANDARD_NO_PAD
        .decode(solid.collect::<Vec<_>>())
        .is_ok_and(|bytes| is_der(&bytes))
}

/// How the texts of OpenSSH keys begin, in lower case.
const KEY_STARTS: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];

/// What stands in the texts of PEM, SSH2 and JWK keys, in lower case.
const KEY_MARKS: [&str; 3] = ["-----begin", "---- begin", "\"kty\""];

/// What stands in the secrets of tutorials and project templates, in lower case.
const SAMPLES: [&str; 11] = [
    "a-string-secret-at-least-256-bits-long",
    "change-me",
    "change_me",
    "changeme",
    "django-insecure-",
    "qwertyuiop",
    "secretsecret",
    "supersecret",
    "your-256-bit-secret",
    "your-secret",
    "your_secret",
];

/// 32 random hex digits have fewer once in some ten million times.
const MIN_DISTINCT: usize = 8;

/// RFC 7518 3.2 for HS256, and the least for any secret here.
const MIN_SECRET: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::Algorithm;
    use crate::keys::SigningKey;

    fn refused(secret: &str) -> KeyError {
        SigningKey::from_secret(Algorithm::HS256, secret.as_bytes())
            .err()
            .unwrap()
    }

    #[test]
    fn a_public_key_as_hmac_secret_is_refused() {
        let base64 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvR\
                      VEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==";
        let texts = [
            format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----"),
            format!("\u{feff} -----BEGIN PUBLIC KEY-----\n{base64}"),
            format!("Bag Attributes\n-----BEGIN PUBLIC KEY-----\n{base64}"),
            base64.to_owned(),
            base64.replace("NG72", "NG72\n"),
            base64.trim_end_matches('=').to_owned(),
            base64.replace('+', "-").replace('/', "_"),
            r#" {"kty":"EC","crv":"P-256"}"#.to_owned(),
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq1".to_owned(),
        ];

        assert!(
            texts
                .iter()
                .all(|text| refused(text) == KeyError::KeyAsSecret)
        );
        let der = STANDARD_NO_PAD
            .decode(base64.trim_end_matches('='))
            .unwrap();
        let refused = SigningKey::from_secret(Algorithm::HS256, &der).err();
        assert_eq!(refused, Some(KeyError::KeyAsSecret));
    }

    #[test]
    fn a_secret_that_only_looks_like_a_key_is_taken() {
        let is_taken =
            |secret: &str| SigningKey::from_secret(Algorithm::HS256, secret.as_bytes()).is_ok();

        assert!(is_taken("sk-9fJ2kT8zQ1xWm3rYp0sVb6nHc4eJd9uLg2f"));
        assert!(is_taken("{9fJ2kT8zQ1xWm3rYp0sVb6nHc4eJd9uLg2f}"));
        for byte in 0..=255 {
            let secret: Vec<u8> = [0x30, byte].into_iter().chain(160..206).collect();
            assert!(is_taken(&STANDARD_NO_PAD.encode(secret)), "{byte}");
        }
    }

    #[test]
    fn a_secret_that_is_long_and_known_is_refused() {
        let samples = [
            "supersecretsupersecretsupersecret-1",
            "your_secret_key_here_change_me_please",
            "0123456789abcdef0123456789abcdef",
            "qwertyuiopasdfghjklzxcvbnm123456",
            "abababababababababababababababababab",
            "aabbccddaaddbbccaabbddccbbaaddccddaa",
            "                                    \t\t\t\t",
        ];

        assert!(
            samples
                .iter()
                .all(|sample| refused(sample) == KeyError::SampleSecret)
        );
    }

    #[test]
    fn a_weak_secret_is_refused() {
        assert_eq!(
            refused("kT8zQ1x-Wm3rYp0s"),
            KeyError::ShortSecret {
                length: 16,
                least: 32
            }
        );
        assert_eq!(refused(&"k".repeat(64)), KeyError::SampleSecret);
        assert_eq!(refused(""), KeyError::EmptySecret);
        assert_eq!(
            refused("django-insecure-kT8zQ1x-Wm3rYp0sVb6nHc4e"),
            KeyError::SampleSecret
        );
    }
}
