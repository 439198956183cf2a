//! The accounts of a transfer, read together.
//!
//! Everything is read at finalized commitment, by the quorum of providers, and of nodes that have reached every slot that was seen.

use super::concurrent::tokens_needed;
use super::intent;
use super::providers;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::base::{Amount, Asset};
use purser_core::chains::solana::account::Account;
use purser_core::chains::solana::rpc::{self, AccountView, Commitment, Reading, Request, View};
use purser_core::chains::solana::{Address, Blockhash, TokenProgram};

/// An upper bound of the rent-exempt minimum of an account without data, in lamports.
///
/// The minimum moves, but has not been above this, and no proposal raises it beyond. An account that has this much need not be compared
/// with the minimum of the day.
pub(super) const RENT_UPPER_BOUND: Amount = Amount::new(890_880);

/// The precision with which lamports are read. A bound is harder to disturb than a balance: anybody can move that by sending dust.
#[derive(Clone, Copy)]
pub(super) struct LamportReadings {
    payer: Reading,
    recipients: Reading,
}

impl LamportReadings {
    /// The exact balances.
    pub const EXACT: Self = Self { payer: Reading::EXACT, recipients: Reading::EXACT };

    /// Whether the payer has at least `payer`, and each recipient as much as a new account needs.
    pub fn at_least(payer: Amount) -> Self {
        Self { payer: at_least(payer), recipients: at_least(RENT_UPPER_BOUND) }
    }
}

fn at_least(threshold: Amount) -> Reading {
    Reading::AtLeast { threshold: threshold.get() }
}

/// The accounts of a transfer as they were read.
pub(super) struct Accounts {
    /// The wallet's own account; `None` when there is none.
    pub payer: Option<Account>,
    /// The recipients' accounts, in the order of the payments.
    pub recipients: Vec<Option<Account>>,
    /// The accounts of the token that is paid.
    pub token: Option<TokenAccounts>,
    /// The nonce account that was asked for.
    nonce: Option<AccountView>,
    /// The wallet's address.
    wallet: Address,
}

/// The accounts of a token.
pub(super) struct TokenAccounts {
    /// The mint.
    pub mint: AccountView,
    classic: ProgramAccounts,
    token_2022: ProgramAccounts,
}

/// The token accounts under one program. Which program owns the mint is known only after the read.
pub(super) struct ProgramAccounts {
    /// The wallet's account.
    pub source: AccountView,
    /// The recipients' accounts, in the order of the payments.
    pub destinations: Vec<AccountView>,
}

impl TokenAccounts {
    /// The accounts under the program that owns the mint.
    pub fn of(&self, program: TokenProgram) -> &ProgramAccounts {
        match program {
            TokenProgram::Classic => &self.classic,
            TokenProgram::Token2022 => &self.token_2022,
        }
    }
}

impl Accounts {
    /// The wallet's lamports; zero when there is no account.
    pub fn lamports(&self) -> Amount {
        self.payer.map_or(Amount::ZERO, |account| account.lamports)
    }

    /// The value of the wallet's nonce account.
    ///
    /// # Errors
    /// The state of the account when it is not a nonce account of this wallet.
    pub fn nonce_value(&self) -> Result<Blockhash, String> {
        match &self.nonce {
            Some(AccountView::Nonce { authority, value }) if *authority == self.wallet => Ok(*value),
            Some(AccountView::Nonce { authority, .. }) => Err(format!("its authority is {authority}")),
            Some(AccountView::Missing) => Err("there is no account".to_owned()),
            Some(_) => Err("the account holds no nonce".to_owned()),
            None => Err("it was not read".to_owned()),
        }
    }
}

