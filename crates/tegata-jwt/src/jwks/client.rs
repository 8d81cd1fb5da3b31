//! The HTTP client that fetches key sets, and what it may connect to.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, ClientBuilder, Url};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::address;
use super::error::HttpClientError;

/// The HTTP client that fetches key sets. Copies share its connections.
///
/// It follows no redirects, keeps no cookies, and asks no proxy.
#[derive(Clone)]
pub struct HttpClient(Arc<Clients>);

struct Clients {
    open: Client,
    /// Connects to public addresses alone.
    guarded: Client,
    allow_http: bool,
    /// Whether the address that answers is that of the host, and not of a proxy.
    knows_who_answers: bool,
    names: Names,
}

/// What an [`HttpClient`] is to be like.
#[derive(Default)]
pub struct HttpClientBuilder {
    roots: Vec<Certificate>,
    allow_http: bool,
    environment_proxy: bool,
    same_origin_redirects: bool,
    names: Names,
}

impl HttpClient {
    /// One that trusts the system's root certificates.
    pub fn new() -> Result<Self, HttpClientError> {
        Self::builder().build()
    }

    /// One that differs from that.
    #[must_use]
    pub fn builder() -> HttpClientBuilder {
        HttpClientBuilder::default()
    }

    /// Whether `http` is allowed beyond this machine.
    pub(super) fn allows_http(&self) -> bool {
        self.0.allow_http
    }

    /// That of URLs which the configuration names.
    pub(super) fn open(&self) -> &Client {
        &self.0.open
    }

    /// That of URLs which a document of somebody else names.
    pub(super) fn guarded(&self) -> &Client {
        &self.0.guarded
    }

    /// Whether a URL's host, which answered from there, stands in a network of our own: by that
    /// address, for what the name means may be another by now. Where a proxy asked, all addresses of
    /// the name must be there.
    pub(super) async fn is_private(&self, url: &Url, from: Option<IpAddr>) -> bool {
        let from = from.filter(|_| self.0.knows_who_answers);
        if let Some(address) = address::literal(url).or(from) {
            return !address::is_public(address);
        }
        let host = url.host_str().unwrap_or_default();
        let found = self.0.names.look_up(host).await.unwrap_or_default();
        !found.is_empty() && found.iter().all(|found| !address::is_public(found.judged))
    }
}

impl HttpClientBuilder {
    /// Trusts the certificates of a PEM text as roots, besides those of the system.
    pub fn root_certificate_pem(mut self, pem: &[u8]) -> Result<Self, HttpClientError> {
        self.roots.extend(Certificate::from_pem_bundle(pem)?);
        Ok(self)
    }

    /// Takes `http` without TLS from anywhere: whoever is on the way can then give us keys of
    /// their own. Within this machine it is always taken.
    #[must_use]
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    /// Asks the proxy that `HTTPS_PROXY` and its like name. Where one is asked, it looks up the
    /// names, and which addresses it connects to is for it to decide.
    #[must_use]
    pub fn environment_proxy(mut self) -> Self {
        self.environment_proxy = true;
        self
    }

    /// Follows up to three redirects within the origin of the URL.
    #[must_use]
    pub fn same_origin_redirects(mut self) -> Self {
        self.same_origin_redirects = true;
        self
    }

