use chrono::TimeDelta;

use super::Contradiction;
use crate::settings::Server;

pub(super) fn server(server: &Server) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let drain_time = server.drain_time.span();
    if !(TimeDelta::zero()..=MAX_DRAIN_TIME).contains(&drain_time) {
        found.push(Contradiction {
            keys: vec![("server", "drain_time")],
            reason: "expected nothing to an hour".to_owned(),
        });
    }
    // Port 0 takes another one each time.
    if server.metrics_bind == Some(server.bind) && server.bind.port() != 0 {
        found.push(Contradiction {
            keys: vec![("server", "bind"), ("server", "metrics_bind")],
            reason: "both name one address: give metrics_bind its own".to_owned(),
        });
    }
    let tls = &server.tls;
    if tls.certificate_file.is_some() != tls.key_file.is_some() {
        found.push(Contradiction {
            keys: vec![
                ("server.tls", "certificate_file"),
                ("server.tls", "key_file"),
            ],
            reason: "one is of no use without the other: give both, or neither".to_owned(),
        });
    }
    found
}

const MAX_DRAIN_TIME: TimeDelta = TimeDelta::hours(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ServerTls;

    fn reasons(server: &Server) -> Vec<String> {
        let found = super::server(server).into_iter();
        found.map(|found| found.reason).collect()
    }

    #[test]
    fn a_certificate_and_its_key_are_given_both_or_neither() {
        let tls = |certificate: Option<&str>, key: Option<&str>| Server {
            tls: ServerTls {
                certificate_file: certificate.map(Into::into),
                key_file: key.map(Into::into),
            },
            ..Server::default()
        };

        assert!(reasons(&tls(Some("certificate"), Some("key"))).is_empty());
        for (certificate, key) in [(Some("certificate"), None), (None, Some("key"))] {
            let found = reasons(&tls(certificate, key));
            assert!(found[0].ends_with("both, or neither"), "{found:?}");
        }
    }

    #[test]
    fn the_metrics_have_an_address_of_their_own() {
        let on = |bind: &str, metrics_bind: &str| Server {
            bind: bind.parse().unwrap(),
            metrics_bind: Some(metrics_bind.parse().unwrap()),
            ..Server::default()
        };

        assert_eq!(reasons(&on("127.0.0.1:80", "127.0.0.1:80")).len(), 1);
        assert!(reasons(&on("127.0.0.1:0", "127.0.0.1:0")).is_empty());
        assert!(reasons(&on("127.0.0.1:80", "127.0.0.1:81")).is_empty());
    }
}
