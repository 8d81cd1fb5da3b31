use std::path::PathBuf;

use documented::DocumentedFields;
use serde::{Deserialize, Serialize};

use crate::settings::path;

/// `[server.tls]`: the certificate that the service shows.
#[derive(Clone, Debug, Default, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerTls {
    /// A file with the certificate in PEM and after it those that lead to an authority, such as
    /// certbot's `fullchain.pem`. Without it the service speaks plain HTTP.
    #[serde(deserialize_with = "path::or_none", serialize_with = "path::or_empty")]
    pub certificate_file: Option<PathBuf>,
    /// A file with the private key of the certificate in PEM (PKCS#8, SEC1 or PKCS#1), such as
    /// certbot's `privkey.pem`. It must not be encrypted, and only the service should be able to
    /// read it.
    #[serde(deserialize_with = "path::or_none", serialize_with = "path::or_empty")]
    pub key_file: Option<PathBuf>,
}
