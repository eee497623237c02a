//! The numbers that stand for the model's enums in images: never changed, never
//! reused. They are the numbers of the journal's encoding too.

use super::error::ImageError;
use crate::model::{NodeKind, Objective, Shortage, Split};

macro_rules! codes {
    ($enum:ident, $what:literal, $to:ident, $from:ident, { $($variant:ident = $code:literal),+ }) => {
        pub(super) const fn $to(value: $enum) -> u8 {
            match value {
                $($enum::$variant => $code,)+
            }
        }

        pub(super) fn $from(code: u8) -> Result<$enum, ImageError> {
            match code {
                $($code => Ok($enum::$variant),)+
                _ => Err(ImageError::Code { what: $what, value: code.into() }),
            }
        }
    };
}

codes!(NodeKind, "kind of node", kind_code, kind_of, {
    Warehouse = 1, Store = 2, ThirdParty = 3, Supplier = 4
});
codes!(Objective, "objective", objective_code, objective_of, {
    Promise = 1, Shipments = 2, Cost = 3, Balance = 4
});

pub(super) fn shortage_of(code: u8) -> Result<Shortage, ImageError> {
    let unknown = ImageError::Code { what: "way with a shortage", value: code.into() };
    Shortage::from_code(code).ok_or(unknown)
}

pub(super) fn split_of(code: u8) -> Result<Split, ImageError> {
    let unknown = ImageError::Code { what: "way to split", value: code.into() };
    Split::from_code(code).ok_or(unknown)
}
