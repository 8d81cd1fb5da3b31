use std::path::PathBuf;

use documented::DocumentedFields;
use serde::{Deserialize, Serialize};
use tegata_jwt::Lifetime;

use super::path;

/// `[jwks]`: how the key sets of others are fetched and kept.
#[derive(Clone, Debug, PartialEq, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwks {
    /// For how long a key set is fresh whose answer does not say (`Cache-Control`, `Expires`). It is
    /// fetched anew before that, in the background.
    pub fresh_for: Lifetime,
    /// For how long after that its keys verify while no newer ones can be had. Then their tokens are
    /// answered 503. `0` is not at all.
    pub outage_tolerance: Lifetime,
    /// The least time between two fetches that tokens of unknown keys cause, however many there are:
    /// within it a new key of the issuer is known.
    pub cooldown: Lifetime,
    /// How long a request waits for keys that are not there, at the most.
    pub fetch_wait: Lifetime,
    /// How long a fetch may take in all.
    pub fetch_timeout: Lifetime,
    /// Whether key sets may come by plain http from hosts that are not this one. Whoever is on the
    /// way can then put in keys of his own.
    pub allow_http: bool,
    /// Whether key sets are fetched by the proxy that `HTTPS_PROXY` and its like name.
    pub use_environment_proxy: bool,
    /// A file of certificates in PEM of authorities that are trusted beside the system's.
    #[serde(deserialize_with = "path::or_none", serialize_with = "path::or_empty")]
    pub ca_file: Option<PathBuf>,
    /// A folder where the key sets are kept, for a start while an issuer is down. Whoever can write
    /// there says whose tokens are genuine.
    #[serde(deserialize_with = "path::or_none", serialize_with = "path::or_empty")]
    pub snapshot_dir: Option<PathBuf>,
}

impl Default for Jwks {
    fn default() -> Self {
        Self {
            fresh_for: Lifetime::minutes(10),
            outage_tolerance: Lifetime::minutes(60),
            cooldown: Lifetime::seconds(30),
            fetch_wait: Lifetime::seconds(3),
            fetch_timeout: Lifetime::seconds(5),
            allow_http: false,
            use_environment_proxy: false,
            ca_file: None,
            snapshot_dir: None,
        }
    }
}
