//! The base-32 text form of a Kaspa address, with the checksum of CashAddr.
//!
//! Version bytes, networks and keys are checked in [`super::address`].

const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM_LEN: usize = 8;
const GENERATORS: [u64; 5] = [0x98_f2bc_8e61, 0x79_b76d_99e2, 0xf3_3e5f_b3c4, 0xae_2eab_e2a8, 0x1e_4f43_e470];

/// The reason why a body encodes no bytes under its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A character outside the charset.
    Character(char),
    /// A body shorter than the checksum of 8 characters.
    TooShort,
    /// A checksum that does not match body and prefix.
    Checksum,
    /// Bits after the last whole byte that an encoder does not write.
    Padding,
}

/// Encodes `bytes` with a checksum over `prefix` and bytes; the prefix itself is not written.
pub fn encode(prefix: &str, bytes: &[u8]) -> String {
    let mut values = to_five_bits(bytes);
    let checksum = polymod(prefix, &values);
    values.extend((0..CHECKSUM_LEN).rev().map(|i| (checksum >> (5 * i) & 31) as u8));
    values.into_iter().map(|value| char::from(CHARSET[usize::from(value)])).collect()
}

/// Decodes a body that [`encode`] wrote under the same prefix.
///
/// Every sequence of bytes has exactly one accepted spelling, so two texts never stand for one address.
///
/// # Errors
/// [`Error::Character`] for a character outside the alphabet, [`Error::TooShort`] below 8 characters, [`Error::Checksum`] when the
/// checksum does not match, and [`Error::Padding`] when unused bits are not zero or a whole group of bits is left over.
pub fn decode(prefix: &str, body: &str) -> Result<Vec<u8>, Error> {
    let values = body.chars().map(value_of).collect::<Result<Vec<u8>, Error>>()?;
    let (payload, checksum) = values.split_last_chunk::<CHECKSUM_LEN>().ok_or(Error::TooShort)?;
    let written = checksum.iter().fold(0, |acc, &value| acc << 5 | u64::from(value));
    if polymod(prefix, payload) != written {
        return Err(Error::Checksum);
    }
    let bytes = to_bytes(payload);
    if to_five_bits(&bytes) != payload {
        return Err(Error::Padding);
    }
    Ok(bytes)
}

fn value_of(c: char) -> Result<u8, Error> {
    CHARSET.iter().position(|&known| char::from(known) == c).map(|index| index as u8).ok_or(Error::Character(c))
}

/// Splits bytes into groups of five bits, most significant first; zeros pad the last group on the right.
fn to_five_bits(bytes: &[u8]) -> Vec<u8> {
    let mut values = Vec::with_capacity((bytes.len() * 8).div_ceil(5) + CHECKSUM_LEN);
    let (mut buffer, mut bits) = (0u32, 0);
    for &byte in bytes {
        buffer = (buffer & 31) << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            values.push((buffer >> bits & 31) as u8);
        }
    }
    if bits > 0 {
        values.push((buffer << (5 - bits) & 31) as u8);
    }
    values
}

/// Joins five-bit groups to whole bytes; [`decode`] checks the bits left over, which are dropped here.
fn to_bytes(values: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * 5 / 8);
    let (mut buffer, mut bits) = (0u32, 0);
    for &value in values {
        buffer = (buffer & 0xff) << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xff) as u8);
        }
    }
    bytes
}

/// Computes the 40-bit checksum of CashAddr over prefix and payload: a BCH code over groups of five bits.
fn polymod(prefix: &str, payload: &[u8]) -> u64 {
    // The zero separates prefix and payload; the zeros at the end stand where the checksum will be.
    let prefix = prefix.bytes().map(|byte| byte & 31);
    let values = prefix.chain([0]).chain(payload.iter().copied()).chain([0; CHECKSUM_LEN]);
    let checksum = values.fold(1u64, |c, value| {
        let top = c >> 35;
        let shifted = (c & 0x07_ffff_ffff) << 5 ^ u64::from(value);
        GENERATORS.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1).fold(shifted, |c, (_, generator)| c ^ generator)
    });
    checksum ^ 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_and_decodes_payloads_that_are_no_curve_points() {
        // Vectors of rusty-kaspa's address tests: version byte and payload.
        let ecdsa = hex::decode("01ba01fc5f4e9d9879599c69a3dafdb835a7255e5f2e934e9322ecd3af190ab0f60e").expect("hex");
        let cases = [
            ("kaspa", vec![0; 33], "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkx9awp4e"),
            ("kaspatest", vec![0; 33], "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqhqrxplya"),
            ("kaspatest", [vec![1], vec![0; 33]].concat(), "qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqhe837j2d"),
            ("kaspatest", ecdsa, "qxaqrlzlf6wes72en3568khahq66wf27tuhfxn5nytkd8tcep2c0vrse6gdmpks"),
        ];
        for (prefix, bytes, body) in cases {
            assert_eq!(encode(prefix, &bytes), body);
            assert_eq!(decode(prefix, body), Ok(bytes));
        }
    }

    #[test]
    fn refuses_bits_behind_the_last_byte() {
        // The upstream decoder reads this as the zero key.
        assert_eq!(decode("kaspa", "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqp99ukhzxc"), Err(Error::Padding));
    }

    #[test]
    fn refuses_a_body_shorter_than_its_checksum() {
        assert_eq!(decode("kaspa", "qqqqqqq"), Err(Error::TooShort));
    }
}
