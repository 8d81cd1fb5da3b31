use secrecy::ExposeSecret;

use super::*;

fn parse(text: &str) -> PostgresUrl {
    PostgresUrl::read(text).unwrap()
}

fn refusal(text: &str) -> &'static str {
    PostgresUrl::read(text).err().unwrap()
}

fn password(text: &str) -> String {
    let url = parse(text);
    url.password().unwrap().expose_secret().to_owned()
}

fn hosts(text: &str) -> Vec<(String, u16)> {
    parse(text).hosts
}

#[test]
fn what_is_percent_encoded_is_decoded() {
    let url = parse("al%40ice:p%40ss%2F%25@db/sh%6Fp");

    assert_eq!(url.to_string(), "postgres://al%40ice@db:5432/shop");
    assert_eq!(password("al%40ice:p%40ss%2F%25@db/shop"), "p@ss/%");
}

#[test]
fn a_colon_in_a_password_needs_no_encoding() {
    assert_eq!(password("alice:a:b#c@db/shop"), "a:b#c");
}

#[test]
fn several_hosts_have_one_port_or_one_each() {
    let of = |a: u16, b: u16| vec![("a".to_owned(), a), ("b".to_owned(), b)];

    assert_eq!(hosts("a,b/shop"), of(5432, 5432));
    assert_eq!(hosts("a:1,b/shop"), of(1, 5432));
    assert_eq!(hosts("/shop?host=a,b&port=7"), of(7, 7));
    assert_eq!(hosts("/shop?host=a,b&port=7,8"), of(7, 8));
    assert_eq!(refusal("/shop?host=a&port=7,8"), WRONG_PORT);
}

#[test]
fn a_parameter_wins_over_what_stands_before_it() {
    let url = parse("alice:old@a/shop?user=bob&password=new&host=b&port=7&dbname=till");

    assert_eq!(url.to_string(), "postgres://bob@b:7/till");
    assert_eq!(url.password().unwrap().expose_secret(), "new");
}

#[test]
fn a_socket_is_named_by_its_folder() {
    let folder = vec![("/var/run/postgresql".to_owned(), 5433)];

    assert_eq!(hosts("u@%2Fvar%2Frun%2Fpostgresql:5433/shop"), folder);
    assert_eq!(hosts("u@/shop?host=/var/run/postgresql&port=5433"), folder);
}

#[test]
fn an_address_of_ipv6_stands_in_brackets() {
    assert_eq!(hosts("[::1]:7/shop"), [("::1".to_owned(), 7)]);
    assert_eq!(hosts("[::1]/shop"), [("::1".to_owned(), 5432)]);
    assert_eq!(refusal("[::1/shop"), WRONG_HOST);
    assert_eq!(refusal("[::1]7/shop"), WRONG_HOST);
}

#[test]
fn a_host_and_a_database_are_named() {
    assert_eq!(refusal("user@/shop"), NO_HOST);
    assert_eq!(refusal("user@a,/shop"), NO_HOST);
    assert_eq!(refusal("user@db"), NO_NAME);
    assert_eq!(refusal("user@db/"), NO_NAME);
}

#[test]
fn a_password_with_a_bare_special_character_is_refused_wherever_it_ends_up() {
    assert_eq!(refusal("u:p@ss@db/shop"), UNENCODED);
    assert_eq!(refusal("u:12/ss@db/shop"), UNENCODED);
    assert_eq!(refusal("u:12/ss@db"), UNENCODED);
    assert_eq!(refusal("u:p?ss@db/shop"), WRONG_PORT);
    assert_eq!(refusal("u:12?ss@db/shop"), UNENCODED);
    assert_eq!(refusal("u:12?ss=@db/shop"), UNKNOWN_PARAMETER);
    assert_eq!(refusal("u:100%@db/shop"), UNENCODED);
}

#[test]
fn a_text_with_a_nul_would_end_early_and_refused() {
    assert_eq!(refusal("u%00ser@db/shop"), UNENCODED);
    assert_eq!(refusal("user@db/shop?options=%00"), UNENCODED);
}

#[test]
fn an_unknown_parameter_is_refused_and_told_the_known() {
    assert_eq!(refusal("db/shop?sslcrl=a"), UNKNOWN_PARAMETER);
    for known in PARAMETERS {
        assert!(UNKNOWN_PARAMETER.contains(known), "{known}");
    }
}

#[test]
fn a_parameter_is_what_a_client_takes() {
    let refused = |parameter: &str| refusal(&format!("db/shop?{parameter}"));

    assert!(refused("channel_binding=on").contains("channel_binding"));
    assert!(refused("load_balance_hosts=on").contains("load_balance_hosts"));
    assert!(refused("connect_timeout=5s").contains("whole numbers"));
    assert!(refused("keepalives=on").contains("whole numbers"));
}

#[test]
fn a_server_that_does_not_take_writes_is_not_asked_for() {
    let refused = refusal("db/shop?target_session_attrs=read-only");

    assert!(refused.starts_with("the service writes"), "{refused}");
}
