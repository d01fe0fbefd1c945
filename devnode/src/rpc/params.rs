//! Arguments of a request, by position, with geth's wording when one is missing or malformed.

use alloy_eips::BlockId;
use alloy_primitives::U256;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::RpcError;

/// The arguments of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(Vec<Value>);

impl Params {
    /// Arguments from the `params` field: an array, or nothing.
    ///
    /// # Errors
    /// -32602 for an object or a bare value.
    pub fn new(params: Value) -> Result<Self, RpcError> {
        match params {
            Value::Null => Ok(Self::default()),
            Value::Array(values) => Ok(Self(values)),
            _ => Err(RpcError::invalid_params("non-array args")),
        }
    }

    /// The argument at `index`, which must be there.
    ///
    /// # Errors
    /// -32602 when it is missing or malformed.
    pub fn required<T: DeserializeOwned>(&self, index: usize) -> Result<T, RpcError> {
        self.optional(index)?.ok_or_else(|| {
            RpcError::invalid_params(format!("missing value for required argument {index}"))
        })
    }

    /// The argument at `index`, if it is there and not null.
    ///
    /// # Errors
    /// -32602 when it is malformed.
    pub fn optional<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>, RpcError> {
        match self.0.get(index) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::deserialize(value).map(Some).map_err(|error| {
                RpcError::invalid_params(format!("invalid argument {index}: {error}"))
            }),
        }
    }

    /// The block at `index`; `latest` without one.
    ///
    /// # Errors
    /// -32602 when it is malformed.
    pub fn block(&self, index: usize) -> Result<BlockId, RpcError> {
        Ok(self.optional(index)?.unwrap_or_else(BlockId::latest))
    }

    /// A number at `index`: hexadecimal, decimal, or a JSON number, as test tools send them.
    ///
    /// # Errors
    /// -32602 when it is missing, malformed, or above `u64::MAX`.
    pub fn number(&self, index: usize) -> Result<u64, RpcError> {
        self.optional_number(index)?.ok_or_else(|| {
            RpcError::invalid_params(format!("missing value for required argument {index}"))
        })
    }

    /// Like [`Self::number`], for one that may be left out.
    ///
    /// # Errors
    /// -32602 when it is malformed, or above `u64::MAX`.
    pub fn optional_number(&self, index: usize) -> Result<Option<u64>, RpcError> {
        let Some(number) = self.optional::<U256>(index)? else { return Ok(None) };
        let too_large = |_| RpcError::invalid_params(format!("argument {index} is too large"));
        u64::try_from(number).map(Some).map_err(too_large)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_read_by_position() {
        let params = Params::new(json!(["0x10", 16, "16", null])).unwrap();
        for index in 0..3 {
            assert_eq!(params.number(index), Ok(16));
        }
        assert_eq!(params.optional_number(3), Ok(None));
        assert_eq!(params.block(9), Ok(BlockId::latest()));
    }

    #[test]
    fn bad_arguments_are_worded_as_geth_does() {
        let params = Params::new(json!(["0xzz"])).unwrap();
        let error = params.required::<Address>(0).unwrap_err();
        assert_eq!(error.code, -32602);
        assert!(error.message.starts_with("invalid argument 0: "), "{}", error.message);
        let error = params.required::<Address>(1).unwrap_err();
        assert_eq!(error.message, "missing value for required argument 1");
        assert_eq!(Params::new(json!({"a": 1})).unwrap_err().message, "non-array args");
        let huge = Params::new(json!([format!("{:#x}", U256::MAX)])).unwrap();
        assert_eq!(huge.number(0).unwrap_err().code, -32602);
    }
}
