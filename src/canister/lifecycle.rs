//! Installation and upgrades. A trap here leaves everything as it was: a failed installation installs nothing, a failed upgrade keeps
//! the old module and its state.

use crate::{jobs, store};
use purser_core::VERSION;
use purser_core::governance::settings::Settings;
use purser_types::InitArgs;

#[ic_cdk::init]
fn init(args: Option<InitArgs>) {
    let args = args.unwrap_or_else(|| ic_cdk::api::trap("init: args: an InitArgs record is needed at installation"));
    store::create();
    let settings = args.settings.clone().unwrap_or_default();
    let config = args.into_config(None);
    let named = Settings::require_named_quorum(&config, settings.quorum);
    let settings = settings.over(Settings::new(&config));
    let decided = store::read(|state| state.decide_init(ic_cdk::api::msg_caller(), config, settings));
    let decided = decided.unwrap_or_else(|refusal| ic_cdk::api::trap(format!("init: {refusal}")));
    named.unwrap_or_else(|error| ic_cdk::api::trap(format!("init: {error}")));
    store::commit(decided);
    jobs::arm();
}

/// Opens the state, which checks its schema and that the log ends where it should; logs the new module; certifies anew, because
/// certified data outlives an upgrade but the tree behind it does not; starts the timers, which an upgrade deletes.
#[ic_cdk::post_upgrade]
fn post_upgrade(args: Option<InitArgs>) {
    store::open();
    if args.as_ref().is_some_and(|args| args.settings.is_some()) {
        ic_cdk::api::trap("upgrade: settings: they change by set_settings, not by an upgrade; leave them out");
    }
    let decided = store::read(|state| {
        let config = args.map(|args| args.into_config(Some(state.config())));
        state.decide_upgrade(ic_cdk::api::msg_caller(), VERSION.into(), config)
    });
    store::commit(decided.unwrap_or_else(|refusal| ic_cdk::api::trap(format!("upgrade: {refusal}"))));
    jobs::arm();
}
