//! Commands of the engine.

use tokio::task::coop::consume_budget;

use super::{Engine, EngineError, OrderAnswer, Quoted, ServiceQuote, Submitted};
use crate::command::hold::create::{create, quote};
use crate::command::order::payment_event::whose;
use crate::command::{
    AcceptShipment, CancelOrder, ChangeHold, ChangeStock, ClaimShipment, ConfirmHold, CreateHold,
    DeclineShipment, DefineItem, DefineNode, DefinePartner, DefinePriceList, DefinePromotion,
    DefineShippingRates, DefineTaxRates, DiscardPartnerMessage, DispatchTransfer, DisposeGoods,
    EnsureItem, ExtendHold, HoldOrder, KeepProviderEvent, MatchArrival, PaymentStep, PlaceOrder,
    ProgressReturn, ProgressShipment, RecallTransfer, RecordPayment, ReleaseHold, ReleaseOrderHold,
    ReleaseWave, ReportPartner, RequestExchange, RequestReturn, ResolveDecline,
    ResolveProviderEvent, SetOrderPriority, SetPolicy, SetPrices, SetReturnPolicy,
    SetTaxCategories,
};
use crate::command::{DefineStyles, SetAssociations};
use crate::model::{
    DocumentKey, LedgerKind, Lsn, Meta, OrderId, ProviderEvent, RefusalKind, ServiceName, Text,
};
use crate::placing;
use crate::placing::services::quote_services;
use crate::read::partner_short::declined_by;
use crate::transaction::command::{Command, Outcome, run};

/// The outcome of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The version of its event, or one that shows that nothing had to change.
    pub version: Lsn,
    /// Whether the same request was carried out before; nothing was done again.
    pub is_repeat: bool,
}

/// Commands. Each answers with its version once its event is durable and applied.
impl Engine {
    /// Defines an item, or changes it.
    pub async fn define_item(&self, command: DefineItem) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Defines an item unless there is one of its SKU, which stays as it is.
    pub async fn ensure_item(&self, command: DefineItem) -> Result<Done, EngineError> {
        self.run(&EnsureItem(command)).await
    }

    /// Defines a node, or changes it.
    pub async fn define_node(&self, command: DefineNode) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Sets the sourcing policy.
    pub async fn set_policy(&self, command: SetPolicy) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Defines a price list, or changes for whom it is.
    pub async fn define_price_list(&self, command: DefinePriceList) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Defines styles, or says anew what they are.
    pub async fn define_styles(&self, command: DefineStyles) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Sets what goes with items, and what may take their place.
    pub async fn set_associations(&self, command: SetAssociations) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Sets the prices of items in a list.
    pub async fn set_prices(&self, command: SetPrices) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Defines a promotion, or changes it.
    pub async fn define_promotion(&self, command: DefinePromotion) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Sets all tax rates.
    pub async fn define_tax_rates(&self, command: DefineTaxRates) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Sets all shipping rates.
    pub async fn define_shipping_rates(
        &self,
        command: DefineShippingRates,
    ) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Sets the tax categories of items.
    pub async fn set_tax_categories(&self, command: SetTaxCategories) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Changes the supply of a pair.
    pub async fn change_stock(&self, command: ChangeStock) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Sends free units of an item from one node to another.
    pub async fn dispatch_transfer(&self, command: DispatchTransfer) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Takes back what is still on its way of a transfer.
    pub async fn recall_transfer(&self, command: RecallTransfer) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Sets what may come back.
    pub async fn set_return_policy(&self, command: SetReturnPolicy) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Asks that units of an order come back.
    pub async fn request_return(&self, command: RequestReturn) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Asks that units of an order come back, and that the customer gets others for them.
    pub async fn request_exchange(&self, command: RequestExchange) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Reports, or decides, a step of a return.
    pub async fn progress_return(&self, command: ProgressReturn) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Tells something of an order's money.
    pub async fn record_payment(&self, command: RecordPayment) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Takes what a payment provider tells unasked: tells the order of which it is, or keeps it until that is known.
    /// Answers with the order as well, if it is known.
    pub async fn record_provider_event(
        &self,
        command: &KeepProviderEvent,
    ) -> Result<(Done, Option<OrderId>), EngineError> {
        let KeepProviderEvent { meta, event } = command;
        // Which of the two it becomes may be another one when it is told again.
        let meta = Meta { content: Some(command.fingerprint()), ..meta.clone() };
        let Some((order, payment)) = whose(&self.kernel, event).await? else {
            let command = KeepProviderEvent { meta, event: event.clone() };
            return Ok((self.run(&command).await?, None));
        };
        let ProviderEvent { kind, amount, reference, expires, .. } = event.clone();
        let step = PaymentStep::Unasked { payment, kind, amount, reference, expires };
        let command = RecordPayment { meta, order: order.clone(), step };
        Ok((self.run(&command).await?, Some(order)))
    }

