//! Lengths of files and functions.

use crate::declarations::Function;
use crate::layout::{MAX_LINES, MAX_TEST_LINES};
use crate::survey::{SourceFile, Survey};

/// The messages about files that are too long.
pub fn offenders(survey: &Survey) -> Vec<String> {
    let too_long = survey.files.iter().filter(|file| file.line_count() > limit(file));
    too_long
        .map(|file| format!("{}: {} lines; at most {}: split it by subject", file.path, file.line_count(), limit(file)))
        .collect()
}

/// The most lines that a file may have.
fn limit(file: &SourceFile) -> usize {
    if file.is_test { MAX_TEST_LINES } else { MAX_LINES }
}

/// The longest file that is delivered.
pub fn longest_file(survey: &Survey) -> Option<&SourceFile> {
    survey.files.iter().filter(|file| file.is_product()).max_by_key(|file| file.line_count())
}

/// The delivered functions with their files, longest first.
pub fn longest_functions(survey: &Survey) -> Vec<(&SourceFile, &Function)> {
    let mut functions: Vec<_> = survey.files.iter().filter(|file| file.is_product()).flat_map(functions).collect();
    functions.sort_by_key(|(_, function)| std::cmp::Reverse(function.lines));
    functions
}

fn functions(file: &SourceFile) -> impl Iterator<Item = (&SourceFile, &Function)> {
    let functions = file.declarations.functions.iter();
    functions.filter(|function| !file.is_test_line(function.line)).map(move |function| (file, function))
}
