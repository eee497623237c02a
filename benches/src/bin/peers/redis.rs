//! Redis: one script an order, pipelined over a few connections.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::time::Instant;

use backstock_benches::holiday::nodes_of;

use crate::contest::{Acknowledged, Bounds, Connection, Network, Order, Played, play};
use crate::resp::{Reply, Resp, command};

const SCRIPT: &str = include_str!("order.lua");
/// Enough that the server is never without work, and syncs many orders at once.
const CONNECTIONS: usize = 4;
/// Orders in one write; two of these are in flight on each connection.
const BATCH: usize = 128;
/// Keys in one command while loading and checking.
const KEYS: usize = 500;
/// What has to be set for an answer to mean what ours means.
const DURABLE: [(&str, &str); 2] = [("appendonly", "yes"), ("appendfsync", "always")];

/// Loads the network, plays the orders, and checks what was sold.
pub fn run(address: &str, network: &Network, bounds: Bounds) -> io::Result<Played> {
    let mut control = Resp::connect(address)?;
    for (setting, value) in DURABLE {
        expect_setting(&mut control, setting, value)?;
    }
    load(&mut control, network)?;
    let script = load_script(&mut control, network)?;
    let connect = |_| Ok(Pipeline { resp: Resp::connect(address)?, script: script.clone() });
    let mut connections: Vec<_> = (0..CONNECTIONS).map(connect).collect::<io::Result<_>>()?;
    let played = play(&mut connections, network, bounds)?;
    check(&mut control, network, &played)?;
    Ok(played)
}

fn expect_setting(control: &mut Resp, setting: &str, value: &str) -> io::Result<()> {
    let reply = control.call(&[b"CONFIG", b"GET", setting.as_bytes()])?;
    match reply {
        Reply::Array(pair) if matches!(&pair[..], [_, Reply::Bulk(Some(is))] if is == value.as_bytes()) => {
            Ok(())
        }
        other => Err(io::Error::other(format!("{setting} is not {value}: {other:?}"))),
    }
}

fn stock_key(sku: u32) -> String {
    sku.to_string()
}

fn order_key(id: &str) -> String {
    format!("o:{id}")
}

fn load(control: &mut Resp, network: &Network) -> io::Result<()> {
    let skus: Vec<u32> = (0..network.size.skus).collect();
    for skus in skus.chunks(KEYS) {
        let mut parts = vec![b"MSET".to_vec()];
        for sku in skus {
            parts.push(stock_key(*sku).into_bytes());
            parts.push(stock(*sku, network.size.on_hand));
        }
        let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
        control.call(&parts)?;
    }
    Ok(())
}

fn stock(sku: u32, on_hand: u32) -> Vec<u8> {
    let nodes = nodes_of(sku);
    let mut bytes: Vec<u8> = nodes.iter().map(|no| u8::try_from(*no).expect("60 nodes")).collect();
    bytes.extend(on_hand.to_le_bytes().repeat(nodes.len()));
    bytes
}

fn load_script(control: &mut Resp, network: &Network) -> io::Result<Vec<u8>> {
    let ranks = network.ranks.iter().fold(String::new(), |mut text, rank| {
        write!(text, "\\{rank:03}").expect("a string takes all");
        text
    });
    let script = SCRIPT.replace("@RANKS@", &ranks);
    match control.call(&[b"SCRIPT", b"LOAD", script.as_bytes()])? {
        Reply::Bulk(Some(sha)) => Ok(sha),
        other => Err(io::Error::other(format!("no script: {other:?}"))),
    }
}

struct Pipeline {
    resp: Resp,
    script: Vec<u8>,
}

impl Connection for Pipeline {
    fn encode(&self, order: &Order) -> Vec<u8> {
        let keys = (order.lines.len() + 1).to_string();
        let order_key = order_key(&order.id);
        let skus: Vec<_> = order.lines.iter().map(|(sku, _)| stock_key(*sku)).collect();
        let quantities: Vec<_> = order.lines.iter().map(|(_, units)| units.to_string()).collect();
        let destination = order.destination.to_string();
        let mut parts = vec![&b"EVALSHA"[..], &self.script, keys.as_bytes(), order_key.as_bytes()];
        parts.extend(skus.iter().map(String::as_bytes));
        parts.push(destination.as_bytes());
        parts.extend(quantities.iter().map(String::as_bytes));
        command(&parts)
    }

