//! Enums that are counted and reported by name.

macro_rules! named {
    ($(#[$doc:meta])* pub(crate) enum $name:ident { $($variant:ident = $label:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub(crate) enum $name { $($variant,)* }

        impl $name {
            /// All of them, in their order.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];
            /// How many there are.
            pub(crate) const COUNT: usize = Self::ALL.len();

            /// In words.
            pub(crate) fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// Its name, as one writes it to ask for it.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }
        }
    };
}

pub(crate) use named;
