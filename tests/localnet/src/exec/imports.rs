//! The system API (`ic0`): messages, cycles, environment. Calls and stable memory are in [`super::imports_io`].
//!
//! Each function states in which contexts it may be called (interface specification, "Overview of imports"), and charges
//! instructions as a replica does: a fixed part and one per byte moved.

use candid::Principal;
use wasmtime::{Caller, Linker, Memory, Result};

use super::context::{Context, EntryPoint};
use super::stable::StableMemory;
use crate::ic::Reject;
use crate::mgmt::cycles::Prices;

/// The data that the system API reads and changes.
#[derive(Default)]
pub struct Host {
    /// The canister's stable memory.
    pub stable: StableMemory,
    /// The running message.
    pub context: Option<Context>,
    /// The instance's linear memory.
    pub memory: Option<Memory>,
    /// Instruction limit of the running message.
    pub limit: u64,
}

/// A trap raised by the system API; `explicit` if the canister asked for it with `ic0.trap`.
#[derive(Debug)]
pub struct SystemTrap {
    /// The message.
    pub message: String,
    /// Whether the canister called `ic0.trap`.
    pub explicit: bool,
}

impl std::fmt::Display for SystemTrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SystemTrap {}

/// Traps with a message.
///
/// # Errors
/// Always: the trap.
pub fn violation<T>(message: impl Into<String>) -> Result<T> {
    Err(SystemTrap { message: message.into(), explicit: false }.into())
}

/// A caller of the system API.
pub type Api<'a> = Caller<'a, Host>;

/// The fixed cost of most functions, in instructions.
pub const CALL_COST: u64 = 500;

/// Charges `fixed` and `bytes` instructions, then checks that `name` may be called now.
///
/// # Errors
/// A trap: too few instructions, or a function that this entry point may not call.
pub fn enter<'a>(api: &'a mut Api<'_>, name: &str, allowed: EntryPoint, fixed: u64, bytes: u64) -> Result<&'a mut Context> {
    let fuel = api.get_fuel()?;
    match fuel.checked_sub(fixed.saturating_add(bytes)) {
        Some(rest) => api.set_fuel(rest)?,
        None => {
            api.set_fuel(0)?;
            return Err(wasmtime::Trap::OutOfFuel.into());
        }
    }
    let Some(context) = api.data_mut().context.as_mut() else { return violation("no message is running") };
    if !context.entry.is_in(allowed) {
        return violation(format!("\"ic0_{name}\" cannot be executed in this context ({:?})", context.entry));
    }
    Ok(context)
}

fn memory(api: &Api<'_>) -> Result<Memory> {
    match api.data().memory {
        Some(memory) => Ok(memory),
        None => violation("the module has no memory"),
    }
}

/// Copies `len` bytes at `src` out of the canister's memory.
///
/// # Errors
/// A trap if the range is out of bounds.
pub fn read(api: &Api<'_>, src: u32, len: u32) -> Result<Vec<u8>> {
    let bytes = memory(api)?.data(api).get(src as usize..).and_then(|rest| rest.get(..len as usize));
    match bytes {
        Some(bytes) => Ok(bytes.to_vec()),
        None => violation("heap out of bounds"),
    }
}

/// Copies `bytes` to `dst` in the canister's memory.
///
/// # Errors
/// A trap if the range is out of bounds.
pub fn write(api: &mut Api<'_>, dst: u32, bytes: &[u8]) -> Result<()> {
    if memory(api)?.write(api, dst as usize, bytes).is_err() {
        return violation("heap out of bounds");
    }
    Ok(())
}

/// Copies a part of `source` into the canister's memory.
///
/// # Errors
/// A trap if the range is out of bounds.
pub fn copy_out(api: &mut Api<'_>, source: &[u8], dst: u32, offset: u32, size: u32) -> Result<()> {
    match source.get(offset as usize..).and_then(|rest| rest.get(..size as usize)) {
        Some(part) => write(api, dst, part),
        None => violation(format!("offset {offset} and size {size} exceed the {} bytes there are", source.len())),
    }
}

