//! The network of the test environment.

use crate::pocket::Pocket;
use localnet::{Ic, LocalNet};

/// The network of the test environment.
pub enum Network {
    /// The embedded network.
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

    /// The interface that both networks have.
    pub fn ic(&mut self) -> &mut dyn Ic {
        match self {
            Self::Local(local) => local.as_mut(),
            Self::Pocket(pocket) => pocket.as_mut(),
        }
    }

    /// The embedded network, for faults, held answers and measurements.
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
