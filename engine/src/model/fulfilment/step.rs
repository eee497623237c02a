//! A step of a shipment, as it is asked for, and as it is written.

use super::table::Act;
use super::work::Package;
use crate::model::ids::{PackageId, Text};
use crate::model::order::AllocationUnits;
use crate::model::stock::LineUnits;
use crate::model::time::Timestamp;

/// A step that a shipment is to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The node may work on it.
    Release,
    /// It is taken back from the node. One that accepted it, or began, is asked, and may answer until
    /// then.
    Recall {
        /// Until when.
        until: Timestamp,
    },
    /// The node answers that it was asked back.
    AnswerRecall {
        /// Whether it gives it back.
        gives_back: bool,
    },
    /// So many units of its lines were picked so far, in all; all of them where no line is named.
    Pick(LineUnits),
    /// So many units go back to the shelf.
    Unpick(LineUnits),
    /// These units are in a package; all that are in none where no line is named.
    Pack {
        /// The package.
        package: PackageId,
        /// All that is in it.
        lines: LineUnits,
    },
    /// A package was opened.
    Unpack(PackageId),
    /// Packages wait for the customer; all that is left of the shipment where none is named.
    MakeReady(Vec<PackageId>),
    /// Packages left; all that is left of the shipment where none is named.
    Ship {
        /// Which ones.
        packages: Vec<PackageId>,
        /// The carrier.
        carrier: Text,
        /// The carrier's tracking number.
        tracking: Text,
    },
    /// Packages arrived; the whole shipment where none is named.
    Deliver {
        /// Which ones.
        packages: Vec<PackageId>,
        /// When; none for now.
        at: Option<Timestamp>,
    },
    /// The carrier lost packages; all that left and did not arrive where none is named.
    Lose(Vec<PackageId>),
    /// The customer collected packages; the whole shipment where none is named.
    Collect(Vec<PackageId>),
}

impl Step {
    /// What it does, in the words of the table.
    pub const fn act(&self) -> Act {
        match self {
            Self::Release => Act::Release,
            Self::Recall { .. } | Self::AnswerRecall { .. } => Act::Recall,
            Self::Pick(_) => Act::Pick,
            Self::Unpick(_) => Act::Unpick,
            Self::Pack { .. } => Act::Pack,
            Self::Unpack(_) => Act::Unpack,
            Self::MakeReady(_) => Act::MakeReady,
            Self::Ship { .. } => Act::Ship,
            Self::Deliver { .. } => Act::Deliver,
            Self::Lose(_) => Act::Lose,
            Self::Collect(_) => Act::Collect,
        }
    }

    /// The packages that it names.
    pub fn packages(&self) -> &[PackageId] {
        match self {
            Self::Pack { package, .. } | Self::Unpack(package) => std::slice::from_ref(package),
            Self::MakeReady(packages)
            | Self::Ship { packages, .. }
            | Self::Deliver { packages, .. }
            | Self::Lose(packages)
            | Self::Collect(packages) => packages,
            Self::Release
            | Self::Recall { .. }
            | Self::AnswerRecall { .. }
            | Self::Pick(_)
            | Self::Unpick(_) => &[],
        }
    }
}

/// What a step changed of a shipment: units go back to the shelf, then others are picked, then those
/// that are picked leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The shipment, from 0.
    pub shipment: u16,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub act: Act,
    /// Units that went back to the shelf.
    pub put_back: Vec<AllocationUnits>,
    /// Units that were picked.
    pub picked: Vec<AllocationUnits>,
    /// Units that left the node, picked before or just now.
    pub left: Vec<AllocationUnits>,
    /// The packages that changed, as they are from now on; one without lines is no more.
    pub packages: Vec<Package>,
    /// Until when the node may answer that it is asked to give the shipment back.
    pub recall: Option<Timestamp>,
}

impl Progress {
    /// Until when the first of its packages waits for the customer, if any does.
    pub fn kept_until(&self) -> Option<Timestamp> {
        self.packages.iter().filter_map(|package| package.until).min()
    }
}