fn write_u128(api: &mut Api<'_>, dst: u32, value: u128) -> Result<()> {
    write(api, dst, &value.to_le_bytes())
}

fn from_halves(high: u64, low: u64) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const RESPONDING: EntryPoint = EntryPoint::UPDATE
    .or(EntryPoint::REPLICATED_QUERY)
    .or(EntryPoint::QUERY)
    .or(EntryPoint::TRANSFORM)
    .or(EntryPoint::REPLY)
    .or(EntryPoint::REJECT);
const ANSWER: EntryPoint = EntryPoint::REPLY.or(EntryPoint::REJECT);
const PAID: EntryPoint = EntryPoint::UPDATE.or(EntryPoint::REPLICATED_QUERY).or(ANSWER);
const EFFECTFUL: EntryPoint = EntryPoint::INIT.or(EntryPoint::PRE_UPGRADE).or(EntryPoint::UPDATE).or(ANSWER).or(EntryPoint::TIMER);
const WITH_ARG: EntryPoint = EntryPoint::INIT
    .or(EntryPoint::UPDATE)
    .or(EntryPoint::REPLICATED_QUERY)
    .or(EntryPoint::QUERY)
    .or(EntryPoint::TRANSFORM)
    .or(EntryPoint::REPLY)
    .or(EntryPoint::INSPECT);
const ALWAYS: EntryPoint = EntryPoint::ANY.or(EntryPoint::START);
const REPLICATED: EntryPoint = EFFECTFUL.or(EntryPoint::REPLICATED_QUERY).or(EntryPoint::CLEANUP);

/// Defines `name_size` and `name_copy` over a byte string taken from the context.
macro_rules! blob {
    ($linker:ident, $name:literal, $allowed:expr, $get:expr) => {
        $linker.func_wrap("ic0", concat!($name, "_size"), |mut api: Api<'_>| -> Result<u32> {
            let context = enter(&mut api, concat!($name, "_size"), $allowed, CALL_COST, 0)?;
            let get: fn(&Context) -> Result<Vec<u8>> = $get;
            Ok(get(context)?.len() as u32)
        })?;
        $linker.func_wrap("ic0", concat!($name, "_copy"), |mut api: Api<'_>, dst: u32, offset: u32, size: u32| -> Result<()> {
            let context = enter(&mut api, concat!($name, "_copy"), $allowed, CALL_COST, size.into())?;
            let get: fn(&Context) -> Result<Vec<u8>> = $get;
            let bytes = get(context)?;
            copy_out(&mut api, &bytes, dst, offset, size)
        })?;
    };
}

/// Defines a function without parameters that reads one number from the context.
macro_rules! number {
    ($linker:ident, $name:literal, $allowed:expr, $type:ty, $get:expr) => {
        $linker.func_wrap("ic0", $name, |mut api: Api<'_>| -> Result<$type> {
            let get: fn(&mut Context) -> Result<$type> = $get;
            get(enter(&mut api, $name, $allowed, CALL_COST, 0)?)
        })?;
    };
}

/// Defines a function that writes one 128-bit number to memory.
macro_rules! amount {
    ($linker:ident, $name:literal, $allowed:expr, $get:expr) => {
        $linker.func_wrap("ic0", $name, |mut api: Api<'_>, dst: u32| -> Result<()> {
            let get: fn(&Context) -> u128 = $get;
            let value = get(enter(&mut api, $name, $allowed, CALL_COST, 0)?);
            write_u128(&mut api, dst, value)
        })?;
    };
}

