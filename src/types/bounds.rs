//! The bounds of texts that every method keeps.

use crate::error::Error;

/// Checks that a text has at most `max` bytes.
///
/// # Errors
/// `VALIDATION_FAILED` with the name of the field and both numbers; the text itself is not repeated.
pub fn at_most(field: &str, text: &str, max: usize) -> Result<(), Error> {
    if text.len() > max { Err(Error::invalid(field, format!("{} bytes; at most {max} bytes", text.len()))) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_refused_by_its_bytes() {
        assert_eq!(at_most("note", &"é".repeat(512), 1024), Ok(()));
        let refused = at_most("note", &"é".repeat(513), 1024).expect_err("1026 bytes");
        assert_eq!(refused.message, "note: 1026 bytes; at most 1024 bytes");
    }
}
