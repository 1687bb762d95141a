// `daas-indexer hash-password`.
#pragma once

namespace daas {

/// Reads a password from the terminal without echo, twice, or one line of standard input; prints
/// its yescrypt hash for daas.create_account(password_hash => …). Returns the exit code.
int hash_password();

}  // namespace daas
