use std::net::IpAddr;

use super::*;

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// The keys of the issuer `http://<host>:<port>`, whom the metadata at `path` send to `to`.
struct Discovered {
    issuer: FakeIssuer,
    name: String,
    clock: Clock,
    keys: RemoteKeys,
}

impl Discovered {
    /// On this machine, by the address.
    async fn here(to: impl FnOnce(&FakeIssuer) -> String) -> Self {
        let http = HttpClient::builder();
        Self::with("127.0.0.1", to, http.build().unwrap(), rules()).await
    }

    /// In the internet, as far as anybody can tell.
    async fn far(to: impl FnOnce(&FakeIssuer) -> String) -> Self {
        Self::with("id.example", to, internet(), rules()).await
    }

    async fn with(
        host: &str,
        to: impl FnOnce(&FakeIssuer) -> String,
        http: HttpClient,
        rules: KeySetRules,
    ) -> Self {
        let (issuer, clock) = (FakeIssuer::start().await, clock());
        let name = format!("http://{host}:{}", issuer.port());
        issuer.answer(OPENID, Answer::ok(metadata(&name, &to(&issuer))));
        issuer.answer(PATH, Answer::ok(set(&["a"])));
        let source = KeySetSource::Discovery {
            issuer: name.clone(),
        };
        let keys = RemoteKeys::new(&name, source, &ALGORITHMS, rules, &http, clock.clone());
        Self {
            keys: keys.unwrap(),
            issuer,
            name,
            clock,
        }
    }

    async fn is_there(&self) -> bool {
        self.keys.get().await.is_some()
    }

    fn paths(&self) -> Vec<String> {
        let requests = self.issuer.requests().into_iter();
        requests.map(|request| request.path).collect()
    }

    fn error(&self) -> String {
        self.keys.status().last_error.unwrap_or_default()
    }
}

fn metadata(issuer: &str, jwks_uri: &str) -> String {
    format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}","grant_types_supported":[]}}"#)
}

/// A client that takes `id.example`, `keys.example` and `intern.example` for what they are not:
/// the first two for public, the last for an address of ours. All lead to this machine.
fn internet() -> HttpClient {
    let here: IpAddr = [127, 0, 0, 1].into();
    let public: IpAddr = [8, 8, 8, 8].into();
    let names = [
        ("id.example", public, here),
        ("keys.example", public, here),
        ("intern.example", here, here),
    ];
    let http = HttpClient::builder().allow_http().names(&names);
    http.build().unwrap()
}

#[tokio::test]
async fn an_issuers_metadata_lead_to_its_keys() {
    let case = Discovered::here(|issuer| issuer.url(PATH)).await;

    assert!(case.is_there().await);

    assert_eq!(case.paths(), [OPENID, PATH]);
}

#[tokio::test]
async fn metadata_are_looked_for_in_the_place_of_rfc_8414_too() {
    let case = Discovered::here(|issuer| issuer.url(PATH)).await;
    case.issuer.answer(OPENID, Answer::status(404));
    let metadata = metadata(&case.name, &case.issuer.url(PATH));
    case.issuer.answer(OAUTH, Answer::ok(metadata));

    assert!(case.is_there().await);

    assert_eq!(case.paths(), [OPENID, OAUTH, PATH]);
}

#[tokio::test]
async fn metadata_that_stand_nowhere_are_told_with_both_places() {
    let case = Discovered::here(|issuer| issuer.url(PATH)).await;
    case.issuer.answer(OPENID, Answer::status(404));

    assert!(!case.is_there().await);

    let name = &case.name;
    assert_eq!(
        case.error(),
        format!("{name}{OPENID}: the answer is 404; {name}{OAUTH}: the answer is 404")
    );
}

#[tokio::test]
async fn metadata_are_read_again_where_the_keys_are_there_no_more() {
    let old = FakeIssuer::start().await;
    old.answer(PATH, Answer::ok(set(&["a"])));
    let case = Discovered::here(|_| old.url(PATH)).await;
    assert!(case.is_there().await);
    let metadata = metadata(&case.name, &case.issuer.url(PATH));
    case.issuer.answer(OPENID, Answer::ok(metadata));

    drop(old);
    case.clock.advance(TimeDelta::minutes(10));
    case.is_there().await;
    assert!(!case.error().is_empty());
    let mut ended = case.keys.0.shared.ended.subscribe();
    case.is_there().await;
    case.clock.advance(TimeDelta::seconds(1));
    ended.wait_for(|ended| *ended == 3).await.unwrap();

    assert_eq!(case.error(), "");
    assert_eq!(case.paths(), [OPENID, OPENID, PATH]);
}

