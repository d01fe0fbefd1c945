//! Libraries: deployed before the contracts that are linked with them.

use alloy_primitives::{Address, Bytes, TxKind, U256};

use super::{
    GAS_LIMIT,
    artifact::Object,
    evm::Transaction,
    suite::{Stage, Suite},
};

impl Suite<'_> {
    /// Init code with its libraries deployed and filled in.
    pub(super) fn linked(&mut self, stage: &mut Stage, code: &Object) -> Result<Bytes, String> {
        let mut known: Vec<(String, String, Address)> = Vec::new();
        self.deploy_libraries(stage, code, &mut known, 0)?;
        let find = |source: &str, name: &str| {
            let same = known.iter().find(|(s, n, _)| s == source && n == name);
            same.map(|(_, _, address)| address.into_array())
        };
        code.link(find).ok_or_else(|| "the bytecode is not hexadecimal".into())
    }

    fn deploy_libraries(
        &mut self,
        stage: &mut Stage,
        code: &Object,
        known: &mut Vec<(String, String, Address)>,
        depth: usize,
    ) -> Result<(), String> {
        if depth > 32 {
            return Err("libraries are linked in a circle".into());
        }
        for (source, name) in code.libraries() {
            if known.iter().any(|(s, n, _)| s == source && n == name) {
                continue;
            }
            let library = self.shared.artifacts.get(source, name);
            let library =
                library.ok_or_else(|| format!("no artifact of library {source}:{name}"))?;
            let creation = library.creation.clone();
            self.deploy_libraries(stage, &creation, known, depth.saturating_add(1))?;
            let input = creation.link(|source, name| {
                let same = known.iter().find(|(s, n, _)| s == source && n == name);
                same.map(|(_, _, address)| address.into_array())
            });
            let input = input.ok_or_else(|| format!("library {name} cannot be linked"))?;
            // An account of their own, so that the test contract stays where it is.
            let from = Address::with_last_byte(0xf0);
            let (to, value) = (TxKind::Create, U256::ZERO);
            let transaction = Transaction { from, to, input, value, gas: GAS_LIMIT };
            let executed = self.execute(stage, &transaction, false)?;
            let address = executed.result.created_address();
            let address = address.filter(|_| executed.result.is_success());
            let address = address.ok_or_else(|| format!("library {name} cannot be deployed"))?;
            known.push((source.to_owned(), name.to_owned(), address));
        }
        Ok(())
    }
}
