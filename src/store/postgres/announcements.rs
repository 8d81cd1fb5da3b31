//! How nodes hear of what others blacklisted: `NOTIFY` says that there is something, and the table
//! says what. So nobody is made to refuse a token by a notification alone, and one that is lost
//! costs a moment.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_postgres::AsyncMessage;
use uuid::Uuid;

use super::failure::{Refusal, unreachable};
use super::{Connector, Postgres};

/// What is to be announced. Many at once are one announcement.
pub(super) struct Announcer {
    /// This node, which knows its own announcements.
    node: Uuid,
    /// How many wait for the announcement underway, or the one after it.
    waiting: AtomicUsize,
}

impl Default for Announcer {
    fn default() -> Self {
        Self {
            node: Uuid::new_v4(),
            waiting: AtomicUsize::new(0),
        }
    }
}

impl Postgres {
    /// Tells other nodes that tokens were blacklisted.
    pub(in crate::store) fn announce(self: &Arc<Self>) {
        if self.announcer.waiting.fetch_add(1, Ordering::AcqRel) > 0 {
            return;
        }
        let this = Arc::clone(self);
        self.underway.spawn(async move {
            let waiting = &this.announcer.waiting;
            loop {
                let seen = waiting.load(Ordering::Acquire);
                if let Err(error) = this.notify().await {
                    tracing::warn!("other nodes learn of a revocation by polling alone: {error:#}");
                }
                if waiting.fetch_sub(seen, Ordering::AcqRel) == seen {
                    return;
                }
            }
        });
    }

    async fn notify(&self) -> Result<()> {
        let notify = async {
            let client = self.pool.get().await.map_err(unreachable)?;
            let sql = format!("NOTIFY {CHANNEL}, '{}'", self.announcer.node);
            Ok(client.batch_execute(&sql).await.map_err(Refusal::from)?)
        };
        tokio::time::timeout(self.patience, notify).await?
    }

    /// Listens to other nodes, from now on and again after each loss of the connection.
    pub(in crate::store) fn listen(&self) -> Announcements {
        let heard = Arc::new(Notify::new());
        let (connector, node) = (self.connector.clone(), self.announcer.node.to_string());
        let listening = listen_without_end(connector, node, Arc::clone(&heard));
        Announcements {
            heard,
            listening: tokio::spawn(listening).abort_handle(),
        }
    }
}

/// The announcements of other nodes, until this is dropped.
pub(in crate::store) struct Announcements {
    heard: Arc<Notify>,
    listening: AbortHandle,
}

impl Announcements {
    /// Waits for the next; one may have come already, and several are as one. What there was while
    /// nobody could listen is one, too.
    pub(in crate::store) async fn next(&self) {
        self.heard.notified().await;
    }
}

impl Drop for Announcements {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen_without_end(connector: Connector, node: String, heard: Arc<Notify>) {
    let mut did_listen = None;
    loop {
        let Err(error) = listen(&connector, &node, &heard, &mut did_listen).await;
        // An outage is two lines in the log, however long it is.
        if did_listen != Some(false) {
            tracing::warn!("not listening to other nodes: {error:#}");
        }
        did_listen = Some(false);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection is lost.
async fn listen(
    connector: &Connector,
    node: &str,
    heard: &Notify,
    did_listen: &mut Option<bool>,
) -> Result<std::convert::Infallible> {
    let (client, mut connection) = connector.connect().await?;
    let sql = format!("LISTEN {CHANNEL}");
    let listen = client.batch_execute(&sql);
    let mut listen = std::pin::pin!(listen);
    let mut is_listening = false;
    loop {
        let message = tokio::select! {
            biased;
            message = poll_fn(|context| connection.poll_message(context)) => message,
            listening = &mut listen, if !is_listening => {
                listening.map_err(Refusal::from)?;
                tracing::debug!("listening to other nodes");
                (is_listening, *did_listen) = (true, Some(true));
                // What was announced before that was not heard.
                heard.notify_one();
                continue;
            }
        };
        let message = message.context("the connection was closed")?;
        if let AsyncMessage::Notification(said) = message.map_err(Refusal::from)?
            && said.payload() != node
        {
            heard.notify_one();
        }
    }
}

const CHANNEL: &str = "tegata_revocations";
/// How long after the loss of a connection the next is tried for.
const PAUSE: Duration = Duration::from_millis(500);
