//! Every bound of the engine in one place, each with its reason.

use std::time::Duration;

use crate::sourcing::limits as sourcing;

/// Longest caller-made identifier, in bytes of printable ASCII. Long enough for
/// a UUID with a prefix, short enough that an order stays a few cache lines.
pub const ID_BYTES_MAX: usize = 64;

/// Longest free text (titles, reasons, carrier names), in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 256;

/// Longest postal code in bytes; the longest in use anywhere has 10 characters.
pub const POSTAL_CODE_BYTES_MAX: usize = 16;

/// Most units that one quantity of a stock may hold. Two such quantities still
/// add up inside an `i32`, which corrections are counted in.
pub const STOCK_UNITS_MAX: u32 = 1_000_000_000;

/// Days ahead, from today on, whose loads are held to the capacity of their node. Days behind
/// them always have room, so that a plan ends: who is told a day in four months waits for
/// something else than the node's hands.
pub const CAPACITY_DAYS_MAX: u16 = 120;

/// Days after which a day's counter that has nothing is forgotten. No plan is for a day that has
/// passed anywhere, and commands bring times that are a little apart.
pub const LOAD_DAYS_KEPT: u16 = 3;

/// Most days of a node whose load is read at once: a year.
pub const LOAD_DAYS_READ_MAX: u32 = 366;

/// Most units of one order line. A whole order then stays below what sourcing
/// sums up exactly.
pub const LINE_UNITS_MAX: u32 = 500_000;

/// Most lines of one order. The largest business orders seen in the field have
/// a few hundred; exact sourcing and one record an order want a bound.
pub const ORDER_LINES_MAX: usize = 500;

/// Most packages of one shipment: a pallet load of boxes. Each is a part of the order, which is read and
/// written whole.
pub const PACKAGES_MAX: usize = 100;

/// Most shipments of an order of which a node may decline a part as a shipment by itself: far more than
/// a node that counts does, and few enough to be looked through for each step.
pub const PARTED_SHIPMENTS_MAX: usize = 1_000;

/// Most operations of one change of an order: one for each line that it may have.
pub const CHANGE_OPERATIONS_MAX: usize = ORDER_LINES_MAX;

/// For how long a change is quoted, and its new units are held, in seconds: long enough to tell a
/// customer on the phone what it comes to, and to hear whether he wants it.
pub const CHANGE_QUOTE_SECONDS: u32 = 300;

/// Most bytes of the token of a quote: of the largest change, with all names as long as they may be.
pub const CHANGE_TOKEN_BYTES_MAX: usize = 128 << 10;

/// Largest amount of one line, in minor units, above zero and below it: those of all lines still add
/// up in 64 bits.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// Places in the machines of a return that units of one line may be at. Few lines have more than a dozen
/// units, and few dozens are graded and reduced in more ways than that.
pub const RETURN_BUCKETS_MAX: usize = 64;

/// Returns of an order: one a month for two years, and as many that were cancelled. Each is a part of the
/// order, which is read and written whole.
pub const ORDER_RETURNS_MAX: usize = 48;

/// Days for which the goods of a return are waited for, where nobody says for how long: most policies give
/// a customer two weeks to send them, and parcels some more to come.
pub const RETURN_WAIT_DAYS: u16 = 30;

/// Items in the parcels of a return that were not asked to come: a box that belongs to somebody else.
pub const RETURN_STRAYS_MAX: usize = 64;

/// Rules of a policy for returns: a few hundred categories with a rule or two for each.
pub const RETURN_RULES_MAX: usize = 1_024;

/// Nodes that take returns, by a policy: some hundred stores and centres. Each of them is looked at for a
/// return whose caller names none.
pub const RETURN_DESTINATIONS_MAX: usize = 256;

/// Categories of items that a node takes returns of.
pub const RETURN_CATEGORIES_MAX: usize = 16;

/// Nodes that a return keeps of those that it might have gone to, the best ones: who asks why it goes where
/// it does looks at few others.
pub const RETURN_CONSIDERED_KEPT: usize = 8;

