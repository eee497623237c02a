//! `order change` and `order commit`.

use std::io::{self, Write};

use backstock_proto::v1;
use backstock_proto::v1::change_operation::Operation;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Serialize;

use super::order::{OrderView, ShipmentView, read};
use super::{View, lines, or_dash, print, table};
use crate::cli::change::{AddArg, ChangeArgs, CommitArgs, MoveArg, SetArg};
use crate::cli::{CommandError, Exit, OutputArgs};
use crate::client::{Client, Refused, words};
use crate::dates;

/// What a change would come to.
#[derive(Debug, Serialize)]
struct QuoteView {
    order_id: String,
    /// Empty where something cannot be had.
    change_token: String,
    expire_time: Option<String>,
    faults: Vec<FaultView>,
    changed_lines: Vec<ChangedLine>,
    shipments_touched: Vec<u32>,
    dates: Vec<DateView>,
    amount_before_minor: i64,
    amount_minor: i64,
    /// What sourcing has it cost, in minor units of the policy's currency; none where no unit is sourced
    /// anew.
    sourcing_cost_before_minor: Option<i64>,
    sourcing_cost_minor: Option<i64>,
    /// As it would be.
    order: OrderView,
    #[serde(skip)]
    note_differs: bool,
    /// Where, how and by when it would go, where that is another than now.
    #[serde(skip)]
    goes: Vec<String>,
    version: u64,
}

/// What cannot be had.
#[derive(Debug, Serialize)]
struct FaultView {
    /// What was asked, as an argument; empty where several are concerned.
    asked: String,
    reason: String,
    message: String,
}

/// A line of which other units are wanted, those that left among them.
#[derive(Debug, Serialize)]
struct ChangedLine {
    line_index: usize,
    sku: String,
    /// None if the line is new.
    before: Option<u32>,
    after: u32,
}

#[derive(Debug, Serialize)]
struct DateView {
    shipment_number: u32,
    deliver_by_before: Option<String>,
    deliver_by: Option<String>,
}

/// What became of a change.
#[derive(Debug, Serialize)]
struct CommitView {
    outcome: String,
    is_repeat: bool,
    /// As it is.
    order: OrderView,
    /// Set where it was quoted anew.
    quote: Option<QuoteView>,
    version: u64,
}

/// What is asked, with the argument that says it.
struct Asked(Vec<(String, Operation)>);

/// Quotes a change, and commits it if that is wanted.
pub(in crate::cli) async fn change(
    args: ChangeArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.desk.server.connect().await?;
    let asked = Asked::of(&args);
    let before = read(&client, args.id.clone()).await?.order.unwrap_or_default();
    let request = v1::QuoteChangeRequest {
        order_id: args.id,
        operations: asked.operations(),
        currency_code: args.currency.unwrap_or_default(),
        reason: args.reason,
        apart: false,
    };
    let quote = client.orders().quote_change(request).await?.into_inner();
    if args.commit && quote.faults.is_empty() {
        return commit_token(&client, before, quote.change_token, args.desk.output, out).await;
    }
    let view = QuoteView::new(&before, quote, &asked);
    print(out, args.desk.output, &view)?;
    Ok(if view.faults.is_empty() { Exit::Success } else { Exit::Refused })
}

/// Commits a change that was quoted.
pub(in crate::cli) async fn commit(
    args: CommitArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let text = match args.token.as_str() {
        "-" => io::read_to_string(io::stdin()).map_err(CommandError::Input)?,
        token => token.to_owned(),
    };
    let token = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| CommandError::NoToken)?;
    let client = args.desk.server.connect().await?;
    let before = read(&client, args.id).await?.order.unwrap_or_default();
    commit_token(&client, before, token.into(), args.desk.output, out).await
}

async fn commit_token(
    client: &Client,
    before: v1::Order,
    change_token: Bytes,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let order_id = before.order_id.clone();
    let request = v1::CommitChangeRequest { order_id, change_token };
    let answer = client.orders().commit_change(request).await?.into_inner();
    let is_done = answer.outcome() == v1::ChangeOutcome::Committed;
    print(out, output, &CommitView::new(answer))?;
    Ok(if is_done { Exit::Success } else { Exit::Refused })
}