    /// Says what becomes of something that a payment provider told and that is kept.
    pub async fn resolve_provider_event(
        &self,
        command: ResolveProviderEvent,
    ) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Whether something that a payment provider told waits for its order. What was let go does not.
    pub fn keeps_provider_event(&self, kind: LedgerKind, reference: &Text) -> bool {
        let key = DocumentKey::ProviderEvent(kind, reference.clone());
        let known = self.kernel.state.documents.read(&key);
        known.is_some_and(|document| document.provider_event().is_some())
    }

    /// What payment providers told that is of no order yet, the oldest first; and the version that shows it.
    pub fn provider_events(&self) -> (Vec<ProviderEvent>, Lsn) {
        let version = self.version();
        (self.kernel.state.documents.provider_events(), version)
    }

    /// Defines a partner, or gives it other nodes.
    pub async fn define_partner(&self, command: DefinePartner) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Takes what a partner says; what it came to is in the command.
    /// Units that will not leave are declined first, so that they are sourced elsewhere. That is an event of
    /// its own, under a key that is made of what was said: if the message is lost after it, and is sent again,
    /// nothing is declined twice.
    pub async fn report_partner(&self, command: &ReportPartner) -> Result<Done, EngineError> {
        if let Some(decline) = declined_by(&self.kernel, command).await? {
            match self.run(&decline).await {
                Ok(_) => {}
                Err(EngineError::Refused(why)) if why.kind() == RefusalKind::RequestIdReused => {}
                Err(EngineError::Refused(why)) if why.kind() != RefusalKind::Contended => {
                    command.not_declined(why);
                }
                Err(stopped) => return Err(stopped),
            }
        }
        self.run(command).await
    }

    /// Says of which return goods are that came back to a partner.
    pub async fn match_arrival(&self, command: MatchArrival) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Lets goods go that came back to a partner and are of no return.
    pub async fn dispose_goods(&self, command: DisposeGoods) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Lets go of a partner's message in quarantine.
    pub async fn discard_partner_message(
        &self,
        command: DiscardPartnerMessage,
    ) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Places an order.
    pub async fn place_order(&self, command: PlaceOrder) -> Result<OrderAnswer, EngineError> {
        self.submit_order(command).await?.acknowledged().await
    }

    /// Places an order up to the journal. A caller that streams orders submits them
    /// one after the other and then waits for all: one watermark serves them.
    pub async fn submit_order(&self, command: PlaceOrder) -> Result<Submitted, EngineError> {
        give_thread_back().await;
        self.kernel.state.tell_time(command.meta.at);
        let permit = self.kernel.admit()?;
        let placing = placing::place(&self.kernel, &command).await?;
        Ok(Submitted::new(permit, placing))
    }

    /// Decides on an order as placing it would, and changes nothing. It holds nothing
    /// either, and is not counted among the commands in flight. A key in `meta` is passed
    /// over: an order that is known is known by its id.
    pub async fn quote_order(&self, command: &PlaceOrder) -> Result<Quoted, EngineError> {
        self.kernel.state.tell_time(command.meta.at);
        self.kernel.decides()?;
        placing::quote(&self.kernel, command).await
    }

