// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Caller
/// @notice Calls anything with any data and any value on behalf of whoever asks: the contract that tests send instead of
/// themselves, to see what a target does with malformed data, with ether, with little gas, in a static context, or several
/// times in one transaction.
contract Caller {
    /// @notice One call of a batch.
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// @notice What a call ended with.
    struct Result {
        bool succeeded;
        bytes data;
    }

    /// @notice The batch was to be executed whole, and the call at `index` failed with `data`.
    error CallFailed(uint256 index, bytes data);

    /// @notice Ether may be left here for later calls.
    receive() external payable {}

    /// @notice Calls `target` with `data`, handing on all ether sent with this call; reports success and the reply.
    function tryCall(address target, bytes calldata data)
        external
        payable
        returns (Result memory result)
    {
        (result.succeeded, result.data) = target.call{value: msg.value}(data);
    }

    /// @notice Like `tryCall`, with at most `gasLimit` of gas.
    function tryCallWithGas(address target, bytes calldata data, uint256 gasLimit)
        external
        payable
        returns (Result memory result)
    {
        (result.succeeded, result.data) = target.call{value: msg.value, gas: gasLimit}(data);
    }

    /// @notice Calls `target` in a static context: any change of state there fails.
    function tryStaticCall(address target, bytes calldata data)
        external
        view
        returns (Result memory result)
    {
        (result.succeeded, result.data) = target.staticcall(data);
    }

    /// @notice Runs the code of `target` on this contract's own storage.
    function tryDelegateCall(address target, bytes calldata data)
        external
        returns (Result memory result)
    {
        (result.succeeded, result.data) = target.delegatecall(data);
    }

    /// @notice Makes all calls in order; every one must succeed, or the first failure undoes them all.
    function execute(Call[] calldata calls) external payable returns (bytes[] memory replies) {
        replies = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool done, bytes memory reply) =
                calls[i].target.call{value: calls[i].value}(calls[i].data);
            if (!done) revert CallFailed(i, reply);
            replies[i] = reply;
        }
    }
}
