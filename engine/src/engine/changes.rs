//! Changing orders. The hold of new units is a command by itself: it is durable before the quote
//! is answered.

use std::sync::Arc;

use super::commands::Done;
use super::{Engine, EngineError, OrderView, PlaceOutcome};
use crate::command::order::change::build::{Built, build};
use crate::command::order::change::decide::{Sought, seek};
use crate::command::{ChangeQuote, CommitChange, CreateHold, Fault, QuoteChange};
use crate::limits::CHANGE_QUOTE_SECONDS;
use crate::model::{Meta, Order, OrderId, OwnerId, Refusal, Sku, SkuNo};
use crate::placing::judge::LineShortage;
use crate::planning::Way;
use crate::read;
use crate::transaction::claims::Claims;
use crate::transaction::rests::Resting;

/// What a change of an order would come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeAnswer {
    /// The order as it is.
    pub before: OrderView,
    /// The order as it would be; as it is, where there are faults.
    pub after: OrderView,
    /// What cannot be had; then nothing is held.
    pub faults: Vec<Fault>,
    /// What can be committed; none where there are faults.
    pub quote: Option<ChangeQuote>,
}

/// Changes of orders.
impl Engine {
    /// Says what a change of an order would come to, and holds its new units. They take the place
    /// of those of an earlier quote for the order.
    ///
    /// # Errors
    /// What is wrong with the content, an order that is not known or is closed, and what stopped
    /// the engine. What cannot be had of it is an answer.
    pub async fn quote_change(&self, command: &QuoteChange) -> Result<ChangeAnswer, EngineError> {
        self.kernel.state.tell_time(command.meta.at);
        self.kernel.decides()?;
        command.change.validate()?;
        let before = read::order(&self.kernel, &command.order).await?;
        let (order, sought) = self.sought(command).await?;
        if !sought.faults.is_empty() {
            return Ok(ChangeAnswer::refused(before, sought.faults));
        }
        let has_hold = match self.hold_new_units(&order, command, &sought).await? {
            Ok(has_hold) => has_hold,
            Err(fault) => return Ok(ChangeAnswer::refused(before, vec![fault])),
        };
        self.quoted(command, has_hold).await
    }

    /// Commits a change: exactly what was quoted, or nothing.
    ///
    /// # Errors
    /// [`Refusal::ChangeOvertaken`] where it would come to something else by now.
    pub async fn commit_change(&self, command: CommitChange) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// What is asked of the order as it is. It is in hand meanwhile, so that its pairs have what is
    /// open of it.
    async fn sought(&self, command: &QuoteChange) -> Result<(Order, Sought), EngineError> {
        let mut claims = Claims::new(&self.kernel);
        let order = claims.in_hand(&command.order).await?;
        let sought = self.sought_of(&order, command)?;
        Ok((order, sought))
    }

    fn sought_of(&self, order: &Order, command: &QuoteChange) -> Result<Sought, EngineError> {
        let resting = Resting::read(&self.kernel, order)?;
        let sku = |no: SkuNo| self.kernel.state.catalogue.entry(no).sku().clone();
        Ok(seek((order, &resting), &command.change, sku)?)
    }

    /// What the change would come to, once its new units are held: other commands may have worked
    /// on the order meanwhile. Both are in hand for as long as it takes to work that out.
    async fn quoted(
        &self,
        command: &QuoteChange,
        has_hold: bool,
    ) -> Result<ChangeAnswer, EngineError> {
        let mut claims = Claims::new(&self.kernel);
        let order = claims.in_hand(&command.order).await?;
        let before = OrderView::read(&self.kernel, order.clone())?;
        let hold = if has_hold {
            Some(claims.in_hand(&OrderId::of_hold(&command.quote)).await?)
        } else {
            None
        };
        let sought = self.sought_of(&order, command)?;
        if let Some(fault) = sought.faults.first() {
            return Ok(ChangeAnswer::refused(before, vec![fault.clone()]));
        }
        Ok(match self.built(&order, command, (&sought, hold.as_ref()))? {
            Ok(built) => {
                let after = after(&order, &before, &built);
                let quote = Some(command.quoted(&order, &built, hold.as_ref()));
                ChangeAnswer { before, after, faults: Vec::new(), quote }
            }
            Err(why) => ChangeAnswer::refused(before, vec![Fault { operation: None, why }]),
        })
    }

