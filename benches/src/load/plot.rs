//! Plots as SVG, to stand inside a page: it has the colours, by class.

use std::fmt::Write as _;

/// Width of a plot with its labels.
const WIDTH: f64 = 860.0;
/// Its height.
const HEIGHT: f64 = 280.0;
/// Room for labels: left, right, top, bottom.
const MARGIN: (f64, f64, f64, f64) = (80.0, 16.0, 14.0, 44.0);
/// Steps of an axis at most.
const TICKS_MAX: f64 = 6.0;

/// How values become places.
#[derive(Clone, Copy, Debug)]
pub enum Scale {
    /// From 0 to this.
    Linear(f64),
    /// From the first to the second, which are above 0, each decade as wide as the
    /// next.
    Log(f64, f64),
    /// Quantiles from 0 to this, below 1: each nine as wide as the next.
    Nines(f64),
}

impl Scale {
    /// A linear scale that ends at a round number from `max` on.
    pub fn up_to(max: f64) -> Self {
        let step = round_step(max);
        Self::Linear((max / step).ceil().max(1.0) * step)
    }

    /// A logarithmic scale from one, two or five times a power of ten to another,
    /// with these between.
    pub fn around(min: f64, max: f64) -> Self {
        let steps = || (0..DECADES).flat_map(|decade| STEPS.map(|step| step * power_of(decade)));
        let from = steps().rfind(|step| *step <= min).unwrap_or(1.0);
        let to = steps().find(|step| *step >= max && *step > from);
        Self::Log(from, to.unwrap_or(power_of(DECADES)))
    }

    /// Where a value is, from 0 to 1 if it is within the scale.
    fn at(self, value: f64) -> f64 {
        match self {
            Self::Linear(to) => value / to,
            Self::Log(from, to) => (value.max(from) / from).log10() / (to / from).log10(),
            Self::Nines(to) => (1.0 - value).log10() / (1.0 - to).log10(),
        }
    }

    /// Values to write on the axis.
    fn ticks(self) -> Vec<f64> {
        let all = |from: i32, last: i32, value: fn(f64) -> f64| -> Vec<f64> {
            (from..=last).map(|tick| value(f64::from(tick))).collect()
        };
        match self {
            Self::Linear(to) => {
                let step = round_step(to);
                all(0, whole(to / step), |tick| tick).iter().map(|tick| tick * step).collect()
            }
            Self::Log(from, to) => {
                // Over many decades the steps between would be too close to read.
                let steps = if to / from > 1e3 { &STEPS[..1] } else { &STEPS[..] };
                let all = (0..=DECADES).flat_map(|d| steps.iter().map(move |s| s * power_of(d)));
                all.filter(|tick| (from..=to).contains(tick)).collect()
            }
            Self::Nines(to) => {
                let nines = all(1, whole(-(1.0 - to).log10()), |tick| 1.0 - 10f64.powf(-tick));
                [0.0, 0.5].into_iter().chain(nines).filter(|tick| *tick <= to).collect()
            }
        }
    }
}

/// What of a power of ten has a tick.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];
/// Decades that a logarithmic scale can have: beyond an hour in microseconds.
const DECADES: i32 = 10;

fn power_of(decade: i32) -> f64 {
    10f64.powi(decade)
}

#[expect(clippy::cast_possible_truncation, reason = "axes have a few ticks")]
fn whole(value: f64) -> i32 {
    (value + 1e-9).floor() as i32
}

/// One, two or five times a power of ten, so that an axis has a few steps.
fn round_step(max: f64) -> f64 {
    let rough = (max / TICKS_MAX).max(1e-9);
    let power = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= rough * (1.0 - 1e-9)).unwrap_or(power * 10.0)
}

/// One axis.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// Its scale.
    pub scale: Scale,
    /// What it shows.
    pub label: &'static str,
    /// How its values are written.
    pub text: fn(f64) -> String,
}

/// One line of a plot.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is called in the legend.
    pub name: &'static str,
    /// Which colour it has: `s1`, `s2` or `s3`.
    pub class: &'static str,
    /// Whether the area below is filled.
    pub filled: bool,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
    /// Points that are told by name.
    pub marks: Vec<(f64, f64, String)>,
}

/// A plot of lines over one pair of axes.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From below to above.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
}