/// Reads the accounts of the transfer, with its nonce account where one is given.
///
/// # Errors
/// When the providers do not agree, or an address or a sum of the request is impossible.
pub(super) async fn read<R: Runtime>(
    context: &TransferContext<'_, R>,
    lamports: LamportReadings,
    nonce: Option<Address>,
) -> Result<Accounts, FlowError> {
    let (wallet, payments) = (intent::payer(context)?, intent::payments(context)?);
    let mut request = AccountsRequest::default();
    let payer = request.add(wallet, View::Account { lamports: lamports.payer });
    let mut recipients = Vec::new();
    for payment in &payments {
        recipients.push(request.add(payment.to, View::Account { lamports: lamports.recipients }));
    }
    let token = match context.transfer.request.asset {
        Asset::Spl { mint } => {
            let mint = intent::mint_address(mint);
            let owners: Vec<Address> = payments.iter().map(|payment| payment.to).collect();
            let enough = tokens_needed(context)?.checked_add(context.minimum_tokens()).unwrap_or(Amount::MAX);
            Some(TokenReads {
                mint: request.add(mint, View::Mint),
                classic: request.add_program(wallet, &owners, &mint, TokenProgram::Classic, enough)?,
                token_2022: request.add_program(wallet, &owners, &mint, TokenProgram::Token2022, enough)?,
            })
        }
        _ => None,
    };
    let nonce = nonce.map(|address| request.add(address, View::Nonce));
    let answers = request.send(context).await?;
    Ok(Accounts {
        payer: answers.account(payer),
        recipients: recipients.into_iter().map(|read| answers.account(read)).collect(),
        token: token.map(|reads| TokenAccounts {
            mint: answers.view(reads.mint),
            classic: answers.program(reads.classic),
            token_2022: answers.program(reads.token_2022),
        }),
        nonce: nonce.map(|read| answers.view(read)),
        wallet,
    })
}

/// A request for accounts. Each read is named by the id that finds its answer.
#[derive(Default)]
struct AccountsRequest {
    wanted: Vec<rpc::Wanted>,
}

/// The id of a read: its place in the request and in the answer.
struct ReadId(usize);

/// The reads of a token's accounts.
struct TokenReads {
    mint: ReadId,
    classic: ProgramReads,
    token_2022: ProgramReads,
}

/// The reads of the token accounts under one program.
struct ProgramReads {
    source: ReadId,
    destinations: Vec<ReadId>,
}

impl AccountsRequest {
    fn add(&mut self, address: Address, view: View) -> ReadId {
        self.wanted.push(rpc::Wanted { address, view });
        ReadId(self.wanted.len() - 1)
    }

    /// Adds the token accounts of a wallet, whose amount is compared with `enough`, and of the recipients.
    fn add_program(
        &mut self,
        wallet: Address,
        recipients: &[Address],
        mint: &Address,
        program: TokenProgram,
        enough: Amount,
    ) -> Result<ProgramReads, FlowError> {
        let mut add = |owner: &Address, threshold: Amount| {
            let view = View::Holding { amount: at_least(threshold) };
            Ok::<_, FlowError>(self.add(intent::token_account(owner, mint, program)?, view))
        };
        let source = add(&wallet, enough)?;
        // Of a recipient's account it only counts whether it is there and takes the payment.
        let destinations = recipients.iter().map(|owner| add(owner, Amount::ZERO)).collect::<Result<_, _>>()?;
        Ok(ProgramReads { source, destinations })
    }

    async fn send<R: Runtime>(self, context: &TransferContext<'_, R>) -> Result<Answers, FlowError> {
        let (count, min_slot) = (self.wanted.len(), providers::min_slot(context.rt));
        let request = Request::Accounts { wanted: self.wanted, commitment: Commitment::Finalized, min_slot };
        let views = rpc::parse_accounts(&providers::of(context).agreed(&request).await?)?;
        match views.len() == count {
            true => Ok(Answers(views)),
            false => Err(FlowError::Transient("the providers named too few accounts".to_owned())),
        }
    }
}

/// The answers to a request, one for each read.
struct Answers(Vec<AccountView>);

impl Answers {
    fn view(&self, ReadId(place): ReadId) -> AccountView {
        self.0[place].clone()
    }

    fn account(&self, read: ReadId) -> Option<Account> {
        match self.view(read) {
            AccountView::Account(account) => Some(account),
            _ => None,
        }
    }

    fn program(&self, reads: ProgramReads) -> ProgramAccounts {
        let destinations = reads.destinations.into_iter().map(|read| self.view(read)).collect();
        ProgramAccounts { source: self.view(reads.source), destinations }
    }
}