/// Times of a policy for returns in which what is bought may come back for longer: some a year, for years.
pub const RETURN_HOLIDAYS_MAX: usize = 64;

/// Most days for which something may come back: ten years, for what is guaranteed for as long.
pub const RETURN_DAYS_MAX: u16 = 3_660;

/// Most payments of an order: cards, vouchers and accounts of one customer.
pub const PAYMENTS_MAX: usize = 16;

/// Most intents of an order: one for each package that leaves, and for each return, many times over. It is
/// read and written whole.
pub const INTENTS_MAX: usize = 2_000;

/// Most of what payment providers told that is of no order yet: nobody looks through more, and each is kept whole.
pub const PROVIDER_EVENTS_MAX: usize = 1_000;

/// How many minutes before its end it is seen to that an authorisation ends, where nobody says another
/// time: a day, so that a person can still ask for another card.
pub const AUTHORISATION_LEAD_MINUTES: u32 = 24 * 60;

/// Most minutes before its end that it is seen to that an authorisation ends: as long as schemes let one be.
pub const AUTHORISATION_LEAD_MINUTES_MAX: u32 = 31 * 24 * 60;

/// Most entries of an order's ledger: one for each intent, and as many that providers tell unasked.
pub const LEDGER_ENTRIES_MAX: usize = 2 * INTENTS_MAX;

/// Most components of what one line costs: discounts and taxes of a few kinds each.
pub const COMPONENTS_MAX: usize = 32;

/// Most times that units of an order are priced: once for each line as it is placed, and once for each
/// change that adds units.
pub const PRICED_MAX: usize = 2 * ORDER_LINES_MAX;

/// Most promotions and taxes that the components of one order are named after.
pub const COMPONENT_NAMES_MAX: usize = 256;

/// Most days that a node has to answer that it is asked to give a shipment back.
pub const RECALL_DAYS_MAX: u16 = 30;

/// Most days for which a node keeps packages that nobody collects: two months of shelf space.
pub const PICKUP_DAYS_MAX: u16 = 60;

/// Days for which a node may take no new work.
pub const PAUSE_DAYS_MAX: u16 = 366;

/// Most minutes before a cut-off at which a shipment is released by itself: a week.
pub const RELEASE_MINUTES_MAX: u16 = 7 * 24 * 60;

/// Components of a bundle. Each is a line of an order that has the bundle, and a set of more than a
/// handful of items is packed by hand anyway.
pub const BUNDLE_COMPONENTS_MAX: usize = 16;

/// Units of one component in one bundle: a carton, or a bag of screws.
pub const COMPONENT_UNITS_MAX: u32 = 1_000;

/// Most parts of stock that one order is allocated from. Places in an event are 16
/// bits, and an actor's turn is taken for each part.
pub const ORDER_ALLOCATIONS_MAX: usize = 16_384;

/// Most lines of orders that one event gives other supply: some 100 KB of the journal, and
/// orders that are in hand for as long as a batch takes. The backlog goes on after it.
pub const REPEGGED_LINES_MAX: usize = 1_024;

/// Most events of the re-pegger for one SKU that are not applied yet: their orders are in hand.
pub const REPEGGED_EVENTS_MAX: usize = 8;

/// Moves of units after which such an event takes no further line. Mostly a line moves at
/// once; one that is scattered over many nodes moves in as many parts.
pub const REPEGGED_MOVES_MAX: usize = 8 * REPEGGED_LINES_MAX;

/// Most shipments and waiting lines of an order that are planned beside a line that is planned
/// anew: each of its lines plans them again. With the line itself they are as many as the narrow
/// search of sourcing takes. An order that has more is planned line by line.
pub const REPEGGED_BESIDE_MAX: usize = 7;

/// Most bundles that wait which a look compares with each newer one that would be served before them,
/// the oldest first, and as many again of each component that the newer one keeps: each is planned for
/// again. Where more wait for the same component, one of those behind may be passed by a newer one that
/// keeps another component where it comes.
pub const PASSED_BUNDLES_MAX: usize = 4;

