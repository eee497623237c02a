//! Hands each command to the code that carries it out, and turns its result into an
//! exit code.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use backstock_engine::engine::Engine;
use clap::Parser;
use rustix::fs::Mode;
use tokio::task::spawn_blocking;

use super::{
    AuditArgs, BadServerAddr, Checked, Cli, Command, CompletionsArgs, Exit, FeedArgs, OrderArgs,
    OrderCommand, PartnerArgs, ServeArgs, SnapshotArgs, SnapshotCommand, Target, TargetArgs,
    TermsArgs, TermsCommand, WebhookArgs, WorkArgs, show,
};
use crate::client::{self, ClientError, within};
use crate::clock::ClockKind;
use crate::config::{self, Config, ConfigError, LogFormat, MetricsListen, SERVER_ENV};
use crate::connections;
use crate::demo::{self, DemoError};
use crate::export_file::ExportFileError;
use crate::import::{self, ImportError};
use crate::observability::{exposition, logs};
use crate::offline::{self, OfflineError};
use crate::serve::{self as server, ServeError, ServeOptions};
use crate::shutdown::Shutdown;

/// How long the end of the process waits for threads that block, as one that removes a
/// file does. Nothing that was acknowledged rests on them.
const RUNTIME_END_MAX: Duration = Duration::from_secs(1);

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server ended otherwise than drained.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A server did not do what was asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The variable that names the server holds no address.
    #[error("{SERVER_ENV} is no server address: {0}")]
    ServerVariable(#[from] BadServerAddr),
    /// An import could not go on.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The demo could not go on.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// A snapshot could not be exported.
    #[error(transparent)]
    Export(#[from] ExportFileError),
    /// A file to check, and a server or a directory as well.
    #[error("a file is checked by itself: leave out --data and --server")]
    TargetOfFile,
    /// What is given as the token of a change is none.
    #[error("this is not the token of a change: `order change` prints it")]
    NoToken,
    /// The process has no room for the threads and files of a client.
    #[error("cannot start the client")]
    Runtime(#[source] io::Error),
    /// A file that was named cannot be read.
    #[error("cannot read the file")]
    Input(#[source] io::Error),
    /// Standard output cannot be written.
    #[error("cannot write the result")]
    Output(#[source] io::Error),
    /// A data directory could not be worked on.
    #[error(transparent)]
    Offline(#[from] OfflineError),
}

impl CommandError {
    /// The exit code that tells of it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Config(_) => Exit::Configuration,
            Self::Serve(error) => error.exit(),
            Self::Client(error) => error.exit(),
            Self::Import(error) => error.exit(),
            Self::ServerVariable(_) | Self::TargetOfFile | Self::NoToken => Exit::Usage,
            Self::Export(error) => error.exit(),
            Self::Demo(_) | Self::Runtime(_) | Self::Input(_) | Self::Output(_) => Exit::Failure,
            Self::Offline(error) => error.exit(),
        }
    }
}

impl CommandError {
    /// Whether a snapshot was to be exported: half of one is of no use.
    fn is_of_export(&self) -> bool {
        use OfflineError::{Export, ExportFile};
        matches!(self, Self::Export(_) | Self::Offline(Export(_) | ExportFile(_)))
    }
}

impl From<tonic::Status> for CommandError {
    fn from(status: tonic::Status) -> Self {
        Self::Client(status.into())
    }
}

/// Reads the arguments of the process, does what they say and reports.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // Whatever it makes, as its libraries make it, is for its user alone.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let mut out = Piped { inner: io::stdout().lock(), closed: false };
    match dispatch(cli, &mut out) {
        Ok(exit) => exit.into(),
        // A reader that stops, as `head` does, has what it wanted.
        Err(error) if out.closed && !error.is_of_export() => Exit::Success.into(),
        Err(error) => {
            report(&error);
            error.exit().into()
        }
    }
}

/// Output whose reader may go before its end.
struct Piped<W> {
    inner: W,
    /// Whether the reader has gone.
    closed: bool,
}

impl<W: Write> Piped<W> {
    fn note<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        self.closed |= matches!(&written, Err(e) if e.kind() == io::ErrorKind::BrokenPipe);
        written
    }
}

impl<W: Write> Write for Piped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.inner.flush();
        self.note(flushed)
    }
}

