//! What every setting means, from its own documentation: the texts of `config.toml` and of
//! `docs/reference/settings.md`.

use tegata_jwt::{Algorithm, IssuerSettings};

use super::{Entry, Settings, Table, tables};

/// The text of `config.toml`: what a stand-alone service should run with.
#[must_use]
pub fn toml() -> String {
    let tables = with_an_issuer(IssuerSettings::new(
        "https://id.example/realms/shop",
        "orders-api",
        &[Algorithm::ES256],
    ));
    TOML_HEAD.to_owned() + &tables.iter().map(toml_table).collect::<String>()
}

/// The text of `docs/reference/settings.md`.
#[must_use]
pub fn markdown() -> String {
    let tables = with_an_issuer(IssuerSettings {
        audience: None,
        ..IssuerSettings::new("", "", &[])
    });
    MARKDOWN_HEAD.to_owned() + &tables.iter().map(markdown_table).collect::<String>()
}

/// All tables, and one of each list.
fn with_an_issuer(issuer: IssuerSettings) -> Vec<Table> {
    let mut settings = Settings::default();
    settings.jwt.issuers.push(issuer);
    tables(&settings)
}

/// A table, which of a list is an example and no setting.
fn toml_table(table: &Table) -> String {
    let entries = table.entries.iter().map(|entry| toml_entry(table, entry));
    let head = format!(
        "\n{}{}{}\n",
        paragraph("# ", table.doc),
        hidden(table),
        table.header()
    );
    head + &entries.collect::<String>()
}

/// What stands before a line that is no setting.
fn hidden(table: &Table) -> &'static str {
    if table.is_listed { "#" } else { "" }
}

fn markdown_table(table: &Table) -> String {
    let entries = table
        .entries
        .iter()
        .map(|entry| markdown_entry(table, entry));
    let head = format!("\n## {}\n\n{}", table.header(), paragraph("", table.doc));
    head + &entries.collect::<String>()
}

fn toml_entry(table: &Table, entry: &Entry) -> String {
    let Entry {
        key, doc, value, ..
    } = entry;
    let doc = paragraph("# ", doc);
    let hidden = hidden(table);
    match shipped(table, entry) {
        None => format!("{doc}{hidden}{key} = {value}\n"),
        Some(shipped) => {
            let why = paragraph("# ", &format!("Default: {value}. {}", shipped.reason));
            format!("{doc}{why}{key} = {}\n", shipped.value)
        }
    }
}

fn markdown_entry(table: &Table, entry: &Entry) -> String {
    let Entry {
        key,
        doc,
        value,
        variable,
        ..
    } = entry;
    if table.is_listed {
        let default = if REQUIRED.contains(&key.as_str()) {
            "- must be there\n".to_owned()
        } else {
            format!("- default: `{value}`\n")
        };
        return format!("\n### `{key}`\n\n{}\n{default}", paragraph("", doc));
    }
    let shipped = shipped(table, entry).map_or_else(String::new, |shipped| {
        format!("- shipped: `{}`. {}\n", shipped.value, shipped.reason)
    });
    format!(
        "\n### `{key}`\n\n{}\n- default: `{value}`\n{shipped}- environment: `{variable}`\n",
        paragraph("", doc)
    )
}

fn shipped(table: &Table, entry: &Entry) -> Option<&'static Shipped> {
    let mut all = SHIPPED.iter();
    all.find(|shipped| (shipped.table, shipped.key) == (table.name, entry.field))
}

/// A text in lines of at most [`WIDTH`] columns, each with this before it.
fn paragraph(prefix: &str, text: &str) -> String {
    let mut lines = Vec::new();
    let mut line = prefix.to_owned();
    for word in text.split_whitespace() {
        let is_first = line.len() == prefix.len();
        if !is_first && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, prefix.to_owned() + word));
            continue;
        }
        if !is_first {
            line.push(' ');
        }
        line += word;
    }
    lines.push(line);
    lines.join("\n") + "\n"
}

/// Where `config.toml` differs from the defaults, which are those of the originals.
struct Shipped {
    table: &'static str,
    key: &'static str,
    /// In TOML.
    value: &'static str,
    /// In whole sentences.
    reason: &'static str,
}

