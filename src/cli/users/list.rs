use std::io::{StdoutLock, Write};

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::settings::Settings;
use crate::store::{Store, UserRecord};

#[derive(Args)]
pub(in crate::cli) struct List {
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Show {
    /// The user name
    username: String,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl List {
    /// `tegata users list`: a line for each user, however many there are.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let store = Store::open(settings).await?;
        let mut out = std::io::stdout().lock();
        let mut after = None;
        loop {
            let is_first = after.is_none();
            let page = store.users_after(after, PAGE).await?;
            after = page.last().map(|user| user.place.clone());
            if self.json {
                write_json(&mut out, &page, is_first)?;
            } else {
                page.iter()
                    .try_for_each(|user| write_line(&mut out, user))?;
            }
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

impl Show {
    /// `tegata users show`.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let store = Store::open(settings).await?;
        let user = store.user_record(&self.username).await?;
        let user = user.with_context(|| format!("there is no user {}", self.username))?;
        let mut out = std::io::stdout();
        if self.json {
            return Ok(writeln!(out, "{}", json(&user))?);
        }
        if let Value::Object(members) = json(&user) {
            for (name, value) in members {
                let text = value.as_str().map_or_else(|| value.to_string(), plain);
                writeln!(out, "{name:13} {text}")?;
            }
        }
        Ok(())
    }
}

/// A page of one JSON array. The empty one, after the last, ends it.
fn write_json(out: &mut StdoutLock<'_>, page: &[UserRecord], is_first: bool) -> Result<()> {
    for (index, user) in page.iter().enumerate() {
        let before = if is_first && index == 0 { "[" } else { "," };
        writeln!(out, "{before}{}", json(user))?;
    }
    if page.is_empty() {
        writeln!(out, "{}", if is_first { "[]" } else { "]" })?;
    }
    Ok(())
}

fn write_line(out: &mut StdoutLock<'_>, user: &UserRecord) -> Result<()> {
    let roles = [
        (!user.is_active, "disabled"),
        (user.is_staff == Some(true), "staff"),
        (user.is_superuser == Some(true), "superuser"),
    ];
    let roles = roles.iter().filter(|(is_so, _)| *is_so);
    let roles: Vec<_> = roles.map(|(_, role)| *role).collect();
    let email = user.email.as_deref().unwrap_or_default();
    let line = [
        user.id.to_string(),
        plain(&user.username),
        plain(email),
        roles.join(","),
    ];
    Ok(writeln!(out, "{}", line.join("  ").trim_end())?)
}

fn json(user: &UserRecord) -> Value {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "last_login": user.last_login.map(time),
        "date_joined": user.date_joined.map(time),
    })
}

/// A text from the database without what a terminal could take for a command.
fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// How many users are read at a time.
const PAGE: u32 = 1000;