/// Works on a data directory. What it warns of goes to standard error.
fn on_directory(work: impl FnOnce() -> Result<Exit, OfflineError>) -> Result<Exit, CommandError> {
    // An error means that the process logs already, which is as good.
    let _ = logs::init(LogFormat::Pretty, "warn");
    Ok(work()?)
}

/// Does one command, printing its result to `out`.
fn dispatch(cli: Cli, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match cli.command {
        Command::Serve(args) => serve(*args, out),
        Command::Completions(args) => completions(args, out),
        Command::Demo(args) => block_on(demo::play(args, out)),
        Command::Init(args) => on_directory(|| offline::init(&args.data, args.output.json, out)),
        Command::Import(args) => block_on(import::import(args, out)),
        Command::Snapshot(args) => block_on(snapshot(args, out)),
        Command::Restore(args) => on_directory(|| offline::restore(&args, out)),
        Command::Journal(args) => journal(args, out),
        Command::Audit(args) => block_on(audit(args, out)),
        Command::Availability(args) => {
            block_on(within(args.server.timeout, show::availability(args, out)))
        }
        Command::Suggest(args) => block_on(within(args.server.timeout, show::suggest(args, out))),
        Command::Order(args) => block_on(order(args, out)),
        Command::Feed(args) => block_on(feed(args, out)),
        Command::Webhook(args) => block_on(webhook(args, out)),
        Command::Partner(args) => block_on(partner(args, out)),
        Command::Work(args) => block_on(work(args, out)),
        Command::Terms(args) => block_on(terms(args, out)),
    }
}

/// Runs what talks to a server.
fn block_on<E: Into<CommandError>>(
    work: impl Future<Output = Result<Exit, E>>,
) -> Result<Exit, CommandError> {
    client::block_on(work).map_err(CommandError::Runtime)?.map_err(Into::into)
}

async fn order(args: OrderArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match args.command {
        OrderCommand::Show(query) => {
            within(query.server.timeout, show::show_order(query, out)).await
        }
        OrderCommand::Explain(query) => {
            within(query.server.timeout, show::explain_order(query, out)).await
        }
        OrderCommand::Timeline(query) => {
            within(query.order.server.timeout, show::timeline(query, out)).await
        }
        OrderCommand::Change(args) => {
            within(args.desk.server.timeout, show::change::change(*args, out)).await
        }
        OrderCommand::Commit(args) => {
            within(args.desk.server.timeout, show::change::commit(args, out)).await
        }
        OrderCommand::Hold(args) => {
            within(args.desk.server.timeout, show::desk::hold(args, out)).await
        }
        OrderCommand::ReleaseHold(args) => {
            within(args.desk.server.timeout, show::desk::release_hold(args, out)).await
        }
        OrderCommand::ResolveDecline(args) => {
            within(args.desk.server.timeout, show::desk::resolve_decline(args, out)).await
        }
    }
}

async fn feed(args: FeedArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    use super::FeedCommand::{Acknowledge, Consumers, Delete, Put, Read};
    match args.command {
        Read(args) => within(args.server.timeout, show::feed::read(args, out)).await,
        Consumers { server, output } => {
            within(server.timeout, show::feed::consumers(&server.server, output, out)).await
        }
        Put(args) => within(args.of.server.timeout, show::feed::put(args, out)).await,
        Acknowledge(args) => {
            within(args.of.server.timeout, show::feed::acknowledge(args, out)).await
        }
        Delete(args) => within(args.server.timeout, show::feed::delete(args, out)).await,
    }
}

async fn webhook(args: WebhookArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    use super::WebhookCommand::{Delete, List, Resume, Set, Test};
    match args.command {
        Set(args) => within(args.of.server.timeout, show::webhook::set(args, out)).await,
        List { server, output } => {
            within(server.timeout, show::webhook::list(&server.server, output, out)).await
        }
        Delete(args) => within(args.server.timeout, show::webhook::delete(args, out)).await,
        Resume(args) => within(args.of.server.timeout, show::webhook::resume(args, out)).await,
        Test(args) => within(args.server.timeout, show::webhook::test(args, out)).await,
    }
}

