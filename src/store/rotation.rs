//! `tegata_rotation`: which refresh token took the place of which.

use anyhow::Result;
use chrono::{DateTime, Utc};
use tegata_jwt::{Jti, Successor};

use super::Store;
use super::columns::{Row, Timestamp};
use super::outstanding::{OutstandingToken, blacklist, insert, is_blacklisted};
use super::session::{Session, Task};
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

impl Refresh {
    /// What is decided where the old token is of use.
    fn rotated(&self) -> Decided {
        Decided {
            effect: Effect::Rotate(successor(&self.new)),
            blacklisted: vec![Ended::of(&self.old)],
        }
    }
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

impl Ended {
    fn of(token: &OutstandingToken) -> Self {
        Self {
            jti: token.jti.clone(),
            expires_at: token.expires_at,
        }
    }
}

impl Store {
    /// What a refresh token is found to be.
    pub async fn rotation_state(&self, jti: &Jti) -> Result<State> {
        let find: Task<Jti, State> = |db, _, jti| Box::pin(state(db, jti));
        self.read(jti.clone(), find).await
    }

    /// Gives a new refresh token for an old one, in one transaction. `None`, and nothing written,
    /// where the user by now is gone or no longer the same.
    pub async fn rotate(&self, refresh: Refresh) -> Result<Option<Decided>> {
        self.write_idempotent(refresh, |db, users, refresh| {
            Box::pin(async move {
                if rotate_at_once(db, users, refresh).await? {
                    return Ok(Some(refresh.rotated()));
                }
                if let Some(user) = &refresh.user
                    && !user.holds(db, users).await?
                {
                    return Ok(None);
                }
                let decided = match refresh.rules {
                    Some(rules) => rotate(db, users, refresh, rules).await?,
                    None => issue_beside(db, users, refresh).await?,
                };
                Ok(Some(decided))
            })
        })
        .await
    }

    /// Blacklists a token, whoever issued it, or what took its place.
    pub async fn blacklist(&self, token: OutstandingToken, now: DateTime<Utc>) -> Result<Decided> {
        self.write((token, now), |db, users, (token, now)| {
            // The rules are about refreshes alone.
            let rules = Rules::default();
            Box::pin(decide(db, users, token, Event::Blacklist, rules, *now))
        })
        .await
    }

    /// Blacklists what lives of the family of a token that was rotated.
    pub async fn end_family(&self, jti: &Jti, now: DateTime<Utc>) -> Result<Vec<Ended>> {
        self.write((jti.clone(), now), |db, users, (jti, now)| {
            Box::pin(end_family(db, users, jti, *now))
        })
        .await
    }
}

/// The usual case of [`rotate`] in one statement, where every statement is a trip to another process:
/// the user holds, and the token is live and has its row. `false`, and nothing written, in all others.
async fn rotate_at_once(db: &Session<'_>, users: &UserTable, refresh: &Refresh) -> Result<bool> {
    let (Session::Postgres(session), Some(user), Some(_)) = (db, &refresh.user, refresh.rules)
    else {
        return Ok(false);
    };
    let Refresh { old, new, .. } = refresh;
    let [id, password, must_be_active] = user.values(users);
    let sql = &users.rotate_at_once;
    let values = [
        id,
        password,
        must_be_active,
        old.jti.as_str().into(),
        old.expires_at.into(),
        new.created_at.into(),
        new.jti.as_str().into(),
        new.expires_at.into(),
        old.expires_at.max(new.expires_at).into(),
        new.token.as_str().into(),
    ];
    Ok(session.execute_alone(sql, &values).await? == 1)
}

/// What [`rotate_at_once`] says in SQL, of users that this query holds by its first three places. The
/// order is as everywhere: the user first, then the arbiter, and the rest for whoever inserted it.
pub(super) fn rotation_at_once(holds: &str) -> String {
    format!(
        "WITH holder AS ({holds}), ended AS ( \
            INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
            SELECT $6, id FROM token_blacklist_outstandingtoken \
            WHERE jti = $4 AND expires_at >= $5 AND EXISTS (SELECT 1 FROM holder) \
            AND NOT EXISTS (SELECT 1 FROM tegata_rotation WHERE parent_jti = $4) \
            ON CONFLICT (token_id) DO NOTHING RETURNING token_id), \
        recorded AS ( \
            INSERT INTO tegata_rotation (parent_jti, successor_jti, family, rotated_at, \
            successor_expires_at, expires_at) \
            SELECT $4, $7, COALESCE( \
            (SELECT family FROM tegata_rotation WHERE successor_jti = $4), $4), $6, $8, $9 \
            FROM ended) \
        INSERT INTO token_blacklist_outstandingtoken \
        (token, created_at, expires_at, user_id, jti) \
        SELECT $10, $6, $8, (SELECT key FROM holder), $7 FROM ended"
    )
}

/// Of any number of callers with one token one is first; the rules say what the others get.
async fn rotate(
    db: &Session<'_>,
    users: &UserTable,
    refresh: &Refresh,
    rules: Rules,
) -> Result<Decided> {
    let Refresh { old, new, .. } = refresh;
    let event = Event::Refresh(successor(new));
    let decided = decide(db, users, old, event, rules, new.created_at).await?;
    if let Effect::Rotate(_) = decided.effect {
        insert(db, users, new).await?;
        record(db, old, new).await?;
    }
    Ok(decided)
}

