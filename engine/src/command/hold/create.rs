//! Holding what an order would take: for a cart, or a quote.

use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::replaced::HoldReplaced;
use crate::limits::{HOLD_LIFE_SECONDS_MAX, HOLD_SECONDS_MAX, HOLD_WAIT_SECONDS};
use crate::model::check::{finish, in_range};
use crate::model::digest::{Part, hash_written};
use crate::model::effect::Claim;
use crate::model::event::{Event, Numbered, Record};
use crate::model::{
    Day, Hold, HoldId, HoldState, Lsn, Meta, Order, OrderId, OrderNo, OwnerId, PackedOrder, Pegged,
    Refusal, Request, Shortage, Timestamp, Unpackable, Violation,
};
use crate::placing::known::find_same;
use crate::placing::over::{Over, pegs, plan_over};
use crate::placing::places::Places;
use crate::placing::request::OrderRequest;
use crate::placing::resolve::resolve;
use crate::placing::{
    self, Began, New, Placing, Quoted, begin, header, place, place_new, placed, until_settled,
};
use crate::planning::{Draft, Own, Wanted};
use crate::state::holds::Owned;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::claims::Claims;
use crate::transaction::command::{Replay, Replayed, recorded};
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;
use crate::transaction::written::{Placement, Written};

/// Holds what an order would take, all of it or nothing, until an instant. It is planned as the
/// order would be, and has its days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateHold {
    /// Key, origin, time.
    pub meta: Meta,
    /// For how long, in seconds: 1 to [`HOLD_SECONDS_MAX`].
    pub seconds: u32,
    /// Whose cart it is, if the caller says so. An owner has one live hold: this one takes over
    /// the units of the one before, which are free to it.
    pub owner: Option<OwnerId>,
    /// Whether it waits in line for units that are not there. It gets them in its turn, all of
    /// them, for as long as it holds; it waits [`HOLD_WAIT_SECONDS`] at most.
    pub(crate) waits: bool,
    /// Whether it takes a part of what it waits for.
    pub(crate) accepts_part: bool,
    pub(crate) hold: HoldId,
    pub(crate) order: OrderRequest,
    /// Units of an order that is changed: they are free to the plan, and stay the order's.
    pub(crate) beside: Option<Arc<Own>>,
}

impl CreateHold {
    /// Holds what an order would take, under an id of its own: that of the order, and whether it
    /// would wait, are passed over.
    pub fn new(
        meta: Meta,
        hold: HoldId,
        (seconds, owner): (u32, Option<OwnerId>),
        order: OrderRequest,
    ) -> Self {
        let id = OrderId::of_hold(&hold);
        let order = OrderRequest { id, shortage: Some(Shortage::Reject), ..order };
        let (waits, accepts_part, beside) = (false, false, None);
        Self { meta, seconds, owner, waits, accepts_part, hold, order, beside }
    }

    /// The same, of what is to be there beside units that an order has: they are free to the plan,
    /// and stay the order's. Only what it takes beyond them is held, a line for each item.
    #[must_use]
    pub(crate) fn planned_beside(self, own: Own) -> Self {
        Self { beside: Some(Arc::new(own)), ..self }
    }

    /// The same, and it waits in line.
    #[must_use]
    pub fn waiting(self) -> Self {
        let order = OrderRequest { shortage: Some(Shortage::Backorder), ..self.order };
        Self { waits: true, order, ..self }
    }

    /// The same, and it takes a part of what is not all there: it has its time from the first unit
    /// on. What it waits for still is its own if it comes within that time; confirmed, it is an
    /// order of what it has.
    #[must_use]
    pub fn taking_a_part(self) -> Self {
        Self { accepts_part: true, ..self.waiting() }
    }

    /// Whether it is planned beside units that an order has.
    pub(crate) const fn is_beside(&self) -> bool {
        self.beside.is_some()
    }

    /// Where it stands when it is created: with these units without supply, of so many.
    pub const fn state(&self, unfilled: u64, units: u64) -> HoldState {
        let has_a_part = self.accepts_part && unfilled < units;
        if unfilled > 0 && !has_a_part { HoldState::Waiting } else { HoldState::Live }
    }

    /// Whether it takes a part of what it waits for.
    pub const fn accepts_part(&self) -> bool {
        self.accepts_part
    }

    /// The hold's id.
    pub const fn hold(&self) -> &HoldId {
        &self.hold
    }

    /// What it holds.
    pub const fn order(&self) -> &OrderRequest {
        &self.order
    }
}

impl Places for CreateHold {
    type Event = HoldCreated;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn order(&self) -> &OrderRequest {
        &self.order
    }

    fn placed_at(&self) -> Option<Timestamp> {
        None
    }

    fn fingerprint(&self) -> u64 {
        let of_order = self.order.fingerprint(None);
        let print = hash_written(Part::Request, |digest| {
            digest.words([of_order, self.seconds.into()]);
            digest.optional(self.owner.as_ref().map(OwnerId::as_str));
            // No owner ends like this.
            if self.accepts_part {
                digest.words([u64::MAX]);
            }
        });
        print.value()
    }

