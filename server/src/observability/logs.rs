//! Log lines on standard error, for a person or as JSON.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::ffi::OsStr;
use std::io::{self, IsTerminal as _};
use std::panic::PanicHookInfo;

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::LogFormat;

/// Where panics come from, in the log.
const PANICS: &str = "backstock::panic";

/// Why log lines cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The directives cannot be read; a checked configuration has none such.
    #[error("bad log directives")]
    Directives(#[from] ParseError),
    /// Something else in the process has set them up.
    #[error("log lines are set up already")]
    AlreadySet(#[from] tracing_subscriber::util::TryInitError),
}

/// Sends the process's log lines to standard error: standard output is for
/// results. `directives` say what is logged, as `info,backstock_engine=debug`.
/// A panic, of a library too, is a log line from then on, whatever they say.
pub fn init(format: LogFormat, directives: &str) -> Result<(), LogError> {
    let filter = filter(directives)?;
    let colour = is_coloured(io::stderr().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    subscriber(format, filter, colour, io::stderr).try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn filter(directives: &str) -> Result<EnvFilter, ParseError> {
    let panics = format!("{PANICS}=error").parse()?;
    Ok(EnvFilter::try_new(directives)?.add_directive(panics))
}

/// Logs a panic in the log's own format, so that a reader of the log meets one
/// format only. It does not end the process: some panics are caught.
fn log_panic(info: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let at = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("a panic without a text");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!(target: PANICS, thread, at, %backtrace, "panicked: {message}");
    } else {
        tracing::error!(target: PANICS, thread, at, "panicked: {message}");
    }
}

/// Whether lines are coloured: for a person at a terminal who has not asked for
/// none, see <https://no-color.org>.
fn is_coloured(at_terminal: bool, no_color: Option<&OsStr>) -> bool {
    at_terminal && no_color.is_none_or(OsStr::is_empty)
}

fn subscriber<W>(
    format: LogFormat,
    filter: EnvFilter,
    colour: bool,
    writer: W,
) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = fmt().with_env_filter(filter).with_ansi(colour).with_writer(writer);
    // Where standard error is closed, a complaint about that would panic, and a panic
    // complain.
    let builder = builder.log_internal_errors(false);
    match format {
        LogFormat::Pretty => Box::new(builder.finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A writer that keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat) -> String {
        logged_by(format, "info", || {
            tracing::info!(lsn = 7, "recovered");
            tracing::debug!("not asked for");
        })
    }

    fn logged_by(format: LogFormat, directives: &str, work: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let filter = filter(directives).unwrap();
        let subscriber = subscriber(format, filter, false, move || writer.clone());
        tracing::subscriber::with_default(subscriber, work);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_is_one_object_with_its_fields() {
        let text = logged(LogFormat::Json);
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&line["message"], &line["lsn"]), (&"recovered".into(), &7.into()));
    }

    /// The hook is the process's: a panic on another thread meanwhile reaches no log.
    #[test]
    fn a_panic_is_one_line_of_the_format_whatever_is_logged() {
        for directives in ["info", "off", "off,backstock=off"] {
            let text = logged_by(LogFormat::Json, directives, || {
                let before = std::panic::take_hook();
                std::panic::set_hook(Box::new(log_panic));
                let caught = std::panic::catch_unwind(|| panic!("page {} is torn", 7));
                std::panic::set_hook(before);
                caught.unwrap_err();
            });
            let line: serde_json::Value = serde_json::from_str(text.trim_end()).expect(&text);
            assert_eq!(line["message"], "panicked: page 7 is torn", "{directives}");
            assert!(line["at"].as_str().unwrap().contains("logs.rs"), "{text}");
            assert_eq!(line["level"], "ERROR");
        }
    }

    #[test]
    fn lines_are_coloured_for_a_person_at_a_terminal_only() {
        for (at_terminal, no_color, expected) in [
            (true, None, true),
            (true, Some(""), true),
            (true, Some("1"), false),
            (false, None, false),
            (false, Some(""), false),
        ] {
            assert_eq!(is_coloured(at_terminal, no_color.map(OsStr::new)), expected);
        }
        assert!(!logged(LogFormat::Pretty).contains('\u{1b}'));
    }

    #[test]
    fn a_pretty_line_is_for_a_person() {
        let text = logged(LogFormat::Pretty);
        assert!(text.contains("recovered") && text.lines().count() == 1, "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    }
}
