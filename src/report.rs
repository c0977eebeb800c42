//! What the user sees while aptlet works and when it is done: progress on a terminal, short lines in a pod, JSON
//! for machines; all on standard error, so that standard output is free for results.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, Verbosity};
use crate::error::{Class, Error};
use crate::masking;

/// Kubernetes keeps as much of a termination message (container v1 core, `terminationMessagePath`), in bytes.
const LONGEST_TERMINATION_MESSAGE: usize = 4096;

/// Whether the lines of the log begin as apt's do.
static OF_APT: AtomicBool = AtomicBool::new(false);

/// Shows what happens.
#[derive(Debug)]
pub(crate) struct Report {
    format: LogFormat,
    verbosity: Verbosity,
    terminal: bool,
    started: Instant,
    stops: Mutex<Vec<Stop>>,
    echo: bool,
}

#[derive(Debug)]
struct Stop {
    name: &'static str,
    detail: String,
    time: Duration,
}

/// A stop of the way that is being made.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    report: &'a Report,
    name: &'static str,
    started: Instant,
    bar: ProgressBar,
}

impl Report {
    /// Also makes the log lines of all other modules come out in this format.
    pub(crate) fn new(format: LogFormat, verbosity: Verbosity) -> Self {
        let level = match verbosity {
            Verbosity::Quiet => Level::WARN,
            Verbosity::Normal => Level::INFO,
            Verbosity::Verbose => Level::DEBUG,
        };
        // fails only in tests, where one process makes several
        let _ = tracing_subscriber::registry().with(Lines { format, level }).try_init();
        let terminal = std::io::stderr().is_terminal() && format == LogFormat::Text;
        Self { format, verbosity, terminal, started: Instant::now(), stops: Mutex::default(), echo: false }
    }

    /// One whose lines begin as apt's do: `W:` for a warning, `N:` for a notice.
    pub(crate) fn of_apt(verbosity: Verbosity) -> Self {
        OF_APT.store(true, Ordering::Relaxed);
        Self::new(LogFormat::Text, verbosity)
    }

    /// Also tells the last word of a success to whoever reads standard output, as [`echo`] does.
    #[must_use]
    pub(crate) fn echoing(self) -> Self {
        Self { echo: true, ..self }
    }

    /// Begins a stop. `total` is what [`Running::advance`] adds up to, in bytes; 0 where that is not known.
    pub(crate) fn begin(&self, name: &'static str, total: u64) -> Running<'_> {
        let bar = if self.terminal && self.verbosity != Verbosity::Quiet {
            let template = match total {
                0 => "{prefix:>9} {spinner} {msg}",
                _ => "{prefix:>9} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}",
            };
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar =
                ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style);
            bar.set_prefix(name);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        } else {
            ProgressBar::hidden()
        };
        Running { report: self, name, started: Instant::now(), bar }
    }

    /// The last word of a success: one line of what came of it, and a table of the stops.
    pub(crate) fn success(&self, summary: &str, facts: Map<String, Value>) {
        let total = self.started.elapsed();
        let stops = self.stops.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut object = facts;
        object.insert("level".into(), json!("info"));
        object.insert("message".into(), json!(masking::text(summary)));
        object.insert("seconds".into(), json!(rounded(total)));
        let seconds = stops.iter().map(|stop| (stop.name.to_owned(), json!(rounded(stop.time)))).collect();
        object.insert("stops".into(), Value::Object(seconds));
        let object = Value::Object(object);
        if self.echo {
            echo(&object);
        }
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        if self.format == LogFormat::Json {
            return emit(&object.to_string());
        }
        let mut text = format!("{} in {:.1} s", masking::text(summary), total.as_secs_f64());
        for stop in stops.iter() {
            let _ = write!(text, "\n{:>9} {:>7.2} s  {}", stop.name, stop.time.as_secs_f64(), stop.detail);
        }
        emit(&text);
    }

    /// The last word of a failure: on standard error, and in the pod's termination message file if there is one.
    pub(crate) fn failure(&self, error: &Error, termination_log: &Path) {
        failure(self.format, error, termination_log);
    }

    /// The last word of `aptlet run` when its command cannot be started; the code is a shell's.
    pub(crate) fn unstarted(&self, message: &str, code: u8, termination_log: &Path) {
        let object = json!({
            "level": "error", "class": "command", "code": code, "message": masking::text(message),
            "hint": Value::Null,
        });
        last_word(self.format, message, None, &object, termination_log);
    }
}

/// See [`Report::failure`]; for failures before there is a report.
pub(crate) fn failure(format: LogFormat, error: &Error, termination_log: &Path) {
    last_word(format, &error.to_string(), error.hint().as_deref(), &object_of(error), termination_log);
}

fn last_word(format: LogFormat, message: &str, hint: Option<&str>, object: &Value, termination_log: &Path) {
    let message = masking::text(message);
    let text = match hint {
        Some(hint) => format!("error: {message}\n hint: {}", masking::text(hint)),
        None => format!("error: {message}"),
    };
    match format {
        LogFormat::Text => emit(&in_colour(&text)),
        LogFormat::Json => emit(&object.to_string()),
    }
    terminate(&text, termination_log);
}

