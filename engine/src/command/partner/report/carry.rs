//! Carrying out what counts: the pairs decide what it comes to there, all of it or nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::event::PairReported;
use super::steps::steps;
use crate::command::order::progress::ShipmentProgressed;
use crate::command::order::returned::ReturnProgressed;
use crate::limits::{PARTNER_CANDIDATES_MAX, PARTNER_PARTS_MAX};
use crate::model::partner::{
    Arrival, Fact, Measure, Move, PartnerMessage, QuarantineReason, Subject, Topic, beside, stated,
};
use crate::model::{Claim, NodeId, NodeNo, Pair, Proposal, Sku, SkuNo, StockChange, Text};
use crate::state::State;
use crate::state::before::read_pair;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::edits::{Decided, edit_all};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// What became of a message that was to count.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// It is done: exactly this.
    Out(Done),
    /// Nobody knows what it is about, or it cannot be.
    Quarantined {
        /// Why.
        reason: QuarantineReason,
        /// What it may have meant.
        candidates: Vec<Text>,
    },
}

/// What a message changes beside what is kept of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Pairs, each once.
    pub(super) changes: Vec<PairReported>,
    /// A return.
    pub(super) returned: Option<Box<ReturnProgressed>>,
    /// A shipment.
    pub(super) shipped: Option<Box<ShipmentProgressed>>,
    /// Where goods belong that were not told of before.
    pub(super) arrival: Option<Box<Arrival>>,
}

impl Carried {
    /// The same, with other work that was done.
    pub(super) fn map(self, done: impl FnOnce(Done) -> Done) -> Self {
        match self {
            Self::Out(it) => Self::Out(done(it)),
            quarantined @ Self::Quarantined { .. } => quarantined,
        }
    }
}

/// Has the pairs of a message decide, and holds them.
pub(super) async fn carry_out(
    tx: &mut Transaction<'_>,
    message: &PartnerMessage,
    moves: &[Move],
) -> Result<Carried, EngineError> {
    let mut attempts = Attempts::begin(tx.kernel());
    loop {
        let seen = arrived(tx, message, moves)?;
        let proposals = match asked_beside(tx.state(), message, (moves, &seen)) {
            Ok(proposals) => proposals,
            Err(quarantined) => return Ok(quarantined),
        };
        let decided = match decide_pairs(tx, &proposals).await? {
            Ok(decided) => decided,
            Err(quarantined) => return Ok(quarantined),
        };
        // The pairs are held: what arrived there stays as it is.
        if arrived(tx, message, moves)? == seen {
            return told(tx, &proposals, decided);
        }
        give_up_but_partner(tx);
        attempts.end(Attempt::<()>::Overtaken).await?;
    }
}

/// What each pair is asked to do, beside what arrived of the delivery as anybody told.
fn asked_beside(
    state: &State,
    message: &PartnerMessage,
    (moves, arrived): (&[Move], &BTreeMap<Sku, i64>),
) -> Result<Vec<(Pair, Proposal)>, Carried> {
    let Subject::Receipt { inbound, .. } = &message.subject else {
        return proposals(state, message, moves);
    };
    let topic = Topic::Delivery(inbound.clone());
    let facts = state.documents.about(&message.sender, &topic, PARTNER_PARTS_MAX);
    let facts = facts.ok_or_else(|| impossible("too many parts of one delivery"))?;
    let is_other = |subject: &Subject| *subject != message.subject;
    let is_here = |fact: &Fact| fact.node.is_none() || fact.node == message.node;
    let others = facts.iter().filter(|(subject, fact)| is_other(subject) && is_here(fact));
    let others = stated(others.map(|(_, fact)| fact), &Measure::Received);
    let recorded = |sku: &Sku| arrived.get(sku).copied().unwrap_or(0);
    let moves = beside(moves, &Measure::Received, &others, recorded);
    let moves = moves.map_err(|contradiction| {
        let candidates = Text::new("candidate", inbound.as_str()).into_iter().collect();
        let reason = QuarantineReason::impossible(&contradiction.told());
        Carried::Quarantined { reason, candidates }
    })?;
    proposals(state, message, &moves)
}

/// What arrived of the delivery that a message is about, by item; nothing of other messages.
fn arrived(
    tx: &Transaction<'_>,
    message: &PartnerMessage,
    moves: &[Move],
) -> Result<BTreeMap<Sku, i64>, EngineError> {
    let mut all = BTreeMap::new();
    let Subject::Receipt { inbound, .. } = &message.subject else { return Ok(all) };
    let (_, node) = node_of(tx.state(), message);
    for Move { sku, .. } in moves {
        let Ok(no) = tx.state().catalogue.with_stock(sku) else { continue };
        let stock = read_pair(&tx.state().catalogue, Pair { sku: no, node });
        let stock = stock.map_err(|panicked| tx.kernel().panicked(panicked))?;
        all.insert(sku.clone(), stock.arrived(inbound).into());
    }
    Ok(all)
}

