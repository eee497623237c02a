//! What every peer is given: the orders of `holiday`, dealt to its connections.

use std::io;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use backstock_benches::holiday::{NODES, Orders, Size, node, nodes_of, postal_codes};
use backstock_engine::geo::{Bands, distance_m};
use backstock_engine::model::{Location, Policy};

/// The series that is played and counted; ours plays the same one.
pub const SERIES: u64 = 1;
/// The series that is played before the clock starts.
pub const SERIES_WARM_UP: u64 = 2;
/// Orders before the clock starts, for each order that is counted.
const WARM_UP_SHARE: usize = 10;
/// Orders that are sent a second time after the run.
const REPEATS: usize = 100;

/// An order as the peers take it. SKUs and nodes are numbers and the destination is
/// a row of the cost table, so a peer looks up no name and measures no distance.
#[derive(Debug)]
pub struct Order {
    /// The order's id, which is its idempotency key.
    pub id: String,
    /// The row of the cost table.
    pub destination: u8,
    /// SKU and quantity, ascending by SKU: every peer that locks takes its locks in this
    /// order.
    pub lines: Vec<(u32, u32)>,
}

/// The network as the peers know it.
#[derive(Debug)]
pub struct Network {
    /// SKUs, and the units of each pair.
    pub size: Size,
    /// The cities that nodes are in: the rows of the cost table.
    cities: Vec<Location>,
    /// The place of each node in each destination's list of the cheapest:
    /// `destination * NODES + node`.
    pub ranks: Vec<u8>,
}

impl Network {
    /// The network of that size.
    pub fn new(size: Size) -> Self {
        let mut codes: Vec<String> =
            (0..NODES).map(|no| node(no).postal_code.to_string()).collect();
        codes.sort_unstable();
        codes.dedup();
        let cities: Vec<Location> = codes.iter().map(|code| locate(code)).collect();
        let ranks = cities.iter().flat_map(|city| ranks_from(*city)).collect();
        Self { size, cities, ranks }
    }

    /// The first orders of a series.
    pub fn orders(&self, series: u64, count: usize) -> Vec<Order> {
        Orders::new(self.size, series).take(count).map(|placed| self.order(&placed.order)).collect()
    }

    fn order(&self, order: &backstock_engine::command::OrderRequest) -> Order {
        let lines = order.lines.0.iter().map(|line| (sku_no(&line.sku.to_string()), line.quantity));
        let mut lines: Vec<_> = lines.collect();
        lines.sort_unstable();
        let code = order.destination.address().expect("it is shipped");
        let destination = self.nearest_city(locate(code.as_str()));
        Order { id: order.id.to_string(), destination, lines }
    }

    /// The row of the city that is nearest: peers know the way from each node to each
    /// city with nodes, and not to every postal code.
    fn nearest_city(&self, to: Location) -> u8 {
        let rows = (0..).zip(&self.cities);
        let nearest = rows.min_by_key(|(row, city)| (distance_m(**city, to), *row));
        nearest.expect("the network has nodes").0
    }

    /// Every pair with its place in a list of all pairs: SKU and node.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        (0..self.size.skus).flat_map(|sku| nodes_of(sku).map(|node| (sku, node)))
    }
}

fn sku_no(sku: &str) -> u32 {
    sku.trim_start_matches("SKU-").parse().expect("the workload numbers its SKUs")
}

fn locate(code: &str) -> Location {
    postal_codes().locate(code).expect("a code of the table").location
}

/// The nodes' places when they are sorted by what one unit to `destination` costs.
fn ranks_from(destination: Location) -> Vec<u8> {
    let policy = Policy::default();
    let bands = Bands::new(policy.bands.iter().map(|band| band.distance_m_max).collect());
    let bands = bands.expect("the default policy is sound");
    let mut by_cost: Vec<_> = (0..NODES)
        .map(|no| {
            let from = locate(&node(no).postal_code.to_string());
            let band =
                bands.band_of(distance_m(from, destination)).expect("bands reach everywhere");
            let band = &policy.bands[usize::from(band.index())];
            (band.shipment_cost + band.unit_cost + node(no).shipment_cost + node(no).unit_cost, no)
        })
        .collect();
    by_cost.sort_unstable();
    let mut ranks = vec![0; by_cost.len()];
    for (rank, (_, no)) in (0..).zip(by_cost) {
        ranks[usize::try_from(no).expect("few nodes")] = rank;
    }
    ranks
}

/// How long a peer is asked.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Orders at most.
    pub orders: usize,
    /// From the first order to the last that is sent.
    pub time_max: Duration,
}

