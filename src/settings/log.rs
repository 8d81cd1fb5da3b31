use documented::DocumentedFields;
use serde::{Deserialize, Serialize};

/// `[log]`: what is logged.
#[derive(Clone, Debug, Default, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The least severe events to log: `"error"`, `"warn"`, `"info"`, `"debug"` or `"trace"`. Why
    /// a token was refused is logged at `"debug"`.
    pub level: LogLevel,
    /// How an event is written: `"text"`, a line to be read, or `"json"`, a line that is an object.
    pub format: LogFormat,
}

/// How an event is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase", expecting = "\"text\" or \"json\"")]
pub enum LogFormat {
    /// Time, level, request, place, words, fields.
    #[default]
    Text,
    /// An object of the same.
    Json,
}

/// How severe an event is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(
    rename_all = "lowercase",
    expecting = "\"error\", \"warn\", \"info\", \"debug\" or \"trace\""
)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What may fail next.
    Warn,
    /// What happens to the service.
    #[default]
    Info,
    /// What happens to a request.
    Debug,
    /// Everything.
    Trace,
}