/// Most lines of the backlog that are looked through for such bundles, where nothing is free of what
/// they wait for: each is an order that is read.
pub const PASSED_DEMANDS_MAX: usize = 1_024;

/// Most pairs of which one event of the re-pegger says that all days were told.
pub const TOLD_PAIRS_MAX: usize = 64;

/// Backlogs that are settled side by side: each waits for its events to be durable.
pub const SETTLED_AT_ONCE_MAX: usize = 64;

/// Most nodes of a network; node numbers are 16 bits and a distance row per
/// destination holds a byte for each.
pub const NODES_MAX: usize = 10_000;

/// Most items; row numbers are 32 bits, and this many rows are 80 GB.
pub const ITEMS_MAX: usize = 50_000_000;

/// Most cells of one arena: pairs, items, or orders. Their numbers are 32 bits, and
/// this many pairs are 400 GB. Numbers to spare keep the count from starting anew.
pub const ARENA_CELLS_MAX: u32 = 4_000_000_000;

/// Most inbound supplies that one pair keeps open at a time. A turn walks them.
pub const INBOUND_PER_PAIR_MAX: usize = 256;

/// How many of a pair's closed inbound supplies are remembered, the last ones: a file of open
/// orders may list them for weeks after. A pair with one delivery a day knows those of a month.
/// It is part of what events come to: with another number, journals come to another state.
pub const CLOSED_INBOUND_PER_PAIR_MAX: usize = 32;

/// Most holidays in a node's calendar: thirty years of a dozen. A search for the
/// next working day passes at most this many days off, besides the weekly ones.
pub const HOLIDAYS_MAX: usize = 400;

/// Most shipping services of a policy; a service number is 8 bits.
pub const SERVICES_MAX: usize = 32;

/// Most channels that a node names of those that it serves. A retailer has a dozen: web, app,
/// stores, marketplaces, phone.
pub const CHANNELS_PER_NODE_MAX: usize = 32;

/// Most channels that all nodes name together: planning keeps a set of nodes for each.
pub const CHANNELS_MAX: usize = 256;

/// Most channels from which a pair withholds units of their own. A retailer has a dozen.
pub const CHANNEL_SAFETY_MAX: usize = 16;

/// Most segments of a pair: an order's turn walks them.
pub const SEGMENTS_MAX: usize = 8;

/// Most channels that one segment is for.
pub const SEGMENT_CHANNELS_MAX: usize = 16;

/// Most distance bands of a policy.
pub const BANDS_MAX: usize = 16;

/// Longest lead, promise or transit time, in days.
pub const DAYS_MAX: u16 = 366;

/// Days by which a supply that is announced or moved may be overdue already. Files of
/// open purchase orders have some; before that it is a slip of the pen, or closed.
pub const INBOUND_OVERDUE_DAYS_MAX: u16 = 366;

/// Longest time for which a hold is granted, or extended, at a time, in seconds: a day. A cart
/// takes minutes; a quote that a customer sleeps over takes the night.
pub const HOLD_SECONDS_MAX: u32 = 86_400;

/// How often a hold may be extended: who wants the units for longer than that keeps them from
/// those who would buy.
pub const HOLD_EXTENSIONS_MAX: u8 = 3;

/// What a hold is given for a payment that has begun, once, in seconds: a redirect to a bank
/// and back.
pub const HOLD_GRACE_SECONDS: u32 = 600;

/// Longest life of a hold from its beginning, in seconds, extensions and grace included: three
/// days, a weekend and its Monday.
pub const HOLD_LIFE_SECONDS_MAX: u32 = 3 * 86_400;

/// How long a hold waits in line for units, in seconds: half a day. Who has not got them by then
/// is told so, and may ask again.
pub const HOLD_WAIT_SECONDS: u32 = 43_200;

/// Most holds that lapse by one event: their orders are in hand, and their pairs claimed, for as
/// long as a batch takes.
pub const LAPSED_HOLDS_MAX: usize = 256;

