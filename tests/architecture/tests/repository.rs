//! The rules of the layout, on the sources of this repository: one test for each, whose message lists every offender.

use architecture::layout::{MAX_CHAIN_LINES, MAX_TWINS};
use architecture::{Level, Sources, Survey, chain_names, circles, documentation, rooms, sizes, sources, twins, words};
use std::sync::OnceLock;

/// The survey of this repository, made once for all tests.
fn survey() -> &'static Survey {
    static SURVEY: OnceLock<Survey> = OnceLock::new();
    SURVEY.get_or_init(|| {
        let sources = Sources::read(&sources::repository()).unwrap_or_else(|error| panic!("{error}"));
        Survey::of(&sources).unwrap_or_else(|error| panic!("{error}"))
    })
}

fn assert_none(what: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{} {what}:\n{}", offenders.len(), offenders.join("\n"));
}

#[test]
fn files_use_each_other_in_no_circle() {
    assert_none("circles of files", &circles::offenders(survey(), Level::Files));
}

#[test]
fn rooms_use_each_other_in_no_circle() {
    assert_none("circles of rooms", &circles::offenders(survey(), Level::Rooms));
}

#[test]
fn rooms_use_what_the_table_allows() {
    assert_none("uses that the table does not allow", &rooms::offenders(survey()));
}

#[test]
fn files_are_no_longer_than_the_limit() {
    assert_none("files are too long", &sizes::offenders(survey()));
}

#[test]
fn fallible_functions_say_when_they_fail() {
    assert_none("public functions have no `# Errors`", &documentation::without_errors(survey()));
}

#[test]
fn first_sentences_are_short() {
    assert_none("first sentences are too long", &documentation::long_sentences(survey()));
}

#[test]
fn first_sentences_begin_with_a_noun() {
    assert_none("first sentences begin with a pronoun", &documentation::open_subjects(survey()));
}

#[test]
fn documentation_is_more_than_a_word() {
    assert_none("comments are one word", &documentation::single_words(survey()));
}

#[test]
fn comments_cite_no_list_that_readers_do_not_have() {
    assert_none("citations", &documentation::citations(survey()));
}

#[test]
fn retired_names_do_not_come_back() {
    assert_none("definitions have a retired name", &words::offenders(survey()));
}

#[test]
fn few_lines_outside_the_chain_folders_name_a_chain() {
    let counts = chain_names::counts(survey());
    let lines: Vec<String> = counts.iter().map(|(path, lines)| format!("{lines:4} {path}")).collect();
    let total = chain_names::total(survey());
    assert!(total <= MAX_CHAIN_LINES, "{total} lines name a chain; at most {MAX_CHAIN_LINES}:\n{}", lines.join("\n"));
}

#[test]
fn interface_and_domain_define_few_enums_twice() {
    let count = twins::count(survey());
    assert_eq!(count, MAX_TWINS, "enums that have a twin:\n{}", twins::offenders(survey()).join("\n"));
}
