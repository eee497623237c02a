//! What a condition sees.

/// What a condition sees of an order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// `total`: the amount of the order's goods, in minor units, after the lanes before.
    pub total: i64,
    /// `quantity`: the units of all lines.
    pub quantity: i64,
    /// `channel`: of the order; empty without one.
    pub channel: &'a str,
    /// `group`: the customer's group; empty without one.
    pub group: &'a str,
    /// `currency`: the ISO 4217 code.
    pub currency: &'a str,
    /// `country`: where the order goes, by its ISO 3166-1 code; empty where it is not known.
    pub country: &'a str,
    /// `postal_code`: the same.
    pub postal_code: &'a str,
    /// `service`: the shipping service; empty without one.
    pub service: &'a str,
    /// `skus`: the items of the lines.
    pub skus: &'a [&'a str],
}