/// Parts of stock that holds rest on after which an event takes no further hold that lapses. One
/// alone may rest on as many as an order.
pub const LAPSED_PARTS_MAX: usize = 8_192;

/// Most holds on an order at a time: one of each kind, and as many again. They are read and written
/// with it.
pub const ORDER_HOLDS_MAX: usize = 8;

/// How far ahead it may be said until when an order on hold keeps its units, in days: a year and a
/// day.
pub const ORDER_HOLD_STOCK_DAYS_MAX: u16 = 366;

/// Most orders that are due by time alone and are worked on side by side.
pub const DUE_ORDERS_AT_ONCE_MAX: usize = 64;

/// How far ahead of now an order may say that it was placed: clocks differ.
pub const PLACED_AHEAD_MAX_MICROS: i64 = 5 * 60 * 1_000_000;

/// How long ago an order may have been placed: a year, and a day for a leap.
pub const PLACED_AGO_MAX_MICROS: i64 = 366 * 86_400 * 1_000_000;

/// How far ahead of now a supplier's feed may say that it is: a day. Clocks differ, and files are
/// dated by the day; one of next year would keep out all that come after it.
pub const FEED_AHEAD_MAX_MICROS: i64 = 86_400 * 1_000_000;

/// Largest cost of handling or carrying one unit or one shipment, in minor
/// units: 50,000 in most currencies. The largest order at the largest costs then
/// stays within what sourcing sums up exactly.
pub const COST_MINOR_MAX: i64 = 5_000_000;

/// Times that a step of a command is tried before the command says that too many compete
/// with it; `transaction::attempts` says what the steps are. A step is tried again after
/// another command ended its claim at the very actor that refused it. A command that loses
/// so often competes with hundreds; its caller does better to wait longer and ask again.
pub const TRIES_MAX: u32 = 1_024;

/// Of those, times that it is tried anew at once after events overtook it. Then it waits
/// for the applier's next step: between two steps, nothing is overtaken.
pub const TRIES_AT_ONCE_MAX: u32 = 8;

/// Times that an order and its pairs are read before they are read while nothing is
/// applied. Mostly the first read meets them at rest. Holding up the applier takes no
/// longer than a read, but all commands wait for it.
pub const READS_MAX: u32 = 8;

/// Tables of the commands that listen for an actor. Few listen at a time; there are more
/// tables than threads, so that two threads rarely want the same.
pub const BELLS: usize = 64;

/// Commands in flight before admission answers "overloaded". In-flight commands
/// bound every mailbox and the journal's batch.
pub const IN_FLIGHT_MAX_DEFAULT: usize = 65_536;

/// Parts of the index of orders by id, each under a lock of its own. A part that grows
/// is moved whole under its lock: with 5 million orders, that is 5,000 entries.
pub const ORDER_SHARDS: usize = 1_024;

/// Requests whose keys are remembered, the oldest forgotten first. Not a setting:
/// what is forgotten is durable state, and must be the same on every machine.
pub const REQUESTS_KEPT_MAX: usize = 1_000_000;

/// Requests that are copied, or summed up, under one lock, which the applier waits for:
/// some fifty microseconds, each being in a place of its own.
pub const REQUESTS_PER_LOCK: usize = 256;

/// Shards of the tables in which the applier keeps what it is about to change, while it is
/// read as it was. It waits while one of them grows: of a million parts, that is a thousand.
pub const BEFORE_IMAGE_SHARDS: usize = 1_024;

/// How long a closed order stays in memory by default, while the process runs: most of
/// what is asked about an order after it left is asked on the same day.
pub const ARCHIVE_AFTER_DEFAULT: Duration = Duration::from_hours(24);

/// Moments of the past that the archive tells apart: closed orders leave memory at most
/// a sixty-fourth of their time late, and a snapshot each.
pub const ARCHIVE_MARKS_MAX: u32 = 64;

/// Records of the journal that a reader of the feed is handed at once, at most: those that are not
/// told, because the reader did not ask for them, included. Some milliseconds of work.
pub const FEED_BATCH_RECORDS: usize = 1_024;