    /// Decides on an order by each of these services, or by all of the policy where none is named,
    /// as placing it would, and changes nothing. Neither its service nor its id is looked at.
    pub async fn quote_services(
        &self,
        command: &PlaceOrder,
        services: &[ServiceName],
    ) -> Result<Vec<ServiceQuote>, EngineError> {
        self.kernel.state.tell_time(command.meta.at);
        self.kernel.decides()?;
        quote_services(&self.kernel, command, services).await
    }

    /// Cancels what is left of an order, or units of some lines.
    pub async fn cancel_order(&self, command: CancelOrder) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Has an order served before others, or after them, from now on.
    pub async fn set_order_priority(&self, command: SetOrderPriority) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Holds an order: no node is to work on it until that is released.
    pub async fn hold_order(&self, command: HoldOrder) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Releases a hold on an order.
    pub async fn release_order_hold(&self, command: ReleaseOrderHold) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Says that a node ships what it was given.
    pub async fn accept_shipment(&self, command: AcceptShipment) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Says that somebody works on a shipment, or does no more.
    pub async fn claim_shipment(&self, command: ClaimShipment) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Says that a node does not ship what it was given. Its units come to rest elsewhere before
    /// this answers, where anything is free.
    pub async fn decline_shipment(&self, command: DeclineShipment) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Has units that the customer was asked about sourced anew.
    pub async fn resolve_decline(&self, command: ResolveDecline) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Reports, or asks for, a step of a shipment.
    pub async fn progress_shipment(&self, command: ProgressShipment) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Releases the shipments of a wave, as far as they were [found](Engine::find_wave).
    pub async fn release_wave(&self, command: ReleaseWave) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Holds what an order would take.
    pub async fn create_hold(&self, command: CreateHold) -> Result<OrderAnswer, EngineError> {
        self.submit_hold(command).await?.acknowledged().await
    }

    /// Holds up to the journal.
    pub async fn submit_hold(&self, command: CreateHold) -> Result<Submitted, EngineError> {
        give_thread_back().await;
        self.kernel.state.tell_time(command.meta.at);
        let permit = self.kernel.admit()?;
        let placing = create(&self.kernel, &command).await?;
        Ok(Submitted::new(permit, placing))
    }

    /// Decides on a hold as creating it would, and changes nothing. A key in `meta` is passed
    /// over: a hold that is known is known by its id.
    pub async fn quote_hold(&self, command: &CreateHold) -> Result<Quoted, EngineError> {
        self.kernel.state.tell_time(command.meta.at);
        self.kernel.decides()?;
        quote(&self.kernel, command).await
    }

    /// Has a hold lapse later.
    pub async fn extend_hold(&self, command: ExtendHold) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Has a hold hold something else.
    ///
    /// # Errors
    /// Units that are not there, among others: the hold stays as it is.
    pub async fn change_hold(&self, command: ChangeHold) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Makes an order of a hold.
    pub async fn confirm_hold(&self, command: ConfirmHold) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    /// Gives a hold up.
    pub async fn release_hold(&self, command: ReleaseHold) -> Result<Done, EngineError> {
        self.run(&command).await
    }

    pub(super) async fn run<C: Command>(&self, command: &C) -> Result<Done, EngineError> {
        give_thread_back().await;
        self.kernel.state.tell_time(command.meta().at);
        let permit = self.kernel.admit()?;
        let outcome = run(&self.kernel, command).await?;
        let is_repeat = matches!(outcome, Outcome::Repeat(_));
        let version = match outcome {
            Outcome::Written(ticket, frees) => {
                let version = self.kernel.acknowledged(ticket).await?;
                drop(permit);
                // The caller may read at once what its event came to.
                self.kernel.wait_settled(&frees).await;
                version
            }
            Outcome::Repeat(lsn) | Outcome::Known(lsn) => lsn,
        };
        Ok(Done { version, is_repeat })
    }
}

/// Mostly nothing of a command has to wait, or something of those that a caller has in flight is
/// ready. A task that never gave its thread back would keep it from the commands whose turns
/// ran on it: they are woken on this thread, and wait behind the task.
async fn give_thread_back() {
    consume_budget().await;
}
