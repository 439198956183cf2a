//! Faults that a test orders for the next calls of one endpoint or of all.

use std::sync::{Arc, Mutex};

/// An endpoint of the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `GET /info/blockdag` and its alias `/info/network`.
    BlockDag,
    /// `GET /info/virtual-chain-blue-score`.
    BlueScore,
    /// `GET /info/fee-estimate`.
    FeeEstimate,
    /// `GET /info/kaspad`.
    Kaspad,
    /// `GET /info/health`.
    Health,
    /// `GET /addresses/{a}/balance` and `POST /addresses/balances`.
    Balance,
    /// `GET /addresses/{a}/utxos` and `POST /addresses/utxos`.
    Utxos,
    /// `GET /addresses/{a}/utxos/count`.
    UtxoCount,
    /// `POST /transactions`.
    Submit,
    /// `POST /transactions/acceptance`.
    Acceptance,
    /// `POST /transactions/search`.
    Search,
    /// `GET /transactions/{id}`.
    Transaction,
}

/// A false statement in an otherwise well-formed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FalseAnswer {
    /// The list of coins contains an additional coin of this many sompi that does not exist.
    PhantomUtxo {
        /// The amount of the invented coin.
        sompi: u64,
    },
    /// Every coin is listed with this many sompi.
    UtxoAmount {
        /// The false amount.
        sompi: u64,
    },
    /// Every coin is listed with a script that is not the address's.
    UtxoScript,
    /// Every balance is this many sompi.
    Balance {
        /// The false balance.
        sompi: u64,
    },
    /// Every requested transaction is reported as accepted, even an unknown one.
    Accepted,
    /// Every bucket of the fee estimate has this many sompi per gram.
    Feerate {
        /// The false feerate.
        sompi_per_gram: u64,
    },
}

/// A fault of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Status 429; the request is ignored.
    Http429,
    /// Status 500 in the server's usual words; the request is ignored.
    Http500,
    /// No answer: the connection stays open until the client gives up.
    Hang,
    /// The request is ignored and the answer is not HTTP. A client reports a broken connection.
    Broken,
    /// A submission is answered with its id and dropped.
    DropSubmit,
    /// A submission is handled as usual, but the answer is a status 500.
    AcceptButError,
    /// A submission is handled as usual, but the answer is the server's own time-out: status 400 with an empty error.
    AcceptButTimeout,
    /// A submission is refused with this text, whether or not it is valid.
    RefuseSubmit(String),
    /// Reads are answered from the state at this virtual DAA score, by a node that stopped there.
    StaleNode {
        /// The score at which the node stopped.
        daa: u64,
    },
    /// The answer holds a false statement.
    FalseAnswer(FalseAnswer),
    /// Before the request is handled, the last `depth` chain blocks are undone.
    Reorg {
        /// The number of chain blocks.
        depth: u64,
    },
    /// Status 200 with a body that is not JSON.
    GarbageBody,
    /// Status 200 with a JSON body, an empty list, of this many bytes.
    HugeBody {
        /// Length of the body.
        bytes: usize,
    },
}

struct OrderedFault {
    target: Option<Endpoint>,
    fault: Fault,
    calls: u32,
}

/// The faults of one chain; clones share them.
#[derive(Clone, Default)]
pub struct FaultsHandle(Arc<Mutex<Vec<OrderedFault>>>);

impl FaultsHandle {
    /// Orders `fault` for the next `calls` calls of any endpoint.
    pub fn next(&self, calls: u32, fault: Fault) {
        self.order(OrderedFault { target: None, fault, calls });
    }

    /// Orders `fault` for the next `calls` calls of `endpoint`.
    pub fn next_at(&self, endpoint: Endpoint, calls: u32, fault: Fault) {
        self.order(OrderedFault { target: Some(endpoint), fault, calls });
    }

    /// Cancels every fault that no call has met yet.
    pub fn clear(&self) {
        self.ordered().clear();
    }

    /// The number of calls that still meet a fault.
    pub fn pending(&self) -> u32 {
        self.ordered().iter().map(|ordered| ordered.calls).sum()
    }

    /// The fault of this call: the first ordered among those that apply.
    pub(super) fn take(&self, endpoint: Option<Endpoint>) -> Option<Fault> {
        let mut ordered = self.ordered();
        let at = ordered.iter().position(|ordered| ordered.target.is_none() || ordered.target == endpoint)?;
        ordered[at].calls -= 1;
        let fault = ordered[at].fault.clone();
        if ordered[at].calls == 0 {
            ordered.remove(at);
        }
        Some(fault)
    }

    fn order(&self, ordered: OrderedFault) {
        if ordered.calls > 0 {
            self.ordered().push(ordered);
        }
    }

    fn ordered(&self) -> std::sync::MutexGuard<'_, Vec<OrderedFault>> {
        self.0.lock().expect("BUG: a thread panicked while it held the faults")
    }
}

impl Fault {
    /// Whether the server answers without handling the request.
    pub(super) fn replaces_handling(&self) -> bool {
        matches!(self, Self::Http429 | Self::Http500 | Self::Hang | Self::Broken | Self::GarbageBody | Self::HugeBody { .. })
    }
}
