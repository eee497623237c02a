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
use crate::planning::{Draft, Wanted};
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
        Self { meta, seconds, owner, waits: false, accepts_part: false, hold, order }
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

    fn hold(&self, draft: &Draft) -> Option<Box<Hold>> {
        let units = draft.lines.iter().map(|line| u64::from(line.ordered)).sum();
        let state = self.state(draft.unfilled_units(), units);
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
    let (no, on) = (kernel.state.next_order(), pegs(&draft).collect());
    let mut order = placed(no, header, draft);
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
pub(crate) mod tests {
    use std::pin::pin;
    use std::task::Poll;

    use super::*;
    use crate::command::fixture::{
        AT, change, confirm, extend, hold, hold_id, keyed, meta, off_sale, order, queueable,
        receive, release, said, sku, told,
    };
    use crate::command::{ChangeStock, ConfirmHold, Meta, StockOperation};
    use crate::engine::tests::{NODE, PAIR, one_unit, poll, run};
    use crate::engine::{PlaceOutcome, Pump};
    use crate::model::{PostalCode, RefusalKind};

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let (engine, mut pump) = one_unit();
        let mut unknown = order();
        unknown.order.lines.0[0].sku = sku("X");
        let unknown = CreateHold::new(meta(), hold_id("U"), (60, None), unknown.order);
        run(&mut pump, engine.create_hold(hold("H")));
        let refusals = [
            (unknown, Refusal::ItemNotFound { sku: sku("X") }),
            (
                CreateHold { seconds: 61, ..hold("H") },
                Refusal::HoldIdReused { hold_id: hold_id("H") },
            ),
        ];
        let refused = refusals.map(|(command, expected)| {
            assert_eq!(told(engine.create_hold(command)), expected);
            expected.kind()
        });
        let mut refused = refused.to_vec();
        run(&mut pump, engine.define_item(off_sale("A")));
        let kept = Refusal::ItemOffSale { sku: sku("A") };
        assert_eq!(told(engine.create_hold(hold("V"))), kept);
        refused.push(kept.kind());

        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.define_item(queueable("A", 1)));
        run(&mut pump, engine.create_hold(hold("H")));
        run(&mut pump, engine.create_hold(owned("W").waiting()));
        let full = Refusal::BacklogFull { sku: sku("A"), max: 1 };
        assert_eq!(told(engine.create_hold(hold("X").waiting())), full);
        // What it takes over leaves the line.
        run(&mut pump, engine.create_hold(owned("W2").waiting()));
        refused.push(full.kind());

        let (engine, mut pump) = one_unit();
        let at =
            |hours: i64| Meta { at: AT.saturating_add_micros(hours * 3_600_000_000), ..meta() };
        let of = |id, hours| CreateHold { meta: at(hours), seconds: 86_400, ..owned(id) };
        for (id, hours) in [("H1", 0), ("H2", 23), ("H3", 46), ("H4", 69)] {
            run(&mut pump, engine.create_hold(of(id, hours)));
        }
        let limit = "259200 seconds from its beginning".into();
        let over = Refusal::HoldAtLimit { hold_id: hold_id("H4"), limit };
        assert_eq!(told(engine.create_hold(of("H5", 72))), over);
        refused.push(over.kind());
        refused
    }

    #[test]
    fn a_hold_of_an_unknown_item_or_under_a_used_id_is_refused() {
        table();
    }

    #[test]
    fn the_next_hold_of_an_owner_takes_over_the_units_of_the_one_before() {
        let (engine, mut pump) = one_unit();
        let owner = OwnerId::new("owner", "X").ok();
        let of = |id: &str| CreateHold { owner: owner.clone(), ..hold(id) };
        let first = run(&mut pump, engine.create_hold(of("H1")));
        let second = run(&mut pump, engine.create_hold(of("H2")));
        assert!(matches!(second.outcome, PlaceOutcome::Placed(_)), "the unit is his: {second:?}");
        let state = |pump: &mut _, id: &str| {
            let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
            order.header.hold.as_deref().map(|hold| hold.state)
        };
        assert_eq!(state(&mut pump, "H1"), Some(HoldState::TakenOver));
        assert_eq!(state(&mut pump, "H2"), Some(HoldState::Live));
        // A retry of the first one does not take the unit back.
        let again = run(&mut pump, engine.create_hold(of("H1")));
        assert_eq!(again.version, first.version);
        assert_eq!(state(&mut pump, "H2"), Some(HoldState::Live));
        let sold_out = run(&mut pump, engine.create_hold(hold("H3")));
        assert!(matches!(sold_out.outcome, PlaceOutcome::SoldOut(_)), "{sold_out:?}");
        let audit = engine.audit().expect("it ends");
        assert!(audit.is_clean(), "{audit:?}");
    }

    /// An owner's hold of that id.
    fn owned(id: &str) -> CreateHold {
        CreateHold { owner: OwnerId::new("owner", "X").ok(), ..hold(id) }
    }

    #[test]
    fn a_hold_that_took_over_another_one_is_known_again_by_its_key() {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.create_hold(owned("H1")));
        let second = || CreateHold { meta: keyed("K"), ..owned("H2") };
        let taken = run(&mut pump, engine.create_hold(second()));
        let again = run(&mut pump, engine.submit_hold(second()));
        assert!(again.is_repeat());
        assert_eq!(run(&mut pump, again.acknowledged()).version, taken.version);
    }

    #[test]
    fn a_hold_keeps_its_life_when_it_is_taken_over() {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.create_hold(owned("H1")));
        run(&mut pump, engine.extend_hold(extend("H1")));
        let day = CreateHold { seconds: 86_400, ..owned("H2") };
        run(&mut pump, engine.create_hold(day));
        for (id, hours) in [("H3", 23), ("H4", 46), ("H5", 49)] {
            let at = AT.saturating_add_micros(hours * 3_600_000_000);
            let next = CreateHold { meta: Meta { at, ..meta() }, seconds: 86_400, ..owned(id) };
            run(&mut pump, engine.create_hold(next));
        }
        let order = run(&mut pump, engine.order(&OrderId::of_hold(&hold_id("H5")))).order;
        let hold = order.header.hold.as_deref().expect("it is a hold");
        assert_eq!((hold.began, hold.extended, hold.state), (AT, 1, HoldState::Live));
        assert_eq!(hold.until, AT.saturating_add_micros(259_200_000_000), "three days");
    }

    /// The re-pegger may want the hold that is to be taken over: it would wait for it, and the
    /// command for the re-pegger.
    #[test]
    fn nobody_has_a_hold_in_hand_who_waits_for_its_item_to_be_settled() {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.create_hold(owned("H1")));
        engine.kernel.state.unsettle(PAIR.sku);
        let elsewhere =
            ConfirmHold { postal_code: PostalCode::new("code", "10001").ok(), ..confirm("H1") };
        let mut taking = pin!(engine.create_hold(owned("H2")));
        let mut confirming = pin!(engine.confirm_hold(elsewhere));
        for waiting in [poll(taking.as_mut()).is_pending(), poll(confirming.as_mut()).is_pending()]
        {
            assert!(waiting, "its item is not settled");
            let mut clerk = Claims::new(&engine.kernel);
            let in_hand = poll(pin!(clerk.in_hand(&OrderId::of_hold(&hold_id("H1")))));
            assert!(matches!(in_hand, Poll::Ready(Ok(_))), "nobody has it in hand");
        }
        let taken = run(&mut pump, taking);
        assert!(matches!(taken.outcome, PlaceOutcome::Placed(_)), "{taken:?}");
        let Poll::Ready(Err(EngineError::Refused(refusal))) = poll(confirming.as_mut()) else {
            panic!("it is taken over by now");
        };
        assert_eq!(refusal.kind(), RefusalKind::HoldEnded);
    }

    /// `NO_PHANTOM_SOLD_OUT`: the time has passed, and nobody told the engine before.
    #[test]
    fn nobody_is_told_sold_out_for_a_hold_whose_time_has_run_out() {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.create_hold(hold("H")));
        let mut late = order();
        late.meta.at = AT.saturating_add_micros(60_000_000);
        let placed = run(&mut pump, engine.place_order(late));
        assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
    }

    #[test]
    fn who_waits_in_line_gets_what_comes_free_before_anybody_newer() {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.create_hold(hold("H")));
        for id in ["W1", "W2"] {
            let waits = run(&mut pump, engine.create_hold(hold(id).waiting()));
            assert!(matches!(waits.outcome, PlaceOutcome::Placed(_)), "{waits:?}");
        }
        let stands = |pump: &mut _, id: &str| {
            let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
            let hold = order.header.hold.as_deref().expect("it is a hold");
            (hold.state, (hold.until.as_micros() - AT.as_micros()) / 1_000_000)
        };
        let all = |pump: &mut _| ["H", "W1", "W2"].map(|id| stands(pump, id));
        let (live, waiting) = (HoldState::Live, HoldState::Waiting);
        assert_eq!(all(&mut pump), [(live, 60), (waiting, 43_200), (waiting, 43_200)]);

        let pass_to = |pump: &mut Pump, seconds: i64| {
            engine.tell_time(AT.saturating_add_micros(seconds * 1_000_000));
            while pump.pump().expect("the engine does not halt") {}
        };
        pass_to(&mut pump, 59);
        assert_eq!(stands(&mut pump, "H"), (live, 60), "not a moment before its time");
        pass_to(&mut pump, 60);
        let lapsed = (HoldState::Lapsed, 60);
        assert_eq!(all(&mut pump), [lapsed, (live, 120), (waiting, 43_200)]);
        let meta = Meta { at: AT.saturating_add_micros(60_000_000), ..meta() };
        let late = CreateHold { meta, ..hold("X") };
        let late = run(&mut pump, engine.create_hold(late));
        assert!(matches!(late.outcome, PlaceOutcome::SoldOut(_)), "{late:?}");

        run(&mut pump, engine.release_hold(release("W1")));
        let released = (HoldState::Released, 120);
        assert_eq!(all(&mut pump), [lapsed, released, (live, 120)]);
        run(&mut pump, engine.confirm_hold(confirm("W2")));
        pass_to(&mut pump, 50_000);
        assert_eq!(stands(&mut pump, "W2").0, HoldState::Confirmed);
        let audit = engine.audit().expect("it ends");
        assert!(audit.is_clean() && audit.holds == 0, "{audit:?}");
    }

    /// Until when an offer holds does not move when more comes; confirmed, it is an order of what
    /// there is by then, and the rest goes to the next.
    #[test]
    fn who_takes_a_part_has_it_for_his_time_and_orders_what_he_has() {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.place_order(order()));
        let wants = |id: &str, units| {
            let mut hold = hold(id).taking_a_part();
            hold.order.lines.0[0].quantity = units;
            hold
        };
        run(&mut pump, engine.create_hold(wants("P", 3)));
        run(&mut pump, engine.create_hold(wants("Q", 1)));
        let stands = |pump: &mut _, id: &str| {
            let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
            let hold = order.header.hold.as_deref().expect("it is a hold");
            (hold.state, (hold.until.as_micros() - AT.as_micros()) / 1_000_000)
        };
        let receive_at = |pump: &mut _, seconds: i64| {
            let at = AT.saturating_add_micros(seconds * 1_000_000);
            let received = ChangeStock { meta: Meta { at, ..meta() }, ..receive("A", NODE) };
            run(pump, engine.change_stock(received));
        };
        assert_eq!(stands(&mut pump, "P"), (HoldState::Waiting, 43_200));
        receive_at(&mut pump, 10);
        receive_at(&mut pump, 20);
        assert_eq!(stands(&mut pump, "P"), (HoldState::Live, 70));
        assert_eq!(stands(&mut pump, "Q"), (HoldState::Waiting, 43_200));
        let other = ConfirmHold { order: OrderId::new("id", "P").expect("an id"), ..confirm("P") };
        let whole = ConfirmHold { lines: wants("P", 3).order.lines, ..other.clone() };
        let differs = Refusal::HoldDiffers { hold_id: hold_id("P") };
        assert_eq!(told(engine.confirm_hold(whole)), differs);
        run(&mut pump, engine.confirm_hold(other));
        let order = run(&mut pump, engine.order(&OrderId::new("id", "P").expect("an id"))).order;
        assert_eq!(
            (order.lines.len(), order.lines[0].ordered, order.lines[0].cancelled),
            (1, 2, 0)
        );
        receive_at(&mut pump, 30);
        assert_eq!(stands(&mut pump, "Q"), (HoldState::Live, 90));
        let created = run(&mut pump, engine.create_hold(wants("R", 1)));
        assert!(matches!(created.outcome, PlaceOutcome::Placed(_)), "{created:?}");
        assert_eq!(stands(&mut pump, "R").0, HoldState::Waiting);
        let audit = engine.audit().expect("it ends");
        assert!(audit.is_clean() && audit.holds == 2, "{audit:?}");
    }

    /// What it was offered is gone, and what it waits for never came.
    #[test]
    fn who_takes_a_part_and_has_lost_it_orders_nothing() {
        let (engine, mut pump) = one_unit();
        let mut part = hold("P").taking_a_part();
        part.order.lines.0[0].quantity = 3;
        run(&mut pump, engine.create_hold(part));
        let count = StockOperation::Count { on_hand: 0 };
        run(&mut pump, engine.change_stock(change("A", NODE, count)));
        let gone = Refusal::HoldUnitsGone { hold_id: hold_id("P") };
        assert_eq!(told(engine.confirm_hold(confirm("P"))), gone);
        let audit = engine.audit().expect("it ends");
        assert!(audit.is_clean(), "{audit:?}");
    }

    #[test]
    fn who_waits_in_line_for_too_long_waits_no_more() {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.place_order(order()));
        run(&mut pump, engine.create_hold(hold("W").waiting()));
        engine.tell_time(AT.saturating_add_micros(43_200_000_000));
        while pump.pump().expect("the engine does not halt") {}
        let order = run(&mut pump, engine.order(&OrderId::of_hold(&hold_id("W")))).order;
        assert_eq!(order.header.hold.as_deref().map(|hold| hold.state), Some(HoldState::Lapsed));
        assert_eq!(engine.kernel.state.holds.live(), 0);
    }

    #[test]
    fn a_hold_is_for_a_second_to_a_day() {
        let of = |seconds| said(CreateHold { seconds, ..hold("H") }.validate(None));
        assert_eq!([of(1), of(86_400)].concat(), [""; 0]);
        assert_eq!(of(0), ["seconds: \"0\" is not within 1 to 86400"]);
        assert_eq!(of(31_536_000), ["seconds: \"31536000\" is not within 1 to 86400"]);
    }

    #[test]
    fn a_hold_is_told_from_another_by_all_its_content() {
        let prints = [
            hold("H"),
            CreateHold { seconds: 61, ..hold("H") },
            CreateHold { owner: OwnerId::new("owner", "X").ok(), ..hold("H") },
            hold("I"),
            hold("H").waiting(),
            hold("H").taking_a_part(),
        ]
        .map(|hold| hold.fingerprint());
        for (at, print) in prints.iter().enumerate() {
            assert!(!prints[..at].contains(print), "{at}");
        }
    }
}
