//! Which network the env stands on.

use crate::pocket::Pocket;
use localnet::{Ic, LocalNet};

/// The network under the suite.
pub enum Network {
    /// The embedded one.
    Local(Box<LocalNet>),
    /// A real PocketIC server.
    Pocket(Box<Pocket>),
}

impl Network {
    /// PocketIC when `POCKET_IC_BIN` names a server, else the embedded network.
    pub fn from_environment() -> Self {
        match std::env::var_os("POCKET_IC_BIN") {
            Some(_) => Self::Pocket(Box::new(Pocket::start())),
            None => Self::Local(Box::new(LocalNet::new())),
        }
    }

    /// What both have in common.
    pub fn ic(&mut self) -> &mut dyn Ic {
        match self {
            Self::Local(local) => local.as_mut(),
            Self::Pocket(pocket) => pocket.as_mut(),
        }
    }

    /// The embedded network, for what only it can do: faults, held answers, measurements.
    ///
    /// # Panics
    /// On PocketIC.
    pub fn local(&mut self) -> &mut LocalNet {
        match self {
            Self::Local(local) => local,
            Self::Pocket(_) => panic!("this needs the embedded network"),
        }
    }
}
