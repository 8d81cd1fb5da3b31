//! What `deploy/` says of the service is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fake_issuer::FakeIssuer;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// The metrics that a text names, as they are called in it.
fn named(text: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_word(c));
    let names = words.filter(|word| word.starts_with("tegata_"));
    names
        .map(|name| name.trim_end_matches("_bucket").to_owned())
        .collect()
}

/// What a program finds wrong; nothing where it is not installed.
fn faults(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    match command.args(arguments).current_dir(path("")).output() {
        Ok(found) if found.status.success() => String::new(),
        Ok(found) => format!("{found:?}"),
        Err(_) => String::new(),
    }
}

/// The metrics that the guide lists.
fn listed() -> BTreeSet<String> {
    let guide = text("../docs/guides/operating.md");
    let rows = guide.lines().filter(|line| line.starts_with("| `tegata_"));
    named(&rows.collect::<String>())
}

#[tokio::test]
async fn the_guide_lists_the_metrics_that_are_told() {
    let issuer = FakeIssuer::spawn();
    let app = TestApp::with_alice(|s| s.jwt.issuers.push(issuer.settings())).await;
    app.obtain_pair().await;
    app.login("alice", "wrong").await;
    app.verify(&issuer.token(&json!({}))).await;

    let told = app.send(Method::GET, "/metrics", "").await.body;

    let samples = told.lines().filter(|line| !line.starts_with('#'));
    let names = samples.map(|line| line.split(['{', ' ']).next().unwrap());
    let names = names.map(|name| {
        ["_count", "_sum"]
            .iter()
            .fold(name, |name, end| name.trim_end_matches(end))
    });
    let mut told = named(&names.collect::<Vec<_>>().join(" "));
    // Of a key that has a file.
    told.insert("tegata_signing_key_age_seconds".to_owned());
    assert_eq!(told, listed());
}

#[test]
fn rules_and_dashboard_name_listed_metrics_alone() {
    let named = &named(&text("alerts.yml")) | &named(&text("grafana-dashboard.json"));

    let strangers: Vec<_> = named.difference(&listed()).cloned().collect();
    assert!(strangers.is_empty(), "{strangers:?}");
    assert!(named.len() > 12, "{named:?}");
}

#[test]
fn the_dashboard_is_json_whose_panels_all_ask_something() {
    let dashboard: Value = serde_json::from_str(&text("grafana-dashboard.json")).unwrap();

    let panels = dashboard["panels"].as_array().unwrap();
    let asking = panels.iter().filter(|panel| panel["type"] != "row");
    assert!(asking.clone().count() > 10);
    for panel in asking {
        assert!(
            panel["targets"][0]["expr"]
                .as_str()
                .unwrap()
                .contains("tegata_"),
            "{panel}"
        );
    }
}

#[test]
fn the_rules_are_such_and_alarm_when_they_should() {
    assert_eq!(faults("promtool", &["check", "rules", "alerts.yml"]), "");
    assert_eq!(
        faults("promtool", &["test", "rules", "alerts.test.yml"]),
        ""
    );
}

#[test]
fn each_rule_is_tried() {
    let (rules, trials) = (text("alerts.yml"), text("alerts.test.yml"));

    let names = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let untried: Vec<_> = names
        .filter(|name| trials.matches(&format!("alertname: {name}\n")).count() != 1)
        .collect();
    assert!(untried.is_empty(), "{untried:?}");
}

#[test]
fn the_unit_is_exposed_to_little() {
    let limit = [
        "security",
        "--offline=true",
        "--threshold=15",
        "--no-pager",
        "tegata.service",
    ];

    assert_eq!(faults("systemd-analyze", &limit), "");
}

#[test]
fn the_unit_waits_for_requests_under_way() {
    let unit = text("tegata.service");
    let seconds = unit
        .lines()
        .find_map(|line| line.strip_prefix("TimeoutStopSec="));
    let seconds: i64 = seconds.unwrap().parse().unwrap();

    let drain_time = tegata::settings::Server::default().drain_time;
    assert!(seconds > drain_time.span().num_seconds());
}

/// Neither keys nor databases nor what else lies about.
#[test]
fn an_image_is_built_of_sources_alone() {
    let ignore = fs::read_to_string(path("../.dockerignore")).unwrap();
    let mut lines = ignore.lines().filter(|line| !line.starts_with('#'));

    assert_eq!(lines.next(), Some("*"));
    assert!(lines.all(|line| line.starts_with('!') && !line.contains("keys")));
}
