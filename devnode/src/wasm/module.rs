//! A WASM file, read and checked against what the chain accepts.

use wasmparser::{
    CompositeInnerType, ConstExpr, CustomSectionReader, DataKind, ElementItems, ElementKind,
    ExternalKind, FuncType, FunctionBody, Import, Imports, KnownCustom, Name, Operator, Parser,
    Payload, TypeRef, ValType, ValidPayload, Validator,
};

use super::{WasmError, limits, limits::Features, wide};

/// The entry point that a program exports.
pub(super) const ENTRYPOINT: &str = "user_entrypoint";
/// The memory that a program exports.
pub(super) const MEMORY: &str = "memory";

/// What names that the chain keeps for itself begin with.
const RESERVED: &str = "stylus";

/// Bytes of a memory page.
const PAGE: u64 = 65_536;

/// An imported function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FunctionImport<'a> {
    pub(super) module: &'a str,
    pub(super) name: &'a str,
    pub(super) type_index: u32,
}

/// An exported item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExportedItem<'a> {
    pub(super) name: &'a str,
    pub(super) kind: ExternalKind,
    pub(super) index: u32,
}

/// Bounds of the memory, in pages of 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MemoryBounds {
    pub(super) minimum: u64,
    pub(super) maximum: Option<u64>,
}

/// A WASM file that is valid under the chain's features and within its limits.
#[derive(Debug, Clone)]
pub struct Module<'a> {
    pub(super) wasm: &'a [u8],
    pub(super) features: Features,
    pub(super) types: Vec<FuncType>,
    pub(super) imports: Vec<FunctionImport<'a>>,
    /// Type index of each function of the module's own.
    pub(super) functions: Vec<u32>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) memory: Option<MemoryBounds>,
    /// Entries of each table at start.
    tables: Vec<u64>,
    pub(super) globals: u32,
    pub(super) exports: Vec<ExportedItem<'a>>,
    /// Whether it names a start function, which debug chains accept and nobody runs.
    has_start: bool,
    /// Sections that are kept as they are, by id: the payload without id and length.
    pub(super) sections: Vec<(u8, &'a [u8])>,
    /// Bytes of data segments, without and with their headers.
    pub(super) data_bytes: u64,
    pub(super) data_entry_bytes: u64,
    /// Bytes of element segments with their headers.
    pub(super) element_entry_bytes: u64,
}

