//! Prints Solana messages with what they say, one JSON object a line, for `scripts/check-solana` to build again with another
//! implementation. The argument is how many; the intents are pseudo-random and the same every time.

use purser_core::base::Amount;
use purser_core::chains::solana::{
    Address, Blockhash, Budget, Operation, Payment, PaymentKind, Plan, RecentHash, TokenPayment, TokenProgram, derived,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Pseudo-random numbers: the hashes of a counter.
struct Numbers(u64);

impl Numbers {
    fn bytes(&mut self) -> [u8; 32] {
        self.0 += 1;
        Sha256::digest(self.0.to_be_bytes()).into()
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes();
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn address(&mut self) -> Address {
        Address::from_bytes(self.bytes())
    }
}

fn payment(numbers: &mut Numbers) -> (Payment, Value) {
    let memo = (numbers.below(2) == 0).then(|| format!("invoice {}", numbers.below(1_000)));
    let amount = numbers.next().max(1);
    let to = numbers.address();
    if numbers.below(2) == 0 {
        let shown = json!({ "to": to, "lamports": amount, "memo": memo });
        return (Payment { kind: PaymentKind::Lamports { to, lamports: Amount::new(amount) }, memo }, shown);
    }
    let program = if numbers.below(2) == 0 { TokenProgram::Classic } else { TokenProgram::Token2022 };
    let (mint, decimals, create) = (numbers.address(), numbers.below(20) as u8, numbers.below(2) == 0);
    let destination = derived::token_account(&to, &mint, program).expect("an address");
    let create_for = create.then_some(to);
    let tokens = TokenPayment { program, mint, destination, create_for, amount: Amount::new(amount), decimals };
    let shown = json!({
        "to": to, "program": program.address(), "mint": mint, "create": create, "amount": amount, "decimals": decimals, "memo": memo,
    });
    (Payment { kind: PaymentKind::Tokens(tokens), memo }, shown)
}

fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let mut numbers = Numbers(0);
    for _ in 0..count {
        let (payer, hash) = (numbers.address(), Blockhash::from_bytes(numbers.bytes()));
        let nonce = (numbers.below(2) == 0).then(|| numbers.address());
        let recent_hash = nonce.map_or(RecentHash::Blockhash(hash), |account| RecentHash::Nonce { account, value: hash });
        let budget = (numbers.below(2) == 0).then(|| Budget { limit: numbers.next() as u32, price: numbers.next() });
        let (operation, shown) = match (numbers.below(8), nonce) {
            (1, None) => {
                let account = numbers.address();
                (Operation::Revoke { account }, json!({ "revoke": account }))
            }
            (0, None) => {
                let (index, lamports) = (numbers.next() as u16, numbers.next());
                (
                    Operation::CreateNonce { index, lamports: Amount::new(lamports) },
                    json!({ "create_nonce": index, "lamports": lamports }),
                )
            }
            _ => {
                let list: Vec<_> = (0..=numbers.below(2)).map(|_| payment(&mut numbers)).collect();
                let (payments, shown): (Vec<_>, Vec<_>) = list.into_iter().unzip();
                (Operation::Pay(payments), json!({ "payments": shown }))
            }
        };
        let plan = Plan { payer, recent_hash, budget, operation };
        let message = plan.build().expect("a message");
        let line = json!({
            "payer": payer, "hash": hash, "nonce": nonce, "budget": budget.map(|budget| [u64::from(budget.limit), budget.price]),
            "act": shown, "message": hex::encode(message.message_bytes()),
        });
        println!("{line}");
    }
}