/// Defines the functions about the message being executed.
///
/// # Errors
/// A name that is defined twice.
pub fn message(linker: &mut Linker<Host>) -> Result<()> {
    blob!(linker, "msg_arg_data", WITH_ARG, |c| Ok(c.arg.clone()));
    blob!(linker, "msg_caller", EntryPoint::ANY, |c| Ok(c.caller.as_slice().to_vec()));
    blob!(linker, "msg_reject_msg", EntryPoint::REJECT, |c| Ok(c
        .reject
        .as_ref()
        .map_or(Vec::new(), |r| r.message.clone().into_bytes())));
    blob!(linker, "msg_method_name", EntryPoint::INSPECT, |c| Ok(c.method.clone().into_bytes()));
    number!(linker, "msg_reject_code", ANSWER, u32, |c| Ok(c.reject.as_ref().map_or(0, |r| r.code)));
    number!(linker, "msg_deadline", RESPONDING, u64, |c| Ok(c.deadline_ns));
    number!(linker, "msg_reply", RESPONDING, (), |c| {
        let reply = std::mem::take(&mut c.reply);
        respond(c, Ok(reply))
    });
    number!(linker, "accept_message", EntryPoint::INSPECT, (), |c| {
        if std::mem::replace(&mut c.accepted, true) { violation("ic0.accept_message called twice") } else { Ok(()) }
    });
    linker.func_wrap("ic0", "msg_reply_data_append", |mut api: Api<'_>, src: u32, size: u32| -> Result<()> {
        enter(&mut api, "msg_reply_data_append", RESPONDING, CALL_COST, size.into())?;
        let bytes = read(&api, src, size)?;
        let context = enter(&mut api, "msg_reply_data_append", RESPONDING, 0, 0)?;
        let limit = if context.entry.is_in(EntryPoint::QUERY) { 3 << 20 } else { 2 << 20 };
        if !context.may_respond {
            return violation("the call is already answered");
        }
        if context.reply.len() + bytes.len() > limit {
            return violation(format!("the reply exceeds {limit} bytes"));
        }
        context.reply.extend(bytes);
        Ok(())
    })?;
    linker.func_wrap("ic0", "msg_reject", |mut api: Api<'_>, src: u32, size: u32| -> Result<()> {
        let message = text(&read(&api, src, size)?);
        let context = enter(&mut api, "msg_reject", RESPONDING, CALL_COST, size.into())?;
        respond(context, Err(Reject::new(Reject::CANISTER_REJECT, message)))
    })?;
    Ok(())
}

fn respond(context: &mut Context, response: Result<Vec<u8>, Reject>) -> Result<()> {
    if !std::mem::replace(&mut context.may_respond, false) {
        return violation("the call is already answered");
    }
    context.response = Some(response);
    Ok(())
}

/// Defines the functions about cycles and prices.
///
/// # Errors
/// A name that is defined twice.
pub fn cycles(linker: &mut Linker<Host>) -> Result<()> {
    amount!(linker, "msg_cycles_available128", PAID, |c| c.cycles_available);
    amount!(linker, "msg_cycles_refunded128", ANSWER, |c| c.cycles_refunded);
    amount!(linker, "canister_cycle_balance128", EntryPoint::ANY, |c| c.balance);
    amount!(linker, "canister_liquid_cycle_balance128", EntryPoint::ANY, |c| c.balance);
    amount!(linker, "cost_create_canister", ALWAYS, |c| Prices::new(c.env.replicas).create_canister());
    linker.func_wrap("ic0", "msg_cycles_accept128", |mut api: Api<'_>, high: u64, low: u64, dst: u32| -> Result<()> {
        let c = enter(&mut api, "msg_cycles_accept128", PAID, CALL_COST, 0)?;
        let accepted = from_halves(high, low).min(c.cycles_available);
        c.cycles_available -= accepted;
        c.cycles_accepted += accepted;
        c.balance += accepted;
        write_u128(&mut api, dst, accepted)
    })?;
    linker.func_wrap("ic0", "cycles_burn128", |mut api: Api<'_>, high: u64, low: u64, dst: u32| -> Result<()> {
        let c = enter(&mut api, "cycles_burn128", REPLICATED, CALL_COST, 0)?;
        let burned = from_halves(high, low).min(c.balance);
        c.balance -= burned;
        write_u128(&mut api, dst, burned)
    })?;
    linker.func_wrap("ic0", "cost_call", |mut api: Api<'_>, method: u64, payload: u64, dst: u32| -> Result<()> {
        let c = enter(&mut api, "cost_call", ALWAYS, CALL_COST, 0)?;
        let cost = Prices::new(c.env.replicas).call(method, payload);
        write_u128(&mut api, dst, cost)
    })?;
    linker.func_wrap("ic0", "cost_http_request", |mut api: Api<'_>, request: u64, response: u64, dst: u32| -> Result<()> {
        let c = enter(&mut api, "cost_http_request", ALWAYS, CALL_COST, 0)?;
        let cost = Prices::new(c.env.replicas).http_request(request, response);
        write_u128(&mut api, dst, cost)
    })?;
    signature_price(linker, "cost_sign_with_ecdsa", 1)?;
    signature_price(linker, "cost_sign_with_schnorr", 2)
}

