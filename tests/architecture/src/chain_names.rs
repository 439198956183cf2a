//! Chain names outside the chain folders: how many lines of code would have to change for another chain.

use crate::layout::CHAIN_FOLDERS;
use crate::survey::{SourceFile, Survey};

/// Names of a chain or its units, found anywhere in a word.
const NAMES: &[&str] = &["kaspa", "solana", "sompi", "lamport"];
/// The tickers, which must be a part of a name by themselves.
const TICKERS: &[&str] = &["kas", "sol"];

/// The number of lines of each file that name a chain, most first.
pub fn counts(survey: &Survey) -> Vec<(&str, usize)> {
    let outside = survey.files.iter().filter(|file| {
        let in_chain_folder = CHAIN_FOLDERS.iter().any(|folder| file.path.starts_with(folder));
        file.is_product() && !in_chain_folder
    });
    let mut counts: Vec<(&str, usize)> =
        outside.map(|file| (file.path.as_str(), count(file))).filter(|(_, lines)| *lines > 0).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts
}

/// The number of lines of all files that name a chain.
pub fn total(survey: &Survey) -> usize {
    counts(survey).into_iter().map(|(_, lines)| lines).sum()
}

fn count(file: &SourceFile) -> usize {
    let code = file.lines.iter().enumerate().filter(|(index, _)| !file.is_test_line(index + 1));
    code.filter(|(_, line)| names_chain(&line.code)).count()
}

/// Whether a line of code names a chain, in an identifier or in a text.
pub fn names_chain(code: &str) -> bool {
    let lower = code.to_lowercase();
    NAMES.iter().any(|name| lower.contains(name)) || words(code).iter().any(|word| TICKERS.contains(&word.as_str()))
}

/// The words of a line in lower case: identifiers are split at `_` and where a capital follows a small letter.
pub fn words(code: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for character in code.chars() {
        let begins = character.is_uppercase() && before.is_lowercase();
        if (begins || !character.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::names_chain;

    #[test]
    fn names_are_found_in_identifiers_and_texts() {
        for code in
            ["use crate::chains::kaspa;", "LAMPORTS_PER_UNIT", "Asset::Sol", "\"0.9 KAS\"", "sol_rpc()", "SolProvider", "SOL"]
        {
            assert!(names_chain(code), "{code}");
        }
        for code in ["fn solve()", "resolve(absolute)", "console", "kasten"] {
            assert!(!names_chain(code), "{code}");
        }
    }
}
