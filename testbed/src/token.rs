//! A token: balances stand in the world's storage, so that a revert takes them back; allowances are unlimited.

use std::{cell::RefCell, rc::Rc};

use alloy_primitives::{Address, U256, keccak256};
use alloy_sol_types::SolCall;
use novate_abi::IERC20;
use novate_common::testing::{Message, World};

/// What a token does instead of what it should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Manner {
    /// As the standard says.
    #[default]
    Plain,
    /// Answers nothing to transfers.
    Silent,
    /// Answers false to transfers.
    Denies,
    /// Reverts with a megabyte.
    Shouts,
    /// Answers a megabyte to transfers.
    Talks,
    /// Takes one in a hundred of what is moved.
    TakesFee,
    /// Moves nothing and says that it did.
    Pretends,
}

/// A token that a test steers.
#[derive(Debug, Clone)]
pub struct Token {
    pub address: Address,
    pub decimals: u8,
    pub manner: Rc<RefCell<Manner>>,
}

impl Token {
    pub fn install(world: &World, address: Address, decimals: u8) -> Self {
        let manner = Rc::new(RefCell::new(Manner::Plain));
        let token = Self { address, decimals, manner };
        let program = token.clone();
        world.mock(address, move |world, message| program.answer(world, message));
        token
    }

    fn slot(owner: Address) -> U256 {
        keccak256(owner).into()
    }

    pub fn balance(&self, world: &World, owner: Address) -> U256 {
        world.storage(self.address, Self::slot(owner)).into()
    }

    pub fn set_balance(&self, world: &World, owner: Address, balance: U256) {
        world.set_storage(self.address, Self::slot(owner), balance.into());
    }

    pub fn mint(&self, world: &World, owner: Address, amount: U256) {
        self.set_balance(world, owner, self.balance(world, owner) + amount);
    }

    fn answer(&self, world: &World, message: &Message) -> Result<Vec<u8>, Vec<u8>> {
        let selector: [u8; 4] = message.data[..4].try_into().unwrap();
        match selector {
            IERC20::decimalsCall::SELECTOR => {
                Ok(IERC20::decimalsCall::abi_encode_returns(&self.decimals))
            }
            IERC20::balanceOfCall::SELECTOR => {
                let call = IERC20::balanceOfCall::abi_decode(&message.data).unwrap();
                let balance = self.balance(world, call.account);
                Ok(IERC20::balanceOfCall::abi_encode_returns(&balance))
            }
            IERC20::transferCall::SELECTOR => {
                let call = IERC20::transferCall::abi_decode(&message.data).unwrap();
                self.transfer(world, message.sender, call.to, call.amount)
            }
            IERC20::transferFromCall::SELECTOR => {
                let call = IERC20::transferFromCall::abi_decode(&message.data).unwrap();
                self.transfer(world, call.from, call.to, call.amount)
            }
            IERC20::permitCall::SELECTOR => Ok(Vec::new()),
            IERC20::allowanceCall::SELECTOR => Ok(U256::MAX.to_be_bytes_vec()),
            _ => Err(b"no such function".to_vec()),
        }
    }

    fn transfer(
        &self,
        world: &World,
        from: Address,
        to: Address,
        amount: U256,
    ) -> Result<Vec<u8>, Vec<u8>> {
        let manner = *self.manner.borrow();
        let said = |word: u8| U256::from(word).to_be_bytes_vec();
        match manner {
            Manner::Denies => return Ok(said(0)),
            Manner::Shouts => return Err(vec![0xee; 1 << 20]),
            Manner::Pretends => return Ok(said(1)),
            _ => {}
        }
        let held = self.balance(world, from);
        if held < amount {
            return Err(b"balance too low".to_vec());
        }
        let fee = if manner == Manner::TakesFee { amount / U256::from(100) } else { U256::ZERO };
        self.set_balance(world, from, held - amount);
        self.mint(world, to, amount - fee);
        Ok(match manner {
            Manner::Silent => Vec::new(),
            Manner::Talks => {
                let mut answer = said(1);
                answer.resize(1 << 20, 0xee);
                answer
            }
            _ => said(1),
        })
    }
}