fn signature_price(linker: &mut Linker<Host>, name: &'static str, kinds: u32) -> Result<()> {
    use crate::mgmt::cycles::PriceError;
    linker.func_wrap("ic0", name, move |mut api: Api<'_>, src: u32, size: u32, algorithm: u32, dst: u32| -> Result<u32> {
        let key_name = text(&read(&api, src, size)?);
        let c = enter(&mut api, name, ALWAYS, CALL_COST, size.into())?;
        match Prices::new(c.env.replicas).signature(&key_name, algorithm, kinds) {
            Ok(cost) => write_u128(&mut api, dst, cost).map(|()| 0),
            Err(PriceError::Algorithm) => Ok(1),
            Err(PriceError::KeyName) => Ok(2),
        }
    })?;
    Ok(())
}

/// Defines the functions about the canister's environment and its certified data.
///
/// # Errors
/// A name that is defined twice.
pub fn environment_functions(linker: &mut Linker<Host>) -> Result<()> {
    blob!(linker, "canister_self", EntryPoint::ANY, |c| Ok(c.env.canister.as_slice().to_vec()));
    blob!(linker, "subnet_self", EntryPoint::ANY, |c| Ok(c.env.subnet.as_slice().to_vec()));
    blob!(linker, "root_key", REPLICATED, |c| Ok(c.env.root_key.clone()));
    blob!(linker, "data_certificate", EntryPoint::QUERY, |c| match &c.data_certificate {
        Some(certificate) => Ok(certificate.clone()),
        None => violation("no data certificate is present"),
    });
    number!(linker, "data_certificate_present", EntryPoint::ANY, u32, |c| Ok(u32::from(c.data_certificate.is_some())));
    number!(linker, "canister_status", EntryPoint::ANY, u32, |c| Ok(c.env.status));
    number!(linker, "canister_version", EntryPoint::ANY, u64, |c| Ok(c.env.version));
    number!(linker, "subnet_self_node_count", EntryPoint::ANY, u32, |c| Ok(c.env.replicas));
    number!(linker, "time", EntryPoint::ANY, u64, |c| Ok(c.env.time_ns));
    number!(linker, "in_replicated_execution", ALWAYS, u32, |c| Ok(u32::from(c.entry.is_in(REPLICATED.or(EntryPoint::START)))));
    linker.func_wrap("ic0", "global_timer_set", |mut api: Api<'_>, at: u64| -> Result<u64> {
        let allowed = EFFECTFUL.or(EntryPoint::CLEANUP);
        let c = enter(&mut api, "global_timer_set", allowed, CALL_COST, 0)?;
        Ok(std::mem::replace(&mut c.global_timer_ns, at))
    })?;
    linker.func_wrap("ic0", "performance_counter", |mut api: Api<'_>, kind: u32| -> Result<u64> {
        let earlier = enter(&mut api, "performance_counter", ALWAYS, 200, 0)?.earlier_instructions;
        let used = api.data().limit - api.get_fuel()?;
        match kind {
            0 => Ok(used),
            1 => Ok(earlier + used),
            _ => violation(format!("there is no performance counter {kind}")),
        }
    })?;
    linker.func_wrap("ic0", "is_controller", |mut api: Api<'_>, src: u32, size: u32| -> Result<u32> {
        let bytes = read(&api, src, size)?;
        let c = enter(&mut api, "is_controller", ALWAYS, 1_000, size.into())?;
        match Principal::try_from_slice(&bytes) {
            Ok(principal) => Ok(u32::from(c.env.controllers.contains(&principal))),
            Err(_) => violation("ic0.is_controller: not a principal"),
        }
    })?;
    linker.func_wrap("ic0", "certified_data_set", |mut api: Api<'_>, src: u32, size: u32| -> Result<()> {
        let data = read(&api, src, size)?;
        enter(&mut api, "certified_data_set", EFFECTFUL, CALL_COST, size.into())?;
        let used = api.data().limit - api.get_fuel()?;
        let c = enter(&mut api, "certified_data_set", EFFECTFUL, 0, 0)?;
        if data.len() > 32 {
            return violation("certified data exceeds 32 bytes");
        }
        c.certified_data = Some(data);
        c.certified_at = Some(used);
        Ok(())
    })?;
    linker.func_wrap("ic0", "debug_print", |mut api: Api<'_>, src: u32, size: u32| -> Result<()> {
        let line = text(&read(&api, src, size)?);
        enter(&mut api, "debug_print", ALWAYS, 100, size.into())?.prints.push(line);
        Ok(())
    })?;
    linker.func_wrap("ic0", "trap", |mut api: Api<'_>, src: u32, size: u32| -> Result<()> {
        let message = text(&read(&api, src, size)?);
        enter(&mut api, "trap", ALWAYS, CALL_COST, size.into())?;
        Err(SystemTrap { message, explicit: true }.into())
    })?;
    variables(linker)
}

