//! Holding what an order would take: for a cart, or a quote.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::replaced::HoldReplaced;
use crate::limits::{HOLD_SECONDS_MAX, HOLD_WAIT_SECONDS};
use crate::model::check::{finish, in_range};
use crate::model::digest::{Part, hash_written};
use crate::model::effect::Claim;
use crate::model::event::{Event, Numbered, Record};
use crate::model::{
    Day, Hold, HoldId, HoldState, Meta, Order, OrderId, OrderNo, OwnerId, PackedOrder, Refusal,
    Request, Shortage, Timestamp, Unpackable, Violation,
};
use crate::placing::known::{Begun, begin_order};
use crate::placing::over::{Over, pegs, plan_over};
use crate::placing::places::Places;
use crate::placing::request::OrderRequest;
use crate::placing::resolve::resolve;
use crate::placing::{Placing, header, known, place, placed};
use crate::planning::Draft;
use crate::state::holds::Owned;
use crate::transaction::begin::{Started, begin_request};
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
        Self { meta, seconds, owner, waits: false, hold, order }
    }

    /// The same, and it waits in line.
    #[must_use]
    pub fn waiting(self) -> Self {
        let order = OrderRequest { shortage: Some(Shortage::Backorder), ..self.order };
        Self { waits: true, order, ..self }
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
        let waits = draft.unfilled_units() > 0;
        let seconds = if waits { HOLD_WAIT_SECONDS } else { self.seconds };
        let until = self.meta.at.saturating_add_micros(i64::from(seconds) * 1_000_000);
        Some(Box::new(Hold {
            id: self.hold.clone(),
            owner: self.owner.clone(),
            fingerprint: Places::fingerprint(self),
            until,
            seconds: self.seconds,
            extended: 0,
            is_paying: false,
            state: if waits { HoldState::Waiting } else { HoldState::Live },
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
/// A reused id, what is wrong with the content, what durable state refuses.
pub async fn create(kernel: &Kernel, command: &CreateHold) -> Result<Placing, EngineError> {
    let Some(owner) = &command.owner else { return place(kernel, command).await };
    let mut claims = Claims::new(kernel);
    let before = begin_owner(&mut claims, owner).await?;
    if let Some(before) = before
        && let Some(before) = live_in_hand(&mut claims, before).await?
    {
        return take_over(kernel, command, &before, claims).await;
    }
    let placing = place(kernel, command).await?;
    if matches!(placing, Placing::Written(..)) {
        claims.hand_over();
    }
    Ok(placing)
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

/// Takes a hold in hand, if it is live.
async fn live_in_hand(claims: &mut Claims<'_>, no: OrderNo) -> Result<Option<Order>, EngineError> {
    let known = read_order(claims.kernel(), no).await?;
    let Some(hold) = known.and_then(|order| order.header.hold) else { return Ok(None) };
    let order = claims.in_hand(&OrderId::of_hold(&hold.id)).await?;
    let is_it = order.no == no && order.open_hold().is_some();
    if !is_it {
        claims.give_up(|claim| *claim != Claim::InHand(order.no));
    }
    Ok(is_it.then_some(order))
}

/// The hold gets the units of the owner's hold before it, and what else it needs, in one event.
async fn take_over(
    kernel: &Kernel,
    command: &CreateHold,
    before: &Order,
    mut claims: Claims<'_>,
) -> Result<Placing, EngineError> {
    let fingerprint = command.fingerprint();
    let request = command.meta.request_id.clone().map(|id| Request { id, fingerprint });
    let key = match begin_request(kernel, request.as_ref()).await? {
        Started::Fresh(key) => key,
        Started::Repeat(done) => return known(kernel, done).await,
    };
    let id = match begin_order(kernel, command, fingerprint).await? {
        Begun::New(id) => id,
        Begun::Known(known) => return Ok(Placing::Known(known.into())),
    };
    let wanted = resolve(&kernel.state, &*kernel.postal, command)?;
    let (draft, off, more) = match plan_over(kernel, &wanted, before).await? {
        Over::Granted(draft, off, more) => (draft, off, more),
        Over::SoldOut(shortages) => return Ok(Placing::SoldOut(shortages)),
    };
    claims.take(more);
    let (no, on) = (kernel.state.next_order(), pegs(&draft).collect());
    let mut order = placed(no, header(command, &wanted, (&draft, fingerprint)), *draft);
    kernel.state.orders.number(&command.order.id, no);
    let packed = PackedOrder::of(&order);
    let ends = Some((before.no, HoldState::TakenOver));
    let event = Numbered(HoldReplaced { order: packed, off, on, ends });
    let meta = &command.meta;
    let record = Record { at: meta.at, request, origin: meta.origin.clone(), event };
    let ticket = kernel.append(record, recorded).inspect_err(|_| kernel.state.unnumber(no))?;
    claims.hand_over();
    id.hand_over();
    if let Some(key) = key {
        key.hand_over();
    }
    (order.placed_lsn, order.last_lsn) = (ticket.lsn, ticket.lsn);
    Ok(Placing::Written(ticket, order.into()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{
        AT, confirm, hold, hold_id, meta, order, release, said, sku, told,
    };
    use crate::engine::tests::{one_unit, run};
    use crate::engine::{PlaceOutcome, Pump};
    use crate::model::RefusalKind;

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
        let refusals = refusals.map(|(command, expected)| {
            assert_eq!(told(engine.create_hold(command)), expected);
            expected.kind()
        });
        refusals.to_vec()
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

    #[test]
    fn who_waits_in_line_for_too_long_waits_no_more() {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.place_order(order()));
        run(&mut pump, engine.create_hold(hold("W").waiting()));
        engine.tell_time(AT.saturating_add_micros(43_200_000_000));
        while pump.pump().expect("the engine does not halt") {}
        let order = run(&mut pump, engine.order(&OrderId::of_hold(&hold_id("W")))).order;
        assert_eq!(order.header.hold.as_deref().map(|hold| hold.state), Some(HoldState::Lapsed));
        assert_eq!(engine.kernel.state.holds.len(), 0);
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
        ]
        .map(|hold| hold.fingerprint());
        for (at, print) in prints.iter().enumerate() {
            assert!(!prints[..at].contains(print), "{at}");
        }
    }
}