/// The failure of another process, which could not tell of it itself.
pub(crate) fn failure_of_another(
    format: LogFormat,
    class: Class,
    message: &str,
    hint: Option<&str>,
    termination_log: &Path,
) {
    last_word(format, message, hint, &object(class, message, hint), termination_log);
}

/// A failure as an object of the JSON log.
pub(crate) fn object_of(error: &Error) -> Value {
    object(error.class(), &error.to_string(), error.hint().as_deref())
}

fn object(class: Class, message: &str, hint: Option<&str>) -> Value {
    json!({
        "level": "error", "class": class.to_string(), "code": class.code(),
        "message": masking::text(message),
        "hint": hint.map(|hint| masking::text(hint).into_owned()),
    })
}

/// Tells a last word, as it is in the JSON log, to whoever reads standard output.
pub(crate) fn echo(object: &Value) {
    // nobody reads it any more
    let _ = writeln!(std::io::stdout().lock(), "{object}");
}

/// Writes a message to the termination message file, which the kubelet makes; elsewhere there is none.
pub(crate) fn terminate(text: &str, termination_log: &Path) {
    let text = masking::text(text);
    // to a FIFO, too, if somebody reads it: who waits for that would wait for ever
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).truncate(true).custom_flags(nonblocking);
    if let Ok(mut file) = options.open(termination_log) {
        let end = text.floor_char_boundary(LONGEST_TERMINATION_MESSAGE);
        // there is nowhere left to say that this failed
        let _ = file.write_all(&text.as_bytes()[..end]);
    }
}

impl Running<'_> {
    /// So many more bytes are done.
    pub(crate) fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Ends the stop, with what is worth saying of it.
    pub(crate) fn end(self, detail: impl Into<String>) {
        let stop = Stop { name: self.name, detail: detail.into(), time: self.started.elapsed() };
        tracing::debug!("{}: {} ({:.2} s)", stop.name, stop.detail, stop.time.as_secs_f64());
        self.report.stops.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(stop);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Writes a result to standard output. Whoever reads it may have had enough: a closed pipe is no error.
///
/// # Errors
/// [`Error::Stdout`], such as for a full disk.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    forgive_closed(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// The same for what was written to standard output in another way.
///
/// # Errors
/// As for [`print`].
pub(crate) fn forgive_closed(written: std::io::Result<()>) -> Result<(), Error> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Error::Stdout),
    }
}

/// A line for the user that is no error, where there is no report yet.
pub(crate) fn say(line: &str) {
    emit(&masking::text(line));
}

/// The text with the words that it begins with in the colours that clap gives to its own, on a terminal that has any and
/// whose user does not decline (`NO_COLOR`).
fn in_colour(text: &str) -> Cow<'_, str> {
    const COLOURS: [(&str, &str); 3] = [("error:", "1;31"), ("warning:", "1;33"), (" hint:", "1;36")];
    if anstream::AutoStream::choice(&std::io::stderr()) == anstream::ColorChoice::Never {
        return text.into();
    }
    let line = |line: &str| {
        let found = COLOURS.iter().find_map(|(word, colour)| Some((word, colour, line.strip_prefix(word)?)));
        found.map_or_else(
            || line.to_owned(),
            |(word, colour, rest)| format!("\x1b[{colour}m{word}\x1b[0m{rest}"),
        )
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n").into()
}

fn emit(line: &str) {
    // a closed standard error is no reason to fail an install
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

struct Lines {
    format: LogFormat,
    level: Level,
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = format!("{value:?}");
        let shown = masking::text(&text);
        if field.name() == "message" {
            self.message = shown.into_owned();
        } else {
            self.others.insert(field.name().to_owned(), json!(shown));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.others.insert(field.name().to_owned(), json!(masking::text(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.others.insert(field.name().to_owned(), json!(value));
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with(env!("CARGO_PKG_NAME")) && *metadata.level() <= self.level
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = *event.metadata().level();
        match self.format {
            LogFormat::Json => {
                let mut object = fields.others;
                object.insert("level".into(), json!(level.as_str().to_ascii_lowercase()));
                object.insert("message".into(), json!(fields.message));
                emit(&Value::Object(object).to_string());
            }
            LogFormat::Text => {
                let mut text = match (level, OF_APT.load(Ordering::Relaxed)) {
                    (Level::WARN, true) => "W: ".to_owned(),
                    (_, true) => "N: ".to_owned(),
                    (Level::WARN, false) => "warning: ".to_owned(),
                    (Level::ERROR, false) => "error: ".to_owned(),
                    _ => String::new(),
                };
                text.push_str(&fields.message);
                for (name, value) in &fields.others {
                    let _ = write!(
                        text,
                        " {name}={}",
                        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                    );
                }
                emit(&in_colour(&text));
            }
        }
    }
}
