//! Variants in answers, each beside its name, so that a client reads the answers of a later version.

use candid::CandidType;
use serde::{Deserialize, Serialize};

/// The name of a variant, as the interface writes it.
pub trait Name {
    /// Returns the name. It is never changed or used for something else.
    fn name(&self) -> &'static str;
}

/// A variant in an answer, with its name.
///
/// A client that was made before a variant was added reads `null` for the new variant, and some clients for every variant of the type.
/// The name and the other fields of the answer are read by every client.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Named<V> {
    /// The name, which every client can read.
    pub name: String,
    /// The variant; absent for a client that does not know it.
    pub value: Option<V>,
}

/// Implements [`Name`] for an enum with fields. The match is exhaustive: a variant without a name does not compile.
macro_rules! name_variants {
    ($type:ty { $($variant:ident),+ $(,)? }) => {
        impl $crate::named::Name for $type {
            fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant)),+
                }
            }
        }
    };
}

pub(crate) use name_variants;

impl<V: Name> From<V> for Named<V> {
    fn from(value: V) -> Self {
        Self { name: value.name().to_owned(), value: Some(value) }
    }
}

impl<V: PartialEq> PartialEq<V> for Named<V> {
    fn eq(&self, other: &V) -> bool {
        self.value.as_ref() == Some(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;
    use candid::{decode_one, encode_one};

    /// The statuses as a client of an earlier version knows them.
    #[derive(Debug, PartialEq, CandidType, Deserialize)]
    enum OldStatus {
        Reserved,
        Confirmed,
    }

    #[derive(Debug, PartialEq, CandidType, Deserialize)]
    struct OldTransfer {
        id: u64,
        status: Named<OldStatus>,
        note: Option<String>,
    }

    #[derive(CandidType, Deserialize)]
    struct NewTransfer {
        id: u64,
        status: Named<Status>,
        code: Option<String>,
        note: Option<String>,
    }

    /// The answer about a transfer, without a name beside the variant.
    #[derive(Debug, CandidType, Deserialize)]
    struct PlainTransfer<S> {
        status: S,
    }

    fn read_by_old_client(status: Status) -> OldTransfer {
        let new = NewTransfer { id: 7, status: status.into(), code: Some("LATER".into()), note: Some("why".into()) };
        decode_one(&encode_one(new).expect("it encodes")).expect("the old client reads it")
    }

    #[test]
    fn a_client_reads_the_name_of_a_variant_that_it_does_not_know() {
        let OldTransfer { id, status, note } = read_by_old_client(Status::Quarantined);
        assert_eq!((id, note.as_deref()), (7, Some("why")));
        assert_eq!(status, Named { name: "Quarantined".into(), value: None });
    }

    #[test]
    fn a_client_reads_the_variants_that_it_knows() {
        assert_eq!(read_by_old_client(Status::Confirmed).status, OldStatus::Confirmed);
        assert_eq!(read_by_old_client(Status::Reserved).status, OldStatus::Reserved);
    }

    /// The reason for the name: without it the whole answer is lost.
    #[test]
    fn a_client_cannot_read_an_answer_with_an_unknown_variant_that_is_not_optional() {
        let encoded = encode_one(PlainTransfer { status: Status::Quarantined }).expect("it encodes");
        assert!(decode_one::<PlainTransfer<OldStatus>>(&encoded).is_err());
        assert!(decode_one::<PlainTransfer<Status>>(&encoded).is_ok());
    }
}
