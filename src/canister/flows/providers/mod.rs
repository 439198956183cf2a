//! Providers of the chains: which are asked, how many must agree, and the health of each.
//!
//! One engine serves every chain. A chain gives a [`ProviderApi`]: its requests, how answers are made comparable, and how a provider shows
//! which chain it serves. The flows of the chain decide what follows from the answers.
//!
//! * An answer that decides about money counts when as many providers give it as the configured quorum. A provider that lies alone is
//!   outvoted, and one that does not answer is passed over.
//! * A provider that fails several times in a row is asked after the others for a while. One that limits the rate of requests is not asked
//!   at all for a while, and nobody is to blame.
//! * A transfer's run begins with the provider that the schedule names, and makes at most so many calls as its budget.
//! * An API key stands in the URL on the wire only: it is replaced in every answer, in every problem and in every list.
//!
//! Health lives on the heap: losing it costs no more than an early question.
//!
//! | file | subject |
//! |---|---|
//! | `api` | the part that a chain gives |
//! | `budget` | the calls that a run may make |
//! | `health` | answers, failures and back-off of each provider |
//! | `wire` | one call, with the API key and the measurements |
//! | `ask` | the order of the providers, and the answer of one |
//! | `quorum` | the answers of several |
//! | `problem` | the problem that is told when several providers have one |
//! | `status` | the providers as the interface lists them |

mod api;
mod ask;
mod budget;
mod health;
mod problem;
mod quorum;
mod status;
mod wire;

pub(super) use api::{AnswerFailure, IdentityError, ProviderApi, Replication};
pub(super) use ask::Providers;
pub(super) use budget::Budget;
pub use health::Health;
pub(super) use health::{health, record_bad_answer, record_good_answer};
pub use status::ProviderStatus;
pub(super) use status::list;