impl<'a> Module<'a> {
    /// Reads and validates a WASM file.
    ///
    /// # Errors
    /// What the chain's features, operators or limits do not allow.
    pub fn parse(wasm: &'a [u8], features: Features) -> Result<Self, WasmError> {
        let mut module = Self {
            wasm,
            features,
            types: Vec::new(),
            imports: Vec::new(),
            functions: Vec::new(),
            bodies: Vec::new(),
            memory: None,
            tables: Vec::new(),
            globals: 0,
            exports: Vec::new(),
            has_start: false,
            sections: Vec::new(),
            data_bytes: 0,
            data_entry_bytes: 0,
            element_entry_bytes: 0,
        };
        let mut validator = Validator::new_with_features(features.parser());
        let mut parser = Parser::new(0);
        parser.set_features(features.parser());
        let mut allocations = wasmparser::FuncValidatorAllocations::default();
        for payload in parser.parse_all(wasm) {
            let payload = payload?;
            if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
                let mut function = function.into_validator(allocations);
                function.validate(&body)?;
                allocations = function.into_allocations();
            }
            module.read(payload)?;
        }
        module.check_names()?;
        module.check_exports(features.debug)?;
        Ok(module)
    }

    /// Checks that names are used once and not taken.
    fn check_names(&self) -> Result<(), WasmError> {
        for (index, import) in self.imports.iter().enumerate() {
            let same = |other: &&FunctionImport<'_>| {
                other.module == import.module && other.name == import.name
            };
            let first = self.imports.iter().take(index).find(same);
            if first.is_some_and(|first| first.type_index != import.type_index) {
                let (module, name) = (import.module.to_owned(), import.name.to_owned());
                return Err(WasmError::InconsistentImports { module, name });
            }
        }
        for export in &self.exports {
            // What counts of a name stands behind its last double underscore.
            let name = export.name.rsplit("__").next().unwrap_or_default();
            if name.starts_with(RESERVED) || self.imports.iter().any(|import| import.name == name) {
                return Err(WasmError::ReservedExport(export.name.to_owned()));
            }
        }
        Ok(())
    }

    /// Checks what is kept of the exports: all on a debug chain, otherwise only those with a purpose.
    fn check_exports(&self, debug: bool) -> Result<(), WasmError> {
        if !debug {
            return if self.has_start { Err(WasmError::StartFunction) } else { Ok(()) };
        }
        let count = wide(self.exports.len())
            .saturating_add(limits::METER_GLOBALS)
            .saturating_add(u64::from(self.has_start));
        limits::check("exports", count, limits::EXPORTS)?;
        self.exports.iter().try_for_each(|export| check_name(export.name))
    }

    /// Bytes of data segments, without their headers.
    pub const fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    /// Number of functions of the module's own.
    pub const fn function_count(&self) -> usize {
        self.bodies.len()
    }

    /// Whether a host function is imported.
    pub fn imports(&self, module: &str, name: &str) -> bool {
        self.import_index(module, name).is_some()
    }

    pub(super) fn import_index(&self, module: &str, name: &str) -> Option<u32> {
        let found = |import: &FunctionImport<'_>| import.module == module && import.name == name;
        self.imports.iter().position(found).and_then(|index| u32::try_from(index).ok())
    }

    /// Type of a function, imported ones first.
    pub(super) fn function_type(&self, index: u32) -> Option<&FuncType> {
        let index = super::size(index);
        let type_index = match self.imports.get(index) {
            Some(import) => import.type_index,
            None => *self.functions.get(index.checked_sub(self.imports.len())?)?,
        };
        self.types.get(super::size(type_index))
    }

    /// The memory that programs must export.
    pub(super) fn exported_memory(&self) -> Result<MemoryBounds, WasmError> {
        let is_memory = |item: &ExportedItem<'_>| {
            item.name == MEMORY && item.kind == ExternalKind::Memory && item.index == 0
        };
        if !self.exports.iter().any(is_memory) {
            return Err(WasmError::MissingMemory);
        }
        self.memory.ok_or(WasmError::MissingMemory)
    }

    /// Checks that the program can be entered.
    pub(super) fn check_entrypoint(&self) -> Result<(), WasmError> {
        let entry = self
            .exports
            .iter()
            .find(|item| item.name == ENTRYPOINT && item.kind == ExternalKind::Func)
            .and_then(|item| self.function_type(item.index))
            .ok_or(WasmError::MissingEntrypoint)?;
        if entry.params() == [ValType::I32] && entry.results() == [ValType::I32] {
            Ok(())
        } else {
            Err(WasmError::MissingEntrypoint)
        }
    }

    fn section(&mut self, id: u8, range: core::ops::Range<u64>) {
        let start = usize::try_from(range.start).unwrap_or(usize::MAX);
        let end = usize::try_from(range.end).unwrap_or(usize::MAX);
        self.sections.push((id, self.wasm.get(start..end).unwrap_or_default()));
    }

    fn read(&mut self, payload: Payload<'a>) -> Result<(), WasmError> {
        if let Some((id, range)) = payload.as_section()
            && matches!(id, 1..=4 | 6 | 9 | 11)
        {
            self.section(id, range);
        }
        match payload {
            Payload::TypeSection(reader) => {
                for group in reader {
                    for ty in group?.into_types() {
                        if let CompositeInnerType::Func(function) = ty.composite_type.inner {
                            self.types.push(function);
                        }
                    }
                }
            }
            Payload::ImportSection(reader) => {
                for import in reader {
                    self.read_import(&import?)?;
                }
            }
            Payload::FunctionSection(reader) => {
                limits::check("functions", u64::from(reader.count()), limits::FUNCTIONS)?;
                self.functions = reader.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::TableSection(reader) => {
                for table in reader {
                    let entries = table?.ty.initial;
                    limits::check("table entries", entries, limits::TABLE_ENTRIES)?;
                    self.tables.push(entries);
                }
            }
            Payload::MemorySection(reader) => {
                limits::check("memories", u64::from(reader.count()), limits::MEMORIES)?;
                for memory in reader {
                    let memory = memory?;
                    let bounds = MemoryBounds { minimum: memory.initial, maximum: memory.maximum };
                    self.memory = Some(bounds);
                }
            }
            Payload::GlobalSection(reader) => {
                let count = u64::from(reader.count()).saturating_add(limits::METER_GLOBALS);
                limits::check("globals", count, limits::GLOBALS)?;
                self.globals = reader.count();
            }
            Payload::ExportSection(reader) => {
                for export in reader {
                    let export = export?;
                    let (name, kind, index) = (export.name, export.kind, export.index);
                    self.exports.push(ExportedItem { name, kind, index });
                }
            }
            Payload::StartSection { .. } => self.has_start = true,
            Payload::DataCountSection { .. } => {
                return Err(WasmError::UnsupportedSection("data count section"));
            }
            Payload::CustomSection(reader) => read_names(&reader)?,
            Payload::ElementSection(reader) => self.read_elements(reader)?,
            Payload::DataSection(reader) => self.read_data(reader)?,
            Payload::CodeSectionEntry(body) => self.read_body(body)?,
            _ => {}
        }
        Ok(())
    }

    fn read_import(&mut self, imports: &Imports<'a>) -> Result<(), WasmError> {
        let Imports::Single(_, Import { module, name, ty }) = *imports else {
            return Err(WasmError::UnsupportedImport {
                module: String::new(),
                name: String::new(),
            });
        };
        let TypeRef::Func(type_index) = ty else {
            let (module, name) = (module.to_owned(), name.to_owned());
            return Err(WasmError::UnsupportedImport { module, name });
        };
        self.imports.push(FunctionImport { module, name, type_index });
        limits::check("imports", wide(self.imports.len()), limits::IMPORTS)
    }

    fn read_elements(
        &mut self,
        reader: wasmparser::ElementSectionReader<'a>,
    ) -> Result<(), WasmError> {
        limits::check("element segments", u64::from(reader.count()), limits::ELEMENT_SEGMENTS)?;
        for element in reader {
            let element = element?;
            let items = match element.items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            };
            if let ElementKind::Active { table_index, offset_expr } = element.kind {
                let table = self.tables.get(super::size(table_index.unwrap_or_default()));
                let entries = table.copied().unwrap_or_default();
                fits("element", &offset_expr, u64::from(items), entries)?;
            }
            let length = element.range.end.saturating_sub(element.range.start);
            self.element_entry_bytes = self.element_entry_bytes.saturating_add(length);
        }
        limits::check("bytes of element segments", self.element_entry_bytes, limits::ELEMENT_BYTES)
    }

    fn read_data(&mut self, reader: wasmparser::DataSectionReader<'a>) -> Result<(), WasmError> {
        limits::check("data segments", u64::from(reader.count()), limits::DATA_SEGMENTS)?;
        for data in reader {
            let data = data?;
            if let DataKind::Active { offset_expr, .. } = &data.kind {
                let pages = self.memory.map_or(0, |memory| memory.minimum);
                fits("data", offset_expr, wide(data.data.len()), pages.saturating_mul(PAGE))?;
            }
            let length = data.range.end.saturating_sub(data.range.start);
            self.data_bytes = self.data_bytes.saturating_add(wide(data.data.len()));
            self.data_entry_bytes = self.data_entry_bytes.saturating_add(length);
        }
        Ok(())
    }

    fn read_body(&mut self, body: FunctionBody<'a>) -> Result<(), WasmError> {
        let mut locals = 0u64;
        for local in body.get_locals_reader()? {
            locals = locals.saturating_add(u64::from(local?.0));
        }
        limits::check("locals", locals, limits::LOCALS)?;
        self.bodies.push(body);
        Ok(())
    }
}

/// Checks that an active segment lies within what it initialises; its offset is a constant.
fn fits(
    what: &'static str,
    offset: &ConstExpr<'_>,
    length: u64,
    space: u64,
) -> Result<(), WasmError> {
    let Operator::I32Const { value } = offset.get_operators_reader().read()? else {
        return Err(WasmError::SegmentOutOfBounds(what));
    };
    let end = u64::from(value.cast_unsigned()).saturating_add(length);
    if end > space { Err(WasmError::SegmentOutOfBounds(what)) } else { Ok(()) }
}

/// Reads what the chain reads of a section of names, functions' in whatever order, and checks the module's.
fn read_names(section: &CustomSectionReader<'_>) -> Result<(), WasmError> {
    let KnownCustom::Name(names) = section.as_known() else { return Ok(()) };
    for name in names {
        match name? {
            Name::Module { name, .. } => check_name(name)?,
            Name::Function(map) => {
                for naming in map.names {
                    naming?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), WasmError> {
    limits::check("bytes in a name", wide(name.len()), limits::NAME_BYTES)
}