/// One connection to a peer.
pub trait Connection: Send {
    /// The bytes that place the order.
    fn encode(&self, order: &Order) -> Vec<u8>;

    /// Sends requests in order, until the list or the time ends, and waits for all
    /// that were sent. Returns how many were acknowledged: the first ones.
    fn place(&mut self, requests: &[Vec<u8>], until: Instant) -> io::Result<Acknowledged>;
}

/// What a peer said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Acknowledged {
    /// Orders that it answered as placed.
    pub placed: usize,
    /// Orders that it answered as known already.
    pub repeated: usize,
    /// Units that it says it allocated.
    pub units: u64,
}

impl Acknowledged {
    /// Counts one answer: the units that were allocated, or none for an order that
    /// the peer knew.
    pub fn count(&mut self, units: Option<u64>) {
        match units {
            Some(units) => (self.placed, self.units) = (self.placed + 1, self.units + units),
            None => self.repeated += 1,
        }
    }

    fn add(&mut self, more: Self) {
        self.placed += more.placed;
        self.repeated += more.repeated;
        self.units += more.units;
    }
}

/// What a peer did.
#[derive(Debug)]
pub struct Played {
    /// Orders that were counted.
    pub orders: usize,
    /// From the first order to the last acknowledgement.
    pub took: Duration,
    /// Everything that the peer said, the warm-up's orders included.
    pub acknowledged: Acknowledged,
}

/// Warms up, plays, and sends some orders a second time: none may be sold again.
pub fn play<C: Connection>(
    connections: &mut [C],
    network: &Network,
    bounds: Bounds,
) -> io::Result<Played> {
    let warm_up = network.orders(SERIES_WARM_UP, bounds.orders / WARM_UP_SHARE);
    let (mut acknowledged, _) = race(connections, &warm_up, bounds.time_max)?;
    let orders = network.orders(SERIES, bounds.orders);
    let (counted, took) = race(connections, &orders, bounds.time_max)?;
    acknowledged.add(counted);
    let again = &orders[..REPEATS.min(counted.placed / connections.len())];
    let (repeated, _) = race(&mut connections[..1], again, bounds.time_max)?;
    if acknowledged.repeated > 0 || repeated.placed > 0 {
        return Err(io::Error::other("the peer tells new orders from known ones wrongly"));
    }
    Ok(Played { orders: counted.placed, took, acknowledged })
}

/// Deals the orders to the connections, one thread each, and lets all start at once.
fn race<C: Connection>(
    connections: &mut [C],
    orders: &[Order],
    time_max: Duration,
) -> io::Result<(Acknowledged, Duration)> {
    let share = orders.len().div_ceil(connections.len()).max(1);
    let start = Barrier::new(orders.chunks(share).len() + 1);
    thread::scope(|scope| {
        let runs: Vec<_> = connections
            .iter_mut()
            .zip(orders.chunks(share))
            .map(|(connection, orders)| scope.spawn(|| run(connection, orders, &start, time_max)))
            .collect();
        start.wait();
        let began = Instant::now();
        let mut all = Acknowledged::default();
        for run in runs {
            all.add(run.join().expect("no panic")?);
        }
        Ok((all, began.elapsed()))
    })
}

/// Encodes before the clock starts: the peer's client costs little on shared cores.
fn run<C: Connection>(
    connection: &mut C,
    orders: &[Order],
    start: &Barrier,
    time_max: Duration,
) -> io::Result<Acknowledged> {
    let requests: Vec<_> = orders.iter().map(|order| connection.encode(order)).collect();
    start.wait();
    connection.place(&requests, Instant::now() + time_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_destination_ranks_every_node_once_and_its_own_warehouse_first() {
        let network = Network::new(Size::SMALL);
        assert_eq!(network.ranks.len(), network.cities.len() * NODES as usize);
        for ranks in network.ranks.chunks(NODES as usize) {
            let mut sorted = ranks.to_vec();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..60), "{ranks:?}");
        }
        let (own, row) = (0, network.nearest_city(locate(&node(0).postal_code.to_string())));
        assert_eq!(network.ranks[usize::from(row) * NODES as usize + own], 0);
    }

    #[test]
    fn peers_get_the_orders_of_the_workload() {
        let network = Network::new(Size::SMALL);
        let orders = network.orders(SERIES, 50);
        for (order, made) in orders.iter().zip(Orders::new(Size::SMALL, SERIES)) {
            assert_eq!(order.id, made.order.id.to_string());
            let units: u32 = made.order.lines.0.iter().map(|line| line.quantity).sum();
            assert_eq!(order.lines.iter().map(|(_, units)| units).sum::<u32>(), units);
            assert!(order.lines.is_sorted());
        }
    }
}