impl Asked {
    fn of(args: &ChangeArgs) -> Self {
        let added = |of: &AddArg| v1::AddedLine {
            sku: of.sku.clone(),
            quantity: of.quantity,
            amount_minor: of.amount,
            pricing: None,
        };
        let text = |of: &AddArg| match of.amount {
            Some(amount) => format!("{}={}@{amount}", of.sku, of.quantity),
            None => format!("{}={}", of.sku, of.quantity),
        };
        let mut all = Vec::new();
        for of in &args.sets {
            let operation = v1::SetLineQuantity { line_index: of.line, quantity: of.quantity };
            let asked = format!("--set {}={}", of.line + 1, of.quantity);
            all.push((asked, Operation::SetQuantity(operation)));
        }
        for of in &args.swaps {
            let operation = v1::SwapLine { line_index: of.line, instead: Some(added(&of.instead)) };
            let asked = format!("--swap {}={}", of.line + 1, text(&of.instead));
            all.push((asked, Operation::SwapLine(operation)));
        }
        for of in &args.adds {
            all.push((format!("--add {}", text(of)), Operation::AddLine(added(of))));
        }
        if let Some((asked, destination)) = destination(args) {
            all.push((asked, Operation::SetDestination(destination)));
        }
        if let Some(service) = &args.service {
            all.push((format!("--service {service}"), Operation::SetService(service.clone())));
        }
        if let Some(day) = args.deliver_by {
            let operation = Operation::SetDeliverBy(dates::to_wire(day));
            all.push((format!("--deliver-by {day}"), operation));
        }
        if let Some(MoveArg { shipment, node }) = &args.moved {
            let to = if node.is_empty() { String::new() } else { format!("={node}") };
            let line =
                |of: &SetArg| v1::LineQuantity { line_index: of.line, quantity: of.quantity };
            let lines = args.units.iter().map(line).collect();
            let (shipment_number, node_id) = (*shipment, node.clone());
            let operation = v1::MoveShipment { shipment_number, node_id, lines };
            all.push((format!("--move {shipment}{to}"), Operation::MoveShipment(operation)));
        }
        if let Some(note) = &args.note {
            all.push((format!("--note {note}"), Operation::SetNote(note.clone())));
        }
        for of in &args.amounts {
            let operation = v1::SetLineAmount { line_index: of.line, amount_minor: of.amount };
            let asked = format!("--amount {}={}", of.line + 1, of.amount);
            all.push((asked, Operation::SetAmount(operation)));
        }
        Self(all)
    }

    fn operations(&self) -> Vec<v1::ChangeOperation> {
        let operations = self.0.iter().map(|(_, operation)| operation.clone());
        operations.map(|of| v1::ChangeOperation { operation: Some(of) }).collect()
    }

    /// The argument that says an operation.
    fn said(&self, operation: Option<u32>) -> String {
        let at = operation.and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.0.get(at)).map(|(said, _)| said.clone()).unwrap_or_default()
    }
}

/// Where an order is to go, with the argument that says it.
fn destination(args: &ChangeArgs) -> Option<(String, v1::SetDestination)> {
    if let Some(node) = &args.pickup {
        let pickup = v1::Pickup { node_id: node.clone(), only_stock_there: args.only_stock_there };
        let destination = v1::SetDestination { pickup: Some(pickup), ..Default::default() };
        return Some((format!("--pickup {node}"), destination));
    }
    let code = args.postal_code.as_ref()?;
    let destination = v1::SetDestination {
        destination_country_code: args.country.clone().unwrap_or_default(),
        destination_postal_code: code.clone(),
        pickup: None,
    };
    Some((format!("--postal-code {code}"), destination))
}

impl FaultView {
    fn new(of: v1::ChangeFault, asked: &Asked) -> Self {
        let said = asked.said(of.operation_index);
        let refused = Refused::from(of.fault.unwrap_or_default());
        Self { asked: said, message: refused.message, reason: refused.reason }
    }

    fn line(&self) -> String {
        let Self { asked, reason, message } = self;
        let asked = if asked.is_empty() { String::new() } else { format!("{asked}: ") };
        format!("  {asked}{message} ({reason})")
    }
}

/// Units of a line that are wanted, those that left among them.
fn wanted(line: &v1::OrderLine) -> u32 {
    line.quantity - line.units.map_or(0, |units| units.cancelled).min(line.quantity)
}

fn changed(before: &v1::Order, after: &v1::Order) -> Vec<ChangedLine> {
    let lines = after.lines.iter().enumerate().map(|(line_index, line)| ChangedLine {
        line_index,
        sku: line.sku.clone(),
        before: before.lines.get(line_index).map(wanted),
        after: wanted(line),
    });
    lines.filter(|line| line.before != Some(line.after)).collect()
}