    fn reused(&self) -> Refusal {
        Refusal::HoldIdReused { hold_id: self.hold.clone() }
    }

    fn validate(&self, ordered_on: Option<Day>) -> Result<(), Vec<Violation>> {
        let mut found = self.order.validate(ordered_on).err().unwrap_or_default();
        let max = i64::from(HOLD_SECONDS_MAX);
        in_range(&mut found, "seconds".into(), i64::from(self.seconds), 1, max);
        finish(found)
    }

    fn beside(&self) -> Option<&Own> {
        self.beside.as_deref()
    }

    fn waits_in_line(&self) -> bool {
        self.waits
    }

    fn takes_a_part(&self) -> bool {
        self.accepts_part
    }

    fn hold(&self, draft: &Draft) -> Option<Box<Hold>> {
        let units = draft.lines.iter().map(|line| u64::from(line.ordered)).sum();
        let state = self.state(draft.waiting_units(), units);
        let waits = state == HoldState::Waiting;
        let seconds = if waits { HOLD_WAIT_SECONDS } else { self.seconds };
        let until = self.meta.at.saturating_add_micros(i64::from(seconds) * 1_000_000);
        Some(Box::new(Hold {
            id: self.hold.clone(),
            owner: self.owner.clone(),
            fingerprint: Places::fingerprint(self),
            began: self.meta.at,
            created: Lsn::NONE,
            until,
            seconds: self.seconds,
            extended: 0,
            is_paying: false,
            accepts_part: self.accepts_part,
            state,
        }))
    }
}

/// A hold has its units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldCreated {
    /// The order that is to be confirmed.
    #[n(0)]
    pub order: PackedOrder,
}

impl From<PackedOrder> for HoldCreated {
    fn from(order: PackedOrder) -> Self {
        Self { order }
    }
}

impl From<HoldCreated> for PackedOrder {
    fn from(created: HoldCreated) -> Self {
        created.order
    }
}

impl Replay for HoldCreated {
    fn replay(self, request: Option<Request>) -> Result<Replayed, Unpackable> {
        let (placement, id) = Placement::read(request, self.order)?;
        let no = placement.no;
        Ok((Written::Placed(Box::new(placement)), Some((id, no))))
    }
}

impl Event for HoldCreated {
    fn describe(&self) -> Value {
        match self.order.unpack() {
            Ok(order) => described(&order),
            Err(error) => json!({ "unreadable": error.to_string() }),
        }
    }
}

fn described(order: &Order) -> Value {
    let hold = order.header.hold.as_deref();
    let lines = order.lines.iter();
    let lines = lines.map(|line| json!({ "sku_no": line.sku.0, "units": line.ordered }));
    json!({
        "hold_id": hold.map(|hold| hold.id.as_str()), "order_no": order.no.0,
        "owner_id": hold.and_then(|hold| hold.owner.as_ref()).map(OwnerId::as_str),
        "until": hold.map(|hold| hold.until.to_string()),
        "lines": lines.collect::<Vec<_>>(),
        "shipment_node_nos": order.shipments.iter().map(|s| s.node.0).collect::<Vec<_>>(),
    })
}

/// Holds up to the journal.
///
/// # Errors
/// A reused key or id, what is wrong with the content, what durable state refuses.
pub async fn create(kernel: &Kernel, command: &CreateHold) -> Result<Placing, EngineError> {
    let Some(owner) = &command.owner else { return place(kernel, command).await };
    let new = match begin(kernel, command).await? {
        Began::New(new) => new,
        Began::Known(placing) => return Ok(placing),
    };
    let wanted = resolve(&kernel.state, &*kernel.postal, command)?;
    // After the key and the id, and before a hold in hand, so that no commands wait in a circle.
    let mut owners = Claims::new(kernel);
    let before = begin_owner(&mut owners, owner).await?;
    let mut attempts = Attempts::begin(kernel);
    loop {
        let mut claims = Claims::new(kernel);
        let Some(held) = live_in_hand(&mut claims, before).await? else {
            let placing = place_new(kernel, command, new, &wanted).await?;
            if matches!(placing, Placing::Written(..)) {
                owners.hand_over();
            }
            return Ok(placing);
        };
        match plan_over(kernel, &wanted, &held).await? {
            Over::SoldOut(shortages) => return Ok(Placing::SoldOut(shortages)),
            Over::Granted(draft, ..) if draft.lines.is_empty() => {
                // By now, what stays with the order beside which it is planned is all it needs.
                return Err(Refusal::Contended.into());
            }
            Over::Granted(draft, off, more) => {
                claims.take(more);
                claims.take(owners);
                return take_over(kernel, command, (new, claims), &held, (&wanted, *draft, off));
            }
            Over::Unsettled => {
                drop(claims);
                until_settled(kernel, &wanted, &mut attempts).await?;
            }
            Over::Due => {
                drop(claims);
                attempts.end::<()>(Attempt::Overtaken).await?;
            }
        }
    }
}

