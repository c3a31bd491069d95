//! Enums that are counted and told by name.

macro_rules! named {
    ($(#[$doc:meta])* pub(crate) enum $name:ident { $($variant:ident = $told:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum $name { $($variant,)* }

        impl $name {
            /// All of them, in their order.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];
            /// How many there are.
            pub(crate) const COUNT: usize = Self::ALL.len();

            /// In words.
            pub(crate) fn told(self) -> &'static str {
                match self { $(Self::$variant => $told,)* }
            }
        }
    };
}

pub(crate) use named;
