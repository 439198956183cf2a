//! Twins: enums without fields that the interface and the domain both define, variant for variant.

use crate::declarations::PlainEnum;
use crate::survey::{SourceFile, Survey};

/// The messages about enums of the interface that repeat one of the domain.
pub fn offenders(survey: &Survey) -> Vec<String> {
    let domain = enums(survey, is_domain);
    let mut messages = Vec::new();
    for (file, interface) in enums(survey, is_interface) {
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
    let domain = enums(survey, is_domain);
    let has_twin = |interface: &PlainEnum| domain.iter().any(|(_, twin)| twin.variants == interface.variants);
    enums(survey, is_interface).iter().filter(|(_, interface)| has_twin(interface)).count()
}

/// Whether a file belongs to the interface: the crate of its types, or the canister's room `api`.
fn is_interface(file: &SourceFile) -> bool {
    file.krate.is_some_and(|krate| krate.name == "types" || (krate.name == "canister" && file.room == "api"))
}

fn is_domain(file: &SourceFile) -> bool {
    file.krate.is_some_and(|krate| krate.name == "core")
}

/// The enums of these delivered files that have at least two variants and no field.
fn enums(survey: &Survey, included: fn(&SourceFile) -> bool) -> Vec<(&SourceFile, &PlainEnum)> {
    let files = survey.files.iter().filter(|file| file.is_product() && included(file));
    let all = files.flat_map(|file| file.declarations.plain_enums.iter().map(move |found| (file, found)));
    all.filter(|(file, found)| found.variants.len() > 1 && !file.is_test_line(found.line)).collect()
}