/// Decides on a hold as creating it would, and changes nothing. What it claims of the owner's
/// hold is given back.
///
/// # Errors
/// As creating it.
pub async fn quote(kernel: &Kernel, command: &CreateHold) -> Result<Quoted, EngineError> {
    let Some(owner) = &command.owner else { return placing::quote(kernel, command).await };
    if let Some(known) = find_same(kernel, command, command.fingerprint()).await? {
        return Ok(Quoted::Known(Arc::new(known)));
    }
    let wanted = resolve(&kernel.state, &*kernel.postal, command)?;
    let mut owners = Claims::new(kernel);
    let before = begin_owner(&mut owners, owner).await?;
    let mut attempts = Attempts::begin(kernel);
    loop {
        let mut claims = Claims::new(kernel);
        let Some(held) = live_in_hand(&mut claims, before).await? else {
            return placing::quote(kernel, command).await;
        };
        match plan_over(kernel, &wanted, &held).await? {
            Over::Granted(draft, ..) => return Ok(Quoted::Plan(draft)),
            Over::SoldOut(shortages) => return Ok(Quoted::SoldOut(shortages)),
            Over::Unsettled => {
                drop(claims);
                until_settled(kernel, &wanted, &mut attempts).await?;
            }
            Over::Due => {
                drop(claims);
                attempts.end::<()>(Attempt::Overtaken).await?;
            }
        }
    }
}

/// Keeps other commands from giving an owner a hold; answers which one he has.
async fn begin_owner(
    claims: &mut Claims<'_>,
    owner: &OwnerId,
) -> Result<Option<OrderNo>, EngineError> {
    let kernel = claims.kernel();
    loop {
        let seen = kernel.look_at_names();
        match kernel.state.holds.begin(owner) {
            Owned::Has(before) => {
                claims.hold(Claim::Owner(owner.clone()));
                return Ok(before);
            }
            Owned::InFlight => kernel.progress(seen).await?,
        }
    }
}

/// Takes a hold in hand, if there is one and it is live.
async fn live_in_hand(
    claims: &mut Claims<'_>,
    no: Option<OrderNo>,
) -> Result<Option<Order>, EngineError> {
    let (Some(no), kernel) = (no, claims.kernel()) else { return Ok(None) };
    let known = loop {
        let seen = kernel.look_at_names();
        match read_order(kernel, no).await? {
            Some(known) => break known,
            // The step that places it has not ended.
            None => kernel.progress(seen).await?,
        }
    };
    let Some(hold) = known.open_hold() else { return Ok(None) };
    let order = claims.in_hand(&OrderId::of_hold(&hold.id)).await?;
    let is_it = order.no == no && order.open_hold().is_some();
    if !is_it {
        claims.give_up(|_| false);
    }
    Ok(is_it.then_some(order))
}

/// The hold gets the units of the owner's hold before it, and what else it needs, in one event.
fn take_over(
    kernel: &Kernel,
    command: &CreateHold,
    (new, claims): (New<'_>, Claims<'_>),
    before: &Order,
    (wanted, draft, off): (&Wanted<'_>, Draft, Vec<Pegged>),
) -> Result<Placing, EngineError> {
    let mut header = header(command, wanted, (&draft, new.fingerprint));
    if let (Some(hold), Some(before)) = (&mut header.hold, before.open_hold()) {
        // Its life goes on: nobody keeps units for ever by changing his cart.
        (hold.began, hold.extended) = (before.began, before.extended);
        hold.is_paying = before.is_paying;
        hold.until = hold.until.min(hold.until_max());
        if hold.until <= command.meta.at {
            let limit = format!("{HOLD_LIFE_SECONDS_MAX} seconds from its beginning");
            return Err(Refusal::HoldAtLimit { hold_id: before.id.clone(), limit }.into());
        }
    }
    let _joining = kernel.joining.read();
    let (no, on) = (kernel.state.next_order(), pegs(&draft).collect());
    let mut order = placed(no, header, draft);
    order.note_who_places(&command.meta);
    kernel.state.orders.number(&command.order.id, no);
    let packed = PackedOrder::of(&order);
    let ends = Some((before.no, HoldState::TakenOver));
    let event = Numbered(HoldReplaced { order: packed, off, on, ends });
    let (meta, request) = (&command.meta, new.request());
    let record = Record { at: meta.at, request, origin: meta.origin.clone(), event };
    let room = claims.room_claimed();
    let written = |request, event| recorded(request, event).claiming(room);
    let ticket = kernel.append(record, written).inspect_err(|_| kernel.state.unnumber(no))?;
    claims.hand_over();
    new.hand_over();
    (order.placed_lsn, order.last_lsn) = (ticket.lsn, ticket.lsn);
    Ok(Placing::Written(ticket, order.into()))
}

#[cfg(test)]
pub(crate) mod tests;