/// Bytes of the journal after which no further record is handed to a reader of the feed at once.
/// What is told of them is several times as long, and all of it is in memory.
pub const FEED_BATCH_BYTES: usize = 128 << 10;

/// Threads that look at the journal for readers of the feed. Each look takes one for milliseconds, or
/// as long as it takes to find a version within a segment: more would take the processor from
/// orders.
pub const FEED_THREADS: usize = 2;

/// Consumers of the feed that have a name: a dozen systems with a few parts each. All of them are
/// written at each acknowledgement.
pub const CONSUMERS_MAX: usize = 64;

/// Bytes of the file with the consumers of the feed: as many as there may be, with the longest ids,
/// take less than a tenth of it.
pub const CONSUMERS_FILE_BYTES_MAX: u64 = 64 << 10;

/// Bytes of the id of an endpoint that the feed is sent to: with `webhook:` before it, it is the id of
/// a consumer.
pub const ENDPOINT_ID_BYTES_MAX: usize = 56;

/// Endpoints that the feed is sent to: each is a consumer as well, of which others need places.
pub const ENDPOINTS_MAX: usize = 32;

/// Events that were looked at for an endpoint and are not delivered yet: what fails for one order
/// lets so many others pass it, and all of them are in memory.
pub const ENDPOINT_UNDELIVERED_MAX: usize = 1_024;

/// Bytes of the file with the endpoints: as many as there may be, each with the longest lists.
pub const ENDPOINTS_FILE_BYTES_MAX: u64 = 4 << 20;

/// Bytes of journal that are kept for consumers of the feed beyond what snapshots need, if nothing
/// else is said: an hour of a peak.
pub const FEED_KEPT_BYTES_DEFAULT: u64 = 8 << 30;

/// Seconds for which a picker claims a shipment at a time: a shift and a half. A scanner that is lost keeps
/// nobody from it for longer.
pub const CLAIM_SECONDS_MAX: u32 = 43_200;

/// Orders that are looked at to tell what a node has to do: those that wait at a large warehouse. Some
/// microseconds each.
pub const WORK_ORDERS_MAX: usize = 20_000;

/// Most shipments that a wave releases: their orders are in hand at once, and a node with more work
/// releases waves one after the other anyway.
pub const WAVE_SHIPMENTS_MAX: u32 = 500;

/// Instants that are remembered of the feed, to tell how late its consumers are: one a second, for
/// an hour or so; then every other one goes.
pub const FEED_TIMES_MAX: usize = 4_096;

/// Chunks with archived orders that are read at once for callers. Each is some 300
/// KB, checked and decoded on a thread of its own: more would take the processor
/// from orders, and memory.
pub const ARCHIVE_READS_MAX: usize = 2;

/// How many times as long as it worked a snapshot rests, while commands are applied: it
/// takes a tenth of one core, which on two cores is a twentieth of the engine's
/// throughput. A chunk takes some milliseconds.
pub const SNAPSHOT_REST_TIMES: u32 = 9;

/// The longest rest at a time. A chunk whose write waited for the disk took long, and
/// the processor little.
pub const SNAPSHOT_REST_MAX: Duration = Duration::from_millis(250);

/// Between two looks whether the engine shuts down: too short a wait to be noticed.
pub const SNAPSHOT_REST_SLICE: Duration = Duration::from_millis(50);

/// All rests of one snapshot; beyond them it goes on without. Some fifty million pairs
/// take this long. The journal, and with it the time of a recovery, grows meanwhile.
pub const SNAPSHOT_RESTS_MAX: Duration = Duration::from_mins(10);

/// Bytes that a snapshot writes before they are synced: the disk is never given more at
/// once, because the journal's next sync comes behind it. 16 MB take a slow disk a tenth
/// of a second.
pub const SNAPSHOT_SYNC_BYTES: u64 = 16 << 20;

/// Actors, or reservations, that an audit looks at before it rests, while commands are
/// applied: some tenths of a millisecond. That is less than what the processor is given to
/// a thread for at a time, so that it is rarely taken away in the middle of a turn, for
/// which the applier would wait.
pub const AUDIT_ACTORS_AT_ONCE: usize = 256;

