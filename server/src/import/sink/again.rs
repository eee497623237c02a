//! What is done about each answer: it is noted, the row is sent again, or the import
//! breaks off.
//!
//! A row that is sent again comes behind rows that were sent after it. Those of them that
//! are about the same thing are sent again with it, so that the last one counts.

use std::collections::HashSet;
use std::time::Duration;

use backstock_proto::v1;
use tokio::time::sleep;

use super::bad;
use crate::client::{ClientError, Concern, Refused};
use crate::import::limits::{PAUSE_MAX, PAUSE_MIN, TRIES_MAX};
use crate::import::parse::Row;
use crate::import::report::FileReport;

/// What the server says of a row.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is in.
    Taken,
    /// It is an order, and this is what became of it.
    Placed(v1::PlaceOrderResponse),
    /// It is not in.
    Refused(Refused),
}

/// Rows that are to be sent again, in the order of the file.
#[derive(Debug)]
pub(super) struct Again<C> {
    rows: Vec<Row<C>>,
    /// What they are about.
    subjects: HashSet<String>,
    subject: fn(&C) -> String,
    /// Why one of them was refused.
    refused: Option<Refused>,
    /// The line that all is answered up to, once nothing is to be sent again.
    answered: u64,
    /// Tries since fewer were left than ever.
    tries: u32,
    /// The fewest that were left.
    left: usize,
}

impl<C> Again<C> {
    /// Nothing is sent again so far. Two rows of one `subject` keep their order.
    pub(super) fn new(subject: fn(&C) -> String) -> Self {
        let (rows, subjects) = (Vec::new(), HashSet::new());
        Self { rows, subjects, subject, refused: None, answered: 0, tries: 0, left: usize::MAX }
    }

    /// Whether any row is to be sent again.
    pub(super) fn is_due(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Takes the answer to the next row of the file.
    ///
    /// # Errors
    /// The server takes no more rows.
    pub(super) fn note(
        &mut self,
        row: Row<C>,
        answer: Answer,
        report: &mut FileReport,
    ) -> Result<(), ClientError> {
        let answer = match answer {
            Answer::Refused(refused) => match refused.concern() {
                Concern::Server => return Err(ClientError::Refused(Box::new(refused))),
                Concern::Moment => {
                    self.subjects.insert((self.subject)(&row.content));
                    self.refused = Some(refused);
                    self.rows.push(row);
                    return Ok(());
                }
                Concern::Content => Answer::Refused(refused),
            },
            answer => answer,
        };
        if self.is_due() && self.subjects.contains(&(self.subject)(&row.content)) {
            self.rows.push(row);
            return Ok(());
        }
        match answer {
            Answer::Taken => report.count_applied(1),
            Answer::Placed(placed) => report.placed(row.line, placed),
            Answer::Refused(refused) => report.bad(bad(row.line, &refused)),
        }
        self.answered = self.answered.max(row.last);
        if !self.is_due() {
            report.answered(row.last);
        }
        Ok(())
    }

    /// Waits until rows are to be sent again, and gives them; none once all are answered.
    ///
    /// # Errors
    /// They were sent often enough.
    pub(super) async fn take(
        &mut self,
        report: &mut FileReport,
    ) -> Result<Vec<Row<C>>, ClientError> {
        let (pause, rows) = self.next(report)?;
        if !rows.is_empty() {
            sleep(pause).await;
        }
        Ok(rows)
    }

    /// The rows that are to be sent again, and when.
    fn next(&mut self, report: &mut FileReport) -> Result<(Duration, Vec<Row<C>>), ClientError> {
        if self.rows.len() < self.left {
            (self.tries, self.left) = (0, self.rows.len());
        }
        let Some(refused) = self.refused.take().filter(|_| self.is_due()) else {
            if self.answered > 0 {
                report.answered(self.answered);
            }
            self.left = usize::MAX;
            return Ok((Duration::ZERO, Vec::new()));
        };
        if self.tries == TRIES_MAX {
            return Err(ClientError::Refused(Box::new(refused)));
        }
        let pause = (PAUSE_MIN * 2_u32.pow(self.tries)).min(PAUSE_MAX);
        self.tries += 1;
        self.subjects.clear();
        Ok((pause, std::mem::take(&mut self.rows)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use indicatif::ProgressBar;
    use tonic::Code;

    use super::*;

    /// A row on a line about a letter.
    fn row(line: u64, content: char) -> Row<char> {
        Row { line, last: line, content }
    }

    fn refused(code: Code) -> Answer {
        Answer::Refused(v1::Fault { code: code.into(), ..Default::default() }.into())
    }

    fn start() -> (Again<char>, FileReport) {
        let report = FileReport::new(Path::new("stock.csv"), ProgressBar::hidden());
        (Again::new(char::to_string), report)
    }

    fn next(again: &mut Again<char>, report: &mut FileReport) -> Vec<u64> {
        again.next(report).unwrap().1.into_iter().map(|row| row.line).collect()
    }

    #[test]
    fn what_was_refused_for_the_moment_is_sent_again_before_what_came_after_it() {
        let (mut again, mut report) = start();
        again.note(row(2, 'A'), Answer::Taken, &mut report).unwrap();
        again.note(row(3, 'B'), refused(Code::Aborted), &mut report).unwrap();
        again.note(row(4, 'A'), Answer::Taken, &mut report).unwrap();
        again.note(row(5, 'B'), Answer::Taken, &mut report).unwrap();
        again.note(row(6, 'C'), refused(Code::NotFound), &mut report).unwrap();
        assert_eq!(report.answered_line, Some(2), "line 3 is not answered");
        assert_eq!(next(&mut again, &mut report), [3, 5]);
        again.note(row(3, 'B'), Answer::Taken, &mut report).unwrap();
        again.note(row(5, 'B'), Answer::Taken, &mut report).unwrap();
        assert!(next(&mut again, &mut report).is_empty());
        assert_eq!(report.answered_line, Some(6));
    }

    #[test]
    fn what_is_refused_for_ever_is_sent_a_bounded_number_of_times() {
        let (mut again, mut report) = start();
        let mut pauses = Vec::new();
        let error = loop {
            again.note(row(3, 'B'), refused(Code::ResourceExhausted), &mut report).unwrap();
            match again.next(&mut report) {
                Ok((pause, rows)) => pauses.extend(rows.first().map(|_| pause)),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, ClientError::Refused(_)), "{error:?}");
        assert_eq!(pauses.len(), TRIES_MAX as usize);
        assert!(pauses.is_sorted() && pauses[0] == PAUSE_MIN, "{pauses:?}");
        assert!(pauses.iter().sum::<Duration>() < Duration::from_secs(15), "{pauses:?}");
        assert_eq!(report.answered_line, None);
    }

    #[test]
    fn what_is_about_the_server_breaks_off_at_its_line() {
        let (mut again, mut report) = start();
        again.note(row(2, 'A'), Answer::Taken, &mut report).unwrap();
        let error = again.note(row(3, 'B'), refused(Code::Unavailable), &mut report);
        assert!(matches!(error, Err(ClientError::Refused(_))), "{error:?}");
        assert_eq!(report.answered_line, Some(2));
    }
}
