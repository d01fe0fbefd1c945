//! What every Novate contract shares: revert type, typed calls, roles, pause, lock, storage helpers.
