//! US postal codes: where they are, what the place is called, and its time zone.
//!
//! From `GeoNames` Postal Codes, CC BY 4.0; see `assets/ATTRIBUTION.md`.

use std::sync::LazyLock;

use backstock_engine::calendar::Zone;
use backstock_engine::geo::{PostalCodes, PostalMatch, ZoneNo};

use super::shape;
use super::table::{CODE_SPACE, Table};

pub(super) static PACKED: &[u8] = include_bytes!("assets/us-postal-codes.bin");

static SHARED: LazyLock<UsPostalCodes> = LazyLock::new(UsPostalCodes::unpack);

/// Codes that share their first three digits are served by one sorting centre.
const PREFIX_SPAN: u32 = 100;

/// The US postal codes. A code is five digits, or nine as in `12345-6789`, of
/// which the last four are ignored. About 1 MB once unpacked.
pub struct UsPostalCodes(Table);

/// The name of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The city, as the post office writes it.
    pub city: &'a str,
    /// Two letters: a state, a territory or a freely associated state.
    pub state: &'a str,
}

/// A known code that stands in for an unknown one. An approximation: the two
/// share a sorting centre, and nothing more is known about the unknown one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearestCode {
    /// The five digits of the code that was found.
    pub code: String,
    /// How far apart the two are as numbers; 0 when the code itself is known.
    pub numbers_apart: u32,
}

impl UsPostalCodes {
    /// The country whose codes these are, in ISO 3166-1.
    pub const COUNTRY: &str = "US";

    /// The one table of the process, unpacked at the first call.
    ///
    /// # Panics
    /// When the asset in the binary is not a table, which a test rules out.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    fn unpack() -> Self {
        Self(Table::decode(PACKED).expect("the packed table in the binary decodes"))
    }

    /// The city and state of a code; `None` when it is not known.
    pub fn place(&self, postal_code: &str) -> Option<Place<'_>> {
        let index = self.0.known.rank(five_digits(postal_code)?)? as usize;
        let city = self.0.city_of_code[index];
        let state = self.0.state_of_code[index];
        Some(Place {
            city: &self.0.cities[usize::from(city)],
            state: &self.0.states[usize::from(state)],
        })
    }

    /// The known code nearest by number among those with the same first three
    /// digits, the lower one of two; `None` when there is none or the text is
    /// not a postal code.
    pub fn nearest_in_prefix(&self, postal_code: &str) -> Option<NearestCode> {
        let wanted = five_digits(postal_code)?;
        let first = wanted - wanted % PREFIX_SPAN;
        let known = (first..first + PREFIX_SPAN).filter(|code| self.0.known.rank(*code).is_some());
        let code = known.min_by_key(|code| code.abs_diff(wanted))?;
        Some(NearestCode { code: format!("{code:05}"), numbers_apart: code.abs_diff(wanted) })
    }
}

impl PostalCodes for UsPostalCodes {
    fn locate(&self, postal_code: &str) -> Option<PostalMatch> {
        let index = self.0.known.rank(five_digits(postal_code)?)?;
        let at = index as usize;
        let zone = ZoneNo(self.0.zone_of_code[at]);
        Some(PostalMatch { location: self.0.locations[at], index, zone })
    }

    fn code_count(&self) -> u32 {
        self.0.known.count()
    }

    fn zone(&self, zone: ZoneNo) -> &Zone {
        &self.0.zones[usize::from(zone.0)]
    }

    fn why_unknown(&self, postal_code: &str) -> String {
        if five_digits(postal_code).is_some() {
            let count = self.code_count();
            return format!("is not one of the {count} US postal codes that this server knows");
        }
        let shape = "US postal codes have 5 digits, or 9 as in 12345-6789";
        match shape::country_of(postal_code) {
            Some(country) => {
                format!("looks like a postal code of {country}, and only the US is known: {shape}")
            }
            None if is_short(postal_code) => {
                format!("has 4 digits, and may have lost a leading 0: {shape}")
            }
            None => format!("is no US postal code, and only the US is known: {shape}"),
        }
    }
}

