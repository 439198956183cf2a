//! Report for people: one table of numbers, and on request every offender.

use crate::Survey;
use crate::circles::{Level, circles, describe, support_circles};
use crate::{chain_names, circles as rule_circles, documentation, rooms, sizes, twins, words};

/// The table of numbers that are compared before and after a change of the layout.
pub fn table(survey: &Survey) -> String {
    let product = survey.files.iter().filter(|file| file.is_product());
    let longest = sizes::longest_file(survey).map_or(String::new(), |file| format!("{} ({})", file.line_count(), file.path));
    let functions = sizes::longest_functions(survey);
    let function = functions.first().map_or(String::new(), |(file, function)| {
        format!("{} (`{}`, {}:{})", function.lines, function.name, file.path, function.line)
    });
    let (files, rooms) = (circles(survey, Level::Files), circles(survey, Level::Rooms));
    let in_circles: usize = files.iter().map(|circle| circle.members.len()).sum();
    let chain = chain_names::counts(survey);
    let rows = [
        ("crates", survey.crates.iter().map(|krate| krate.name.to_owned()).collect::<Vec<_>>().join(", ")),
        ("files, with tests", survey.files.len().to_string()),
        ("files, without tests", product.clone().count().to_string()),
        ("lines, without tests", product.map(|file| file.line_count()).sum::<usize>().to_string()),
        ("longest file", longest),
        ("files over the limit", sizes::offenders(survey).len().to_string()),
        ("longest function", function),
        ("functions over 40 lines", functions.iter().filter(|(_, function)| function.lines > 40).count().to_string()),
        ("circles of files", format!("{} (of {in_circles} files)", files.len())),
        ("circles of rooms", rooms.len().to_string()),
        ("forbidden or unlisted uses of rooms", rooms::offenders(survey).len().to_string()),
        ("lines that name a chain outside", format!("{} (in {} files)", chain_names::total(survey), chain.len())),
        ("twin enums", twins::count(survey).to_string()),
        ("public functions without `# Errors`", documentation::without_errors(survey).len().to_string()),
        ("first sentences that are too long", documentation::long_sentences(survey).len().to_string()),
        ("first sentences without a noun", documentation::open_subjects(survey).len().to_string()),
        ("documentation of one word", documentation::single_words(survey).len().to_string()),
        ("citations", documentation::citations(survey).len().to_string()),
        ("retired names", words::offenders(survey).len().to_string()),
        ("words of the README", survey.readme.split_whitespace().count().to_string()),
    ];
    rows.iter().map(|(name, value)| format!("| {name} | {value} |\n")).collect()
}

/// The circles of files and of rooms, with every use in them.
pub fn all_circles(survey: &Survey) -> String {
    let mut text = String::new();
    for (title, found) in [
        ("Circles of files", circles(survey, Level::Files)),
        ("Circles of files in the crates for tests", support_circles(survey, Level::Files)),
    ] {
        let described: Vec<String> = found.iter().map(|circle| describe(survey, circle)).collect();
        text.push_str(&section(title, &described));
    }
    let rooms = circles(survey, Level::Rooms);
    text.push_str(&section("Uses between rooms", &rule_circles::between_rooms(survey)));
    text.push_str(&section("Circles of rooms", &rooms.iter().map(|circle| circle.members.join(", ")).collect::<Vec<_>>()));
    text
}

/// Every offender of every rule.
pub fn offenders(survey: &Survey) -> String {
    let functions: Vec<String> = sizes::longest_functions(survey)
        .iter()
        .filter(|(_, function)| function.lines > 40)
        .map(|(file, function)| format!("{}:{}: `{}`: {} lines", file.path, function.line, function.name, function.lines))
        .collect();
    let chain: Vec<String> = chain_names::counts(survey).iter().map(|(path, lines)| format!("{lines:4} {path}")).collect();
    [
        section("Circles of files", &rule_circles::offenders(survey, Level::Files)),
        section("Rooms", &rooms::offenders(survey)),
        section("Files that are too long", &sizes::offenders(survey)),
        section("Functions over 40 lines", &functions),
        section("Lines that name a chain", &chain),
        section("Twin enums", &twins::offenders(survey)),
        section("Public functions without `# Errors`", &documentation::without_errors(survey)),
        section("First sentences that are too long", &documentation::long_sentences(survey)),
        section("First sentences without a noun", &documentation::open_subjects(survey)),
        section("Documentation of one word", &documentation::single_words(survey)),
        section("Citations", &documentation::citations(survey)),
        section("Retired names", &words::offenders(survey)),
    ]
    .concat()
}

fn section(title: &str, lines: &[String]) -> String {
    format!("\n## {title}: {}\n\n{}\n", lines.len(), lines.join("\n"))
}