/// The old token stays of use, so that nobody is first.
async fn issue_beside(db: &Session<'_>, users: &UserTable, refresh: &Refresh) -> Result<Decided> {
    let effect = if is_blacklisted(db, &refresh.old.jti).await? {
        Effect::Refuse
    } else {
        insert(db, users, &refresh.new).await?;
        Effect::Rotate(successor(&refresh.new))
    };
    Ok(Decided {
        effect,
        blacklisted: Vec::new(),
    })
}

/// Decides about a token as [`Rules::step`] says. The arbiter comes first: whoever inserts the
/// token's blacklisted row is the first, and Django respects that row, too.
async fn decide(
    db: &Session<'_>,
    users: &UserTable,
    token: &OutstandingToken,
    event: Event,
    rules: Rules,
    now: DateTime<Utc>,
) -> Result<Decided> {
    let is_first = blacklist(db, users, token, now).await?;
    let state = match state(db, &token.jti).await? {
        State::Ended if is_first => State::Live,
        found => found,
    };

    let (_, effect) = rules.step(state, event);
    let mut blacklisted = match effect {
        Effect::EndFamily => end_family(db, users, &token.jti, now).await?,
        _ => Vec::new(),
    };
    if is_first {
        blacklisted.push(Ended::of(token));
    }
    Ok(Decided {
        effect,
        blacklisted,
    })
}

async fn state(db: &Session<'_>, jti: &Jti) -> Result<State> {
    let read = |row: Row<'_>| {
        let is_rotated = row.get::<Option<String>>(0)?.is_some();
        let is_blacklisted: bool = row.get(4)?;
        Ok(match (is_rotated, is_blacklisted) {
            (true, _) => State::Rotated(rotation(row)?),
            (false, true) => State::Ended,
            (false, false) => State::Live,
        })
    };
    db.one(STATE, &[jti.as_str().into()], read).await
}

fn rotation(row: Row<'_>) -> Result<Rotation> {
    let Timestamp(issued_at) = row.get(1)?;
    let Timestamp(expires_at) = row.get(2)?;
    Ok(Rotation {
        successor: Successor {
            jti: Jti::new(row.get::<String>(0)?),
            issued_at,
            expires_at,
        },
        successor_is_unused: row.get(3)?,
    })
}

/// Records that one token took the place of another. A family bears the name of its first token.
async fn record(db: &Session<'_>, old: &OutstandingToken, new: &OutstandingToken) -> Result<()> {
    let sql = "INSERT INTO tegata_rotation \
               (parent_jti, successor_jti, family, rotated_at, successor_expires_at, expires_at) \
               VALUES (CAST($1 AS TEXT), $2, COALESCE((SELECT family FROM tegata_rotation \
               WHERE successor_jti = CAST($1 AS TEXT)), CAST($1 AS TEXT)), $3, $4, $5)";
    let values = [
        old.jti.as_str().into(),
        new.jti.as_str().into(),
        new.created_at.into(),
        new.expires_at.into(),
        old.expires_at.max(new.expires_at).into(),
    ];
    db.execute(sql, &values).await.map(drop)
}

/// Blacklists the last token of a family. Those before it are so already.
async fn end_family(
    db: &Session<'_>,
    users: &UserTable,
    jti: &Jti,
    now: DateTime<Utc>,
) -> Result<Vec<Ended>> {
    let read = |row: Row<'_>| {
        let Timestamp(expires_at) = row.get(1)?;
        Ok(OutstandingToken {
            user: None,
            jti: Jti::new(row.get::<String>(0)?),
            token: String::new(),
            created_at: now,
            expires_at,
        })
    };
    let mut before = None;
    loop {
        let last = db.first(LAST, &[jti.as_str().into()], read).await?;
        // The last has ended already, unless it was rotated while we were at it: then another is.
        let Some(last) = last.filter(|last| before.as_ref() != Some(&last.jti)) else {
            return Ok(Vec::new());
        };
        // It has a row already, unless somebody deleted it.
        if blacklist(db, users, &last, now).await? {
            return Ok(vec![Ended::of(&last)]);
        }
        before = Some(last.jti);
    }
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
    FROM (SELECT 1) AS one LEFT JOIN tegata_rotation AS old ON old.parent_jti = $1";

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
    use rusqlite::{Connection, StatementStatus};

    use super::*;
    use crate::store::sqlite::{self, LOCK_PATIENCE};

    const TABLES: [&str; 2] = [
        include_str!("../../migrations/sqlite/django.sql"),
        include_str!("../../migrations/sqlite/tegata/V1__rotation.sql"),
    ];

    /// The steps of a query in which it does more than look a row up by an index.
    fn long_steps(sql: &str) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        for tables in TABLES {
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
    fn a_look_at_a_token_is_planned_once_whichever_it_is() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("db");
        for tables in TABLES {
            let connection = Connection::open(&path).unwrap();
            connection.execute_batch(tables).unwrap();
        }
        let connection = sqlite::connect(&path, LOCK_PATIENCE).unwrap();
        let connection = connection.lock();

        let look = |jti| {
            let mut statement = connection.prepare_cached(STATE).unwrap();
            statement.query_row([jti], |_| Ok(())).unwrap();
            statement.get_status(StatementStatus::RePrepare)
        };
        assert_eq!(["a", "b", "c"].map(look), [0; 3]);
    }

    #[test]
    fn no_look_at_a_token_reads_a_table_through() {
        assert_eq!(long_steps(STATE), ["SCAN CONSTANT ROW", "SCAN one"]);
    }

    #[test]
    fn no_end_of_a_family_reads_all_its_tokens() {
        assert_eq!(long_steps(LAST), ["SCAN latest", "SCAN line", "SCAN line"]);
    }
}