const SHIPPED: [Shipped; 9] = [
    Shipped {
        table: "jwt",
        key: "rotate_refresh_tokens",
        value: "true",
        reason: "Together with BLACKLIST_AFTER_ROTATION it makes a stolen refresh token of use \
                 once at most.",
    },
    Shipped {
        table: "jwt",
        key: "blacklist_after_rotation",
        value: "true",
        reason: "A stolen refresh token is of use once at most.",
    },
    Shipped {
        table: "jwt",
        key: "refresh_grace_period",
        value: "\"10s\"",
        reason: "An answer that got lost must log nobody out.",
    },
    Shipped {
        table: "jwt",
        key: "refresh_reuse_detection",
        value: "true",
        reason: "Of two holders of one token one has stolen it, and which, nobody knows.",
    },
    Shipped {
        table: "jwt",
        key: "algorithm",
        value: "\"ES256\"",
        reason: "With HS256 whoever verifies could also sign. The key of ES256 is made in `keys` \
                 on the first start.",
    },
    Shipped {
        table: "jwt",
        key: "check_revoke_token",
        value: "true",
        reason: "A changed password ends what was obtained with the old one.",
    },
    Shipped {
        table: "blacklist",
        key: "stored_token",
        value: "\"unsigned\"",
        reason: "Django stores the token whole. A stolen database must hold no usable one.",
    },
    Shipped {
        table: "blacklist",
        key: "flush_interval",
        value: "\"1h\"",
        reason: "Django's rows stay until somebody flushes them by hand, those of its users' logins \
                 included.",
    },
    Shipped {
        table: "users",
        key: "password_hashers",
        value: "[\"argon2\", \"pbkdf2_sha256\", \"pbkdf2_sha1\", \"bcrypt_sha256\", \"scrypt\"]",
        reason: "Each guess at a stolen hash of Argon2 takes memory besides time. Beside a Django \
                 give its own list.",
    },
];

/// What each of `[[jwt.issuers]]` must have.
const REQUIRED: [&str; 2] = ["issuer", "algorithms"];

const WIDTH: usize = 100;

const TOML_HEAD: &str = "\
# tegata's settings. What is left out has its default; `TEGATA_<TABLE>__<KEY>` in the environment
# wins over this file, as in TEGATA_SERVER__BIND=0.0.0.0:8000. Names may be written in either case,
# and [jwt] may be called [NINJA_JWT] or [SIMPLE_JWT]. \"\" is none. docs/reference/settings.md says
# more.
";

const MARKDOWN_HEAD: &str = "\
# Settings

Defaults give way to `config.toml`, and that to the environment, `TEGATA_<TABLE>__<KEY>`. The
defaults are those of Ninja JWT; where the shipped `config.toml` differs from them, both say so, and
why.

- **Names** of tables and keys may be written in either case, and `[jwt]` may be called
  `[NINJA_JWT]` or `[SIMPLE_JWT]`: `[NINJA_JWT] LEEWAY` and `[jwt] leeway` are the same. A key given
  twice in two spellings is refused.
- **None** is `\"\"`, for TOML has no null.
- **Durations** are seconds, whole (`300`) or decimal (`0.5`), or a text: `\"5m\"`, `\"1 day\"`,
  `\"PT5M\"` (ISO 8601) or `\"timedelta(minutes=5)\"`.
- **Lists** are written `[a, b]` in the environment; a text alone is a list of one. Lists of tables,
  `[[jwt.issuers]]`, stand in the file alone.
- **Numbers and truths** may be texts that say one: `\"7\"`, `\"yes\"`, `\"off\"`.
- **What cannot be meant** stops the start: an unknown table or key, with the nearest known name; a
  value of the wrong type; settings that contradict one another. `tegata config check` tells before
  the start, and `tegata config show` prints what is in effect and where it comes from.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_names_a_setting_and_differs() {
        let tables = tables(&Settings::default());
        let entries = tables
            .iter()
            .flat_map(|table| table.entries.iter().map(move |entry| (table, entry)));

        let differing = entries.filter(|(table, entry)| {
            shipped(table, entry).is_some_and(|shipped| shipped.value != entry.value)
        });

        assert_eq!(differing.count(), SHIPPED.len());
    }

    #[test]
    fn a_line_is_never_wider_than_100_columns() {
        let text = toml();

        let widest = text.lines().map(|line| line.chars().count()).max();

        assert!(widest.is_some_and(|widest| widest <= WIDTH), "{widest:?}");
    }
}
