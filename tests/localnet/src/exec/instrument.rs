//! Adds exports for memory, table, mutable globals and start function to a canister module.
//!
//! Every other section is copied byte for byte, so the code that runs is the code that was released.

use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

/// Export under which the memory is reachable.
pub const MEMORY: &str = "localnet memory";
/// Export under which the function table is reachable.
pub const TABLE: &str = "localnet table";
/// Export under which the start function is reachable; it runs at installation, not at every instantiation.
pub const START: &str = "localnet start";
/// Prefix of the exports of the mutable globals.
pub const GLOBAL: &str = "localnet global ";

/// An instrumented module.
pub struct Instrumented {
    /// The module's bytes.
    pub wasm: Vec<u8>,
    /// Names of the mutable globals' exports.
    pub globals: Vec<String>,
    /// Names of the module's own exported functions.
    pub functions: Vec<String>,
}

/// Instruments `wasm`.
///
/// # Errors
/// The module does not parse, or changes a table or drops a segment at run time: those effects could not be rolled back.
pub fn instrument(wasm: &[u8]) -> Result<Instrumented, String> {
    let mut scan = Scan::default();
    for payload in Parser::new(0).parse_all(wasm) {
        scan.payload(payload.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    }
    if let Some(operator) = scan.forbidden {
        return Err(format!("{operator} is not supported by localnet: its effect could not be rolled back"));
    }
    let globals: Vec<String> = scan.mutable_globals.iter().map(|index| format!("{GLOBAL}{index}")).collect();
    for (name, index) in globals.iter().zip(&scan.mutable_globals) {
        scan.exports.push((name.clone(), ExportKind::Global, *index));
    }
    for (present, name, kind) in [(scan.memory, MEMORY, ExportKind::Memory), (scan.table, TABLE, ExportKind::Table)] {
        if present {
            scan.exports.push((name.to_string(), kind, 0));
        }
    }
    if let Some(index) = scan.start {
        scan.exports.push((START.to_string(), ExportKind::Func, index));
    }
    Ok(Instrumented { wasm: rewrite(wasm, &scan)?, globals, functions: scan.functions })
}

#[derive(Default)]
struct Scan {
    exports: Vec<(String, ExportKind, u32)>,
    functions: Vec<String>,
    mutable_globals: Vec<u32>,
    imported_globals: u32,
    memory: bool,
    table: bool,
    start: Option<u32>,
    forbidden: Option<&'static str>,
}

impl Scan {
    fn payload(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.imported_globals += u32::from(matches!(import?.ty, TypeRef::Global(_)));
                }
            }
            Payload::MemorySection(section) => self.memory = section.count() > 0,
            Payload::TableSection(section) => self.table = section.count() > 0,
            Payload::GlobalSection(section) => {
                for (index, global) in (self.imported_globals..).zip(section) {
                    if global?.ty.mutable {
                        self.mutable_globals.push(index);
                    }
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    let kind = match export.kind {
                        ExternalKind::Func | ExternalKind::FuncExact => {
                            self.functions.push(export.name.to_string());
                            ExportKind::Func
                        }
                        ExternalKind::Table => ExportKind::Table,
                        ExternalKind::Memory => ExportKind::Memory,
                        ExternalKind::Global => ExportKind::Global,
                        ExternalKind::Tag => ExportKind::Tag,
                    };
                    self.exports.push((export.name.to_string(), kind, export.index));
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    self.operator(&operator?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn operator(&mut self, operator: &Operator<'_>) {
        let name = match operator {
            Operator::TableSet { .. } => "table.set",
            Operator::TableGrow { .. } => "table.grow",
            Operator::TableFill { .. } => "table.fill",
            Operator::TableCopy { .. } => "table.copy",
            Operator::TableInit { .. } => "table.init",
            Operator::ElemDrop { .. } => "elem.drop",
            Operator::DataDrop { .. } => "data.drop",
            _ => return,
        };
        self.forbidden = Some(name);
    }
}

const EXPORT_SECTION: u8 = 7;
const START_SECTION: u8 = 8;

/// Copies all sections but the export section, which is replaced, and the start section, which is dropped.
fn rewrite(wasm: &[u8], scan: &Scan) -> Result<Vec<u8>, String> {
    let mut exports = ExportSection::new();
    for (name, kind, index) in &scan.exports {
        exports.export(name, *kind, *index);
    }
    let mut module = Module::new();
    let mut exported = false;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|e| e.to_string())?;
        let Some((id, range)) = payload.as_section() else { continue };
        // Sections are ordered: without an export section of its own, the module's comes right before the first later one.
        if !exported && (id >= EXPORT_SECTION && id != 13) && id != 0 {
            module.section(&exports);
            exported = true;
        }
        if id != EXPORT_SECTION && id != START_SECTION {
            module.section(&RawSection { id, data: &wasm[range] });
        }
    }
    if !exported {
        module.section(&exports);
    }
    Ok(module.finish())
}
