//! The first filter of what comes from outside: it saves cycles, it protects nothing. One replica runs it, other canisters bypass it,
//! and every method checks again (trap T94).

use candid::Principal;

/// The largest argument of an update that is worth executing: two full allowlists take about 40 KB.
const MAX_ARGUMENT_BYTES: usize = 64 * 1024;

#[ic_cdk::inspect_message]
fn inspect_message() {
    if is_welcome(ic_cdk::api::msg_caller(), ic_cdk::api::msg_arg_data().len()) {
        ic_cdk::api::accept_message();
    }
}

fn is_welcome(caller: Principal, argument_bytes: usize) -> bool {
    caller != Principal::anonymous() && argument_bytes <= MAX_ARGUMENT_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_without_a_name_and_huge_arguments_are_not_executed() {
        let somebody = Principal::from_slice(&[1]);
        assert!(is_welcome(somebody, 0));
        assert!(is_welcome(somebody, 65_536));
        assert!(!is_welcome(somebody, 65_537));
        assert!(!is_welcome(Principal::anonymous(), 0));
    }
}
