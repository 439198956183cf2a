//! Documentation rules: a plain first sentence, `# Errors` on fallible functions, no citations of documents that readers do not have.

use crate::declarations::Documentation;
use crate::layout::MAX_SENTENCE_WORDS;
use crate::survey::{SourceFile, Survey};

/// First words that leave open what a sentence is about.
const OPEN_SUBJECTS: &[&str] = &[
    "what",
    "whatever",
    "which",
    "whichever",
    "who",
    "whoever",
    "whom",
    "whose",
    "it",
    "its",
    "they",
    "them",
    "somebody",
    "someone",
    "nobody",
    "anybody",
    "everybody",
];
/// Words before a number that cite a list outside the repository.
const CITED: &[&str] = &["trap", "traps", "row", "rows", "requirement", "requirements", "issue", "issues"];
/// Words that may stand between a citation's word and its number.
const BETWEEN: &[&str] = &["row", "rows", "no", "number", "and", "to", "or"];

/// The messages about public items whose first sentence is too long.
pub fn long_sentences(survey: &Survey) -> Vec<String> {
    each(survey, |documentation| {
        let words = count_words(&first_sentence(&documentation.text));
        let is_long = documentation.is_public && words > MAX_SENTENCE_WORDS;
        is_long.then(|| format!("the first sentence has {words} words; at most {MAX_SENTENCE_WORDS}"))
    })
}

/// The messages about documentation comments of one word.
pub fn single_words(survey: &Survey) -> Vec<String> {
    each(survey, |documentation| {
        let is_single = documentation.text.split_whitespace().count() == 1;
        is_single.then(|| format!("`{}` is no sentence; say what it is, with unit and range", documentation.text.trim()))
    })
}

/// The messages about public items whose first sentence begins with a pronoun.
pub fn open_subjects(survey: &Survey) -> Vec<String> {
    each(survey, |documentation| {
        let first = documentation.text.split_whitespace().next().unwrap_or_default();
        let is_open = documentation.is_public && OPEN_SUBJECTS.contains(&bare(first).to_lowercase().as_str());
        is_open.then(|| format!("begins with `{first}`; begin with the noun it is about"))
    })
}

/// The messages about public fallible functions that do not say when they fail.
pub fn without_errors(survey: &Survey) -> Vec<String> {
    let mut messages = Vec::new();
    for file in survey.files.iter().filter(|file| file.is_product()) {
        let functions = file.declarations.without_errors.iter().filter(|function| !file.is_test_line(function.line));
        messages.extend(functions.map(|function| {
            format!("{}:{}: `{}` returns a `Result`; say under `# Errors` when it fails", file.path, function.line, function.name)
        }));
    }
    messages
}

/// The messages about comments that cite a numbered row, trap or requirement.
pub fn citations(survey: &Survey) -> Vec<String> {
    let messages = |file: &SourceFile| {
        let found = citations_in(file).into_iter();
        let path = file.path.clone();
        found
            .map(move |(line, cited)| format!("{path}:{line}: `{cited}` is nothing a reader has; say the reason"))
            .collect::<Vec<_>>()
    };
    survey.files.iter().flat_map(messages).collect()
}

/// The messages of a rule about the documentation of delivered code.
fn each(survey: &Survey, rule: impl Fn(&Documentation) -> Option<String>) -> Vec<String> {
    let mut messages = Vec::new();
    for file in survey.files.iter().filter(|file| file.is_product()) {
        for documentation in file.declarations.documentation.iter().filter(|found| !file.is_test_line(found.line)) {
            if let Some(message) = rule(documentation) {
                messages.push(format!("{}:{}: `{}`: {message}", file.path, documentation.line, documentation.subject));
            }
        }
    }
    messages
}

