use super::*;

fn refused(source: KeySetSource, http: &HttpClient) -> String {
    let keys = RemoteKeys::new("id.example", source, &ALGORITHMS, rules(), http, clock());
    keys.err()
        .expect("the source was to be refused")
        .to_string()
}

fn jwks(url: &str) -> String {
    refused(
        KeySetSource::Jwks(url.to_owned()),
        &HttpClient::new().unwrap(),
    )
}

fn discovery(issuer: &str) -> String {
    let issuer = issuer.to_owned();
    refused(
        KeySetSource::Discovery { issuer },
        &HttpClient::new().unwrap(),
    )
}

#[tokio::test]
async fn http_beyond_this_machine_is_refused() {
    let refused = "cannot be where keys come from: http without TLS is for this machine, or where `allow_http` is set";

    assert_eq!(
        jwks("http://id.example/a"),
        format!("`http://id.example/a` {refused}")
    );
    assert_eq!(
        discovery("http://10.0.0.1/"),
        format!("`http://10.0.0.1/` {refused}")
    );
}

#[tokio::test]
async fn http_beyond_this_machine_is_taken_where_one_asks_for_it() {
    let http = HttpClient::builder().allow_http().build().unwrap();
    let source = KeySetSource::Jwks("http://id.example/jwks".to_owned());

    let keys = RemoteKeys::new("id.example", source, &ALGORITHMS, rules(), &http, clock());

    assert!(keys.is_ok());
}

#[tokio::test]
async fn a_source_that_is_no_place_in_the_network_is_refused() {
    assert!(jwks("file:///etc/passwd").ends_with("its scheme is not https"));
    assert!(jwks("ftp://id.example/jwks").ends_with("its scheme is not https"));
    assert!(jwks("data:application/json,{}").ends_with("its scheme is not https"));
    assert!(discovery("accounts.google.com").ends_with("it is no URL"));
    assert!(discovery("https://id.example/?tenant=a").ends_with("it has a query"));
}

#[tokio::test]
async fn a_password_in_a_url_is_refused_and_not_repeated() {
    let refused = jwks("https://me:correct-horse@id.example/jwks?key=battery");

    assert_eq!(
        refused,
        "`https://id.example/jwks` cannot be where keys come from: \
         it has a user's name or password"
    );
}

#[test]
fn without_a_runtime_there_is_nobody_to_fetch_keys() {
    let source = KeySetSource::Jwks("https://id.example/jwks".to_owned());

    assert_eq!(
        refused(source, &HttpClient::new().unwrap()),
        "the keys of id.example can be kept within a Tokio runtime only"
    );
}

#[tokio::test]
async fn a_seed_serves_while_the_issuer_is_gone() {
    let case = Case::of([Answer::hung_up()]).await;
    case.keys.seed(&set(&["a"])).unwrap();

    assert!(case.keys.now().is_none());
    assert_eq!(case.kids().await, Some(names(&["a"])));
    case.advance(3600);

    assert_eq!(case.keys.now().map(|kept| kids(&kept)), None);
}

#[tokio::test]
async fn a_seed_gives_way_to_what_the_issuer_says() {
    let case = Case::of([Answer::ok(set(&["b"]))]).await;
    case.keys.seed(&set(&["a"])).unwrap();

    let kept = case.keys.get().await.unwrap();

    assert_eq!(kids(&kept), ["b"]);
    assert_eq!(kept.generation, 2);
}

#[tokio::test]
async fn a_seed_takes_no_set_away() {
    let case = Case::of([Answer::ok(set(&["b"]))]).await;
    case.kids().await;

    case.keys.seed(&set(&["a"])).unwrap();

    assert_eq!(case.keys.now().map(|kept| kids(&kept)), Some(names(&["b"])));
}

#[tokio::test]
async fn a_set_is_taken_over_by_keys_of_other_rules() {
    let case = Case::of([Answer::ok(set(&["a"])), Answer::hung_up()]).await;
    case.kids().await;
    let other = |tolerance| {
        let rules = KeySetRules {
            outage_tolerance: Duration::from_mins(tolerance),
            ..rules()
        };
        let keys = keys(case.issuer.url(PATH), rules, &case.clock);
        keys.seed_from(&case.keys);
        keys
    };
    case.advance(20 * 60);
    let (short, long) = (other(5), other(600));

    assert!(short.get().await.is_none());
    assert_eq!(long.get().await.as_ref().map(kids), Some(names(&["a"])));
    case.advance(590 * 60);
    assert!(long.now().is_none());
}

#[tokio::test]
async fn a_seed_is_taken_over_for_what_is_left_of_it() {
    let case = Case::of([Answer::hung_up()]).await;
    case.keys.seed(&set(&["a"])).unwrap();
    let rules = KeySetRules {
        outage_tolerance: Duration::from_hours(9),
        ..rules()
    };
    let keys = keys(case.issuer.url(PATH), rules, &case.clock);

    keys.seed_from(&case.keys);

    assert_eq!(keys.get().await.as_ref().map(kids), Some(names(&["a"])));
    case.advance(3600);
    assert!(keys.now().is_none());
}
