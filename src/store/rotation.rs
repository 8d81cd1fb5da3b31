//! `tegata_rotation`: which refresh token took the place of which.

use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use tegata_jwt::{Jti, Successor};

use super::Store;
use super::columns::Timestamp;
use super::outstanding::{OutstandingToken, blacklist, insert, is_blacklisted};
use super::users::{Unchanged, UserTable};
use crate::rotation::{Effect, Event, Rotation, Rules, State};

/// A refresh that gives a new refresh token for an old one.
pub struct Refresh {
    /// The user must still be so.
    pub user: Option<Unchanged>,
    /// The row of the old token.
    pub old: OutstandingToken,
    /// The row of the new token.
    pub new: OutstandingToken,
    /// The rules by which the old token ends with this; `None` where it stays of use.
    pub rules: Option<Rules>,
}

/// What was decided about a token, and is durable.
pub struct Decided {
    /// What was done.
    pub effect: Effect,
    /// The tokens that were blacklisted with it.
    pub blacklisted: Vec<Ended>,
}

/// A token that ended before its time.
pub struct Ended {
    /// Its identifier.
    pub jti: Jti,
    /// When it would have expired.
    pub expires_at: DateTime<Utc>,
}

impl Store {
    /// What a refresh token is found to be.
    pub async fn rotation_state(&self, jti: &Jti) -> Result<State> {
        let jti = jti.clone();
        let find = move |connection: &Connection| state(connection, &jti);
        self.sqlite.read(find).await
    }

    /// Gives a new refresh token for an old one, in one transaction. `None`, and nothing written,
    /// where the user by now is gone or no longer the same.
    pub async fn rotate(&self, refresh: Refresh) -> Result<Option<Decided>> {
        let users = self.users.clone();
        let rotate = move |connection: &Connection| {
            if let Some(user) = &refresh.user
                && !user.holds(connection, &users)?
            {
                return Ok(None);
            }
            let decided = match refresh.rules {
                Some(rules) => rotate(connection, &users, &refresh, rules)?,
                None => issue_beside(connection, &users, &refresh)?,
            };
            Ok(Some(decided))
        };
        self.sqlite.write(rotate).await
    }

    /// Blacklists a token, whoever issued it, or what took its place.
    pub async fn blacklist(&self, token: OutstandingToken, now: DateTime<Utc>) -> Result<Decided> {
        // The rules are about refreshes alone.
        let rules = Rules::default();
        let users = self.users.clone();
        let add = move |connection: &Connection| {
            decide(connection, &users, &token, Event::Blacklist, rules, now)
        };
        self.sqlite.write(add).await
    }

    /// Blacklists what lives of the family of a token that was rotated.
    pub async fn end_family(&self, jti: &Jti, now: DateTime<Utc>) -> Result<Vec<Ended>> {
        let jti = jti.clone();
        let users = self.users.clone();
        let end = move |connection: &Connection| end_family(connection, &users, &jti, now);
        self.sqlite.write(end).await
    }
}

/// Of any number of callers with one token one is first; the rules say what the others get.
fn rotate(
    connection: &Connection,
    users: &UserTable,
    refresh: &Refresh,
    rules: Rules,
) -> rusqlite::Result<Decided> {
    let Refresh { old, new, .. } = refresh;
    let event = Event::Refresh(successor(new));
    let decided = decide(connection, users, old, event, rules, new.created_at)?;
    if let Effect::Rotate(_) = decided.effect {
        insert(connection, users, new)?;
        record(connection, old, new)?;
    }
    Ok(decided)
}

/// The old token stays of use, so that nobody is first.
fn issue_beside(
    connection: &Connection,
    users: &UserTable,
    refresh: &Refresh,
) -> rusqlite::Result<Decided> {
    let effect = if is_blacklisted(connection, &refresh.old.jti)? {
        Effect::Refuse
    } else {
        insert(connection, users, &refresh.new)?;
        Effect::Rotate(successor(&refresh.new))
    };
    Ok(Decided {
        effect,
        blacklisted: Vec::new(),
    })
}

/// Decides about a token as [`Rules::step`] says. The arbiter comes first: whoever inserts the
/// token's blacklisted row is the first, and Django respects that row, too.
fn decide(
    connection: &Connection,
    users: &UserTable,
    token: &OutstandingToken,
    event: Event,
    rules: Rules,
    now: DateTime<Utc>,
) -> rusqlite::Result<Decided> {
    let is_first = blacklist(connection, users, token, now)?;
    let state = match state(connection, &token.jti)? {
        State::Ended if is_first => State::Live,
        found => found,
    };

    let (_, effect) = rules.step(state, event);
    let mut blacklisted = match effect {
        Effect::EndFamily => end_family(connection, users, &token.jti, now)?,
        _ => Vec::new(),
    };
    if is_first {
        blacklisted.push(Ended {
            jti: token.jti.clone(),
            expires_at: token.expires_at,
        });
    }
    Ok(Decided {
        effect,
        blacklisted,
    })
}