/// As spreadsheets leave the codes of New England.
fn is_short(postal_code: &str) -> bool {
    postal_code.len() == 4 && postal_code.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number in `12345` or `12345-6789`; `None` for any other text.
fn five_digits(postal_code: &str) -> Option<u32> {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let code = match postal_code.as_bytes() {
        code @ [_, _, _, _, _] => code,
        [code @ .., b'-', a, b, c, d] if code.len() == 5 && digits(&[*a, *b, *c, *d]) => code,
        _ => return None,
    };
    let number = code.iter().fold(0, |number, digit| number * 10 + u32::from(digit & 0x0f));
    (digits(code) && number < CODE_SPACE).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of the source file: the first and last codes, the middle, a leading
    /// zero, the far north, and longitudes east of Greenwich.
    const SAMPLES: &[(&str, i32, i32, &str, &str)] = &[
        ("00501", 40_922_326, -72_637_078, "Holtsville", "NY"),
        ("02116", 42_347_207, -71_086_095, "Boston", "MA"),
        ("10001", 40_750_422, -73_996_328, "New York", "NY"),
        ("48762", 44_792_293, -83_489_404, "Spruce", "MI"),
        ("96910", 13_444_257, 144_786_297, "Hagatna", "GU"),
        ("99791", 70_494_693, -157_441_073, "Atqasuk", "AK"),
        ("99950", 55_542_007, -131_432_682, "Ketchikan", "AK"),
    ];

    #[test]
    fn codes_are_where_the_source_says() {
        let codes = UsPostalCodes::shared();
        for &(code, latitude, longitude, city, state) in SAMPLES {
            let found = codes.locate(code).unwrap().location;
            assert_eq!((found.latitude_udeg(), found.longitude_udeg()), (latitude, longitude));
            assert_eq!(codes.place(code), Some(Place { city, state }));
        }
    }

    /// One of each zone, and both sides of what runs through a state or a county.
    #[test]
    fn codes_are_in_the_zone_of_their_county_or_their_own() {
        let codes = UsPostalCodes::shared();
        for (code, zone) in [
            ("10001", "America/New_York"),
            ("60601", "America/Chicago"),
            ("80202", "America/Denver"),
            ("85001", "America/Phoenix"),
            ("90021", "America/Los_Angeles"),
            ("99501", "America/Anchorage"),
            ("99546", "America/Adak"),
            ("96813", "Pacific/Honolulu"),
            ("00901", "America/Puerto_Rico"),
            ("96799", "Pacific/Pago_Pago"),
            ("96910", "Pacific/Guam"),
            ("96940", "Pacific/Palau"),
            ("96941", "Pacific/Pohnpei"),
            ("96942", "Pacific/Chuuk"),
            ("96960", "Pacific/Majuro"),
            // Louisville and Paducah, Knoxville and Nashville, Gary, Ironwood.
            ("40202", "America/New_York"),
            ("42001", "America/Chicago"),
            ("37902", "America/New_York"),
            ("37203", "America/Chicago"),
            ("46402", "America/Chicago"),
            ("49938", "America/Chicago"),
            // Pensacola, Port Saint Joe and Wewahitchka of one county, El Paso.
            ("32501", "America/Chicago"),
            ("32456", "America/New_York"),
            ("32465", "America/Chicago"),
            ("79901", "America/Denver"),
            // Coeur d'Alene and Boise, Ontario in Oregon, Rapid City, Scottsbluff.
            ("83814", "America/Los_Angeles"),
            ("83702", "America/Denver"),
            ("97914", "America/Denver"),
            ("57701", "America/Denver"),
            ("69361", "America/Denver"),
            // The Navajo and the Hopi of one county; West Wendover.
            ("86033", "America/Denver"),
            ("86034", "America/Phoenix"),
            ("89883", "America/Denver"),
        ] {
            let found = codes.locate(code).unwrap().zone;
            assert_eq!(codes.zone(found).name(), zone, "{code}");
        }
    }

    #[test]
    fn indexes_are_dense_and_ascending() {
        let codes = UsPostalCodes::shared();
        let known = (0..CODE_SPACE).filter_map(|code| codes.locate(&format!("{code:05}")));
        let indexes: Vec<u32> = known.map(|found| found.index).collect();
        assert_eq!(codes.code_count(), 42_049);
        assert!(indexes.into_iter().eq(0..codes.code_count()));
    }

    #[test]
    fn nine_digits_are_found_by_the_first_five() {
        let codes = UsPostalCodes::shared();
        assert_eq!(codes.locate("10001-1234"), codes.locate("10001"));
        assert!(codes.locate("10001").is_some());
    }

    #[test]
    fn what_is_not_a_postal_code_is_unknown() {
        let codes = UsPostalCodes::shared();
        let refused = [
            "",
            "1000",
            "100011",
            "1000a",
            "10001-",
            "10001-12",
            "10001-12a4",
            "10001 1234",
            "１０００１",
        ];
        for text in refused {
            assert_eq!(codes.locate(text), None, "{text:?}");
            assert_eq!(codes.nearest_in_prefix(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_unknown_code_is_told_why() {
        let codes = UsPostalCodes::shared();
        let shape = "US postal codes have 5 digits, or 9 as in 12345-6789";
        let unknown = "is not one of the 42049 US postal codes that this server knows";
        assert_eq!(codes.why_unknown("00000"), unknown);
        assert_eq!(codes.why_unknown("00000-1234"), unknown);
        let brazil = "looks like a postal code of Brazil, and only the US is known";
        assert_eq!(codes.why_unknown("01310-100"), format!("{brazil}: {shape}"));
        let lost = "has 4 digits, and may have lost a leading 0";
        assert_eq!(codes.why_unknown("2116"), format!("{lost}: {shape}"));
        let other = "is no US postal code, and only the US is known";
        assert_eq!(codes.why_unknown("110001"), format!("{other}: {shape}"));
    }

    #[test]
    fn an_unknown_code_is_approximated_within_its_sorting_centre() {
        let codes = UsPostalCodes::shared();
        for (unknown, found, numbers_apart) in [("06824", "06820", 4), ("05408", "05407", 1)] {
            assert_eq!(codes.locate(unknown), None);
            let nearest = NearestCode { code: found.to_owned(), numbers_apart };
            assert_eq!(codes.nearest_in_prefix(unknown), Some(nearest));
        }
        assert_eq!(codes.nearest_in_prefix("10001").unwrap().numbers_apart, 0);
        assert_eq!(codes.nearest_in_prefix("00001"), None);
    }
}
