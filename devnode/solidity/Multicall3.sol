// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Many calls in one, with the interface that wallets and libraries expect of Multicall3
/// @notice Part of the development chain's first block. Holds nothing; a call that pays more or less than its parts add up
/// to is refused by `aggregate3Value`.
contract Multicall3 {
    struct Call {
        address target;
        bytes callData;
    }

    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Call3Value {
        address target;
        bool allowFailure;
        uint256 value;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    string private constant FAILED = "Multicall3: call failed";

    /// @notice Runs all calls; one that fails fails all.
    function aggregate(Call[] calldata calls)
        external
        payable
        returns (uint256 blockNumber, bytes[] memory returnData)
    {
        Result[] memory results = run(true, calls);
        returnData = new bytes[](results.length);
        for (uint256 i; i < results.length; ++i) {
            returnData[i] = results[i].returnData;
        }
        return (block.number, returnData);
    }

    /// @notice Runs all calls; one that fails fails all if `requireSuccess`.
    function tryAggregate(bool requireSuccess, Call[] calldata calls)
        external
        payable
        returns (Result[] memory)
    {
        return run(requireSuccess, calls);
    }

    /// @notice As `tryAggregate`, with the block.
    function tryBlockAndAggregate(bool requireSuccess, Call[] calldata calls)
        public
        payable
        returns (uint256 blockNumber, bytes32 blockHash, Result[] memory returnData)
    {
        return (block.number, blockhash(block.number), run(requireSuccess, calls));
    }

    /// @notice As `aggregate`, with the block's hash and each call's success.
    function blockAndAggregate(Call[] calldata calls)
        external
        payable
        returns (uint256 blockNumber, bytes32 blockHash, Result[] memory returnData)
    {
        return tryBlockAndAggregate(true, calls);
    }

    /// @notice Runs all calls; each says whether it may fail.
    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory results) {
        results = new Result[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            Call3 calldata one = calls[i];
            results[i] = single(one.target, 0, one.callData, one.allowFailure);
        }
    }

    /// @notice As `aggregate3`, with value.
    function aggregate3Value(Call3Value[] calldata calls)
        external
        payable
        returns (Result[] memory results)
    {
        uint256 spent;
        results = new Result[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            Call3Value calldata one = calls[i];
            spent += one.value;
            results[i] = single(one.target, one.value, one.callData, one.allowFailure);
        }
        require(msg.value == spent, "Multicall3: value mismatch");
    }

    /// @notice The hash of a block.
    function getBlockHash(uint256 blockNumber) external view returns (bytes32) {
        return blockhash(blockNumber);
    }

    /// @notice The block's number.
    function getBlockNumber() external view returns (uint256) {
        return block.number;
    }

    /// @notice The address of the sequencer.
    function getCurrentBlockCoinbase() external view returns (address) {
        return block.coinbase;
    }

    /// @notice What PREVRANDAO gives.
    function getCurrentBlockDifficulty() external view returns (uint256) {
        return block.prevrandao;
    }

    /// @notice The block's gas limit.
    function getCurrentBlockGasLimit() external view returns (uint256) {
        return block.gaslimit;
    }

    /// @notice The block's time.
    function getCurrentBlockTimestamp() external view returns (uint256) {
        return block.timestamp;
    }

    /// @notice The balance of an account.
    function getEthBalance(address account) external view returns (uint256) {
        return account.balance;
    }

    /// @notice The hash of the block before.
    function getLastBlockHash() external view returns (bytes32) {
        return blockhash(block.number - 1);
    }

    /// @notice The base fee.
    function getBasefee() external view returns (uint256) {
        return block.basefee;
    }

    /// @notice The chain's id.
    function getChainId() external view returns (uint256) {
        return block.chainid;
    }

    function run(bool requireSuccess, Call[] calldata calls)
        private
        returns (Result[] memory results)
    {
        results = new Result[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            results[i] = single(calls[i].target, 0, calls[i].callData, !requireSuccess);
        }
    }

    function single(address target, uint256 value, bytes calldata data, bool allowFailure)
        private
        returns (Result memory result)
    {
        (result.success, result.returnData) = target.call{value: value}(data);
        require(result.success || allowFailure, FAILED);
    }
}
