//! How an event is written: a line to be read, or one that is an object.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::ser::{SerializeMap, Serializer as _};
use serde_json::Serializer;
use tracing::{Event, Subscriber};
use tracing_serde::SerdeMapVisitor;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::registry::LookupSpan;

use crate::request::Request;
use crate::settings::LogFormat;

/// The form of the log, which can be changed.
#[derive(Clone)]
pub(super) struct Form {
    is_json: Arc<AtomicBool>,
}

impl Form {
    pub(super) fn new(format: LogFormat) -> Self {
        let is_json = Arc::new(AtomicBool::new(format == LogFormat::Json));
        Self { is_json }
    }

    pub(super) fn set(&self, format: LogFormat) {
        let is_json = format == LogFormat::Json;
        self.is_json.store(is_json, Ordering::Relaxed);
    }
}

/// Writes each event with the request that it is about.
pub(super) struct Events(pub(super) Form);

impl<S, N> FormatEvent<S, N> for Events
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.0.is_json.load(Ordering::Relaxed) {
            let object = to_json(event).map_err(|_| fmt::Error)?;
            return writeln!(writer, "{object}");
        }
        let metadata = event.metadata();
        SystemTime.format_time(&mut writer)?;
        write!(writer, " {:>5} ", metadata.level())?;
        Request::present(|request| write!(writer, "{request}: ")).transpose()?;
        write!(writer, "{}: ", metadata.target())?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

fn to_json(event: &Event<'_>) -> serde_json::Result<String> {
    let metadata = event.metadata();
    let mut time = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));

    let mut json = Vec::with_capacity(512);
    let mut serializer = Serializer::new(&mut json);
    let mut members = serializer.serialize_map(None)?;
    members.serialize_entry("timestamp", &time)?;
    members.serialize_entry("level", metadata.level().as_str())?;
    let mut fields = SerdeMapVisitor::new(members);
    event.record(&mut fields);
    let mut members = fields.take_serializer()?;
    members.serialize_entry("target", metadata.target())?;
    Request::present(|request| members.serialize_entry("span", request)).transpose()?;
    members.end()?;
    Ok(String::from_utf8(json).unwrap_or_default())
}
