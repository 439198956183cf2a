//! Enums without fields, each defined once for the interface.

/// Defines an enum without fields, with the names of its variants.
///
/// With the feature `domain` it is converted from and to the enum of the domain that stands behind the `=`. Each match is exhaustive: a
/// variant that one of the two lacks does not compile.
macro_rules! plain_enum {
    ($(#[$meta:meta])* pub enum $name:ident = $domain:ty { $($(#[$doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, candid::CandidType, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl crate::named::Name for $name {
            fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant)),+
                }
            }
        }

        #[cfg(feature = "domain")]
        impl From<$name> for $domain {
            fn from(variant: $name) -> Self {
                match variant {
                    $($name::$variant => Self::$variant),+
                }
            }
        }

        #[cfg(feature = "domain")]
        impl From<$domain> for $name {
            fn from(variant: $domain) -> Self {
                match variant {
                    $(<$domain>::$variant => Self::$variant),+
                }
            }
        }
    };
}
