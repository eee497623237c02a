//! The command line: what can be asked, and the code that does it.

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

mod ask;
pub(crate) mod change;
mod common;
pub(crate) mod desk;
pub(crate) mod exit;
mod feed;
mod operate;
pub(crate) mod partner;
mod run;
mod serve;
mod show;
mod terms;
#[cfg(test)]
mod tests;
mod webhook;
mod work;

pub use ask::{AvailabilityArgs, OrderArgs, OrderCommand, OrderQuery, SuggestArgs, TimelineQuery};
pub use common::{
    BadServerAddr, BadTimeout, BadUntil, Checked, OutputArgs, ServerAddr, ServerArgs, Target,
    TargetArgs, Timeout, Until,
};
pub use exit::Exit;
pub use feed::{
    AcknowledgeArgs, ConsumerArgs, FeedArgs, FeedCommand, PutConsumerArgs, ReadFeedArgs,
};
pub use operate::{
    AuditArgs, ImportArgs, InitArgs, JournalArgs, JournalCommand, RestoreArgs, SnapshotArgs,
    SnapshotCommand,
};
pub use partner::{
    CheckPartnerArgs, DefinePartnerArgs, DisposeGoodsArgs, MatchGoodsArgs, PartnerArgs,
    PartnerCommand, PartnerGapsArgs, PartnerMessageArgs, PartnerOfArgs, SendPartnerArgs,
};
pub use run::{CommandError, run};
pub use serve::{DemoArgs, ServeArgs};
pub(crate) use show::{
    AuditView, CheckView, ExportedView, FileCheckView, SnapshotsView, render, table,
};
pub use terms::{SetTermsArgs, ShowTermsArgs, TermsArgs, TermsCommand};
pub use webhook::{EndpointArgs, ResumeEndpointArgs, SetEndpointArgs, WebhookArgs, WebhookCommand};
pub use work::{DocumentArgs, ListWorkArgs, PackingSlipArgs, PickListArgs, WorkArgs, WorkCommand};

/// An allocation engine for retail: it promises stock to orders, and keeps
/// the promise.
#[derive(Parser, Debug, Clone, PartialEq, Eq)]
#[command(name = "backstock", version, after_help = exit::HELP, subcommand_required = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Everything that the program can be asked to do.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Show real orders on a temporary store, over a real connection.
    Demo(DemoArgs),
    /// Serve.
    Serve(Box<ServeArgs>),
    /// Begin an empty data directory.
    Init(InitArgs),
    /// Read items, nodes, stock, inbound supplies, terms and orders from files.
    Import(ImportArgs),
    /// Take, list, verify and export snapshots.
    Snapshot(SnapshotArgs),
    /// Rebuild a data directory and verify what came out.
    Restore(RestoreArgs),
    /// Read or verify the journal.
    Journal(JournalArgs),
    /// Check conservation; exit code 1 on a breach.
    Audit(AuditArgs),
    /// Say what can be promised of an item.
    Availability(AvailabilityArgs),
    /// Say what goes with items, and what may take the place of one.
    Suggest(SuggestArgs),
    /// Show an order, say why it ships from where it does, change it, or put it on hold.
    Order(OrderArgs),
    /// Read what happened, and say who follows it.
    Feed(FeedArgs),
    /// Say whom what happened is sent to.
    Webhook(WebhookArgs),
    /// Say who partners are, and send what they say.
    Partner(PartnerArgs),
    /// Show what a node has to do, on the screen and on paper.
    Work(WorkArgs),
    /// Show who may have an item at a node, or say it.
    Terms(TermsArgs),
    /// Print the completions of a shell.
    Completions(CompletionsArgs),
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  backstock completions bash > /etc/bash_completion.d/backstock
  backstock completions zsh > ~/.zfunc/_backstock";

/// Arguments of `completions`.
#[derive(Args, Debug, Clone, Copy, PartialEq, Eq)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: Shell,
}

impl CompletionsArgs {
    /// Writes the completions to `out`.
    fn write(self, out: &mut dyn std::io::Write) {
        clap_complete::generate(self.shell, &mut Cli::command(), "backstock", out);
    }
}