impl QuoteView {
    fn new(before: &v1::Order, of: v1::QuoteChangeResponse, asked: &Asked) -> Self {
        let order = of.order.unwrap_or_default();
        let note_differs = order.note != before.note;
        let order_id = order.order_id.clone();
        let changed_lines = changed(before, &order);
        let order = OrderView::new(order, of.version);
        let now = OrderView::new(before.clone(), of.version).goes();
        let date = |days: &v1::DaysTold| DateView {
            shipment_number: days.shipment_number,
            deliver_by_before: words::date(days.deliver_by_before.as_ref()),
            deliver_by: words::date(days.deliver_by.as_ref()),
        };
        Self {
            order_id,
            change_token: URL_SAFE_NO_PAD.encode(&of.change_token),
            expire_time: words::time(of.expire_time.as_ref()),
            faults: of.faults.into_iter().map(|fault| FaultView::new(fault, asked)).collect(),
            changed_lines,
            shipments_touched: of.shipments_touched,
            dates: of.dates.iter().map(date).collect(),
            amount_before_minor: of.amount_before_minor,
            amount_minor: of.amount_minor,
            sourcing_cost_before_minor: of.sourcing_cost_before_minor,
            sourcing_cost_minor: of.sourcing_cost_minor,
            note_differs,
            goes: order.goes().into_iter().filter(|fact| !now.contains(fact)).collect(),
            order,
            version: of.version,
        }
    }

    fn lines(&self) -> Option<String> {
        let mut changed = table(&["line", "sku", "now", "then"], &[0, 2, 3]);
        for of in &self.changed_lines {
            let before = of.before.map_or_else(|| "new".to_owned(), |units| units.to_string());
            let line = (of.line_index + 1).to_string();
            changed.add_row([line, of.sku.clone(), before, of.after.to_string()]);
        }
        (!self.changed_lines.is_empty()).then(|| changed.to_string())
    }

    fn shipments(&self) -> Option<String> {
        let touched = |of: &&ShipmentView| self.shipments_touched.contains(&of.number);
        let touched: Vec<_> = self.order.shipments.iter().filter(touched).collect();
        (!touched.is_empty()).then(|| super::order::shipments(touched).to_string())
    }

    fn dates(&self) -> impl Iterator<Item = Option<String>> {
        self.dates.iter().filter(|date| date.deliver_by_before.is_some()).map(|date| {
            let DateView { shipment_number, deliver_by_before, deliver_by } = date;
            let [is, was] = [deliver_by, deliver_by_before].map(|day| or_dash(day.as_ref()));
            Some(format!("shipment {shipment_number} is delivered by {is}, not {was}"))
        })
    }

    fn amount(&self) -> Option<String> {
        let Self { amount_before_minor: before, amount_minor: after, .. } = self;
        let currency = &self.order.currency_code;
        let changes = before != after;
        changes.then(|| format!("the sum is {after} minor units of {currency}, not {before}"))
    }

    fn sourcing_cost(&self) -> Option<String> {
        let then = self.sourcing_cost_minor?;
        let now = self.sourcing_cost_before_minor.map(|now| format!(", not {now}"));
        Some(format!("sourcing has it cost {then} minor units{}", now.unwrap_or_default()))
    }

    fn note(&self) -> Option<String> {
        self.note_differs.then(|| format!("the note is {:?}", self.order.note))
    }
}

impl CommitView {
    fn new(of: v1::CommitChangeResponse) -> Self {
        let outcome = words::word(of.outcome().as_str_name(), "CHANGE_OUTCOME_");
        let order = of.order.unwrap_or_default();
        // The token alone knows what was asked.
        let quote = of.quote.map(|quote| QuoteView::new(&order, quote, &Asked(Vec::new())));
        let (is_repeat, version) = (of.is_repeat, of.version);
        Self { outcome, is_repeat, quote, order: OrderView::new(order, version), version }
    }
}

impl View for QuoteView {
    fn text(&self) -> String {
        let id = &self.order_id;
        if !self.faults.is_empty() {
            let faults = self.faults.iter().map(|fault| Some(fault.line()));
            let head = Some(format!("{id} cannot be changed like that:"));
            return lines(std::iter::once(head).chain(faults));
        }
        let Self { change_token, .. } = self;
        let until = or_dash(self.expire_time.as_ref());
        let head = Some(format!("{id} would be changed"));
        let goes = self.goes.iter().cloned().map(Some);
        let tables = [self.lines(), self.shipments()];
        let kept = [
            self.note(),
            self.amount(),
            self.sourcing_cost(),
            Some(format!("nothing is changed yet; until {until}, this changes it:")),
            Some(format!("backstock order commit {id} {change_token}")),
        ];
        lines(std::iter::once(head).chain(goes).chain(tables).chain(self.dates()).chain(kept))
    }
}

impl View for CommitView {
    fn text(&self) -> String {
        let id = &self.order.order_id;
        match &self.quote {
            Some(quote) => {
                let told = "nothing is changed: it would come to something else by now, or its \
                            time was over";
                lines([Some(told.to_owned()), Some(quote.text())])
            }
            None if self.is_repeat => lines([
                Some(format!("{id} was changed so before; nothing was done again")),
                Some(self.order.text()),
            ]),
            None => lines([Some(format!("{id} is changed")), Some(self.order.text())]),
        }
    }
}
