//! Reservations: the amounts that a transfer holds against limits until it ends.

use crate::base::{Amount, Bytes, TransferId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The part of a transfer that a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservedPart {
    /// The amount that the recipients receive.
    Amount,
    /// The fees and the rent that the chain takes.
    Fee,
    /// The amount and the fee together.
    AmountAndFee,
}

/// The amount that one counter holds for one transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The stored key of the counter.
    pub key: Bytes,
    /// The part of the transfer that it counts.
    pub part: ReservedPart,
    /// The amount held, in the counter's unit.
    pub amount: Amount,
}

impl Reservation {
    /// Returns the amount to post when a transfer that reserved `reserved` in fact spent `spent`. Both are in base units of this
    /// reservation's part. The amount is in the counter's unit and rounded up, so that a value is never counted short. It is at
    /// most the whole reservation.
    pub fn posted(&self, reserved: Amount, spent: Amount) -> Amount {
        if spent >= reserved { self.amount } else { self.amount.share_up(spent.get(), reserved.get()) }
    }
}

/// The reservations of one transfer that end, and others that begin. A change of its wallet's owner or parent causes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationsMoved {
    /// The transfer whose reservations change.
    pub id: TransferId,
    /// The reservations that end; each was held before.
    #[serde(default, skip_serializing_if = "Reservations::is_empty")]
    pub ended: Reservations,
    /// The reservations that begin beside the others.
    #[serde(default, skip_serializing_if = "Reservations::is_empty")]
    pub begun: Reservations,
}

/// All reservations of a transfer. Changes of policies, sessions and rates leave them as they are, so that exactly what was
/// reserved is released; a new limit may add its own. When the wallet comes under another owner or parent, reservations begin in
/// the scopes that bind it from then on, and those of scopes that it leaves end.
///
/// Stored as one byte string. Each reservation is one byte for the length of the key, the key, one byte for the part, and the
/// amount in eight bytes, big-endian.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reservations(pub Vec<Reservation>);

impl Reservations {
    /// Returns whether nothing is held.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Reservations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        for Reservation { key, part, amount } in &self.0 {
            let length = u8::try_from(key.len()).map_err(|_| serde::ser::Error::custom("a counter's key is too long"))?;
            bytes.push(length);
            bytes.extend_from_slice(key);
            bytes.push(match part {
                ReservedPart::Amount => 0,
                ReservedPart::Fee => 1,
                ReservedPart::AmountAndFee => 2,
            });
            bytes.extend_from_slice(&amount.get().to_be_bytes());
        }
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Reservations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        let mut rest = &bytes[..];
        let mut reservations = Vec::new();
        while !rest.is_empty() {
            let (reservation, after) = reservation(rest).ok_or_else(|| de::Error::custom("what a transfer holds is malformed"))?;
            reservations.push(reservation);
            rest = after;
        }
        Ok(Self(reservations))
    }
}

/// Reads one reservation and returns it with the bytes that follow; `None` when the bytes are malformed.
fn reservation(bytes: &[u8]) -> Option<(Reservation, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (key, rest) = rest.split_at_checked(usize::from(length))?;
    let (&part, rest) = rest.split_first()?;
    let (amount, rest) = rest.split_first_chunk::<8>()?;
    let part = match part {
        0 => ReservedPart::Amount,
        1 => ReservedPart::Fee,
        2 => ReservedPart::AmountAndFee,
        _ => return None,
    };
    Some((Reservation { key: Bytes::new(key), part, amount: Amount::new(u64::from_be_bytes(*amount)) }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::codec::{from_record, from_value, to_record, to_value};

    #[test]
    fn holds_come_back_from_both_encodings() {
        let reservation = |key: &[u8], part, amount| Reservation { key: Bytes::new(key), part, amount: Amount::new(amount) };
        let reservations = Reservations(vec![
            reservation(&[1, 2, 3], ReservedPart::AmountAndFee, 7),
            reservation(&[], ReservedPart::Fee, u64::MAX),
            reservation(&[9; 200], ReservedPart::Amount, 0),
        ]);
        assert_eq!(from_record::<Reservations>(&to_record(&reservations)).unwrap(), reservations);
        assert_eq!(from_value::<Reservations>(to_value(&reservations).unwrap()).unwrap(), reservations);
        assert!(from_record::<Reservations>(&to_record(&Bytes::new([3, 1, 2]))).is_err(), "cut off");
    }

    #[test]
    fn a_value_is_posted_in_proportion_and_rounded_up() {
        let reservation = Reservation { key: Bytes::default(), part: ReservedPart::AmountAndFee, amount: Amount::new(1_000) };
        assert_eq!(reservation.posted(Amount::new(300), Amount::new(300)), Amount::new(1_000));
        assert_eq!(reservation.posted(Amount::new(300), Amount::new(100)), Amount::new(334));
        assert_eq!(reservation.posted(Amount::new(300), Amount::ZERO), Amount::ZERO);
    }
}