async fn partner(args: PartnerArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    use super::PartnerCommand::{Check, Define, Discard, Dispose, Gaps, Match, Replay, Send, Show};
    use show::partner_goods::{dispose, gaps, match_goods};
    match args.command {
        Define(args) => within(args.of.server.timeout, show::partner::define(args, out)).await,
        Send(args) => within(args.of.server.timeout, show::partner::send(args, out)).await,
        Show(args) => within(args.server.timeout, show::partner::show(args, out)).await,
        Replay(args) => within(args.of.server.timeout, show::partner::replay(args, out)).await,
        Discard(args) => within(args.of.server.timeout, show::partner::discard(args, out)).await,
        Gaps(args) => within(args.server.timeout, gaps(args, out)).await,
        Match(args) => within(args.of.server.timeout, match_goods(args, out)).await,
        Dispose(args) => within(args.of.server.timeout, dispose(args, out)).await,
        Check(args) => show::partner_check::check(args, out).await,
    }
}

async fn work(args: WorkArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    use super::WorkCommand::{Claim, List, Load, PackingSlip, PickList, Release};
    match args.command {
        List(args) => within(args.server.timeout, show::work::list(args, out)).await,
        Load(args) => within(args.server.timeout, show::load::load(args, out)).await,
        Claim(args) => within(args.server.timeout, show::work::claim(args, out)).await,
        Release(args) => within(args.server.timeout, show::work::release(args, out)).await,
        PickList(args) => {
            within(args.document.server.timeout, show::work::pick_list(args, out)).await
        }
        PackingSlip(args) => {
            within(args.document.server.timeout, show::work::packing_slip(args, out)).await
        }
    }
}

async fn terms(args: TermsArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match args.command {
        TermsCommand::Show(args) => within(args.server.timeout, show::show_terms(args, out)).await,
        TermsCommand::Set(args) => within(args.of.server.timeout, show::set_terms(args, out)).await,
    }
}

fn target(args: &TargetArgs) -> Result<Target, CommandError> {
    Ok(args.target(std::env::var(SERVER_ENV).ok().as_deref())?)
}

async fn audit(args: AuditArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match target(&args.target)? {
        Target::Server(server) => {
            within(args.target.timeout, show::audit(&server, args.output, out)).await
        }
        Target::Data(data) => on_directory(|| offline::audit(&data, args.output.json, out)),
    }
}

fn journal(args: super::JournalArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    use super::JournalCommand::{Inspect, Verify};
    on_directory(|| match args.command {
        Inspect { data, from, limit, output } => {
            offline::inspect(&data, from, limit, output.json, out)
        }
        Verify { data, output } => offline::verify(&data, output.json, out),
    })
}

async fn snapshot(args: SnapshotArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match args.command {
        SnapshotCommand::Take { server, output } => {
            within(server.timeout, show::take(&server.server, output, out)).await
        }
        SnapshotCommand::List { target: of, output } => match target(&of)? {
            Target::Server(server) => within(of.timeout, show::list(&server, output, out)).await,
            Target::Data(data) => on_directory(|| offline::list_snapshots(&data, output.json, out)),
        },
        SnapshotCommand::Verify { checked: Some(Checked::File(file)), target: of, output } => {
            if of != TargetArgs::default() {
                return Err(CommandError::TargetOfFile);
            }
            on_directory(|| offline::verify_file(&file, output.json, out))
        }
        SnapshotCommand::Verify { checked, target: of, output } => {
            let generation = checked.and_then(Checked::generation);
            match target(&of)? {
                Target::Server(server) => {
                    within(of.timeout, show::verify(&server, generation, output, out)).await
                }
                Target::Data(data) => {
                    on_directory(|| offline::verify_snapshot(&data, generation, output.json, out))
                }
            }
        }
        SnapshotCommand::Export { generation, to, target: of, output } => match target(&of)? {
            Target::Server(server) => {
                within(of.timeout, show::export(&server, generation, &to, output, out)).await
            }
            Target::Data(data) => {
                let json = output.json;
                on_directory(|| offline::export_snapshot(&data, generation, &to, json, out))
            }
        },
    }
}

fn serve(args: ServeArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let (print_config, clock) = (args.print_config, args.clock);
    // A variable that is not Unicode cannot be one of ours.
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let loaded = config::load(args.sources(env.collect()))?;
    if print_config {
        write!(out, "{loaded}").map_err(CommandError::Output)?;
        return Ok(Exit::Success);
    }
    logs::init(loaded.config.log_format, &loaded.config.log_level).map_err(start)?;
    if !loaded.ignored.is_empty() {
        let names = loaded.ignored.join(" ");
        tracing::warn!(names, "variables that are no settings are ignored");
    }
    connections::raise_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(start)?;
    let served = runtime.block_on(serve_until_drained(&loaded.config, clock, out));
    // What still reads its data, or a disk that does not answer, is not waited for.
    runtime.shutdown_timeout(RUNTIME_END_MAX);
    served.map(|()| Exit::Success)
}