    /// Knows these names instead of asking the system: for each, the address it is judged by, and
    /// the one that is connected to.
    #[cfg(test)]
    pub(super) fn names(mut self, names: &[(&'static str, IpAddr, IpAddr)]) -> Self {
        self.names = Names::These(names.into());
        self
    }

    /// The client.
    pub fn build(self) -> Result<HttpClient, HttpClientError> {
        let open = self.client().dns_resolver(Guard {
            names: self.names.clone(),
            public_only: false,
        });
        let guarded = self.client().dns_resolver(Guard {
            names: self.names.clone(),
            public_only: true,
        });
        Ok(HttpClient(Arc::new(Clients {
            open: open.build()?,
            guarded: guarded.build()?,
            allow_http: self.allow_http,
            knows_who_answers: !self.environment_proxy && self.names.is_of_system(),
            names: self.names,
        })))
    }

    fn client(&self) -> ClientBuilder {
        let redirects = if self.same_origin_redirects {
            Policy::custom(within_origin)
        } else {
            Policy::none()
        };
        let mut client = Client::builder()
            .user_agent(concat!("tegata/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirects)
            .referer(false)
            // What is tried again, and how often, is decided by whoever asks.
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(1)
            .tls_certs_merge(self.roots.clone());
        if !self.environment_proxy {
            client = client.no_proxy();
        }
        client
    }
}

fn within_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let is_within = |first: &Url| first.origin() == attempt.url().origin();
    let is_last = attempt.previous().len() > MAX_REDIRECTS;
    if is_last || !attempt.previous().first().is_some_and(is_within) {
        return attempt.stop();
    }
    attempt.follow()
}

/// Looks up names when a connection is made, so that a name cannot mean one address when it is
/// judged and another when it is used.
struct Guard {
    names: Names,
    public_only: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, public_only) = (self.names.clone(), self.public_only);
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await?;
            let allowed = found
                .into_iter()
                .filter(|found| !public_only || address::is_public(found.judged));
            let allowed: Vec<_> = allowed
                .map(|found| SocketAddr::new(found.connected, 0))
                .collect();
            if public_only && allowed.is_empty() {
                return Err(NotPublic.into());
            }
            let allowed: reqwest::dns::Addrs = Box::new(allowed.into_iter());
            Ok(allowed)
        })
    }
}

/// A name that leads into a network of our own only, or nowhere.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address that is public")]
pub(super) struct NotPublic;

/// Where addresses of names come from.
#[derive(Clone)]
enum Names {
    /// The system, which is asked so many names at once.
    System(Arc<Semaphore>),
    #[cfg(test)]
    These(Arc<[(&'static str, IpAddr, IpAddr)]>),
}

struct Found {
    judged: IpAddr,
    connected: IpAddr,
}

impl Names {
    fn is_of_system(&self) -> bool {
        matches!(self, Self::System(_))
    }

    async fn look_up(&self, name: &str) -> io::Result<Vec<Found>> {
        match self {
            Self::System(places) => {
                let place = Arc::clone(places).acquire_owned().await;
                let (place, name) = (place.map_err(io::Error::other)?, name.to_owned());
                let look_up = move || {
                    // Kept until the system has answered, though nobody may wait for that any more.
                    let _place = place;
                    let found = (name, 0).to_socket_addrs()?;
                    Ok(found.map(|found| Found::new(found.ip())).collect())
                };
                spawn_blocking(look_up).await.map_err(io::Error::other)?
            }
            #[cfg(test)]
            Self::These(names) => {
                let is_meant = |known: &&(&str, IpAddr, IpAddr)| known.0 == name;
                let found = names.iter().filter(is_meant);
                Ok(found
                    .map(|&(_, judged, connected)| Found { judged, connected })
                    .collect())
            }
        }
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::System(Arc::new(Semaphore::new(MAX_LOOK_UPS)))
    }
}

impl Found {
    fn new(address: IpAddr) -> Self {
        Self {
            judged: address,
            connected: address,
        }
    }
}

/// Each holds a thread until it is answered, which may be long after it was given up, and tokio has
/// 512 for all that waits so.
const MAX_LOOK_UPS: usize = 128;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_REDIRECTS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_names_are_looked_up_at_once_than_leave_threads_for_others() {
        let places = Arc::new(Semaphore::new(1));
        let names = Names::System(Arc::clone(&places));
        let asked = Arc::clone(&places).acquire_owned().await.unwrap();

        let mut look_up = std::pin::pin!(names.look_up("localhost"));
        tokio::select! {
            biased;
            _ = &mut look_up => panic!("looked up beside the one that is"),
            () = tokio::task::yield_now() => {}
        }
        drop(asked);

        assert!(!look_up.await.unwrap().is_empty());
        assert_eq!(places.available_permits(), 1);
    }

    #[tokio::test]
    async fn who_answered_from_outside_is_not_inside_whatever_its_name_means_now() {
        let http = HttpClient::new().unwrap();
        let url = Url::parse("https://localhost/").unwrap();
        let (outside, inside) = ([8, 8, 8, 8].into(), [10, 0, 0, 1].into());

        assert!(!http.is_private(&url, Some(outside)).await);
        assert!(http.is_private(&url, Some(inside)).await);
    }
}
