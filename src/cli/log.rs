//! The log and what commands tell, both on standard error. A standard error that is closed, full or
//! not read ends neither a service nor a command.

mod event;
mod standard_error;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::OnceLock;

use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{Layer, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, registry, reload};

use self::event::{Events, Form};
use crate::settings::{Log, LogLevel};

/// Tells something, as `eprintln!` does, and goes on where nobody can hear it.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::cli::log::tell(format_args!($($words)*))
    };
}
pub(super) use say;

/// From here on there is a log.
pub(super) fn start(settings: &Log) {
    let (filter, level) = reload::Layer::new(filter(settings.level));
    let form = Form::new(settings.format);
    let events = Layer::new()
        .with_ansi(false)
        .log_internal_errors(false)
        .event_format(Events(form.clone()))
        .with_writer(Lines);
    let log: Dispatch = registry().with(filter).with(events).into();
    dispatcher::set_global_default(log).expect("a process runs one command");
    LOG.get_or_init(|| Handle { level, form });
}

/// Has the log that is there go on under other settings.
pub(super) fn change(settings: &Log) {
    if let Some(log) = LOG.get() {
        log.form.set(settings.format);
        // Only a log that is gone cannot be changed.
        let _ = log.level.reload(filter(settings.level));
    }
}

static LOG: OnceLock<Handle> = OnceLock::new();

/// What can be changed in the log of the process.
struct Handle {
    level: reload::Handle<Targets, Registry>,
    form: Form,
}

/// Others than ourselves, such as hyper, would log the bytes of requests.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets([("tegata", level), ("tegata_jwt", level)])
}

/// Makes a panic one event of the log, or one line where there is no log yet.
pub(super) fn report_panics() {
    panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let location = panic.location().map(ToString::to_string);
        let location = location.unwrap_or_default();
        let reason = literal(panic.payload());
        if dispatcher::has_been_set() {
            tracing::error!(location, reason, "panicked");
        } else {
            say!("panicked at {location}: {}", reason.unwrap_or("(untold)"));
        }
    }));
}

/// The words of a panic that stand in the source. Those that were put together may hold a secret.
fn literal(payload: &dyn Any) -> Option<&'static str> {
    payload.downcast_ref().copied()
}

/// See [`say!`].
pub(super) fn tell(words: fmt::Arguments<'_>) {
    let words = words.to_string();
    let lines: Vec<_> = words.split('\n').map(escape).collect();
    let text = lines.join("\n") + "\n";
    standard_error::write(&text);
}

/// Makes each event one line that does nothing to a terminal, whoever wrote what is in it
/// (CWE-117): the one place that all events pass.
struct Lines;

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<fn(&str)>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(standard_error::write)
    }
}

/// Takes one event in one call, as a [`Layer`] hands it over, and hands its line on.
struct Line<F>(F);

impl<F: FnMut(&str)> Write for Line<F> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = escape(text.strip_suffix('\n').unwrap_or(&text));
        (self.0)(&format!("{line}\n"));
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What could begin a line, command a terminal or hide as JSON's `\uXXXX`. In a line of JSON such a
/// character stands in strings only.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        if is_hostile(c) {
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            escaped.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            escaped.push(c);
        }
    }
    escaped.into()
}

/// Control characters, ends of lines and paragraphs, and what is invisible or turns the direction
/// of writing (CVE-2021-42574).
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' |
            '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' |
            '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn written(event: &str) -> String {
        let mut written = String::new();
        let mut line = Line(|line: &str| written += line);
        line.write_all(event.as_bytes()).unwrap();
        written
    }

    #[test]
    fn what_libraries_see_on_the_wire_is_never_logged() {
        let all = filter(LogLevel::Trace);
        let least = filter(LogLevel::Error);

        assert!(all.would_enable("tegata::http", &Level::TRACE));
        assert!(all.would_enable("tegata_jwt::verifier", &Level::TRACE));
        assert!(all.would_enable("hyper::proto::h1", &Level::WARN));
        assert!(!all.would_enable("hyper::proto::h1", &Level::INFO));
        assert!(!least.would_enable("hyper::proto::h1", &Level::WARN));
    }

    #[test]
    fn a_forged_second_line_stays_within_the_first() {
        assert_eq!(
            written("name=bob\r\n2026 INFO all is well\u{2028}really\u{85}\n"),
            "name=bob\\u000d\\u000a2026 INFO all is well\\u2028really\\u0085\n"
        );
    }

    #[test]
    fn a_terminal_is_not_commanded_and_no_text_is_turned_around() {
        assert_eq!(
            written("\u{1b}[2J\u{9b}31m\u{202e}ecila\u{e0041}\u{7f}\n"),
            "\\u001b[2J\\u009b31m\\u202eecila\\udb40\\udc41\\u007f\n"
        );
    }

    #[test]
    fn what_can_be_read_is_left_as_it_is() {
        assert_eq!(written("ユーザー 😀 \"a\\n\"\n"), "ユーザー 😀 \"a\\n\"\n");
    }

    #[test]
    fn a_panic_tells_what_the_source_says_and_no_value() {
        let password = std::hint::black_box("hunter2");

        let fixed = panic::catch_unwind(|| panic!("no such column")).unwrap_err();
        let put_together = panic::catch_unwind(|| panic!("refused: {password}")).unwrap_err();

        assert_eq!(literal(fixed.as_ref()), Some("no such column"));
        assert_eq!(literal(put_together.as_ref()), None);
    }
}
