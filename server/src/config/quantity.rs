//! Numbers with units, as people write them: `64MiB`, `1h`.

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Things: there is no unit.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// Names and sizes; a number without a name counts ones.
    const fn names(self) -> &'static [(&'static str, u64)] {
        match self {
            Self::Count => &[],
            Self::Bytes => &[
                ("B", 1),
                ("kB", 1_000),
                ("MB", 1_000_000),
                ("GB", 1_000_000_000),
                ("TB", 1_000_000_000_000),
                ("KiB", 1 << 10),
                ("MiB", 1 << 20),
                ("GiB", 1 << 30),
                ("TiB", 1 << 40),
            ],
            Self::Seconds => &[("s", 1), ("min", 60), ("m", 60), ("h", 3_600), ("d", 86_400)],
        }
    }

    /// What may stand behind a number, for an error message.
    pub(super) const fn hint(self) -> &'static str {
        match self {
            Self::Count => "",
            Self::Bytes => ", in bytes or as 64MiB",
            Self::Seconds => ", in seconds or as 10min or 1h",
        }
    }
}

/// Reads a whole number and, if it has one, its unit, in any case. None if it is neither, or
/// too large to be counted.
pub(super) fn parse(text: &str, unit: Unit) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, name) = text.split_at(digits);
    let (number, name) = (number.parse::<u64>().ok()?, name.trim_start());
    if name.is_empty() && digits == text.len() {
        return Some(number);
    }
    let known = unit.names().iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.and_then(|(_, size)| number.checked_mul(*size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_have_a_unit_of_its_kind() {
        for (text, unit, value) in [
            ("7", Unit::Count, Some(7)),
            ("64MiB", Unit::Bytes, Some(64 << 20)),
            ("64 mib", Unit::Bytes, Some(64 << 20)),
            ("1MB", Unit::Bytes, Some(1_000_000)),
            ("4194304", Unit::Bytes, Some(4_194_304)),
            ("1h", Unit::Seconds, Some(3_600)),
            ("10 min", Unit::Seconds, Some(600)),
            ("90s", Unit::Seconds, Some(90)),
            ("0", Unit::Seconds, Some(0)),
            ("7h", Unit::Count, None),
            ("64M", Unit::Bytes, None),
            ("1h30", Unit::Seconds, None),
            ("-1", Unit::Seconds, None),
            ("1.5h", Unit::Seconds, None),
            ("h", Unit::Seconds, None),
            ("7 ", Unit::Seconds, None),
            ("", Unit::Bytes, None),
            ("18446744073709551615TiB", Unit::Bytes, None),
        ] {
            assert_eq!(parse(text, unit), value, "{text}");
        }
    }
}