    fn place(&mut self, requests: &[Vec<u8>], until: Instant) -> io::Result<Acknowledged> {
        let (mut acknowledged, mut waiting) = (Acknowledged::default(), 0);
        for batch in requests.chunks(BATCH) {
            if Instant::now() >= until {
                break;
            }
            self.resp.send(&batch.concat())?;
            self.receive(waiting, &mut acknowledged)?;
            waiting = batch.len();
        }
        self.receive(waiting, &mut acknowledged)?;
        Ok(acknowledged)
    }
}

impl Pipeline {
    fn receive(&mut self, replies: usize, acknowledged: &mut Acknowledged) -> io::Result<()> {
        for _ in 0..replies {
            match self.resp.receive()? {
                Reply::Integer(units) => acknowledged.count(u64::try_from(units).ok()),
                other => return Err(io::Error::other(format!("no number: {other:?}"))),
            }
        }
        Ok(())
    }
}

/// Every order that was acknowledged is there, no other is, and for each pair what
/// is left and what the orders took make what there was.
fn check(control: &mut Resp, network: &Network, played: &Played) -> io::Result<()> {
    let mut pairs = HashMap::with_capacity(network.size.pairs() as usize);
    let skus: Vec<_> = (0..network.size.skus).map(stock_key).collect();
    for (sku, stock) in (0..).zip(get_all(control, &skus)?) {
        for (node, free) in nodes_of(sku).into_iter().zip(stock[20..].chunks(4)) {
            let free = u32::from_le_bytes(free.try_into().expect("4 bytes"));
            pairs.insert((sku, node), free);
        }
    }
    let keys = order_keys(control)?;
    let (mut units, orders) = (0, keys.len());
    for record in get_all(control, &keys)? {
        for line in String::from_utf8_lossy(&record).split(' ').skip(1) {
            let Some((sku, node, taken)) = line_of(line) else { continue };
            *pairs.get_mut(&(sku, node)).ok_or(io::ErrorKind::NotFound)? += taken;
            units += u64::from(taken);
        }
    }
    let conserved = pairs.values().all(|units| *units == network.size.on_hand);
    if conserved && orders == played.acknowledged.placed && units == played.acknowledged.units {
        return Ok(());
    }
    Err(io::Error::other("redis sold wrongly: its orders and its stock do not add up"))
}

/// SKU, node and units of a line; nothing for one that was not allocated.
fn line_of(line: &str) -> Option<(u32, u32, u32)> {
    let mut fields = line.split(':').map(str::parse);
    Some((fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?))
}

fn get_all(control: &mut Resp, keys: &[String]) -> io::Result<Vec<Vec<u8>>> {
    let mut values = Vec::with_capacity(keys.len());
    for keys in keys.chunks(KEYS) {
        let mut parts = vec![&b"MGET"[..]];
        parts.extend(keys.iter().map(String::as_bytes));
        let Reply::Array(replies) = control.call(&parts)? else {
            return Err(io::Error::other("no values"));
        };
        for reply in replies {
            let Reply::Bulk(Some(value)) = reply else {
                return Err(io::Error::other("a key is gone"));
            };
            values.push(value);
        }
    }
    Ok(values)
}

/// The keys of all orders that are recorded.
fn order_keys(control: &mut Resp) -> io::Result<Vec<String>> {
    match control.call(&[b"KEYS", b"o:*"])? {
        Reply::Array(keys) => Ok(keys
            .into_iter()
            .filter_map(|key| match key {
                Reply::Bulk(Some(key)) => String::from_utf8(key).ok(),
                _ => None,
            })
            .collect()),
        other => Err(io::Error::other(format!("no keys: {other:?}"))),
    }
}
