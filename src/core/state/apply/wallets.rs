//! Effects of events about wallets.

use crate::base::WalletId;
use crate::event::WalletChanged;
use crate::policy::ReservationsMoved;
use crate::state::State;
use crate::state::tables::Head;
use crate::wallet::{KeyKind, ParentChange, Wallet, WalletChange};
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    pub(super) fn apply_wallet_created(&mut self, wallet: &Wallet) {
        self.tables.set_wallet(wallet);
        self.tables.wallets_by_owner.insert((wallet.owner(), wallet.id.get()));
        for key in KeyKind::ALL.map(|kind| wallet.key(kind)) {
            if !key.is_empty() {
                self.tables.set_wallet_of_key(key, wallet.id);
            }
        }
        self.tables.set_head(Head { next_wallet: wallet.id.next(), ..self.tables.head() });
    }

    pub(super) fn apply_wallet_changed(&mut self, changed: &WalletChanged) {
        let WalletChanged { wallet, change, reservations } = changed;
        self.apply_wallet_change(*wallet, change);
        reservations.iter().for_each(|moved| self.apply_reservations_moved(moved));
    }

    fn apply_wallet_change(&mut self, id: WalletId, change: &WalletChange) {
        let mut wallet = self.tables.wallet(id).unwrap_or_else(|| panic!("BUG: an event names the unknown wallet {id}"));
        match change {
            WalletChange::Activate => wallet.deactivated = false,
            WalletChange::Deactivate => (wallet.deactivated, wallet.primary) = (true, false),
            WalletChange::MakePrimary => {
                for mut other in self.wallets_of(&wallet.owner()).filter(|other| other.primary).collect::<Vec<_>>() {
                    other.primary = false;
                    self.tables.set_wallet(&other);
                }
                wallet.primary = true;
            }
            WalletChange::Owner(owner) => {
                self.tables.wallets_by_owner.remove(&(wallet.owner(), id.get()));
                self.tables.wallets_by_owner.insert((*owner, id.get()));
                wallet.owner = Some(*owner);
                wallet.primary = false;
            }
            WalletChange::Parent(ParentChange { parent }) => wallet.parent = *parent,
        }
        self.tables.set_wallet(&wallet);
    }

    /// Moves reservations of a transfer to other scopes.
    ///
    /// The time of the transfer's last change stays: the signing window and other deadlines of its bytes count from it.
    fn apply_reservations_moved(&mut self, moved: &ReservationsMoved) {
        let ReservationsMoved { id, ended, begun } = moved;
        let mut transfer = self.existing_transfer(*id);
        for reservation in &ended.0 {
            let before = transfer.reservations.0.len();
            transfer.reservations.0.retain(|held| held != reservation);
            assert!(transfer.reservations.0.len() + 1 == before, "BUG: transfer {id} does not hold what ends");
            let spent = self.tables.spent(&reservation.key).void(reservation.amount);
            self.tables.set_spent(&reservation.key, &spent.expect("BUG: a counter does not hold a transfer"));
        }
        for reservation in &begun.0 {
            self.reserve(reservation);
            transfer.reservations.0.push(reservation.clone());
        }
        self.tables.set_transfer(&transfer);
    }
}
