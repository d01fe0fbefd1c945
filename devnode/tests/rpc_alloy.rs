//! alloy, unmodified: deploys, calls, sends with its fillers, reads logs and revert data.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod rpc_support;

use alloy_network::{EthereumWallet, TransactionBuilder};
use alloy_primitives::{Bytes, U256};
use alloy_provider::{Provider, ProviderBuilder};
use alloy_rpc_types_eth::{Filter, TransactionRequest};
use novate_devnode::chain::{DEFAULT_MNEMONIC, Keyring};
use rpc_support::{ALICE, BOB, COUNTER, Client, REVERTER, init_code, word};

#[tokio::test]
async fn alloy_deploys_sends_and_reads() {
    let client = Client::start().await;
    let keyring = Keyring::from_mnemonic(DEFAULT_MNEMONIC, 1).unwrap();
    let wallet = EthereumWallet::from(keyring.signers()[0].clone());
    let url = client.server.url().parse().unwrap();
    let provider = ProviderBuilder::new().wallet(wallet).connect_http(url);
    assert_eq!(provider.get_chain_id().await.unwrap(), 412_346);

    let deploy = TransactionRequest::default().with_deploy_code(init_code(COUNTER));
    let receipt = provider.send_transaction(deploy).await.unwrap().get_receipt().await.unwrap();
    let counter = receipt.contract_address.unwrap();
    let set = TransactionRequest::default().to(counter).with_input(word(41));
    let receipt = provider.send_transaction(set).await.unwrap().get_receipt().await.unwrap();
    assert!(receipt.status());
    assert_eq!((receipt.from, receipt.logs()[0].data().data.clone()), (ALICE, word(41)));
    let call = TransactionRequest::default().to(counter);
    assert_eq!(provider.call(call).await.unwrap(), word(41));
    let logs = provider.get_logs(&Filter::new().address(counter).from_block(0)).await.unwrap();
    assert_eq!(logs.len(), 1);
    let block = provider.get_block_by_number(2.into()).full().await.unwrap().unwrap();
    assert_eq!(block.transactions.as_transactions().unwrap().len(), 1);
    assert_eq!(block.header.hash_slow(), block.header.hash);

    let transfer = TransactionRequest::default().to(BOB).value(U256::from(1));
    provider.send_transaction(transfer).await.unwrap().watch().await.unwrap();
    let reverter = TransactionRequest::default().with_deploy_code(init_code(REVERTER));
    let receipt = provider.send_transaction(reverter).await.unwrap().get_receipt().await.unwrap();
    let call = TransactionRequest::default().to(receipt.contract_address.unwrap());
    let error = provider.call(call).await.unwrap_err();
    let payload = error.as_error_resp().unwrap();
    assert_eq!((payload.code, payload.message.as_ref()), (3, "execution reverted"));
    assert_eq!(payload.as_revert_data().unwrap(), Bytes::from_static(&[0xde, 0xad, 0xbe, 0xef]));
}