#[tokio::test]
async fn metadata_are_read_once_a_day() {
    let case = Discovered::here(|issuer| issuer.url(PATH)).await;
    case.is_there().await;
    case.clock.advance(TimeDelta::hours(12));
    case.is_there().await;
    case.clock.advance(TimeDelta::hours(12));
    case.is_there().await;

    assert_eq!(case.paths(), [OPENID, PATH, PATH, OPENID, PATH]);
}

#[tokio::test]
async fn metadata_are_read_again_when_the_key_set_has_moved() {
    let case = Discovered::here(|issuer| issuer.url(PATH)).await;
    case.is_there().await;
    let moved = metadata(&case.name, &case.issuer.url("/moved"));
    case.issuer.answer(OPENID, Answer::ok(moved));
    case.issuer.answer(PATH, Answer::status(410));
    case.issuer.answer("/moved", Answer::ok(set(&["b"])));

    case.clock.advance(TimeDelta::hours(1));
    let kept = case.keys.get().await.unwrap();

    assert_eq!(kids(&kept), ["b"]);
    assert_eq!(case.paths(), [OPENID, PATH, PATH, OPENID, "/moved"]);
}

#[tokio::test]
async fn metadata_of_another_issuer_are_refused() {
    let case = Discovered::here(|issuer| issuer.url(PATH)).await;
    let other = metadata("http://127.0.0.1", &case.issuer.url(PATH));
    case.issuer.answer(OPENID, Answer::ok(other));

    assert!(!case.is_there().await);

    assert_eq!(
        case.error(),
        format!(
            "{}{OPENID}: the metadata are of the issuer `http://127.0.0.1`",
            case.name
        )
    );
    assert_eq!(case.paths(), [OPENID]);
}

#[tokio::test]
async fn an_issuer_in_the_internet_may_keep_its_keys_elsewhere_there() {
    let elsewhere = |issuer: &FakeIssuer| format!("http://keys.example:{}{PATH}", issuer.port());
    let case = Discovered::far(elsewhere).await;

    assert!(case.is_there().await, "{}", case.error());
}

#[tokio::test]
async fn metadata_that_send_us_to_the_clouds_own_address_are_refused() {
    let case = Discovered::far(|_| "http://169.254.169.254/latest".to_owned()).await;

    assert!(!case.is_there().await);

    assert_eq!(
        case.error(),
        "`jwks_uri` leads to an address that is not public"
    );
}

#[tokio::test]
async fn metadata_that_send_us_to_this_machine_are_refused() {
    let case = Discovered::far(|issuer| issuer.url(PATH)).await;

    assert!(!case.is_there().await);

    assert_eq!(
        case.error(),
        "`jwks_uri` leads to an address that is not public"
    );
    assert_eq!(case.paths(), [OPENID]);
}

#[tokio::test]
async fn metadata_that_send_us_to_a_private_address_in_other_clothes_are_refused() {
    let case = Discovered::far(|_| "http://[::ffff:10.0.0.1]/jwks".to_owned()).await;

    assert!(!case.is_there().await);

    assert_eq!(
        case.error(),
        "`jwks_uri` leads to an address that is not public"
    );
}

#[tokio::test]
async fn metadata_that_send_us_to_a_name_of_this_machine_are_refused() {
    let intern = |issuer: &FakeIssuer| format!("http://intern.example:{}{PATH}", issuer.port());
    let case = Discovered::far(intern).await;

    assert!(!case.is_there().await);

    let error = case.error();
    assert!(
        error.ends_with("the name has no address that is public"),
        "{error}"
    );
    assert_eq!(case.paths(), [OPENID]);
}

#[tokio::test]
async fn an_issuer_within_our_network_may_keep_its_keys_there() {
    let intern = |issuer: &FakeIssuer| issuer.url(PATH);
    let case = Discovered::with("intern.example", intern, internet(), rules()).await;

    assert!(case.is_there().await, "{}", case.error());
}

#[tokio::test]
async fn a_host_that_is_named_may_stand_within_our_network() {
    let intern = |issuer: &FakeIssuer| format!("http://intern.example:{}{PATH}", issuer.port());
    let named = KeySetRules {
        hosts: vec!["intern.example".to_owned()],
        ..rules()
    };
    let case = Discovered::with("id.example", intern, internet(), named).await;

    assert!(case.is_there().await, "{}", case.error());
}