/// How many times as long as it worked an audit rests then: half of a core is less than
/// its share of two beside a full load, and what the applier keeps for it grows with its
/// time.
pub const AUDIT_REST_TIMES: u32 = 1;

/// Decisions on an order that are kept beside the first one, the newest: an order that waits
/// for a shipment that slips every week is explained for a quarter of a year.
pub const DECISIONS_KEPT_MAX: usize = 16;

/// Entries of what happened to an order that are kept with it: a hundred shipments that are each
/// picked, packed, shipped and delivered have more, and lose what repeats.
pub const TIMELINE_ENTRIES_MAX: usize = 256;

/// Bytes of them: an order is read and packed anew with each change. An entry is mostly of twenty
/// to eighty bytes.
pub const TIMELINE_BYTES_MAX: usize = 16 << 10;

/// Lines of an entry that are told; as many packages, and as many days. How many more there are is
/// said.
pub const TIMELINE_FACTS_MAX: usize = 32;

// One entry finds room, however long its texts are: six texts, as many ids, lines, days and amounts.
const _: () = assert!(
    6 * TEXT_BYTES_MAX + TIMELINE_FACTS_MAX * (ID_BYTES_MAX + 5 * 16) + 128 <= TIMELINE_BYTES_MAX
);

/// Candidates that are kept of a decision on a line after the first one, those that were chosen
/// before others: an event has a thousand such lines, and an order sixteen such decisions.
pub const DECISION_CANDIDATES_MAX: usize = 12;

/// Nodes whose work is kept as it was read last: more are read anew each time.
pub const WORK_NODES_SEEN_MAX: usize = 1_024;

/// Orders, pairs and reservations that are kept of nodes whose work was read: some fifty megabytes of
/// them.
pub const WORK_SEEN_MAX: usize = 200_000;

/// Changes of an order whose plans it keeps, the newest: more are told of by its timeline alone.
pub const CHANGES_EXPLAINED_MAX: usize = 4;

/// The longest trace of a change that an order keeps, in bytes: some five hundred lines of ten
/// candidates. A longer one is not kept.
pub const CHANGE_TRACE_BYTES_MAX: usize = 16 << 10;

/// The most parts in which the units of a change come to be, for an order to keep its plan.
pub const CHANGE_PLACED_MAX: usize = 1_024;

/// Most that one unit may cost, in ten-thousandths of the major unit: a hundred million of it. A
/// line of the most units at it is above [`AMOUNT_MAX`], and is refused when it is priced.
pub const UNIT_PRICE_MAX: i64 = 1_000_000_000_000;

/// Most price lists: one for each contract of a business with thousands of customers.
pub const PRICE_LISTS_MAX: usize = 10_000;

/// Most rows of one item in one price list: a dozen quantity breaks over a few seasons.
pub const PRICE_ROWS_PER_SKU_MAX: usize = 64;

/// Most promotions that are defined at a time. Each is looked at when an order is priced.
pub const PROMOTIONS_MAX: usize = 1_000;

/// Most items that a promotion names. One for more of them is for all, with a condition.
pub const PROMOTION_SKUS_MAX: usize = 10_000;

/// Most channels, or customer groups, that a promotion names.
pub const PROMOTION_AUDIENCE_MAX: usize = 32;

/// The last lane of promotions. Lanes are gone through one after the other: sale, promotion,
/// coupon, loyalty, and some to spare.
pub const LANE_MAX: u8 = 15;

/// The last priority of a promotion in its lane.
pub const PROMOTION_PRIORITY_MAX: u16 = 9_999;

/// Most units that are bought, or given, in one set of a promotion such as 3 for 2.
pub const SET_UNITS_MAX: u32 = 100;

/// Most sets of one promotion in one order: each is made by itself.
pub const SETS_MAX: u32 = 1_000;

/// Highest limit of a promotion's uses: more orders than that have no need of one.
pub const PROMOTION_USES_MAX: u32 = 1_000_000_000;

