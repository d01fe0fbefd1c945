// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The precompile that activates programs
interface IArbWasm {
    function activateProgram(address program)
        external
        payable
        returns (uint16 version, uint256 dataFee);
    function codehashVersion(bytes32 codehash) external view returns (uint16 version);
    function stylusVersion() external view returns (uint16 version);
}

/// @title Creates, activates and constructs a Stylus contract in one transaction
/// @notice Part of the development chain's first block, with the interface that `cargo stylus deploy` speaks.
contract StylusDeployer {
    /// @notice A contract was deployed.
    event ContractDeployed(address deployedContract);

    /// @notice The creation failed.
    error ContractDeploymentError(bytes bytecode);
    /// @notice The constructor failed.
    error ContractInitializationError(address newContract, bytes data);
    /// @notice What was left of the value could not be sent back.
    error RefundExcessValueError(uint256 excessValue);
    /// @notice There is nothing to create.
    error EmptyBytecode();
    /// @notice Value for a constructor that is not called.
    error InitValueButNotInitData();

    IArbWasm private constant ARB_WASM = IArbWasm(0x0000000000000000000000000000000000000071);

    /// @notice Creates a contract, activates it if it is an inactive program, calls it, and returns what is left.
    /// @param bytecode Init code.
    /// @param initData Calldata of the first call; empty: none.
    /// @param initValue Value of the first call.
    /// @param salt Zero: CREATE. Otherwise CREATE2 with this salt hashed together with `initData`.
    function deploy(
        bytes calldata bytecode,
        bytes calldata initData,
        uint256 initValue,
        bytes32 salt
    ) external payable returns (address) {
        if (initValue != 0 && initData.length == 0) revert InitValueButNotInitData();
        address created = create(bytecode, salt == 0 ? salt : initSalt(salt, initData));
        if (requiresActivation(created)) {
            // What the fee leaves of the value comes back at once.
            ARB_WASM.activateProgram{value: address(this).balance - initValue}(created);
        }
        if (initData.length != 0) {
            (bool success, bytes memory data) = created.call{value: initValue}(initData);
            if (!success) revert ContractInitializationError(created, data);
        }
        uint256 rest = address(this).balance;
        if (rest != 0) {
            (bool sent,) = msg.sender.call{value: rest}("");
            if (!sent) revert RefundExcessValueError(rest);
        }
        emit ContractDeployed(created);
        return created;
    }

    /// @notice The salt that CREATE2 is given.
    function initSalt(bytes32 salt, bytes calldata initData) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(salt, initData));
    }

    /// @notice Whether an account holds a program that is not active under the current version.
    function requiresActivation(address account) public view returns (bool) {
        bytes memory code = account.code;
        if (code.length < 4 || code[0] != 0xef || code[1] != 0xf0) return false;
        if (code[2] != 0x00 && code[2] != 0x02) return false;
        try ARB_WASM.codehashVersion(account.codehash) returns (uint16 version) {
            return version != ARB_WASM.stylusVersion();
        } catch {
            return true;
        }
    }

    /// @notice Takes back what activation leaves.
    receive() external payable {}

    function create(bytes memory code, bytes32 salt) private returns (address created) {
        if (code.length == 0) revert EmptyBytecode();
        if (salt == 0) {
            assembly ("memory-safe") {
                created := create(0, add(code, 0x20), mload(code))
            }
        } else {
            assembly ("memory-safe") {
                created := create2(0, add(code, 0x20), mload(code), salt)
            }
        }
        if (created == address(0)) revert ContractDeploymentError(code);
    }
}
