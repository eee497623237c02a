//! Figures as people read them.

/// A whole number as a real one; a figure for people has fewer digits than both.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub const fn real(value: u64) -> f64 {
    value as f64
}

/// The nearest whole number to one that is not below 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate")]
pub const fn rounded(value: f64) -> u64 {
    value.round() as u64
}

/// A count: `950`, `173k`, `1.25M`.
pub fn count(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", short(value / 1e6)),
        value if value >= 1e4 => format!("{}k", short(value / 1e3)),
        value => short(value),
    }
}

/// A whole number with its thousands apart.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time given in microseconds: `85 µs`, `1.25 ms`, `2 s`.
pub fn micros(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{} s", short(value / 1e6)),
        value if value >= 1e3 => format!("{} ms", short(value / 1e3)),
        value => format!("{} µs", short(value)),
    }
}

/// A size in memory.
pub fn bytes(value: f64) -> String {
    match value {
        value if value >= 1e9 => format!("{} GB", short(value / 1e9)),
        value => format!("{} MB", short(value / 1e6)),
    }
}

/// A quantile: `50%`, `99.9%`.
pub fn percent(quantile: f64) -> String {
    // So many digits that each nine is seen, and no more.
    let text = format!("{:.6}", quantile * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Three digits that count, and no zeros after them.
fn short(value: f64) -> String {
    let places = match value {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_count() {
        assert_eq!([950.0, 173_400.0, 1_250_000.0].map(count), ["950", "173k", "1.25M"]);
        assert_eq!([7, 1_234, 1_234_567].map(grouped), ["7", "1,234", "1,234,567"]);
        assert_eq!([85.0, 1_250.0, 2e6].map(micros), ["85 µs", "1.25 ms", "2 s"]);
        assert_eq!([0.5, 0.9, 0.999].map(percent), ["50%", "90%", "99.9%"]);
    }
}
