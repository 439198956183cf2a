//! A canister's code with its memories: runs functions, and makes each one's effects permanent or undoes them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, Global, Instance as WasmInstance, InstancePre, Linker, Memory, Module, Ref, Store, Table, Trap, Val};

use super::context::{Context, instruction_limit};
use super::imports::{self, Host, SystemTrap};
use super::imports_io;
use super::instrument::{MEMORY, START, TABLE, instrument};
use super::stable::{StableMemory, WASM_PAGE};

/// The unit, in bytes, in which changed heap pages are found.
const PAGE: usize = 4096;

/// Compiles canister modules and links them with the system API.
pub struct Runtime {
    engine: Engine,
    linker: Linker<Host>,
    /// Compiled modules by the SHA-256 of their bytes: compiling takes seconds, and tests install the same module again and again.
    compiled: Mutex<HashMap<[u8; 32], CompiledModule>>,
}

/// A compiled module, ready to be instantiated.
#[derive(Clone)]
pub struct CompiledModule {
    pre: InstancePre<Host>,
    globals: Arc<[String]>,
    functions: Arc<BTreeSet<String>>,
}

/// A function of a canister.
#[derive(Clone, Debug)]
pub enum Function {
    /// An exported function without parameters.
    Export(String),
    /// A callback: index in the function table and its environment.
    Callback(u32, u32),
}

/// A trap that ended a function.
#[derive(Clone, Debug)]
pub struct FunctionTrap {
    /// The message.
    pub message: String,
    /// Whether the canister called `ic0.trap`.
    pub explicit: bool,
}

/// The result of running a function. Its changes to memory are pending until [`Instance::commit`] or [`Instance::rollback`].
pub struct Execution {
    /// The context with the function's effects. If it trapped, only the printed lines count.
    pub context: Context,
    /// Instructions executed.
    pub instructions: u64,
    /// The trap, if the function trapped.
    pub trap: Option<FunctionTrap>,
}

/// A canister's code and memories.
pub struct Instance {
    code: CompiledModule,
    running: RunningInstance,
    heap: Vec<u8>,
    globals: Vec<Val>,
}

/// The current wasm instance. It is replaced when a rollback must shrink its memory.
struct RunningInstance {
    store: Store<Host>,
    instance: WasmInstance,
    memory: Option<Memory>,
    table: Option<Table>,
    globals: Vec<Global>,
}

impl Runtime {
    /// The process's runtime, with the system API of the interface specification.
    ///
    /// # Panics
    /// The host cannot run WebAssembly.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("wasmtime supports this machine"));
        &SHARED
    }

    fn new() -> wasmtime::Result<Self> {
        let mut config = wasmtime::Config::new();
        config.consume_fuel(true);
        config.cranelift_nan_canonicalization(true);
        config.wasm_relaxed_simd(false);
        // Test threads have stacks of 2 MiB; what the canister keeps on its own stack lies in its linear memory.
        config.max_wasm_stack(1 << 20);
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        imports::message(&mut linker)?;
        imports::cycles(&mut linker)?;
        imports::environment_functions(&mut linker)?;
        imports_io::calls(&mut linker)?;
        imports_io::stable(&mut linker)?;
        Ok(Self { engine, linker, compiled: Mutex::default() })
    }

    /// Compiles a module, or takes it from the cache.
    ///
    /// # Errors
    /// The module is invalid, imports what the system API does not have, or needs what localnet cannot roll back.
    pub fn compile(&self, wasm: &[u8]) -> Result<CompiledModule, String> {
        // Tests of one process wait for the first of them to compile instead of all compiling the same module.
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = Sha256::digest(wasm).into();
        if let Some(code) = compiled.get(&hash) {
            return Ok(code.clone());
        }
        let instrumented = instrument(wasm)?;
        let module = Module::new(&self.engine, &instrumented.wasm).map_err(|e| format!("{e:#}"))?;
        let pre = self.linker.instantiate_pre(&module).map_err(|e| format!("{e:#}"))?;
        let functions = instrumented.functions.into_iter().collect();
        let code = CompiledModule { pre, globals: instrumented.globals.into(), functions: Arc::new(functions) };
        compiled.insert(hash, code.clone());
        Ok(code)
    }
}

impl Instance {
    /// Instantiates the code over an empty stable memory; no code of the module runs yet.
    ///
    /// # Errors
    /// The module cannot be instantiated, for example because a data segment does not fit its memory.
    pub fn new(code: CompiledModule) -> Result<Self, String> {
        let running = RunningInstance::new(&code)?;
        Ok(Self { code, running, heap: Vec::new(), globals: Vec::new() })
    }

    /// Whether the module exports this function.
    pub fn exports(&self, name: &str) -> bool {
        self.code.functions.contains(name)
    }

