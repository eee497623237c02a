//! What is made of the table of refusals.

/// Makes the types of the engine's refusals. A row is
///
/// ```text
/// /// Documentation of the reason, for callers.
/// #[error("sentence of the message")]
/// NUMBER RustName = "NAME_OUTSIDE" { fields } => Category, Resource(fields that name it);
/// ```
macro_rules! refusals {
    ($(
        $(#[doc = $doc:literal])+
        #[error($($sentence:tt)+)]
        $number:literal $variant:ident = $name:literal
        $({ $($(#[doc = $of_field:literal])+ $field:ident: $type:ty,)+ })?
        => $category:ident, $resource:ident($($named_by:ident),*);
    )+) => {
        /// A refusal that durable state gives. None of them changed anything.
        ///
        /// Where several apply, the first in this list is answered. The lines of a
        /// cancellation are judged one after the other, and so are the quantities of a
        /// correction, the units on hand first: the first one that is refused decides.
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum Refusal {
            $(
                $(#[doc = $doc])+
                #[error($($sentence)+)]
                $variant $({ $($(#[doc = $of_field])+ $field: $type,)+ })?,
            )+
        }

        impl Refusal {
            /// Which refusal it is, without what it is about.
            pub const fn kind(&self) -> RefusalKind {
                match self {
                    $(Self::$variant { .. } => RefusalKind::$variant,)+
                }
            }

            /// What it is about.
            pub fn subject(&self) -> Subject {
                match self {
                    $(Self::$variant { $($named_by,)* .. } => Subject {
                        resource: Resource::$resource,
                        fields: vec![$((stringify!($named_by), $named_by.to_string())),*],
                    },)+
                }
            }
        }

        /// Which refusal one is, without what it is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum RefusalKind {
            $(
                $(#[doc = $doc])+
                $variant = $number,
            )+
        }

        impl RefusalKind {
            /// Every refusal, in the order in which they are judged.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The number that is this refusal's for ever.
            pub const fn number(self) -> u16 {
                self as u16
            }

            /// The name that callers see, in `UPPER_SNAKE_CASE`. It never changes and
            /// is never given another meaning.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What kind of no it is.
            pub const fn category(self) -> Category {
                match self {
                    $(Self::$variant => Category::$category,)+
                }
            }

            /// What it means, for callers: sentences that begin with a capital letter.
            pub const fn documentation(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii_start(),)+
                }
            }
        }
    };
}

pub(super) use refusals;
