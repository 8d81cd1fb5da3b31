use std::io;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// From here on a limit on the size of files (`ulimit -f`) makes writes fail, as a full disk does,
/// and does not end the process.
pub(super) fn outlive_full_files() -> io::Result<()> {
    // Once taken, the signal stays taken.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}

/// How many of these connections the process can have open, beside what else it opens. Its soft
/// limit on open files, which is low for the sake of programs that use `select`, becomes the hard
/// one.
pub(super) fn fit(max_connections: u32) -> u32 {
    let Some(files) = open_files() else {
        return max_connections;
    };
    let allowed = connections(files).min(max_connections);
    if allowed < max_connections {
        tracing::warn!(
            max_connections = allowed,
            "the process may open {files} files, too few for [server] max_connections = \
             {max_connections}: raise the limit (ulimit -n, LimitNOFILE) or lower the setting"
        );
    }
    allowed
}

/// `None` is any number.
fn open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// What a number of files leaves for connections.
fn connections(files: u64) -> u32 {
    let left = files - RESERVED.min(files / 2);
    u32::try_from(left).unwrap_or(u32::MAX)
}

/// Files that are not connections: the database has some for each thread that reads.
const RESERVED: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_keeps_files_to_open() {
        assert_eq!(connections(524_288), 524_032);
        assert_eq!(connections(1024), 768);
        assert_eq!(connections(40), 20);
    }
}