/// Has pairs decide, and holds them; lets go of all but the partner where one of them refuses.
pub(super) async fn decide_pairs(
    tx: &mut Transaction<'_>,
    proposals: &[(Pair, Proposal)],
) -> Result<Result<Decided, Carried>, EngineError> {
    let mut attempts = Attempts::begin(tx.kernel());
    loop {
        let attempt = match edit_all(&mut tx.claims, proposals).await {
            Err(EngineError::Refused(refusal)) => {
                give_up_but_partner(tx);
                return Ok(Err(impossible(&refusal.to_string())));
            }
            attempt => attempt?,
        };
        if let Some(decided) = attempts.end(attempt).await? {
            return Ok(Ok(decided));
        }
    }
}

/// Lets go of pairs and orders: what was decided of them does not happen.
pub(super) fn give_up_but_partner(tx: &mut Transaction<'_>) {
    tx.claims.give_up(|claim| matches!(claim, Claim::Partner(_)));
}

/// What the pairs decided, if each knows the delivery that the message is about.
fn told(
    tx: &mut Transaction<'_>,
    proposals: &[(Pair, Proposal)],
    decided: Decided,
) -> Result<Carried, EngineError> {
    if decided.iter().any(Option::is_none) {
        give_up_but_partner(tx);
        let (reason, candidates) = (QuarantineReason::UnknownSubject, candidates(tx, proposals)?);
        return Ok(Carried::Quarantined { reason, candidates });
    }
    let changed = |((pair, _), change): (&(Pair, Proposal), Option<StockChange>)| {
        change.map(|change| PairReported { pair: *pair, change })
    };
    let changes = proposals.iter().zip(decided).filter_map(changed).collect();
    Ok(Carried::Out(Done { changes, ..Done::default() }))
}

/// More is taken back than is there, or there would be more than may be.
pub(super) fn impossible(why: &str) -> Carried {
    Carried::Quarantined { reason: QuarantineReason::impossible(why), candidates: Vec::new() }
}

/// Deliveries that are on their way to the first of these pairs, those that are expected first before
/// others.
fn candidates(
    tx: &Transaction<'_>,
    proposals: &[(Pair, Proposal)],
) -> Result<Vec<Text>, EngineError> {
    let mut open = BTreeSet::new();
    for (pair, _) in proposals.iter().take(PARTNER_CANDIDATES_MAX) {
        let stock = read_pair(&tx.state().catalogue, *pair)
            .map_err(|panicked| tx.kernel().panicked(panicked))?;
        open.extend(stock.inbound().iter().map(|of| (of.eta, of.id.to_string())));
    }
    let mut named: Vec<Text> = Vec::new();
    for text in open.into_iter().filter_map(|(_, id)| Text::new("candidate", id).ok()) {
        if named.len() < PARTNER_CANDIDATES_MAX && !named.contains(&text) {
            named.push(text);
        }
    }
    Ok(named)
}

/// What each pair is asked to do, ascending by SKU.
fn proposals(
    state: &State,
    message: &PartnerMessage,
    moves: &[Move],
) -> Result<Vec<(Pair, Proposal)>, Carried> {
    let (_, node) = node_of(state, message);
    let asked =
        |(sku, steps)| Ok((Pair { sku: known(state, &sku)?, node }, Proposal::Reported(steps)));
    steps(message, moves).into_iter().map(asked).collect()
}

/// The node that a message is about, which is one of its partner's.
pub(super) fn node_of(state: &State, message: &PartnerMessage) -> (NodeId, NodeNo) {
    let network = state.network.load();
    let id = message.node.clone();
    let node = id.and_then(|id| Some((network.node_no(&id)?, id)));
    let Some((no, id)) = node else { unreachable!("the nodes of a partner are defined") };
    (id, no)
}

/// The number of a SKU that has stock.
pub(super) fn known(state: &State, sku: &Sku) -> Result<SkuNo, Carried> {
    state.catalogue.with_stock(sku).map_err(|_| {
        let spelt = [sku.as_str().to_uppercase(), sku.as_str().to_lowercase()];
        let spelt = spelt
            .into_iter()
            .filter(|other| other != sku.as_str() && state.catalogue.sku_no(other).is_some());
        let candidates = spelt.filter_map(|other| Text::new("candidate", other).ok()).collect();
        Carried::Quarantined { reason: QuarantineReason::UnknownSku(sku.clone()), candidates }
    })
}
