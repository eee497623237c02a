//! What an order costs that a hold becomes.

use super::ConfirmHold;
use crate::model::OrderId;
use crate::placing::cost::{Cost, ToPrice, cost};
use crate::placing::costs::OrderPrices;
use crate::placing::going::{Going, said};
use crate::transaction::error::EngineError;
use crate::transaction::find::find_order;
use crate::transaction::kernel::Kernel;

/// What the order costs: what its command leaves out is as the hold says. Where its destination is not
/// known, no day is; planning refuses it.
///
/// # Errors
/// As [`cost`], and where there is no such hold.
pub(super) async fn cost_of<'k, 'p>(
    kernel: &'k Kernel,
    command: &ConfirmHold,
    prices: &'p OrderPrices,
) -> Result<Cost<'k, 'p>, EngineError> {
    let held = find_order(kernel, &OrderId::of_hold(&command.hold)).await?.header;
    let network = kernel.state.network.load_full();
    let as_held = said(&network, &held.destination);
    let to = command.destination.as_ref().unwrap_or(&as_held);
    let going = Going::to(to, &network, &*kernel.postal);
    going.unknown.map_or(Ok(()), |unknown| Err(vec![unknown]))?;
    going.pickup?;
    let place = going.place.expect("nothing was found");
    let of_hold = &network.policy.services[usize::from(held.service.0)].name;
    let service = command.service.as_ref().unwrap_or(of_hold);
    let order = ToPrice {
        id: &command.order,
        lines: &command.lines,
        customer: command.customer.as_ref().or(held.customer.as_ref()),
        channel: command.channel.as_ref().or(held.channel.as_ref()),
        day: kernel.postal.zone(place.zone).local_day(command.meta.at),
        postal_code: to.address(),
        service: to.pickup().is_none().then_some(service),
    };
    cost(kernel, &order, prices).await
}
