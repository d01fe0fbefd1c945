;; A register: stores the 32 bytes that it is called with in slot 0, and returns what was there.
;; test/stylus.test.mjs holds this module's binary, made with: wasm-as program/register.wat -o register.wasm
(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $store (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (memory (export "memory") 1 1)
  (func (export "user_entrypoint") (param $length i32) (result i32)
    (call $read_args (i32.const 32))
    (call $load (i32.const 0) (i32.const 64))
    (call $store (i32.const 0) (i32.const 32))
    (call $flush (i32.const 0))
    (call $write_result (i32.const 64) (i32.const 32))
    (i32.const 0)))