fn state(connection: &Connection, jti: &Jti) -> rusqlite::Result<State> {
    let mut statement = connection.prepare_cached(STATE)?;
    statement.query_row([jti.as_str()], |row| {
        let is_rotated = row.get::<_, Option<String>>(0)?.is_some();
        let is_blacklisted: bool = row.get(4)?;
        Ok(match (is_rotated, is_blacklisted) {
            (true, _) => State::Rotated(read(row)?),
            (false, true) => State::Ended,
            (false, false) => State::Live,
        })
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Rotation> {
    let Timestamp(issued_at) = row.get(1)?;
    let Timestamp(expires_at) = row.get(2)?;
    Ok(Rotation {
        successor: Successor {
            jti: Jti::new(row.get(0)?),
            issued_at,
            expires_at,
        },
        successor_is_unused: row.get(3)?,
    })
}

/// Records that one token took the place of another. A family bears the name of its first token.
fn record(
    connection: &Connection,
    old: &OutstandingToken,
    new: &OutstandingToken,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO tegata_rotation \
         (parent_jti, successor_jti, family, rotated_at, successor_expires_at, expires_at) \
         VALUES ($1, $2, \
         COALESCE((SELECT family FROM tegata_rotation WHERE successor_jti = $1), $1), $3, $4, $5)",
    )?;
    statement.execute(params![
        old.jti.as_str(),
        new.jti.as_str(),
        Timestamp(new.created_at),
        Timestamp(new.expires_at),
        Timestamp(old.expires_at.max(new.expires_at))
    ])?;
    Ok(())
}

/// Blacklists the last token of a family. Those before it are so already.
fn end_family(
    connection: &Connection,
    users: &UserTable,
    jti: &Jti,
    now: DateTime<Utc>,
) -> rusqlite::Result<Vec<Ended>> {
    let mut statement = connection.prepare_cached(LAST)?;
    let last = statement.query_row([jti.as_str()], |row| {
        let Timestamp(expires_at) = row.get(1)?;
        Ok(OutstandingToken {
            user: None,
            jti: Jti::new(row.get(0)?),
            token: String::new(),
            created_at: now,
            expires_at,
        })
    });

    // It has a row already, unless somebody deleted it.
    Ok(match last.optional()? {
        Some(last) if blacklist(connection, users, &last, now)? => vec![Ended {
            jti: last.jti,
            expires_at: last.expires_at,
        }],
        _ => Vec::new(),
    })
}

fn successor(row: &OutstandingToken) -> Successor {
    Successor {
        jti: row.jti.clone(),
        issued_at: row.created_at,
        expires_at: row.expires_at,
    }
}

/// One statement, for between two the token could be rotated.
const STATE: &str = "\
    WITH blacklisted AS NOT MATERIALIZED ( \
        SELECT outstanding.jti FROM token_blacklist_outstandingtoken AS outstanding \
        JOIN token_blacklist_blacklistedtoken ON token_id = outstanding.id) \
    SELECT old.successor_jti, old.rotated_at, old.successor_expires_at, \
        NOT EXISTS (SELECT 1 FROM blacklisted WHERE jti = old.successor_jti) \
        AND NOT EXISTS (SELECT 1 FROM tegata_rotation WHERE parent_jti = old.successor_jti), \
        EXISTS (SELECT 1 FROM blacklisted WHERE jti = $1) \
    FROM (SELECT 1) LEFT JOIN tegata_rotation AS old ON old.parent_jti = $1";

/// The last token of a family, which is one line: the latest rotation gave it, or, where clocks
/// disagree, one that followed.
const LAST: &str = "\
    WITH RECURSIVE line (jti, expires_at) AS ( \
        SELECT successor_jti, successor_expires_at FROM ( \
            SELECT successor_jti, successor_expires_at FROM tegata_rotation \
            WHERE family = (SELECT family FROM tegata_rotation WHERE parent_jti = $1) \
            ORDER BY rotated_at DESC LIMIT 1) AS latest \
        UNION \
        SELECT later.successor_jti, later.successor_expires_at \
        FROM line JOIN tegata_rotation AS later ON later.parent_jti = line.jti) \
    SELECT jti, expires_at FROM line \
    WHERE NOT EXISTS (SELECT 1 FROM tegata_rotation WHERE parent_jti = line.jti)";

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps of a query in which it does more than look a row up by an index.
    fn long_steps(sql: &str) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        for tables in [
            include_str!("../../migrations/sqlite/django.sql"),
            include_str!("../../migrations/sqlite/tegata/V1__rotation.sql"),
        ] {
            connection.execute_batch(tables).unwrap();
        }

        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let mut statement = connection.prepare(&explain).unwrap();
        let steps = statement.query_map(["a"], |row| row.get(3)).unwrap();
        let steps = steps.map(Result::<String, _>::unwrap);
        let is_long = |step: &String| {
            step.contains("B-TREE") || step.starts_with("SCAN") && !step.contains("(subquery")
        };
        steps.filter(is_long).collect()
    }

    #[test]
    fn no_look_at_a_token_reads_a_table_through() {
        assert_eq!(long_steps(STATE), ["SCAN CONSTANT ROW"]);
    }

    #[test]
    fn no_end_of_a_family_reads_all_its_tokens() {
        assert_eq!(long_steps(LAST), ["SCAN latest", "SCAN line", "SCAN line"]);
    }
}
