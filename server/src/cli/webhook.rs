//! Those whom the feed is sent to.

use clap::{Args, Subcommand};

use super::common::{OutputArgs, ServerArgs};

const EXAMPLES: &str = "\
Examples:
  backstock webhook set shop --url https://shop.example.com/hooks --new-secret
  backstock webhook set shop --type backstock.order_placed.v1 --subject orders/
  backstock webhook test shop
  backstock webhook list
  backstock webhook resume shop --from 18204
  backstock webhook delete shop";

/// Arguments of `webhook`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct WebhookArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: WebhookCommand,
}

/// What can be done about webhooks.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum WebhookCommand {
    /// Make an endpoint, or change what is given of one.
    Set(SetEndpointArgs),
    /// List the endpoints, and how each is.
    List {
        /// Which server to talk to.
        #[command(flatten)]
        server: ServerArgs,

        /// How the result is printed.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Forget an endpoint: nothing is sent to it any more.
    Delete(EndpointArgs),
    /// Send again to an endpoint that is disabled, parked or gone.
    Resume(ResumeEndpointArgs),
    /// Send a message that is no event; exit code 1 if it was not taken.
    Test(EndpointArgs),
}

/// Which endpoint.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct EndpointArgs {
    /// The endpoint.
    pub id: String,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `webhook set`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct SetEndpointArgs {
    /// Which endpoint.
    #[command(flatten)]
    pub of: EndpointArgs,

    /// Where events are sent.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// File with what they are signed with: `whsec_` and base64, one secret a line, two while
    /// receivers change from one to the other.
    #[arg(long, value_name = "FILE", conflicts_with = "new_secret")]
    pub secrets: Option<std::path::PathBuf>,

    /// Sign with a new secret alone, which is printed this once.
    #[arg(long)]
    pub new_secret: bool,

    /// Send events of this type only; give it more than once for several.
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,

    /// Send events about this only, or about all below it, as `orders/`; more than once for
    /// several.
    #[arg(long = "subject", value_name = "SUBJECT")]
    pub subjects: Vec<String>,

    /// Send events of all types, about anything.
    #[arg(long, conflicts_with_all = ["types", "subjects"])]
    pub all: bool,

    /// Send nothing for now: true or false.
    #[arg(long, value_name = "DISABLED")]
    pub disabled: Option<bool>,
}

/// Arguments of `webhook resume`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ResumeEndpointArgs {
    /// Which endpoint.
    #[command(flatten)]
    pub of: EndpointArgs,

    /// The first version that it is sent [default: where it stood].
    #[arg(long, value_name = "VERSION")]
    pub from: Option<u64>,
}