impl Plot {
    /// The plot as a `figure` element.
    pub fn figure(&self) -> String {
        let title = &self.title;
        let mut out = format!("<figure><figcaption><b>{title}</b>");
        for series in self.series.iter().filter(|_| self.series.len() > 1) {
            let Series { name, class, .. } = series;
            let _ = write!(out, "<span class=\"key {class}\">{name}</span>");
        }
        let _ = write!(
            out,
            "</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{title}\">"
        );
        self.grid(&mut out);
        self.series.iter().for_each(|series| self.line(&mut out, series));
        out + "</svg></figure>\n"
    }

    fn left(&self, x: f64) -> f64 {
        let (left, right, ..) = MARGIN;
        left + self.x.scale.at(x).clamp(0.0, 1.0) * (WIDTH - left - right)
    }

    fn top(&self, y: f64) -> f64 {
        let (_, _, top, bottom) = MARGIN;
        HEIGHT - bottom - self.y.scale.at(y).clamp(0.0, 1.0) * (HEIGHT - top - bottom)
    }

    fn grid(&self, out: &mut String) {
        let (left, right, top, bottom) = MARGIN;
        let (end, floor) = (WIDTH - right, HEIGHT - bottom);
        for value in self.y.scale.ticks() {
            let (y, text) = (self.top(value), (self.y.text)(value));
            let _ = write!(
                out,
                "<path class=\"grid\" d=\"M{left} {y:.1}H{end}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{text}</text>",
                left - 8.0,
                y + 4.0
            );
        }
        for value in self.x.scale.ticks() {
            let (x, text) = (self.left(value), (self.x.text)(value));
            let _ = write!(
                out,
                "<path class=\"grid\" d=\"M{x:.1} {top}V{floor}\"/><text x=\"{x:.1}\" y=\"{:.1}\" \
                 text-anchor=\"middle\">{text}</text>",
                floor + 18.0
            );
        }
        let (x, y, middle) = (self.x.label, self.y.label, f64::midpoint(top, floor));
        let _ = write!(
            out,
            "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{x}</text>\
             <text class=\"label\" transform=\"translate(13 {middle:.1}) rotate(-90)\" \
             text-anchor=\"middle\">{y}</text>",
            f64::midpoint(left, end),
            HEIGHT - 6.0
        );
    }

    fn line(&self, out: &mut String, series: &Series) {
        let mut path = String::new();
        for (at, (x, y)) in series.points.iter().enumerate() {
            let step = if at == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{step}{:.1} {:.1}", self.left(*x), self.top(*y));
        }
        let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else {
            return;
        };
        let class = series.class;
        if series.filled {
            let floor = HEIGHT - MARGIN.3;
            let (end, start) = (self.left(last.0), self.left(first.0));
            let _ = write!(
                out,
                "<path class=\"area {class}\" d=\"{path}L{end:.1} {floor}L{start:.1} {floor}Z\"/>"
            );
        }
        let _ = write!(out, "<path class=\"line {class}\" d=\"{path}\"/>");
        for (x, y, text) in &series.marks {
            let (x, y) = (self.left(*x), self.top(*y));
            let _ = write!(
                out,
                "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/><text class=\"mark\" \
                 x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                x - 6.0,
                y - 8.0
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_nine_is_as_wide_as_the_next() {
        let scale = Scale::Nines(0.9999);
        let places = [0.0, 0.9, 0.99, 0.999, 0.9999].map(|quantile| scale.at(quantile));
        for (place, expected) in places.into_iter().zip([0.0, 0.25, 0.5, 0.75, 1.0]) {
            assert!((place - expected).abs() < 1e-6, "{place} {expected}");
        }
        assert_eq!(scale.ticks().len(), 6);
    }

    #[test]
    fn axes_have_a_few_round_ticks() {
        assert_eq!(Scale::up_to(173_000.0).ticks().last(), Some(&200_000.0));
        for max in [0.7, 3.0, 9.99, 173_000.0, 1e6] {
            let ticks = Scale::up_to(max).ticks();
            assert!((3..=8).contains(&ticks.len()), "{max}: {ticks:?}");
            assert!(ticks.last().is_some_and(|last| *last >= max), "{max}: {ticks:?}");
        }
    }

    #[test]
    fn a_logarithmic_axis_is_as_long_as_its_values_need() {
        assert_eq!(Scale::around(30.0, 90.0).ticks(), [20.0, 50.0, 100.0]);
        assert_eq!(Scale::around(100.0, 100.0).ticks(), [100.0, 200.0]);
        assert_eq!(Scale::around(30.0, 40_000.0).ticks(), [100.0, 1_000.0, 10_000.0]);
    }
}