/// The first sentence of a documentation comment: it ends with its first paragraph at the latest.
pub fn first_sentence(text: &str) -> String {
    let paragraph = text.trim_start().lines().take_while(|line| !ends_paragraph(line.trim())).collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let mut open_code = false;
    for (index, word) in words.iter().enumerate() {
        if word.matches('`').count() % 2 == 1 {
            open_code = !open_code;
        }
        let ends = word.trim_end_matches([')', '"', '”', '*', '_']).ends_with(['.', '!', '?']);
        // After an abbreviation the sentence goes on in lower case.
        let goes_on = words.get(index + 1).is_some_and(|next| bare(next).chars().next().is_some_and(char::is_lowercase));
        if ends && !open_code && !goes_on {
            return words[..=index].join(" ");
        }
    }
    words.join(" ")
}

/// Whether a line of Markdown is no part of the paragraph above it.
fn ends_paragraph(line: &str) -> bool {
    line.is_empty() || ["#", "```", "|", "* ", "- ", "> "].iter().any(|mark| line.starts_with(mark))
}

/// The number of words; a piece of code in backticks is one.
fn count_words(sentence: &str) -> usize {
    let outside = |(index, part): (usize, &str)| if index % 2 == 1 { "code".to_owned() } else { part.to_owned() };
    let plain: String = sentence.split('`').enumerate().map(outside).collect();
    plain.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

/// The citations in the comments of a file, with their lines. A citation may go on in the next line.
fn citations_in(file: &SourceFile) -> Vec<(usize, String)> {
    let words = file.lines.iter().enumerate().flat_map(|(index, line)| {
        let words = line.comment.split_whitespace().map(bare).filter(|word| !word.is_empty());
        words.map(move |word| (index + 1, word))
    });
    let words: Vec<(usize, &str)> = words.collect();
    let mut found = Vec::new();
    let mut cited: Option<(usize, &str)> = None;
    for (line, word) in words {
        let near = cited.filter(|(start, _)| line - start <= 1);
        if let Some((start, name)) = near
            && is_number(word)
        {
            found.push((start, format!("{name} {word}")));
            continue;
        }
        if is_trap(word) {
            found.push((line, word.to_owned()));
            cited = None;
        } else if CITED.contains(&word.to_lowercase().as_str()) {
            cited = Some((line, word));
        } else if !BETWEEN.contains(&word.to_lowercase().as_str()) {
            cited = None;
        }
    }
    found
}

/// Whether a word is a number, with a capital letter before it or without.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(|first: char| first.is_ascii_uppercase()).unwrap_or(word);
    !digits.is_empty() && digits.chars().all(|character| character.is_ascii_digit())
}

/// Whether a word is the number of a trap: digits after a `T`.
fn is_trap(word: &str) -> bool {
    word.starts_with('T') && word.len() > 1 && is_number(word)
}

/// A word without the punctuation around it, and without `'s`.
fn bare(word: &str) -> &str {
    let word = word.trim_matches(|character: char| !character.is_alphanumeric());
    word.strip_suffix("'s").unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::{count_words, first_sentence, is_number, is_trap};

    #[test]
    fn a_sentence_ends_at_its_mark_or_with_its_paragraph() {
        assert_eq!(first_sentence(" One two. Three.\n"), "One two.");
        assert_eq!(first_sentence(" One,\n e.g. two\n three.\n\n Four."), "One, e.g. two three.");
        assert_eq!(first_sentence(" One `a. B` two. Three."), "One `a. B` two.");
        assert_eq!(first_sentence(" One\n\n two."), "One");
        assert_eq!(first_sentence(" Kinds:\n * one\n * two"), "Kinds:");
    }

    #[test]
    fn code_is_one_word() {
        assert_eq!(count_words("A `Vec<u8> of bytes` is – kept."), 4);
    }

    #[test]
    fn numbers_of_lists_are_recognised() {
        assert!(is_number("44") && is_number("T16") && is_trap("T16"));
        assert!(!is_number("T") && !is_number("4x") && !is_trap("44"));
    }
}
