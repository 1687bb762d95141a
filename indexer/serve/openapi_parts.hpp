// The parts that openapi.cpp puts together: what an operation takes, and what it answers. Pure.
//
// What all APIs share stands once in `components`, under the names in these tables; what is of one API
// has names with its path in them, which can't meet the others: `select.PATH`, `filter.PATH.COLUMN`.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

#include "serve/api.hpp"
#include "serve/openapi.hpp"

namespace daas {

/// The same status has other causes, and codes, for one kind than for another.
enum class OperationKind : std::uint8_t { kRead = 1, kWrite = 2, kSession = 4 };

nlohmann::ordered_json openapi_reference(const std::string& kind, const std::string& name);

/// A member more. ordered_json looks through all of an object for each new one, which is quadratic in
/// the number of APIs and columns; here the caller answers for the name's being new.
void append_member(nlohmann::ordered_json& object, std::string name, nlohmann::ordered_json value);

// openapi_parameters.cpp

/// Query parameters and headers of every API.
nlohmann::ordered_json shared_parameters();
/// Appends `select`, `order` and one filter per column, of one API.
void append_parameters(nlohmann::ordered_json& parameters, const Api& api);
/// References to all that a read takes.
nlohmann::ordered_json read_parameters(const Api& api, bool head);
/// Appends what filters of writes take otherwise than those of reads: full text, nothing.
void append_write_filters(nlohmann::ordered_json& parameters, const Api& api);
/// Appends references to the conditions that choose what a write is of.
void append_write_conditions(nlohmann::ordered_json& references, const Api& api);

// openapi_responses.cpp

nlohmann::ordered_json shared_headers();
/// One per status that is not 2xx, with the codes that its body may have.
nlohmann::ordered_json shared_responses();
nlohmann::ordered_json error_schema();
/// Rows in every format, under the name of the API.
nlohmann::ordered_json rows_response(const Api& api);
/// The rows that a write has left, in every format, under the name of the API.
nlohmann::ordered_json written_response(const Api& api);
/// References to shared_responses() of these statuses, and of those that any request may get.
void add_responses(nlohmann::ordered_json& responses, OperationKind kind, std::initializer_list<unsigned> statuses);

// openapi_writes.cpp

/// Query parameters and headers of every API that can be written.
void append_shared_write_parts(nlohmann::ordered_json& components);
/// Appends what writes of the API refer to.
void append_write_parts(nlohmann::ordered_json& components, const Api& api);
/// Appends an operation for each write that the API takes.
void append_write_operations(nlohmann::ordered_json& path_item, const Api& api, const ServerTraits& server);

// openapi_service.cpp

nlohmann::ordered_json token_schema(const ServerTraits& server);
nlohmann::ordered_json security_schemes();
/// Paths that are no API's.
void append_service_paths(nlohmann::ordered_json& paths, const ServerTraits& server);

}  // namespace daas