/// Most coupons of an order: nobody types more.
pub const COUPONS_PER_ORDER_MAX: usize = 16;

/// Basis points of a whole: a discount takes no more than what there is.
pub const BASIS_POINTS_WHOLE: u32 = 10_000;

/// The highest tax rate, in basis points: three times the price. Some duties on tobacco are above
/// the price.
pub const TAX_BASIS_POINTS_MAX: u32 = 30_000;

/// Most rates of the tax table: the 900 prefixes of postal codes of a large country, in a few
/// categories.
pub const TAX_RATES_MAX: usize = 10_000;

/// Most tax categories that items have: a number of one is 16 bits, and a list of goods at reduced
/// rates is far shorter.
pub const TAX_CATEGORIES_MAX: usize = 1_000;

/// Most rows of prices, or items with a tax category, that are stated at once: a page of a file of
/// prices. Half a megabyte of the journal.
pub const PRICE_ROWS_AT_ONCE_MAX: usize = 10_000;

/// Most rows of shipping rates: some services, each by zones and thresholds.
pub const SHIPPING_RATES_MAX: usize = 10_000;

/// Bytes of the condition of a promotion: a screen of text.
pub const CONDITION_BYTES_MAX: usize = 1_024;

/// Operators, names and values of a condition.
pub const CONDITION_NODES_MAX: usize = 256;

/// How deep a condition may be nested. It is walked recursively.
pub const CONDITION_DEPTH_MAX: usize = 32;

/// The most that a condition may cost when it is evaluated, in steps: one for each operator, and
/// for each value that is compared in a list. The list of an order's items counts as the longest.
pub const CONDITION_COST_MAX: usize = 4 * ORDER_LINES_MAX;

/// The last tier of a customer: ten are more than loyalty programmes have, and a reservation
/// keeps class and tier in six bits.
pub const TIER_MAX: u8 = 9;

/// Most lines of a partner's message, each with a SKU of its own: a count of a large warehouse is sent
/// in several messages.
pub const PARTNER_LINES_MAX: usize = 10_000;

/// How far ahead of now a partner's message may say that it happened: clocks differ.
pub const PARTNER_AHEAD_MAX_MICROS: i64 = 5 * 60 * 1_000_000;

/// Most grades of one line of a return: A to C, damaged, and some of a partner's own.
pub const PARTNER_GRADES_MAX: usize = 8;

/// Largest number of a partner's message: what every JSON library keeps exact (2^53 - 1).
pub const PARTNER_SEQ_MAX: i64 = 9_007_199_254_740_991;

/// Most revisions of one fact.
pub const PARTNER_REVISION_MAX: i64 = 1_000_000_000;

/// Ranges of numbers of a partner's messages that are missing at a time. A partner that loses more has
/// another problem; the oldest is given up, and counted.
pub const PARTNER_GAPS_MAX: usize = 64;

/// How long messages of a partner may be missing before somebody has to look: 15 minutes, in which what
/// was only overtaken comes.
pub const PARTNER_GAP_ALARM_MICROS: i64 = 15 * 60 * 1_000_000;

/// Messages of a partner whose ids are remembered, the last ones: what is sent again mostly is sent
/// within minutes. All of them are written with each message.
pub const PARTNER_IDS_KEPT: usize = 256;

/// What a message in quarantine may have meant: as many as a person looks through.
pub const PARTNER_CANDIDATES_MAX: usize = 8;

/// Messages of a partner that are in quarantine at a time: nobody looks through more, and each is kept
/// whole.
pub const PARTNER_QUARANTINED_MAX: usize = 1_000;

/// Partners that are read for a list of what somebody has to look at: more than any shop works with.
pub const PARTNERS_READ_MAX: usize = 10_000;

/// Changes of items that overtook messages of a partner which are missing: an hour of a warehouse whose file
/// was lost. Of more, the oldest are forgotten.
pub const PARTNER_OVERTAKING_MAX: usize = 1_000;

