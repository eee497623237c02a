//! The list of commands, and what each of them knows to do.

use std::sync::Arc;

use backstock_engine::command::{
    AcceptShipment, AnyEvent, CancelOrder, ChangeHold, ChangeStock, ClaimShipment, ConfirmHold,
    CreateHold, DeclineShipment, DefineItem, DefineNode, DispatchTransfer, EnsureItem, ExtendHold,
    HoldOrder, Meta, OrderRequest, PlaceOrder, ProgressShipment, RecallTransfer, ReleaseHold,
    ReleaseOrderHold, ReleaseWave, ResolveDecline, SetOrderPriority, SetPolicy,
};
use backstock_engine::engine::{Done, Engine, EngineError};
use backstock_engine::model::{Lsn, Order, Step};

use super::change_order::ChangeOrder;
use super::world::World;
use crate::naive::command::{Fact, SoldOut};

/// That a command did something to several lines of an order which have units at one pair.
pub(super) const LINES_OF_A_PAIR: &str = "lines of a pair";

/// That an order was on hold for so long that its units were let go.
pub(super) const STOCK_LET_GO: &str = "stock let go";

/// That a shipment was released by the rule of its node.
pub(super) const RELEASED_BY_RULE: &str = "released by rule";

/// That a wave released shipments.
pub(super) const RELEASED_TOGETHER: &str = "released together";

/// That nobody collected packages in time.
pub const EXPIRED: &str = "expired";

/// What the engine answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened, at a version.
    Done(Done),
    /// The order is placed, at a version; true if it was placed before.
    Placed(Lsn, bool, Arc<Order>),
    /// There was not enough, up to a version.
    SoldOut(Lsn),
    /// Durable state refuses, or the engine did.
    Failed(EngineError),
}

impl Outcome {
    /// The version at which something happened.
    pub fn version(&self) -> Option<Lsn> {
        match self {
            Self::Done(done) => Some(done.version),
            Self::Placed(version, ..) => Some(*version),
            Self::SoldOut(_) | Self::Failed(_) => None,
        }
    }
}

impl From<Result<Done, EngineError>> for Outcome {
    fn from(answer: Result<Done, EngineError>) -> Self {
        answer.map_or_else(Self::Failed, Self::Done)
    }
}

/// What an answer tells the naive model.
pub(super) enum Told {
    /// Something happened.
    Fact(Box<dyn Fact>),
    /// There was not enough.
    SoldOut(Box<SoldOut>),
    /// Something happened, and the journal's event tells what.
    InJournal(FactOf),
    /// As before, or nothing had to change, and the event is one of an earlier command.
    PerhapsInJournal(FactOf),
}

/// What the naive model is told of an event; none if the answer cannot mean that event.
pub(super) type FactOf = Box<dyn FnOnce(&Engine, AnyEvent) -> Option<Box<dyn Fact>> + Send + Sync>;

/// One command of the list.
pub(super) trait Room: Sized {
    /// Its name.
    const NAME: &'static str;
    /// What it has to be answered with over a run of some seeds, besides what every
    /// command has to: names of refusals, or `sold out`.
    const OUTCOMES: &'static [&'static str];
    /// Its least weight in any mixture: above 0 where others would be about nothing
    /// without it.
    const WEIGHT_MIN: u32 = 0;

    /// Draws one; none if there is nothing yet that it could be about.
    fn draw(world: &mut World) -> Option<Self>;

    /// Its key, origin and time.
    fn meta(&mut self) -> &mut Meta;

    /// Carries it out.
    async fn send(self, engine: &Engine) -> Outcome;

    /// What an answer to it tells the naive model; none if it is no answer to such a
    /// command. `asked` is the newest version when it was sent.
    fn told(self, engine: &Engine, asked: Lsn, outcome: &Outcome) -> Option<Told>;
}

/// A command as the list has it: how it is drawn, and what it has to be answered with.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: &'static str,
    pub outcomes: &'static [&'static str],
    pub weight_min: u32,
    pub draw: fn(&mut World) -> Option<Command>,
}

impl Command {
    /// The names of all commands of the list.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::LIST.iter().map(|entry| entry.name)
    }
}

impl Command {
    /// Whether it names an instant that has passed since it was sent for the first time, or a day
    /// that may have.
    pub(super) fn is_too_late(&self) -> bool {
        match self {
            Self::ProgressShipment(ProgressShipment { meta, step, .. }) => {
                matches!(step, Step::Recall { until } if *until <= meta.at)
            }
            Self::ChangeOrder(change) => change.is_too_late(),
            _ => false,
        }
    }

    /// The order, or the hold, that is to be placed.
    pub fn wanted(&self) -> Option<&OrderRequest> {
        match self {
            Self::PlaceOrder(place) => Some(&place.order),
            Self::CreateHold(create) => Some(create.order()),
            _ => None,
        }
    }
}

/// Makes one type of the list of commands.
macro_rules! commands {
    ($($command:ident,)*) => {
        /// A command.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is documented where the engine defines it")]
        pub enum Command {
            $($command($command),)*
        }

        impl Command {
            /// The list, in its order.
            pub(super) const LIST: &[Entry] = &[$(Entry {
                name: $command::NAME,
                outcomes: $command::OUTCOMES,
                weight_min: $command::WEIGHT_MIN,
                draw: |world| $command::draw(world).map(Self::$command),
            },)*];

            /// Its name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$command(_) => $command::NAME,)*
                }
            }

            pub(super) fn meta(&mut self) -> &mut Meta {
                match self {
                    $(Self::$command(command) => Room::meta(command),)*
                }
            }

            pub(super) fn told(
                self,
                engine: &Engine,
                asked: Lsn,
                outcome: &Outcome,
            ) -> Option<Told> {
                match self {
                    $(Self::$command(command) => command.told(engine, asked, outcome),)*
                }
            }
        }

        /// Carries a command out.
        pub async fn run(engine: &Engine, command: Command) -> Outcome {
            match command {
                $(Command::$command(command) => command.send(engine).await,)*
            }
        }
    };
}

commands! {
    DefineItem,
    EnsureItem,
    DefineNode,
    SetPolicy,
    ChangeStock,
    DispatchTransfer,
    RecallTransfer,
    PlaceOrder,
    CancelOrder,
    SetOrderPriority,
    HoldOrder,
    ReleaseOrderHold,
    ReleaseWave,
    ResolveDecline,
    ProgressShipment,
    AcceptShipment,
    ClaimShipment,
    DeclineShipment,
    CreateHold,
    ExtendHold,
    ReleaseHold,
    ConfirmHold,
    ChangeHold,
    ChangeOrder,
}