/// An error of setting the process up.
fn start(error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
    ServeError::Start(Box::new(error)).into()
}

async fn serve_until_drained(
    config: &Config,
    clock: ClockKind,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let shutdown = Shutdown::default();
    shutdown.heed_signals().map_err(start)?;
    let metrics = exposition::install().map_err(start)?;
    let listener = server::listen(config.listen.clone()).await?;
    let scraped = match &config.metrics_listen {
        MetricsListen::At(address) => Some(server::listen(address.clone()).await?),
        MetricsListen::Off => None,
    };
    let address = listener.local_addr().map_err(start)?;
    tracing::info!(%address, data = %config.data.display(), "opening");
    let exposing = tokio::spawn(async move {
        match scraped {
            // Metrics are there until the process ends.
            Some(listener) => {
                let ended = exposition::serve(listener, metrics, std::future::pending()).await;
                if let Err(error) = ended {
                    tracing::error!(%error, "metrics are not served any more");
                }
            }
            None => exposition::upkeep(metrics).await,
        }
    });
    let announced = || {
        tracing::info!(%address, "listening");
        // One line, for scripts that let the system choose the port, or wait until it is open.
        writeln!(out, "listening on {address}")?;
        out.flush()
    };
    let (opens, options) = (open(config.clone()), ServeOptions::new(config, clock));
    let served = server::serve_when_open(opens, listener, options, shutdown, announced).await;
    exposing.abort();
    Ok(served?)
}

/// Opens the engine on a thread that may block: the runtime answers meanwhile.
async fn open(config: Config) -> Result<Engine, ServeError> {
    let runtime = tokio::runtime::Handle::current();
    let opening = spawn_blocking(move || runtime.block_on(server::open(&config)));
    opening.await.map_err(|panicked| ServeError::Start(Box::new(panicked)))?
}

fn completions(args: CompletionsArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    // Written at once: a reader that closes the pipe early is then an error of
    // ours to report and not a panic of the generator.
    let mut script = Vec::new();
    args.write(&mut script);
    out.write_all(&script).map_err(CommandError::Output)?;
    Ok(Exit::Success)
}

/// Prints an error and what caused it to standard error, one a line.
fn report(error: &CommandError) {
    let mut message = format!("backstock: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        message = format!("{message}\n  because: {error}");
        cause = error.source();
    }
    // Where standard error is closed, there is nowhere left to tell it.
    let _ = writeln!(io::stderr(), "{message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispatch_args(args: &[&str]) -> (Result<Exit, CommandError>, String) {
        let mut out = Vec::new();
        let result = dispatch(Cli::try_parse_from(args).unwrap(), &mut out);
        (result, String::from_utf8(out).unwrap())
    }

    #[test]
    fn print_config_shows_every_setting_and_who_set_it() {
        let (result, out) = dispatch_args(&[
            "backstock",
            "serve",
            "--data",
            "d",
            "--listen",
            "127.0.0.1:9",
            "--print-config",
        ]);
        assert_eq!(result.unwrap(), Exit::Success);
        assert!(out.contains("listen = \"127.0.0.1:9\" # flag --listen"), "{out}");
        let shown = out.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(shown.count(), config::SETTINGS.len());
    }

    #[test]
    fn an_invalid_configuration_has_its_own_exit_code() {
        let (result, _) = dispatch_args(&["backstock", "serve", "--data", "d", "--listen", "x"]);
        assert_eq!(result.unwrap_err().exit(), Exit::Configuration);
    }

    #[test]
    fn a_reader_that_goes_is_noted_and_no_other_error_is() {
        struct Gone(io::ErrorKind);
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for (kind, closed) in
            [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)]
        {
            let mut out = Piped { inner: Gone(kind), closed: false };
            let args = Cli::try_parse_from(["backstock", "completions", "bash"]).unwrap();
            dispatch(args, &mut out).unwrap_err();
            assert_eq!(out.closed, closed, "{kind}");
        }
    }

    #[test]
    fn completions_name_the_commands() {
        let (result, out) = dispatch_args(&["backstock", "completions", "bash"]);
        assert_eq!(result.unwrap(), Exit::Success);
        assert!(out.contains("availability"), "{out}");
    }
}