/// Goods of a partner that came back and are of no return, at a time: they lie in its way until somebody
/// knows whose they are.
pub const PARTNER_UNMATCHED_MAX: usize = 1_000;

/// Orders that are looked at for a return by a name that others may have as well.
pub const PARTNER_NAMESAKES_MAX: usize = 16;

/// Facts of a partner that are about one delivery, shipment, return or name: parts and parcels of it. Of
/// more, nobody adds up what they come to.
pub const PARTNER_PARTS_MAX: usize = 1_000;

/// Most nodes of one partner.
pub const PARTNER_NODES_MAX: usize = 256;

/// Partners that are kept of an item: what is bought with it. A page shows a handful, some of which are not
/// to be had; and 32 of eight bytes are four lines of memory, which are looked through for each order.
pub const PARTNERS_MAX: usize = 32;

/// Most lines of an order that companions are learnt from. Larger ones are a store's or a business's, and a
/// thousand items that were bought together go with none of each other. It also bounds what is
/// counted for an order: 240 pairs.
pub const LEARNT_LINES_MAX: usize = 16;

/// Events that companions are learnt from at a time: a millisecond, after which who asks for some goes first.
pub const LEARNT_AT_ONCE: u64 = 512;

/// How many times as long as it worked who learns rests, while commands are applied: it takes a quarter of one core at
/// most, and reads more in that than one applier applies.
pub const LEARNING_REST_TIMES: u32 = 3;

/// Most suggestions of a kind in one answer: a page shows a handful.
pub const SUGGESTIONS_MAX: usize = 32;

/// Items that are planned to find some that can be had, of a kind: each takes some microseconds. Who has fewer of
/// the best ones in stock is told fewer.
pub const SUGGESTIONS_TRIED_MAX: usize = 64;

/// Bestsellers that are known, over all items: enough to find some of a category among them.
pub const BESTSELLERS_MAX: usize = 1_024;

/// Most styles: some for each item of the largest catalogue that has any.
pub const STYLES_MAX: usize = 200_000;

/// Most attributes of a style, such as size, colour, fit and length.
pub const STYLE_ATTRIBUTES_MAX: usize = 6;

/// Most items of a style: 32 sizes in 16 colours. All are looked at for a substitute.
pub const STYLE_VARIANTS_MAX: usize = 512;

/// The most that an attribute of a style weighs. With all of them on all attributes a distance is far
/// below 32 bits.
pub const ATTRIBUTE_WEIGHT_MAX: u16 = 1_000;

/// Styles that are defined at once: a page of a file of them.
pub const STYLES_AT_ONCE_MAX: usize = 250;

/// Items of all styles that are defined at once. With all that may be said of each, some megabytes of the journal.
pub const VARIANTS_AT_ONCE_MAX: usize = 1_000;

/// Items whose associations are set at once: a page of a file of them.
pub const ASSORTED_AT_ONCE_MAX: usize = 10_000;

/// Most items that are associated with an item by hand, of all kinds: nobody curates more.
pub const ASSOCIATIONS_MAX: usize = 32;

const _: () = assert!(STOCK_UNITS_MAX as u64 * 2 < i32::MAX as u64);
const _: () = assert!(LINE_UNITS_MAX as u64 * ORDER_LINES_MAX as u64 <= sourcing::ORDER_UNITS_MAX);
// A node's and a band's cost add up, for each unit and each shipment.
const _: () = assert!(
    2 * COST_MINOR_MAX as u64 * (sourcing::ORDER_UNITS_MAX + sourcing::SHIPMENTS_MAX as u64)
        <= sourcing::COMPONENT_MAX
);
const _: () = assert!(ITEMS_MAX <= ARENA_CELLS_MAX as usize);
const _: () = assert!(ORDER_LINES_MAX <= sourcing::LINES_MAX);
const _: () = assert!(ORDER_ALLOCATIONS_MAX <= u16::MAX as usize);
const _: () = assert!(SERVICES_MAX <= u8::MAX as usize);
const _: () = assert!(NODES_MAX < u16::MAX as usize);
