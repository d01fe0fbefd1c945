//! The state file: an append-only journal of what happened to the chain, one JSON object a line.
//!
//! A block and everything it changed are one line, written in one go as soon as the block is mined.
//! A kill at any moment tears at most the line being written; loading drops a torn last line.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Seek, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Blocks, ChangeSet, Clock, Error, MinedBlock, Node, State, Version};

/// Format of the file; another one is refused.
const FORMAT: u32 = 1;

/// An open state file.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// The first line: what the chain is, and its first block.
    Start { format: u32, chain_id: u64, arbos: u64, genesis: ChangeSet, first: Box<MinedBlock> },
    /// A change asked for by RPC.
    Changes(ChangeSet),
    /// A block with the changes of its transactions, in order.
    Block { block: Box<MinedBlock>, changes: Vec<ChangeSet>, clock: Clock },
    /// The chain went back.
    Rewind { block: u64, version: Version, clock: Clock },
}

impl Journal {
    /// Notes a change asked for by RPC.
    pub(super) fn changes(&mut self, changes: &ChangeSet) -> Result<(), Error> {
        self.append(&Entry::Changes(changes.clone()))
    }

    /// Notes a mined block.
    pub(super) fn block(
        &mut self,
        block: &MinedBlock,
        changes: Vec<ChangeSet>,
        clock: Clock,
    ) -> Result<(), Error> {
        self.append(&Entry::Block { block: Box::new(block.clone()), changes, clock })
    }

    /// Notes that the chain went back.
    pub(super) fn rewind(
        &mut self,
        block: u64,
        version: Version,
        clock: Clock,
    ) -> Result<(), Error> {
        self.append(&Entry::Rewind { block, version, clock })
    }

    fn append(&mut self, entry: &Entry) -> Result<(), Error> {
        let mut line = serde_json::to_vec(entry).map_err(|error| failure(&self.path, &error))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| failure(&self.path, &error))
    }

    /// Waits until the disk holds everything.
    ///
    /// # Errors
    /// [`Error::StateFile`].
    pub fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(|error| failure(&self.path, &error))
    }
}

impl Node {
    /// Continues from the state file if it holds a chain, and records into it from now on.
    pub(super) fn open_state_file(&mut self) -> Result<(), Error> {
        let Some(path) = self.config.state_file.clone() else { return Ok(()) };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| failure(&path, &error))?;
        file.try_lock().map_err(|_| failure(&path, &"in use by another node"))?;
        let whole = self.load(&path, &file)?;
        // What follows the last whole line is torn.
        file.set_len(whole).map_err(|error| failure(&path, &error))?;
        file.seek(std::io::SeekFrom::End(0)).map_err(|error| failure(&path, &error))?;
        let mut journal = Journal { path, file };
        if whole == 0 {
            journal.append(&Entry::Start {
                format: FORMAT,
                chain_id: self.chain_id(),
                arbos: self.config.chain.arbos.number(),
                genesis: self.state.flatten(),
                first: Box::new(self.blocks.first().clone()),
            })?;
        }
        self.journal = Some(journal);
        Ok(())
    }

    /// Replays the file; returns the length of its whole lines.
    fn load(&mut self, path: &Path, file: &File) -> Result<u64, Error> {
        let mut reader = BufReader::new(file);
        let (mut whole, mut number) = (0_u64, 0_u64);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length =
                reader.read_until(b'\n', &mut line).map_err(|error| failure(path, &error))?;
            if line.last() != Some(&b'\n') {
                return Ok(whole);
            }
            number = number.saturating_add(1);
            let entry = serde_json::from_slice(&line)
                .map_err(|error| failure(path, &format!("line {number}: {error}")))?;
            self.replay(entry, number == 1)
                .map_err(|message| failure(path, &format!("line {number}: {message}")))?;
            whole = whole.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
    }

    fn replay(&mut self, entry: Entry, is_first: bool) -> Result<(), String> {
        match entry {
            Entry::Start { format, chain_id, arbos, genesis, first } if is_first => {
                if format != FORMAT {
                    return Err(format!("format {format}, expected {FORMAT}"));
                }
                if (chain_id, arbos) != (self.chain_id(), self.config.chain.arbos.number()) {
                    return Err(format!("written by chain {chain_id} with ArbOS {arbos}"));
                }
                let mut state = State::new(None);
                state.commit(&genesis);
                self.state.swap_remote(&mut state);
                self.state = state;
                self.blocks = Blocks::new(*first);
            }
            _ if is_first => return Err("not a state file".into()),
            Entry::Start { .. } => return Err("second start".into()),
            Entry::Changes(changes) => {
                self.state.commit(&changes);
            }
            Entry::Block { block, changes, clock } => {
                for change in &changes {
                    self.state.commit(change);
                }
                if block.header.number != self.latest().header.number.saturating_add(1)
                    || block.state != self.state.version()
                {
                    return Err(format!("block {} does not follow", block.header.number));
                }
                self.blocks.push(*block);
                self.clock.resume(clock);
            }
            Entry::Rewind { block, version, clock } => {
                self.blocks.truncate(block);
                self.state.rewind(version);
                self.clock.resume(clock);
            }
        }
        Ok(())
    }

    /// Writes out what is still in memory: the state file and the cache of a fork.
    ///
    /// # Errors
    /// [`Error::StateFile`], [`Error::Fork`].
    pub fn flush(&self) -> Result<(), Error> {
        self.journal.as_ref().map_or(Ok(()), Journal::sync)?;
        self.state.remote().map_or(Ok(()), super::Remote::save_cache)
    }
}

fn failure(path: &Path, message: &dyn core::fmt::Display) -> Error {
    Error::StateFile { path: path.display().to_string(), message: message.to_string() }
}