    /// Holds the units that are wanted beyond those that the order has; answers whether there are
    /// any.
    async fn hold_new_units(
        &self,
        order: &Order,
        command: &QuoteChange,
        sought: &Sought,
    ) -> Result<Result<bool, Fault>, EngineError> {
        if sought.more.is_empty() {
            return Ok(Ok(false));
        }
        let network = self.kernel.state.network.load_full();
        let way = Way::of(&network, &*self.kernel.postal, &order.header);
        let local_day =
            |way: Way| self.kernel.postal.zone(way.place.zone).local_day(command.meta.at);
        let today = way.map_or(order.header.promise_by, local_day);
        // An order has one such hold at a time: it takes the place of that of an earlier quote.
        let owner = Some(OwnerId::of_order(&order.header.id));
        let wanted = command.wanted(order, sought, &network, today);
        let meta = Meta { request_id: None, ..command.meta.clone() };
        let times = (CHANGE_QUOTE_SECONDS, owner);
        let hold = CreateHold::new(meta, command.quote.clone(), times, wanted);
        match self.create_hold(hold.clone()).await {
            Ok(answer) => Ok(match answer.outcome {
                PlaceOutcome::Placed(held) if held.open_hold().is_none() => {
                    let hold_id = command.quote.clone();
                    return Err(Refusal::HoldIdReused { hold_id }.into());
                }
                PlaceOutcome::Placed(_) => Ok(true),
                PlaceOutcome::SoldOut(short) => {
                    Err(short_of(&order.header.id, (&hold, sought), &short))
                }
            }),
            Err(EngineError::Refused(why)) => {
                Ok(Err(Fault { operation: operation_of(sought, &why), why }))
            }
            Err(EngineError::Invalid(broken)) => {
                Err(EngineError::Invalid(command.as_asked(sought, broken)))
            }
            Err(error) => Err(error),
        }
    }

    fn built(
        &self,
        order: &Order,
        command: &QuoteChange,
        (sought, hold): (&Sought, Option<&Order>),
    ) -> Result<Result<Built, Refusal>, EngineError> {
        let resting = Resting::read(&self.kernel, order)?;
        let held = hold.map(|hold| Resting::read(&self.kernel, hold)).transpose()?;
        let sku_no = |sku: &Sku| self.kernel.state.catalogue.sku_no(sku.as_str());
        let asked = (&command.change, sought);
        Ok(build((order, &resting), asked, hold.zip(held.as_ref()), sku_no))
    }
}

impl ChangeAnswer {
    fn refused(before: OrderView, faults: Vec<Fault>) -> Self {
        Self { after: before.clone(), before, faults, quote: None }
    }
}

/// The order as it would be. Shipments that it does not touch have the days that they have now.
fn after(order: &Order, before: &OrderView, built: &Built) -> OrderView {
    let mut after = order.with_change(&built.change);
    for (at, now) in before.order.shipments.iter().enumerate() {
        let shipment = &mut after.shipments[at];
        (shipment.ship_by, shipment.deliver_by) = (now.ship_by, now.deliver_by);
    }
    let supplies = built.supplies.clone();
    OrderView { order: Arc::new(after), supplies, version: before.version }
}

/// The operation that wants the item that a refusal is about, if it is one alone.
fn operation_of(sought: &Sought, why: &Refusal) -> Option<usize> {
    match why {
        Refusal::ItemNotFound { sku }
        | Refusal::ItemOffSale { sku }
        | Refusal::SaleNotOpen { sku, .. } => sought.operation_of(sku),
        _ => None,
    }
}

/// That units of an item are not there.
fn short_of(
    order_id: &OrderId,
    (hold, sought): (&CreateHold, &Sought),
    short: &[LineShortage],
) -> Fault {
    let mut skus: Vec<&Sku> = Vec::new();
    for line in &hold.order().lines.0 {
        if !skus.contains(&&line.sku) {
            skus.push(&line.sku);
        }
    }
    let LineShortage { line, short, .. } = short[0];
    let sku = skus[usize::from(line)].clone();
    let operation = sought.operation_of(&sku);
    let why = Refusal::ChangeShort { order_id: order_id.clone(), sku, short };
    Fault { operation, why }
}
