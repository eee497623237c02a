//! A return centre that tells what came in parts, twice, late, and corrected; and loses what it sends,
//! until it sends it again.

use backstock_engine::command::{DefinePartner, PartnerStatus, ReportPartner};
use backstock_engine::engine::Engine;
use backstock_engine::model::partner::{
    Detail, FactLine, Measure, PartnerMessage, ReturnNames, Subject,
};
use backstock_engine::model::{MessageId, PartnerId, Reference};
use backstock_tests::fixture::{meta, node_id, order_id, sku};

use super::back::{Back, is_short};
use super::{CENTRE, Life};

/// What the centre said, or will say, of a return.
#[derive(Clone)]
struct Letter {
    order: String,
    name: String,
    /// By line of the order.
    came: Vec<usize>,
    message: PartnerMessage,
}

/// What is in the mail.
#[derive(Default)]
pub(super) struct Centre {
    mail: Vec<Letter>,
    seq: u64,
}

/// Says whose the centre is.
pub(super) async fn define(engine: &Engine) {
    let command = DefinePartner { meta: meta(), partner: partner(), nodes: vec![node_id(CENTRE)] };
    engine.define_partner(command).await.expect("the partner is defined");
}

fn partner() -> PartnerId {
    PartnerId::new("partner", "centre").expect("an id")
}

impl Life {
    /// A parcel will come: the centre tells of it some times, each time all that it counted so far.
    pub(super) fn expect_parcel(&mut self, order: &str, name: &str, back: &Back) {
        for revision in 1..=1 + self.random.within(0..3) {
            let came: Vec<usize> = back
                .lines
                .iter()
                .map(|of| if of.asked == 0 { 0 } else { self.random.up_to(of.asked + 1) })
                .collect();
            self.centre.seq += 1;
            let message = self.message(order, name, (revision, &came));
            let (order, name) = (order.to_owned(), name.to_owned());
            self.centre.mail.push(Letter { order, name, came, message });
        }
    }

    fn message(
        &self,
        order: &str,
        name: &str,
        (revision, came): (u32, &[usize]),
    ) -> PartnerMessage {
        let lines = self.orders[order].lines.iter().zip(came).map(|(line, came)| FactLine {
            sku: sku(&line.sku),
            counts: vec![(Measure::Received, i64::try_from(*came).expect("a few"))],
        });
        let names = ReturnNames {
            rma: Some(Reference::new("rma", name).expect("a reference")),
            tracking: None,
            order: Some(order_id(order)),
        };
        PartnerMessage {
            sender: partner(),
            seq: self.centre.seq,
            id: MessageId::new("id", format!("m-{}", self.centre.seq)).expect("an id"),
            subject: Subject::ReturnReceipt(names),
            node: Some(node_id(CENTRE)),
            occurred_at: self.now,
            revision,
            lines: lines.collect(),
            detail: Detail::Nothing,
        }
    }

    /// Some letter arrives: once, twice, or again after others.
    pub(super) fn deliver(&mut self) {
        if self.centre.mail.is_empty() {
            return;
        }
        let at = self.random.up_to(self.centre.mail.len() - 1);
        let letter = self.centre.mail[at].clone();
        for _ in 0..self.random.within(1..3) {
            self.read(&letter);
        }
        if self.random.percent(70) {
            self.centre.mail.swap_remove(at);
        }
    }

    /// All that is in the mail arrives.
    pub(super) fn deliver_all(&mut self) {
        for letter in std::mem::take(&mut self.centre.mail) {
            self.read(&letter);
        }
    }

    fn read(&mut self, letter: &Letter) {
        let Letter { order, name, came, message } = letter;
        let back = &self.orders[order].returns[name];
        let known = back.revision;
        let is_short = back.lines.iter().zip(came).any(|(of, came)| is_short(*of, *came));
        let (engine, command) = (self.engine(), ReportPartner::new(self.meta(), message.clone()));
        self.single.run(async { engine.report_partner(&command).await }).expect("it is answered");
        let answer = command.answered().expect("it was decided").status;
        let counts = matches!(answer, PartnerStatus::Accepted | PartnerStatus::Gap);
        let what =
            format!("{order}/{name}, revision {} after {known}: {answer:?}", message.revision);
        assert_eq!(counts, message.revision > known && !is_short, "{what}");
        let is_known = matches!(answer, PartnerStatus::Duplicate | PartnerStatus::Stale);
        assert_eq!(is_known, message.revision <= known, "{what}");
        if counts {
            self.take(order, name, message.revision, came);
        }
    }
}
