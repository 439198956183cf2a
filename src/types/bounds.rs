//! The bounds of lists and texts that every method keeps.

use crate::error::Error;

/// The most entries of a list in one reply.
pub const MAX_PAGE: usize = 100;

/// Returns how many entries a reply carries: `limit`, at most [`MAX_PAGE`], and [`MAX_PAGE`] when it is absent.
pub fn page(limit: Option<u32>) -> usize {
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MAX_PAGE).min(MAX_PAGE)
}

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
    fn a_page_never_exceeds_the_cap() {
        assert_eq!(page(None), 100);
        assert_eq!(page(Some(0)), 0);
        assert_eq!(page(Some(7)), 7);
        assert_eq!(page(Some(u32::MAX)), 100);
    }

    #[test]
    fn a_long_text_is_refused_by_its_bytes() {
        assert_eq!(at_most("note", &"é".repeat(512), 1024), Ok(()));
        let refused = at_most("note", &"é".repeat(513), 1024).expect_err("1026 bytes");
        assert_eq!(refused.message, "note: 1026 bytes; at most 1024 bytes");
    }
}
