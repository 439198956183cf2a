//! The system API (`ic0`): calls to other canisters, and stable memory.

use candid::Principal;
use wasmtime::{Linker, Result};

use super::context::{EntryPoint, OutgoingCall};
use super::imports::{Api, CALL_COST, Host, enter, read, violation};
use crate::mgmt::cycles::Prices;

const CALLING: EntryPoint = EntryPoint::UPDATE.or(EntryPoint::REPLY).or(EntryPoint::REJECT).or(EntryPoint::TIMER);
/// Longest wait of a best-effort call, in seconds.
const MAX_TIMEOUT_S: u32 = 300;
/// `call_perform`'s answer when the canister cannot pay for the call: SYS_TRANSIENT.
const CANNOT_PAY: u32 = 2;

fn building<'a>(api: &'a mut Api<'_>, name: &str, bytes: u64) -> Result<&'a mut OutgoingCall> {
    match &mut enter(api, name, CALLING, CALL_COST, bytes)?.call {
        Some(call) => Ok(call),
        None => violation(format!("ic0.{name} without ic0.call_new")),
    }
}

/// Defines the functions that make calls.
///
/// # Errors
/// A name that is defined twice.
pub fn calls(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap("ic0", "call_new", call_new)?;
    linker.func_wrap("ic0", "call_on_cleanup", |mut api: Api<'_>, fun: u32, env: u32| -> Result<()> {
        let call = building(&mut api, "call_on_cleanup", 0)?;
        match call.cleanup.replace((fun, env)) {
            None => Ok(()),
            Some(_) => violation("ic0.call_on_cleanup called twice"),
        }
    })?;
    linker.func_wrap("ic0", "call_data_append", |mut api: Api<'_>, src: u32, size: u32| -> Result<()> {
        let bytes = read(&api, src, size)?;
        let call = building(&mut api, "call_data_append", size.into())?;
        call.arg.extend(bytes);
        if call.arg.len() + call.method.len() > 2 << 20 { violation("the call's payload exceeds 2 MiB") } else { Ok(()) }
    })?;
    linker.func_wrap("ic0", "call_with_best_effort_response", |mut api: Api<'_>, timeout_s: u32| -> Result<()> {
        let call = building(&mut api, "call_with_best_effort_response", 0)?;
        match call.timeout_s.replace(timeout_s.min(MAX_TIMEOUT_S)) {
            None => Ok(()),
            Some(_) => violation("ic0.call_with_best_effort_response called twice"),
        }
    })?;
    linker.func_wrap("ic0", "call_cycles_add128", |mut api: Api<'_>, high: u64, low: u64| -> Result<()> {
        let amount = (u128::from(high) << 64) | u128::from(low);
        building(&mut api, "call_cycles_add128", 0)?;
        let context = enter(&mut api, "call_cycles_add128", CALLING, 0, 0)?;
        let Some(rest) = context.balance.checked_sub(amount) else {
            return violation(format!("cannot attach {amount} cycles: the canister holds {}", context.balance));
        };
        context.balance = rest;
        if let Some(call) = &mut context.call {
            call.cycles += amount;
        }
        Ok(())
    })?;
    linker.func_wrap("ic0", "call_perform", |mut api: Api<'_>| -> Result<u32> {
        let context = enter(&mut api, "call_perform", CALLING, 5_000, 0)?;
        let Some(mut call) = context.call.take() else { return violation("ic0.call_perform without ic0.call_new") };
        call.prepaid = Prices::new(context.env.replicas).call(call.method.len() as u64, call.arg.len() as u64);
        match context.balance.checked_sub(call.prepaid) {
            Some(rest) => context.balance = rest,
            None => {
                context.balance += call.cycles;
                return Ok(CANNOT_PAY);
            }
        }
        context.calls.push(call);
        Ok(0)
    })?;
    Ok(())
}

#[allow(clippy::too_many_arguments, reason = "the system API's signature")]
fn call_new(
    mut api: Api<'_>,
    callee: u32,
    callee_size: u32,
    name: u32,
    name_size: u32,
    reply_fun: u32,
    reply_env: u32,
    reject_fun: u32,
    reject_env: u32,
) -> Result<()> {
    let callee = read(&api, callee, callee_size)?;
    let method = String::from_utf8(read(&api, name, name_size)?);
    let context = enter(&mut api, "call_new", CALLING, 1_500, u64::from(callee_size) + u64::from(name_size))?;
    let (Ok(callee), Ok(method)) = (Principal::try_from_slice(&callee), method) else {
        return violation("ic0.call_new: the callee is not a principal or the name is not UTF-8");
    };
    // A call that was never performed is abandoned, and its cycles come back.
    if let Some(abandoned) = context.call.take() {
        context.balance += abandoned.cycles;
    }
    context.call = Some(OutgoingCall {
        callee,
        method,
        arg: Vec::new(),
        cycles: 0,
        timeout_s: None,
        reply: (reply_fun, reply_env),
        reject: (reject_fun, reject_env),
        cleanup: None,
        prepaid: 0,
    });
    Ok(())
}

const ALWAYS: EntryPoint = EntryPoint::ANY.or(EntryPoint::START);
const STABLE_COST: u64 = 20;

/// Defines the functions on stable memory.
///
/// # Errors
/// A name that is defined twice.
pub fn stable(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap("ic0", "stable64_size", |mut api: Api<'_>| -> Result<u64> {
        enter(&mut api, "stable64_size", ALWAYS, STABLE_COST, 0)?;
        Ok(api.data().stable.size())
    })?;
    linker.func_wrap("ic0", "stable64_grow", |mut api: Api<'_>, pages: u64| -> Result<u64> {
        enter(&mut api, "stable64_grow", ALWAYS, 100, 0)?;
        Ok(api.data_mut().stable.grow(pages).unwrap_or(u64::MAX))
    })?;
    linker.func_wrap("ic0", "stable64_read", |mut api: Api<'_>, dst: u64, offset: u64, size: u64| -> Result<()> {
        enter(&mut api, "stable64_read", ALWAYS, STABLE_COST, size)?;
        transfer(&mut api, dst, size, |stable, heap| stable.read(offset, heap))
    })?;
    linker.func_wrap("ic0", "stable64_write", |mut api: Api<'_>, offset: u64, src: u64, size: u64| -> Result<()> {
        enter(&mut api, "stable64_write", ALWAYS, STABLE_COST, size)?;
        transfer(&mut api, src, size, |stable, heap| stable.write(offset, heap))
    })?;
    Ok(())
}

fn transfer(
    api: &mut Api<'_>,
    at: u64,
    size: u64,
    work: impl FnOnce(&mut super::stable::StableMemory, &mut [u8]) -> Result<(), super::stable::OutOfBounds>,
) -> Result<()> {
    let Some(memory) = api.data().memory else { return violation("the module has no memory") };
    let (heap, host) = memory.data_and_store_mut(api);
    let range = usize::try_from(at).ok().zip(at.checked_add(size).and_then(|end| usize::try_from(end).ok()));
    let Some(part) = range.and_then(|(start, end)| heap.get_mut(start..end)) else { return violation("heap out of bounds") };
    match work(&mut host.stable, part) {
        Ok(()) => Ok(()),
        Err(_) => violation("stable memory out of bounds"),
    }
}
