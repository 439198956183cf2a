//! What a transfer holds against the limits until it ends.

use crate::base::{Amount, Bytes, TransferId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Which part of a transfer counts in a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservedPart {
    /// What the recipient receives.
    Amount,
    /// What the chain takes.
    Fee,
    /// Both.
    AmountAndFee,
}

/// What one counter holds for one transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The counter's stored key.
    pub key: Bytes,
    /// Which part of the transfer it counts.
    pub part: ReservedPart,
    /// How much, in the counter's measure.
    pub amount: Amount,
}

impl Reservation {
    /// What the counter posts when a transfer that reserved `reserved` in fact spent `spent`, both in this hold's basis. Rounded up, so
    /// that a value is never counted short.
    pub fn posted(&self, reserved: Amount, spent: Amount) -> Amount {
        if spent >= reserved { self.amount } else { self.amount.share_up(spent.get(), reserved.get()) }
    }
}

/// Holds of one transfer that end, and others that begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationsMoved {
    /// Which transfer.
    pub id: TransferId,
    /// What it no longer holds.
    #[serde(default, skip_serializing_if = "Reservations::is_empty")]
    pub ended: Reservations,
    /// What it holds beside the rest from now on.
    #[serde(default, skip_serializing_if = "Reservations::is_empty")]
    pub begun: Reservations,
}

/// Everything a transfer holds. It stays as it was when the transfer was allowed, whatever becomes of policies, sessions and rates
/// meanwhile, so that what is released is exactly what was reserved. When its wallet comes under another owner or parent, holds are taken
/// up in the scopes that stand above it from then on, and those of scopes that it leaves end.
///
/// Stored as one byte string: for each hold the length of the key, the key, the basis and eight bytes of amount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reservations(pub Vec<Reservation>);

impl Reservations {
    /// Whether nothing is held.
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
