//! Account ids: the owner's address (20 bytes) followed by an index (12 bytes).

use alloy_primitives::{Address, B256};

/// The id of account number `index` of `owner`.
pub fn account_id(owner: Address, index: u64) -> B256 {
    let mut id = [0; 32];
    let (address, number) = id.split_at_mut(20);
    address.copy_from_slice(owner.as_slice());
    number.copy_from_slice(&u128::from(index).to_be_bytes()[4..]);
    B256::from(id)
}

/// The owner of an account.
pub fn account_owner(account: B256) -> Address {
    let [owner @ .., _, _, _, _, _, _, _, _, _, _, _, _] = account.0;
    Address::from(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_names_its_owner() {
        let owner = Address::repeat_byte(0xab);
        let account = account_id(owner, 258);
        assert_eq!(account_owner(account), owner);
        assert_eq!(account.0[20..], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }
}