    /// Whether the module has a start function.
    pub fn has_start(&self) -> bool {
        self.code.pre.module().get_export(START).is_some()
    }

    /// Takes the stable memory out, uncommitted changes included.
    pub fn take_stable(&mut self) -> StableMemory {
        std::mem::take(&mut self.running.store.data_mut().stable)
    }

    /// Puts a stable memory in.
    pub fn put_stable(&mut self, stable: StableMemory) {
        self.running.store.data_mut().stable = stable;
    }

    /// Runs a function in this context.
    pub fn run(&mut self, function: &Function, context: Context) -> Execution {
        let limit = instruction_limit(context.entry);
        let running = &mut self.running;
        let host = running.store.data_mut();
        host.limit = limit;
        host.context = Some(context);
        let result = running.store.set_fuel(limit).and_then(|()| running.call(function));
        let instructions = limit - running.store.get_fuel().unwrap_or(0).min(limit);
        let context = running.store.data_mut().context.take().expect("the context was put in above");
        Execution { context, instructions, trap: result.err().map(|error| trapped(&error, limit)) }
    }

    /// Commits the changes since the last commit.
    pub fn commit(&mut self) {
        let RunningInstance { store, memory, globals, .. } = &mut self.running;
        store.data_mut().stable.commit();
        self.globals = globals.iter().map(|global| global.get(&mut *store)).collect();
        if let Some(memory) = memory {
            let heap = memory.data(&*store);
            self.heap.resize(heap.len(), 0);
            copy_changed(heap, &mut self.heap);
        }
    }

    /// Undoes the changes since the last commit: stable memory, heap, its size, and globals.
    pub fn rollback(&mut self) {
        self.running.store.data_mut().stable.rollback();
        let size = self.running.memory.map_or(0, |memory| memory.data_size(&self.running.store));
        if size != self.heap.len() {
            self.renew();
        }
        let RunningInstance { store, memory, globals, .. } = &mut self.running;
        if let Some(memory) = memory {
            copy_changed(&self.heap, memory.data_mut(&mut *store));
        }
        for (global, value) in globals.iter().zip(&self.globals) {
            global.set(&mut *store, *value).expect("a global keeps its type");
        }
    }

    /// Replaces the wasm instance by a fresh one with a memory of the committed size.
    fn renew(&mut self) {
        let mut running = RunningInstance::new(&self.code).expect("a module that was instantiated can be instantiated again");
        running.store.data_mut().stable = self.take_stable();
        if let Some(memory) = running.memory {
            let missing = (self.heap.len() - memory.data_size(&running.store)) as u64 / WASM_PAGE;
            memory.grow(&mut running.store, missing).expect("the memory had this size before");
        }
        self.running = running;
    }
}

impl RunningInstance {
    fn new(code: &CompiledModule) -> Result<Self, String> {
        let mut store = Store::new(code.pre.module().engine(), Host::default());
        let instance = code.pre.instantiate(&mut store).map_err(|error| format!("{error:#}"))?;
        let memory = instance.get_memory(&mut store, MEMORY);
        store.data_mut().memory = memory;
        let table = instance.get_table(&mut store, TABLE);
        let globals = code.globals.iter().filter_map(|name| instance.get_global(&mut store, name)).collect();
        Ok(Self { store, instance, memory, table, globals })
    }

    fn call(&mut self, function: &Function) -> wasmtime::Result<()> {
        match function {
            Function::Export(name) => self.instance.get_typed_func::<(), ()>(&mut self.store, name)?.call(&mut self.store, ()),
            Function::Callback(index, env) => {
                let entry = self.table.and_then(|table| table.get(&mut self.store, u64::from(*index)));
                let Some(Ref::Func(Some(callback))) = entry else {
                    return imports::violation(format!("there is no function {index} in the table"));
                };
                callback.typed::<u32, ()>(&self.store)?.call(&mut self.store, *env)
            }
        }
    }
}

/// Copies the pages in which `from` and `to` differ.
fn copy_changed(from: &[u8], to: &mut [u8]) {
    for (from, to) in from.chunks(PAGE).zip(to.chunks_mut(PAGE)) {
        if from != to {
            to.copy_from_slice(from);
        }
    }
}

fn trapped(error: &wasmtime::Error, limit: u64) -> FunctionTrap {
    if let Some(trap) = error.downcast_ref::<SystemTrap>() {
        return FunctionTrap { message: trap.message.clone(), explicit: trap.explicit };
    }
    let message = match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => format!("exceeded the limit of {limit} instructions for single message execution"),
        Some(Trap::UnreachableCodeReached) => "unreachable".to_string(),
        Some(trap) => trap.to_string(),
        None => format!("{error:#}"),
    };
    FunctionTrap { message, explicit: false }
}
