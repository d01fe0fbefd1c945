// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The precompile that activates programs
interface IArbWasm {
    function activateProgram(address program)
        external
        payable
        returns (uint16 version, uint256 dataFee);
}

/// @title Creates, activates and initialises a program in one transaction
/// @notice `initialize` of a program may be called once, by anyone. A program that is created here is initialised before
/// anybody else can reach it. Holds nothing and keeps nothing.
contract Deployer {
    /// @notice A program was created and, if `initialization` wasn't empty, initialised.
    event Deployed(
        address indexed program,
        bytes32 indexed salt,
        address indexed deployer,
        uint16 version,
        uint256 dataFee
    );

    /// @notice The code could not be stored: too large, empty, or the address is taken.
    error CreationFailed(bytes32 salt);
    /// @notice The program refused its initialization without saying why.
    error InitializationFailed(address program);
    /// @notice What wasn't spent on activation couldn't be sent back to `receiver`.
    error RefundFailed(address receiver, uint256 amount);

    IArbWasm private constant ARB_WASM = IArbWasm(0x0000000000000000000000000000000000000071);

    /// @notice Deploys `code`, the account's code as the packing tool writes it, at the address that `predict` tells.
    /// @param salt Together with the caller it makes the address.
    /// @param initialization Calldata of the first call; empty: none.
    /// @dev Pays the activation's data fee from the value sent along and returns the rest to the caller.
    function deploy(bytes32 salt, bytes calldata code, bytes calldata initialization)
        external
        payable
        returns (address program)
    {
        bytes memory creation = creationCode(code);
        bytes32 mixed = keccak256(abi.encode(msg.sender, salt));
        assembly ("memory-safe") {
            program := create2(0, add(creation, 0x20), mload(creation), mixed)
        }
        if (program == address(0)) revert CreationFailed(salt);
        (uint16 version, uint256 dataFee) = ARB_WASM.activateProgram{value: msg.value}(program);
        if (initialization.length != 0) initialise(program, initialization);
        refund();
        emit Deployed(program, salt, msg.sender, version, dataFee);
    }

    /// @notice The address at which `deployer` gets `code` with `salt`.
    function predict(address deployer, bytes32 salt, bytes calldata code)
        external
        view
        returns (address)
    {
        bytes32 mixed = keccak256(abi.encode(deployer, salt));
        bytes32 hash = keccak256(
            abi.encodePacked(bytes1(0xff), address(this), mixed, keccak256(creationCode(code)))
        );
        return address(uint160(uint256(hash)));
    }

    /// @dev The precompile sends back what it doesn't take.
    receive() external payable {}

    function initialise(address program, bytes calldata initialization) private {
        (bool done, bytes memory answer) = program.call(initialization);
        if (done) return;
        if (answer.length == 0) revert InitializationFailed(program);
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function refund() private {
        uint256 left = address(this).balance;
        if (left == 0) return;
        (bool done,) = msg.sender.call{value: left}("");
        if (!done) revert RefundFailed(msg.sender, left);
    }

    /// @dev A prelude of 42 bytes that returns what follows it.
    function creationCode(bytes calldata code) private pure returns (bytes memory) {
        // PUSH32 length, DUP1, PUSH1 42, PUSH1 0, CODECOPY, PUSH1 0, RETURN
        return abi.encodePacked(hex"7f", code.length, hex"80602a6000396000f3", code);
    }
}
