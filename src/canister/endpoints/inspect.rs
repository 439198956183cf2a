//! The first filter of calls from outside: it saves cycles and protects nothing. One replica runs it, other canisters bypass it,
//! and every method checks again.

use super::lockout;
use crate::store;

/// The largest argument that a caller without any power may send. It is answered with an error that says what is missing, as everybody's
/// is; what is longer is not worth the cycles.
pub(crate) const MAX_NON_MEMBER_BYTES: usize = 8 * 1024;

#[ic_cdk::inspect_message]
fn inspect_message() {
    let caller = ic_cdk::api::msg_caller();
    let has_power = store::read(|state| state.has_power(&caller));
    let locked_out = !has_power && lockout::is_locked_out(&caller);
    if !locked_out && is_accepted(has_power, ic_cdk::api::msg_arg_data().len()) {
        ic_cdk::api::accept_message();
    }
}

fn is_accepted(has_power: bool, argument_bytes: usize) -> bool {
    has_power || argument_bytes <= MAX_NON_MEMBER_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_members_send_long_arguments() {
        assert!(is_accepted(false, 8_192) && !is_accepted(false, 8_193));
        assert!(is_accepted(true, 2_000_000));
    }
}
