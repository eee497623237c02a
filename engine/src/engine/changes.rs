//! Changing orders. The hold of new units is a command by itself: it is durable before the quote
//! is answered.

use std::sync::Arc;

use super::commands::Done;
use super::{Engine, EngineError, OrderView, PlaceOutcome};
use crate::command::order::change::build::Built;
use crate::command::order::change::decide::Sought;
use crate::command::order::change::worked::{Needs, built, cost_now, needs, sought, way};
use crate::command::{ChangeQuote, CommitChange, CreateHold, Fault, QuoteChange};
use crate::limits::CHANGE_QUOTE_SECONDS;
use crate::model::refusal::Resource;
use crate::model::{Meta, Order, OrderId, OwnerId, Redirect, Refusal, Sku};
use crate::placing::Quoted;
use crate::placing::judge::LineShortage;
use crate::placing::request::{LineRequest, Lines};
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
    /// What units that are sourced anew cost as they leave now, if that can be told, and as they
    /// would leave, in minor units of the policy's currency; none where none are.
    pub costs: Option<(Option<u64>, u64)>,
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
        let (order, sought, needs) = self.sought(command).await?;
        if !sought.faults.is_empty() {
            return Ok(ChangeAnswer::refused(before, sought.faults));
        }
        let has_hold = match self.hold_new_units(&order, command, (&sought, needs)).await? {
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

    /// What is asked of the order as it is, and what it needs for it. It is in hand meanwhile, so
    /// that its pairs have what is open of it.
    async fn sought(&self, command: &QuoteChange) -> Result<(Order, Sought, Needs), EngineError> {
        let mut claims = Claims::new(&self.kernel);
        let order = claims.in_hand(&command.order).await?;
        let resting = Resting::read(&self.kernel, &order)?;
        let at = command.meta.at;
        let mut sought = sought(&self.kernel, (&order, &resting), (&command.change, at))?;
        let needs = needs(&self.kernel, (&order, &resting), &sought).unwrap_or_else(|why| {
            sought.faults.push(Fault { operation: None, why });
            Needs::default()
        });
        Ok((order, sought, needs))
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
        let (resting, at) = (Resting::read(&self.kernel, &order)?, command.meta.at);
        let held = hold.as_ref().map(|hold| Resting::read(&self.kernel, hold)).transpose()?;
        let rested = (&order, &resting);
        let sought = sought(&self.kernel, rested, (&command.change, at))?;
        if let Some(fault) = sought.faults.first() {
            return Ok(ChangeAnswer::refused(before, vec![fault.clone()]));
        }
        let held = hold.as_ref().zip(held.as_ref());
        let asked = (&command.change, &sought);
        Ok(match built(&self.kernel, rested, asked, (held, at)).await? {
            Ok(built) => {
                let after = after(&order, &before, &built);
                let quote = Some(command.quoted(&order, &built, hold.as_ref()));
                let cost_now = cost_now(&self.kernel, rested, &sought, at).await?;
                let costs = built.cost.map(|cost| (cost_now, cost));
                ChangeAnswer { before, after, faults: Vec::new(), quote, costs }
            }
            Err(why) => ChangeAnswer::refused(before, vec![Fault { operation: None, why }]),
        })
    }

    /// Holds what the order needs beyond what it has; answers whether that is anything.
    async fn hold_new_units(
        &self,
        order: &Order,
        command: &QuoteChange,
        (sought, needs): (&Sought, Needs),
    ) -> Result<Result<bool, Fault>, EngineError> {
        if needs.lines.is_empty() {
            return Ok(Ok(false));
        }
        let network = self.kernel.state.network.load_full();
        let now = Redirect::of(&order.header);
        let to = sought.moving.as_ref().map_or(&now, |moving| &moving.to);
        let local_day =
            |way: Way| self.kernel.postal.zone(way.place.zone).local_day(command.meta.at);
        let today = way(&self.kernel, &order.header, to).map_or(to.promise_by, local_day);
        // An order has one such hold at a time: it takes the place of that of an earlier quote.
        let owner = Some(OwnerId::of_order(&order.header.id));
        let line = |(sku, quantity)| LineRequest { sku, quantity };
        let lines = Lines(needs.lines.into_iter().map(line).collect());
        let wanted = command.wanted(order, (to, lines), &network, today);
        let meta = Meta { request_id: None, ..command.meta.clone() };
        let times = (CHANGE_QUOTE_SECONDS, owner);
        let hold = CreateHold::new(meta, command.quote.clone(), times, wanted);
        let hold = match needs.beside {
            None => hold,
            Some(own) => hold.planned_beside(own),
        };
        if hold.is_beside() {
            match self.quote_hold(&hold).await {
                Ok(Quoted::Plan(draft)) if draft.lines.is_empty() => return Ok(Ok(false)),
                Ok(Quoted::SoldOut(short)) => {
                    return Ok(Err(short_of(&order.header.id, (&hold, sought), &short)));
                }
                Ok(_) => {}
                Err(EngineError::Refused(why)) => return Ok(Err(Fault { operation: None, why })),
                Err(error) => return Err(error),
            }
        }
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
}

impl ChangeAnswer {
    fn refused(before: OrderView, faults: Vec<Fault>) -> Self {
        Self { after: before.clone(), before, faults, quote: None, costs: None }
    }
}

/// The order as it would be. Shipments that it does not touch have the days that they have now.
fn after(order: &Order, before: &OrderView, built: &Built) -> OrderView {
    let mut after = order.with_change(&built.change);
    let is_told = |at: u16| built.change.told.iter().any(|of| of.shipment == at);
    let shipments = before.order.shipments.iter().zip(0..).filter(|(_, at)| !is_told(*at));
    for (now, at) in shipments {
        let shipment = &mut after.shipments[usize::from(at)];
        (shipment.ship_by, shipment.deliver_by) = (now.ship_by, now.deliver_by);
    }
    let supplies = built.supplies.clone();
    OrderView { order: Arc::new(after), supplies, version: before.version }
}

/// The operation that wants the item that a refusal is about, if it is one alone.
fn operation_of(sought: &Sought, why: &Refusal) -> Option<usize> {
    let subject = why.subject();
    let (_, sku) = subject.fields.last().filter(|_| subject.resource == Resource::Item)?;
    sought.operation_of(sku)
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
    let operation = sought.operation_of(sku.as_str());
    let why = Refusal::ChangeShort { order_id: order_id.clone(), sku, short };
    Fault { operation, why }
}
