// What a client is told of an error that PostgreSQL raised in its write. Pure.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "serve/api.hpp"
#include "serve/refusal.hpp"

namespace daas {

/// Status as PostgREST has it, SQLSTATE and message. Never the server's detail: it quotes rows, also of other
/// scopes ("Key (email)=(…) already exists") and whole ("Failing row contains (…)"). Detail and hint are passed on
/// where they are the words of the application's own RAISE. A column that the API does not have is not named.
/// @param written columns that the request has values for, by the API's names
ApiError write_error(const PgError& error, const Api& api, const std::vector<std::string>& written = {});

}  // namespace daas
