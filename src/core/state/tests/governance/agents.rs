//! Agents of a wallet with their labels.

use super::*;
use crate::access::{Agent, LabelledAgent};

fn labelled(state: &mut TestState, caller: Principal, label: Option<&str>) -> Result<(), Refusal> {
    let decided = state.decide_label_agent(caller, WALLET, agent(), label.map(str::to_owned))?;
    state.commit(decided, at(9));
    Ok(())
}

#[test]
fn an_agents_label_changes_at_once_and_is_replayed() {
    let mut state = council(2, LOCK);
    let added_at = state.agent(WALLET, &agent()).unwrap().added_at;
    assert_eq!(labelled(&mut state, admin(), Some("bot")), Ok(()));
    assert_eq!(state.agent(WALLET, &agent()), Some(Agent { label: Some("bot".into()), added_at }));
    assert_eq!(labelled(&mut state, admin(), Some("bot")), Err(Refusal::AlreadySo { what: "the agent already has the label" }));
    assert!(matches!(labelled(&mut state, guardian(), None), Err(Refusal::Unauthorized { .. })));
    assert!(matches!(labelled(&mut state, admin(), Some("two\nlines")), Err(Refusal::InvalidArgument { field: "label", .. })));
    assert_eq!(labelled(&mut state, admin(), None), Ok(()));
    assert_eq!(state.agent(WALLET, &agent()).unwrap().label, None);
    let label = Some("y".repeat(65));
    let long = Action::AddAgent(LabelledAgent { wallet: WALLET, agent: second_admin(), label });
    assert!(matches!(state.decide_change(admin(), long, at(9)), Err(Refusal::InvalidArgument { field: "label", .. })));
    assert_replays(&state);
}
