//! Why units come back, in what condition, and how.

use minicbor::{Decode, Encode};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $number:literal $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
        #[cbor(index_only)]
        pub enum $name {
            $($(#[$each])* #[n($number)] $variant = $number,)*
        }

        impl $name {
            /// Each of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// A word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

words! {
    /// Why a customer returns something.
    ReturnReason {
        /// He does not want it.
        1 ChangedMind = "changed_mind",
        /// It does not fit.
        2 DoesNotFit = "does_not_fit",
        /// It is not what he ordered.
        3 WrongItem = "wrong_item",
        /// It came damaged.
        4 Damaged = "damaged",
        /// It does not work.
        5 Defective = "defective",
        /// It is not as it was said to be.
        6 NotAsDescribed = "not_as_described",
        /// It came too late.
        7 TooLate = "too_late",
        /// He says nothing of it, or something else.
        8 Other = "other",
    }
}

impl ReturnReason {
    /// Whether it is the seller who is to blame: then the customer pays nothing.
    pub const fn is_sellers_fault(self) -> bool {
        match self {
            Self::WrongItem
            | Self::Damaged
            | Self::Defective
            | Self::NotAsDescribed
            | Self::TooLate => true,
            Self::ChangedMind | Self::DoesNotFit | Self::Other => false,
        }
    }
}

words! {
    /// In what condition the customer says that it is.
    Condition {
        /// Its box is closed.
        1 Unopened = "unopened",
        /// Its box is open.
        2 Opened = "opened",
        /// It was used.
        3 Used = "used",
        /// It is damaged, or does not work.
        4 Faulty = "faulty",
    }
}

words! {
    /// How it comes back.
    ReturnWay {
        /// The customer brings it to a store.
        1 Store = "store",
        /// He sends it.
        2 Mail = "mail",
        /// He leaves it where parcels are taken.
        3 DropOff = "drop_off",
        /// He keeps it.
        4 KeepIt = "keep_it",
    }
}

words! {
    /// What comes first: goods, permission or money.
    ReturnMode {
        /// The customer asks, sends, and is credited once the goods were looked at.
        1 Normal = "normal",
        /// He is credited, and keeps the goods.
        2 KeepIt = "keep_it",
        /// He is credited, and sends the goods until a deadline.
        3 Advance = "advance",
        /// The goods came, and nobody had asked.
        4 Unannounced = "unannounced",
    }
}

words! {
    /// When a customer may have what he gets for units that come back. It is kept for him from the start.
    ExchangeMode {
        /// Once the units came in.
        1 Reserve = "reserve",
        /// Once the carrier has them.
        2 OnScan = "on_scan",
        /// At once.
        3 Advance = "advance",
    }
}

words! {
    /// Who pays for the label.
    LabelPayer {
        /// The seller.
        1 Seller = "seller",
        /// The customer: it is taken off his credit.
        2 Customer = "customer",
    }
}

words! {
    /// What of what he paid for shipping a customer is credited.
    #[derive(Default)]
    ShippingRefund {
        /// Nothing.
        #[default]
        1 None = "none",
        /// All of it, with the last unit of the order.
        2 LastUnit = "last_unit",
        /// Of each unit what it has of it.
        3 Proportional = "proportional",
    }
}