fn variables(linker: &mut Linker<Host>) -> Result<()> {
    fn value(api: &mut Api<'_>, src: u32, size: u32) -> Result<Option<Vec<u8>>> {
        let name = text(&read(api, src, size)?);
        let c = enter(api, "env_var_value", EntryPoint::ANY, CALL_COST, size.into())?;
        Ok(c.env.variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone().into_bytes()))
    }
    fn name(c: &Context, index: u32) -> Result<Vec<u8>> {
        match c.env.variables.get(index as usize) {
            Some((name, _)) => Ok(name.clone().into_bytes()),
            None => violation(format!("there is no environment variable {index}")),
        }
    }
    number!(linker, "env_var_count", EntryPoint::ANY, u32, |c| Ok(c.env.variables.len() as u32));
    linker.func_wrap("ic0", "env_var_name_size", |mut api: Api<'_>, index: u32| -> Result<u32> {
        Ok(name(enter(&mut api, "env_var_name_size", EntryPoint::ANY, CALL_COST, 0)?, index)?.len() as u32)
    })?;
    linker.func_wrap(
        "ic0",
        "env_var_name_copy",
        |mut api: Api<'_>, index: u32, dst: u32, offset: u32, size: u32| -> Result<()> {
            let name = name(enter(&mut api, "env_var_name_copy", EntryPoint::ANY, CALL_COST, size.into())?, index)?;
            copy_out(&mut api, &name, dst, offset, size)
        },
    )?;
    linker.func_wrap("ic0", "env_var_name_exists", |mut api: Api<'_>, src: u32, size: u32| -> Result<u32> {
        Ok(u32::from(value(&mut api, src, size)?.is_some()))
    })?;
    linker.func_wrap("ic0", "env_var_value_size", |mut api: Api<'_>, src: u32, size: u32| -> Result<u32> {
        match value(&mut api, src, size)? {
            Some(value) => Ok(value.len() as u32),
            None => violation("there is no such environment variable"),
        }
    })?;
    linker.func_wrap(
        "ic0",
        "env_var_value_copy",
        |mut api: Api<'_>, src: u32, name_size: u32, dst: u32, offset: u32, size: u32| -> Result<()> {
            match value(&mut api, src, name_size)? {
                Some(value) => copy_out(&mut api, &value, dst, offset, size),
                None => violation("there is no such environment variable"),
            }
        },
    )?;
    Ok(())
}
