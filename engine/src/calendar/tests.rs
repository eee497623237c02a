use jiff::civil::Date;
use proptest::prelude::*;

use super::*;

const NEW_YORK: &str = "America/New_York";
const MINUTE_US: i64 = 60_000_000;

fn day(text: &str) -> Day {
    text.parse::<Date>().unwrap().into()
}

fn instant(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn calendar(zone: &str, cut_off_minutes: u16, holidays: &[&str]) -> Calendar {
    let holidays = holidays.iter().map(|text| day(text)).collect();
    Calendar::new(zone, Weekdays::MONDAY_TO_FRIDAY, cut_off_minutes, holidays).unwrap()
}

/// Checks a table of (arrives, lead days, ships by, valid until).
fn check(calendar: &Calendar, rows: &[(&str, u16, &str, &str)]) {
    for &(at, lead_days, ship_by, valid_until) in rows {
        let expected = ShipWindow { ship_by: day(ship_by), valid_until: instant(valid_until) };
        let window = calendar.ship_window(instant(at), lead_days);
        assert_eq!(window, expected, "{at}, lead {lead_days}: {}", window.ship_by);
    }
}

#[test]
fn work_before_the_cut_off_ships_the_same_day_and_later_work_the_next() {
    // 2026-11-20 is a Friday; New York is five hours behind UTC.
    check(
        &calendar(NEW_YORK, 15 * 60, &[]),
        &[
            ("2026-11-20T19:59:59Z", 0, "2026-11-20", "2026-11-20T20:00:00Z"),
            ("2026-11-20T20:00:00Z", 0, "2026-11-23", "2026-11-23T20:00:00Z"),
            ("2026-11-22T12:00:00Z", 0, "2026-11-23", "2026-11-23T20:00:00Z"),
            ("2026-11-20T19:59:59Z", 1, "2026-11-23", "2026-11-20T20:00:00Z"),
            ("2026-11-20T20:00:00Z", 5, "2026-11-30", "2026-11-23T20:00:00Z"),
        ],
    );
}

#[test]
fn the_day_is_the_nodes_own_and_not_that_of_utc() {
    // One instant, four nodes: still Thursday evening in the Americas, and
    // already Friday morning in Kathmandu, which is 5:45 ahead of UTC.
    let at = "2026-11-20T02:00:00Z";
    check(&calendar(NEW_YORK, 1_440, &[]), &[(at, 0, "2026-11-19", "2026-11-20T05:00:00Z")]);
    check(
        &calendar("America/Denver", 1_440, &[]),
        &[(at, 0, "2026-11-19", "2026-11-20T07:00:00Z")],
    );
    check(
        &calendar("Pacific/Honolulu", 17 * 60, &[]),
        &[(at, 0, "2026-11-19", "2026-11-20T03:00:00Z")],
    );
    check(
        &calendar("Asia/Kathmandu", 10 * 60, &[]),
        &[(at, 0, "2026-11-20", "2026-11-20T04:15:00Z")],
    );
}

#[test]
fn a_cut_off_that_the_clocks_skip_moves_forward_with_them() {
    // New York skipped 02:00 to 03:00 on 2026-03-08, a Sunday.
    let calendar = Calendar::new(NEW_YORK, Weekdays::EVERY_DAY, 150, Vec::new()).unwrap();
    check(
        &calendar,
        &[
            ("2026-03-07T07:29:59Z", 0, "2026-03-07", "2026-03-07T07:30:00Z"),
            ("2026-03-08T07:29:59Z", 0, "2026-03-08", "2026-03-08T07:30:00Z"),
            ("2026-03-08T07:30:00Z", 0, "2026-03-09", "2026-03-09T06:30:00Z"),
        ],
    );
}

#[test]
fn a_cut_off_that_the_clocks_show_twice_is_the_first() {
    // Denver showed 01:00 to 02:00 twice on 2026-11-01, a Sunday.
    let calendar = Calendar::new("America/Denver", Weekdays::EVERY_DAY, 90, Vec::new()).unwrap();
    check(
        &calendar,
        &[
            ("2026-11-01T07:29:59Z", 0, "2026-11-01", "2026-11-01T07:30:00Z"),
            // 01:15 for the second time: past the cut-off, which has been.
            ("2026-11-01T08:15:00Z", 0, "2026-11-02", "2026-11-02T08:30:00Z"),
        ],
    );
}

/// With cut-offs of their own on Friday (14:00) and Saturday (10:00).
fn weekend_calendar(holidays: &[&str]) -> Calendar {
    let holidays = holidays.iter().map(|text| day(text)).collect();
    let own = [None, None, None, None, Some(14 * 60), Some(10 * 60), None];
    let calendar = Calendar::new(NEW_YORK, Weekdays::MONDAY_TO_SATURDAY, 16 * 60, holidays);
    calendar.unwrap().with_weekday_cut_offs(&WeekdayCutOffs(own)).unwrap()
}

#[test]
fn a_weekday_with_a_cut_off_of_its_own_ends_by_that_one() {
    // 2026-11-19 is a Thursday; New York is five hours behind UTC.
    check(
        &weekend_calendar(&[]),
        &[
            ("2026-11-19T20:59:59Z", 0, "2026-11-19", "2026-11-19T21:00:00Z"),
            ("2026-11-19T21:00:00Z", 0, "2026-11-20", "2026-11-20T19:00:00Z"),
            ("2026-11-20T19:00:00Z", 0, "2026-11-21", "2026-11-21T15:00:00Z"),
            ("2026-11-21T15:00:00Z", 0, "2026-11-23", "2026-11-23T21:00:00Z"),
            ("2026-11-20T19:00:00Z", 1, "2026-11-23", "2026-11-21T15:00:00Z"),
        ],
    );
    // A Friday's cut-off is none of a Friday off.
    check(
        &weekend_calendar(&["2026-11-20"]),
        &[("2026-11-19T21:00:00Z", 0, "2026-11-21", "2026-11-21T15:00:00Z")],
    );
    // The clocks skip 02:00 to 03:00 on Sunday 2026-03-08: Saturday is of winter time,
    // Monday of summer time.
    check(
        &weekend_calendar(&[]),
        &[
            ("2026-03-07T14:59:59Z", 0, "2026-03-07", "2026-03-07T15:00:00Z"),
            ("2026-03-07T15:00:00Z", 0, "2026-03-09", "2026-03-09T20:00:00Z"),
        ],
    );
}

#[test]
fn work_that_comes_in_a_pause_is_taken_when_it_ends() {
    let paused = |text| calendar("UTC", 17 * 60, &[]).paused_until(Some(instant(text)));
    // From Monday to Wednesday, before its cut-off and after it.
    let ends = [("2026-11-25T16:59:59Z", "2026-11-25"), ("2026-11-25T17:00:00Z", "2026-11-26")];
    for (until, ships) in ends {
        let window = paused(until).ship_window(instant("2026-11-23T09:00:00Z"), 0);
        assert_eq!(
            (window.ship_by, window.valid_until),
            (day(ships), instant(&format!("{ships}T17:00:00Z")))
        );
    }
    let over = paused("2026-11-25T16:59:59Z").ship_window(instant("2026-11-26T09:00:00Z"), 1);
    assert_eq!(over.ship_by, day("2026-11-27"), "as ever");
}

#[test]
fn a_carrier_takes_what_is_ready_on_the_next_day_that_is_worked_and_picked_up_on() {
    let week = Weekdays::MONDAY_TO_FRIDAY;
    let no_friday = Weekdays::from_bits(0b110_1111).unwrap();
    // 2026-11-26 is a Thursday, and Thanksgiving.
    for (holidays, ready, pickup, picked_up) in [
        (&[][..], "2026-11-27", Weekdays::EVERY_DAY, Some("2026-11-27")),
        (&[], "2026-11-28", Weekdays::MONDAY_TO_SATURDAY, Some("2026-11-28")),
        (&[], "2026-11-28", week, Some("2026-11-30")),
        (&[], "2026-11-27", no_friday, Some("2026-11-28")),
        (
            &["2026-11-26"],
            "2026-11-25",
            Weekdays::from_bits(0b000_1000).unwrap(),
            Some("2026-12-03"),
        ),
        (&["2026-11-28"], "2026-11-27", no_friday, Some("2026-11-30")),
        // Sundays are not worked.
        (&[], "2026-11-27", Weekdays::from_bits(0b100_0000).unwrap(), None),
    ] {
        let found = weekend_calendar(holidays).picked_up(day(ready), pickup);
        assert_eq!(found, picked_up.map(day), "{ready} by {pickup:?} with {holidays:?} off");
    }
}

#[test]
fn the_year_ends_between_two_working_days() {
    let new_year = &["2015-12-31", "2016-01-01"];
    check(
        &calendar(NEW_YORK, 12 * 60, new_year),
        &[("2015-12-30T18:00:00Z", 0, "2016-01-04", "2016-01-04T17:00:00Z")],
    );
}

#[test]
fn a_run_of_holidays_up_to_the_limit_is_crossed() {
    let first = day("2020-01-01");
    let holidays: Vec<Day> = (0u16..).take(HOLIDAYS_MAX).map(|days| first.plus(days)).collect();
    let reopens = first.plus(u16::try_from(HOLIDAYS_MAX).unwrap());
    let calendar = Calendar::new("UTC", Weekdays::EVERY_DAY, 720, holidays).unwrap();
    assert_eq!(calendar.ship_window(instant("2020-01-01T00:00:00Z"), 0).ship_by, reopens);
}

#[test]
fn the_extreme_cut_offs_take_all_of_a_day_or_none_of_it() {
    check(
        &calendar("UTC", CUT_OFF_MINUTES_MAX, &[]),
        &[("2026-11-19T23:59:59Z", 0, "2026-11-19", "2026-11-20T00:00:00Z")],
    );
    check(
        &calendar("UTC", 0, &[]),
        &[("2026-11-19T00:00:00Z", 0, "2026-11-20", "2026-11-20T00:00:00Z")],
    );
}

#[test]
fn inbound_supply_ships_from_its_day_on_and_overdue_supply_from_tomorrow_on() {
    let calendar = calendar(NEW_YORK, 15 * 60, &[]);
    let before_cut_off = instant("2026-11-16T14:00:00Z");
    let after_cut_off = instant("2026-11-16T21:00:00Z");
    for (asked, eta, ship_by) in [
        (before_cut_off, "2026-11-19", "2026-11-19"),
        // A Saturday: the node works from Monday on.
        (before_cut_off, "2026-11-21", "2026-11-23"),
        (before_cut_off, "2026-11-16", "2026-11-16"),
        (after_cut_off, "2026-11-16", "2026-11-17"),
        (before_cut_off, "2026-11-15", "2026-11-17"),
        (after_cut_off, "2025-11-16", "2026-11-17"),
    ] {
        let told = calendar.zone().instant(day(eta), 0);
        let found = calendar.ship_window(calendar.expected_at(asked, told), 0).ship_by;
        assert_eq!(found, day(ship_by), "{eta} asked at {asked}");
    }
}

#[test]
fn a_day_told_in_one_zone_is_that_day_in_another() {
    let zones = ["UTC", NEW_YORK, "America/Chicago", "Pacific/Honolulu", "Europe/Berlin"];
    let zones = zones.map(|name| Zone::named(name).unwrap());
    for told in ["2026-01-05", "2026-03-29", "2026-11-01", "2026-11-19"].map(day) {
        for (from, to) in zones.iter().flat_map(|from| zones.iter().map(move |to| (from, to))) {
            let apart = to.instant(told, 0).as_micros() - from.instant(told, 0).as_micros();
            if apart.abs() < 12 * 3_600_000_000 {
                let found = to.day_that_starts_near(from.instant(told, 0));
                assert_eq!(found, told, "from {} to {}", from.name(), to.name());
            }
        }
    }
}

#[test]
fn each_limit_is_refused_by_the_name_of_its_field() {
    let too_many = vec![Day::default(); HOLIDAYS_MAX + 1];
    let week = Weekdays::EVERY_DAY;
    let refusals = [
        ("time zone", Calendar::new("America/Springfield", week, 0, Vec::new()).unwrap_err()),
        ("time zone", Calendar::new("Etc/Unknown", week, 0, Vec::new()).unwrap_err()),
        ("cut-off", Calendar::new("UTC", week, 1_441, Vec::new()).unwrap_err()),
        ("holidays", Calendar::new("UTC", week, 0, too_many).unwrap_err()),
        (
            "cut-off",
            Calendar::new("UTC", week, 0, Vec::new())
                .unwrap()
                .with_weekday_cut_offs(&WeekdayCutOffs([Some(CUT_OFF_MINUTES_MAX + 1); 7]))
                .unwrap_err(),
        ),
        ("working days", working_days(0).unwrap_err()),
        ("working days", working_days(0b1000_0000).unwrap_err()),
    ];
    for (names, error) in refusals {
        assert!(error.to_string().contains(names), "{names}: {error}");
    }
}

#[test]
fn a_zone_is_found_in_any_letter_case_and_keeps_the_databases_spelling() {
    assert_eq!(Zone::named("america/new_york").unwrap().name(), NEW_YORK);
}

#[test]
fn instants_and_days_at_the_ends_of_their_range_do_not_panic() {
    let calendar = calendar(NEW_YORK, 15 * 60, &[]);
    for micros in [i64::MIN, i64::MAX] {
        let at = Timestamp::from_micros(micros);
        assert!(calendar.ship_window(at, 3).valid_until >= at);
    }
    assert!(!Weekdays::MONDAY_TO_FRIDAY.contains(day("2026-11-21")));
    for days in [i32::MIN, i32::MAX] {
        let _ = Weekdays::EVERY_DAY.contains(Day::from_epoch_days(days));
        let _ = calendar.zone().instant(Day::from_epoch_days(days), 0);
    }
}

fn any_calendar() -> impl Strategy<Value = Calendar> {
    let zones =
        prop::sample::select(&[NEW_YORK, "America/Denver", "Pacific/Honolulu", "Asia/Kathmandu"]);
    let holidays = prop::collection::vec(16_000i32..16_100, 0..40);
    let own = prop::array::uniform7(prop::option::weighted(0.2, 0..=CUT_OFF_MINUTES_MAX));
    let all = (zones, any_weekdays(), 0..=CUT_OFF_MINUTES_MAX, holidays, own);
    all.prop_map(|(zone, worked, cut_off, off, own)| {
        let off = off.into_iter().map(Day::from_epoch_days).collect();
        let calendar = Calendar::new(zone, worked, cut_off, off).unwrap();
        calendar.with_weekday_cut_offs(&WeekdayCutOffs(own)).unwrap()
    })
}

fn any_weekdays() -> impl Strategy<Value = Weekdays> {
    (1u8..128).prop_map(|bits| Weekdays::from_bits(bits).unwrap())
}

/// As one who works there would say: for each day from yesterday on, is it worked, is it
/// before its cut-off, are enough days worked since, does the carrier come?
fn walked(calendar: &Calendar, at: Timestamp, lead_days: u16, pickup: Weekdays) -> Option<Day> {
    let mut accepted = false;
    let mut worked_since = 0;
    let first = calendar.zone().local_day(at).minus(1);
    for day in (0..2_000).map(|days| first.plus(days)) {
        if !calendar.works_on(day) {
            continue;
        }
        if accepted {
            worked_since += 1;
        } else {
            let today = calendar.zone().local_day(at);
            let cut_off = calendar.cut_offs[usize::from(day.weekday())];
            accepted = day > today || (day == today && at < calendar.zone().instant(day, cut_off));
        }
        if accepted && worked_since >= lead_days && pickup.contains(day) {
            return Some(day);
        }
    }
    None
}

proptest! {
    /// The cache contract: an answer holds at every instant before
    /// `valid_until`, and at that instant a later day is given.
    #[test]
    fn an_answer_holds_exactly_until_it_says(
        calendar in any_calendar(),
        // Around October 2013 to February 2014, with a change of clocks.
        minutes in 15_995i64 * 1_440..16_105 * 1_440,
        lead_days in 0u16..12,
        part in 0i64..100,
    ) {
        let at = Timestamp::from_micros(minutes * MINUTE_US);
        let window = calendar.ship_window(at, lead_days);
        prop_assert!(calendar.works_on(window.ship_by));
        prop_assert!(window.valid_until > at);
        let left_us = window.valid_until.as_micros() - at.as_micros() - 1;
        let within = at.saturating_add_micros(left_us / 100 * part);
        let last = at.saturating_add_micros(left_us);
        prop_assert_eq!(calendar.ship_window(within, lead_days), window);
        prop_assert_eq!(calendar.ship_window(last, lead_days), window);
        let next = calendar.ship_window(window.valid_until, lead_days);
        prop_assert!(next.ship_by > window.ship_by);
    }

    #[test]
    fn a_shipment_leaves_on_the_day_that_one_finds_day_by_day(
        calendar in any_calendar(),
        minutes in 15_995i64 * 1_440..16_105 * 1_440,
        lead_days in 0u16..12,
        pickup in any_weekdays(),
    ) {
        let at = Timestamp::from_micros(minutes * MINUTE_US);
        let ready = calendar.ship_window(at, lead_days).ship_by;
        let walked = walked(&calendar, at, lead_days, pickup);
        prop_assert_eq!(calendar.picked_up(ready, pickup), walked);
    }
}
