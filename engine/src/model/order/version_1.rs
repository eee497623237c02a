//! The hash of an order in snapshots of format version 1.

use super::{Order, OrderHeader, Shipment};
use crate::model::digest::{Digest, Part, PartHash, hash_written};
use crate::model::fulfilment::Dispatch;
use crate::model::ids::{CustomerId, PostalCode, Text};
use crate::model::time::Day;

impl Order {
    /// The hash of all that this order holds, as snapshots of format version 1 have
    /// it. Since then it is [`KeptOrder::hash`](super::KeptOrder::hash).
    pub fn hash_v1(&self) -> PartHash {
        hash_written(Part::Order, |digest| self.write(digest))
    }

    fn write(&self, digest: &mut Digest) {
        digest.words([self.no.0, self.placed_lsn.get(), self.last_lsn.get()]);
        self.header.write(digest);
        digest.words([self.lines.len() as u64, self.shipments.len() as u64]);
        for line in &self.lines {
            digest.words([pack(line.sku.0, 0), pack(line.ordered, line.cancelled)]);
        }
        for shipment in &self.shipments {
            shipment.write(digest);
        }
        for a in &self.allocations {
            let place = u32::from(a.line) << 16 | u32::from(a.shipment);
            digest.words([
                pack(place, u32::from(a.supply.code())),
                pack(a.units, a.shipped),
                u64::from(a.cancelled),
            ]);
        }
        digest.bytes(&self.trace);
    }
}

impl OrderHeader {
    fn write(&self, digest: &mut Digest) {
        digest.bytes(self.id.as_str().as_bytes());
        digest.optional(self.customer.as_ref().map(CustomerId::as_str));
        digest.optional(self.channel.as_ref().map(Text::as_str));
        // Orders of that version go to an address.
        digest.bytes(self.destination.address().map_or("", PostalCode::as_str).as_bytes());
        let [service, shortage, split] =
            [self.service.0, self.shortage as u8, self.split as u8].map(u64::from);
        digest.words([
            self.fingerprint,
            self.ordered_at.as_micros().cast_unsigned(),
            pack(self.promise_by.epoch_days().cast_unsigned(), 0)
                | service << 16
                | shortage << 8
                | split,
        ]);
    }
}

impl Shipment {
    fn write(&self, digest: &mut Digest) {
        let day = |day: Option<Day>| {
            day.map_or(u64::MAX, |day| u64::from(day.epoch_days().cast_unsigned()))
        };
        let left = self.shipped.as_ref().map_or(0, |_| 1);
        digest.words([u64::from(self.node.0) << 1 | left, day(self.ship_by), day(self.deliver_by)]);
        if let Some(Dispatch { at, carrier, tracking }) = self.shipped.as_deref() {
            digest.words([at.as_micros().cast_unsigned()]);
            digest.bytes(carrier.as_str().as_bytes());
            digest.bytes(tracking.as_str().as_bytes());
        }
    }
}

/// Two numbers in one word.
const fn pack(high: u32, low: u32) -> u64 {
    (high as u64) << 32 | low as u64
}
