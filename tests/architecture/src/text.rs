//! Code and comments of a source text, line by line.
//!
//! The parser drops comments, so the rules about comments and about lines of code read the text itself.

/// One line of a source text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The code, with its strings.
    pub code: String,
    /// The text of comments and documentation comments.
    pub comment: String,
}

/// What the scanner stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    LineComment,
    /// With the number of comments that are open, since they nest.
    BlockComment(usize),
    Text,
    /// With the number of `#` that end it.
    RawText(usize),
}

/// The lines of a source text.
pub fn lines(source: &str) -> Vec<Line> {
    let chars: Vec<char> = source.chars().collect();
    let mut lines = vec![Line::default()];
    let mut place = Place::Code;
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1).copied().unwrap_or('\0');
        if chars[at] == '\n' {
            if place == Place::LineComment {
                place = Place::Code;
            }
            lines.push(Line::default());
            at += 1;
            continue;
        }
        let (taken, then) = step(&chars, at, next, place);
        let in_comment = matches!(place, Place::LineComment | Place::BlockComment(_))
            || matches!(then, Place::LineComment | Place::BlockComment(_));
        if let Some(line) = lines.last_mut() {
            let target = if in_comment { &mut line.comment } else { &mut line.code };
            // A newline inside of what was taken would belong to two lines; only an escaped one can be, and is not copied.
            target.extend(chars[at..at + taken].iter().filter(|character| **character != '\n'));
        }
        for _ in chars[at..at + taken].iter().filter(|character| **character == '\n') {
            lines.push(Line::default());
        }
        place = then;
        at += taken;
    }
    lines
}

/// How many characters belong together at a position, and the place after them.
fn step(chars: &[char], at: usize, next: char, place: Place) -> (usize, Place) {
    let current = chars[at];
    match place {
        Place::LineComment => (1, place),
        Place::BlockComment(open) if current == '*' && next == '/' => {
            (2, if open == 1 { Place::Code } else { Place::BlockComment(open - 1) })
        }
        Place::BlockComment(open) if current == '/' && next == '*' => (2, Place::BlockComment(open + 1)),
        Place::BlockComment(_) => (1, place),
        Place::Text if current == '\\' && next != '\0' => (2, place),
        Place::Text => (1, if current == '"' { Place::Code } else { place }),
        Place::RawText(hashes) if current == '"' && count(chars, at + 1, '#') >= hashes => (1 + hashes, Place::Code),
        Place::RawText(_) => (1, place),
        Place::Code => step_in_code(chars, at, next),
    }
}

fn step_in_code(chars: &[char], at: usize, next: char) -> (usize, Place) {
    match chars[at] {
        '/' if next == '/' => (2, Place::LineComment),
        '/' if next == '*' => (2, Place::BlockComment(1)),
        '"' => (1, Place::Text),
        'r' if begins_raw(chars, at) => {
            let hashes = count(chars, at + 1, '#');
            (2 + hashes, Place::RawText(hashes))
        }
        // A character, and no lifetime: it ends with a quote.
        '\'' if next == '\\' => {
            let end = chars.iter().skip(at + 3).position(|character| *character == '\'').unwrap_or(0);
            (end + 4, Place::Code)
        }
        '\'' if chars.get(at + 2) == Some(&'\'') => (3, Place::Code),
        _ => (1, Place::Code),
    }
}

/// Whether the `r` at a position begins a raw string, as in `r"`, `br#"` or `cr"`.
fn begins_raw(chars: &[char], at: usize) -> bool {
    let is_word = |index: usize| chars.get(index).is_some_and(|character| character.is_alphanumeric() || *character == '_');
    let begins = match at.checked_sub(1) {
        Some(before) if matches!(chars[before], 'b' | 'c') => before == 0 || !is_word(before - 1),
        Some(before) => !is_word(before),
        None => true,
    };
    begins && chars.get(at + 1 + count(chars, at + 1, '#')) == Some(&'"')
}

fn count(chars: &[char], from: usize, wanted: char) -> usize {
    chars.iter().skip(from).take_while(|character| **character == wanted).count()
}

#[cfg(test)]
mod tests {
    use super::lines;

    fn split(source: &str) -> (Vec<String>, Vec<String>) {
        lines(source).into_iter().map(|line| (line.code.trim().to_owned(), line.comment.trim().to_owned())).unzip()
    }

    #[test]
    fn comments_are_told_from_strings() {
        let (code, comments) = split("let a = \"// no\"; // yes\nlet b = r#\"/* \"no */\"#; /* yes /* nested */ still */ c()");
        assert_eq!(code, ["let a = \"// no\";", "let b = r#\"/* \"no */\"#;  c()"]);
        assert_eq!(comments, ["// yes", "/* yes /* nested */ still */"]);
    }

    #[test]
    fn quotes_in_characters_open_no_string() {
        let (code, comments) = split("let q = '\"'; let n = '\\''; fn f<'a>(x: &'a str) {} // end");
        assert_eq!(code, ["let q = '\"'; let n = '\\''; fn f<'a>(x: &'a str) {}"]);
        assert_eq!(comments, ["// end"]);
    }

    #[test]
    fn a_string_over_several_lines_keeps_its_lines() {
        let (code, _) = split("a(\"one \\\n  two\");\nb()");
        assert_eq!(code.len(), 3);
        assert_eq!(code[2], "b()");
    }
}
