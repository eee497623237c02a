//! Tells the demo as it goes: a bar on a terminal, plain lines elsewhere.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::error::DemoError;

/// Prints what happens.
pub(super) struct Narrator<'a> {
    out: &'a mut dyn Write,
    /// Hidden where there is no terminal.
    bar: ProgressBar,
}

impl<'a> Narrator<'a> {
    /// Tells of `orders` orders.
    pub(super) fn new(out: &'a mut dyn Write, orders: usize) -> Self {
        let bar = if std::io::stdout().is_terminal() {
            ProgressBar::new(orders as u64)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} orders, {eta} left");
        let bar = match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        Self { out, bar }
    }

    /// Says something, and an empty line before it if it begins a part.
    pub(super) fn say(&mut self, text: impl Display) -> Result<(), DemoError> {
        let out = &mut *self.out;
        let said = self.bar.suspend(|| writeln!(out, "{text}").and_then(|()| out.flush()));
        said.map_err(DemoError::system("write to standard output"))
    }

    /// So many orders are placed, up to this day of the shop.
    pub(super) fn progress(&self, orders: usize, day: impl Display) {
        self.bar.set_message(day.to_string());
        self.bar.set_position(orders as u64);
    }

    /// All orders are placed.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}
