//! Twins: enums without fields that the interface and the domain both define, variant for variant.

use crate::declarations::PlainEnum;
use crate::survey::{SourceFile, Survey};

/// The crates that define the interface.
const INTERFACE: &[&str] = &["canister", "types"];
/// The crate of the domain.
const DOMAIN: &str = "core";

/// The messages about enums of the interface that repeat one of the domain.
pub fn offenders(survey: &Survey) -> Vec<String> {
    let domain = enums(survey, &[DOMAIN]);
    let mut messages = Vec::new();
    for (file, interface) in enums(survey, INTERFACE) {
        for (other, twin) in domain.iter().filter(|(_, twin)| twin.variants == interface.variants) {
            messages.push(format!(
                "{}:{}: `{}` is the twin of `{}` ({}:{}): {}",
                file.path,
                interface.line,
                interface.name,
                twin.name,
                other.path,
                twin.line,
                interface.variants.join(", ")
            ));
        }
    }
    messages
}

/// The number of enums of the interface that have at least one twin.
pub fn count(survey: &Survey) -> usize {
    let domain = enums(survey, &[DOMAIN]);
    let has_twin = |interface: &PlainEnum| domain.iter().any(|(_, twin)| twin.variants == interface.variants);
    enums(survey, INTERFACE).iter().filter(|(_, interface)| has_twin(interface)).count()
}

/// The delivered enums of these crates with at least two variants and no field.
fn enums<'a>(survey: &'a Survey, crates: &[&str]) -> Vec<(&'a SourceFile, &'a PlainEnum)> {
    let files = survey.files.iter().filter(|file| file.is_product() && file.krate.is_some_and(|krate| crates.contains(&krate.name)));
    let all = files.flat_map(|file| file.declarations.plain_enums.iter().map(move |found| (file, found)));
    all.filter(|(file, found)| found.variants.len() > 1 && !file.is_test_line(found.line)).collect()
}
