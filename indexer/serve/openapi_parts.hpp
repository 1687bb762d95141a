// The parts that openapi.cpp puts together: what an operation takes, and what it answers. Pure.
//
// What all APIs share stands once in `components`, under the names in these tables; what is of one API
// has names with its path in them, which can't meet the others: `select.PATH`, `filter.PATH.COLUMN`.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

#include "serve/api.hpp"

namespace daas {

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

// openapi_responses.cpp

nlohmann::ordered_json shared_headers();
/// One per status that is not 2xx, with the codes that its body may have.
nlohmann::ordered_json shared_responses();
nlohmann::ordered_json error_schema();
/// Rows in every format, under the name of the API.
nlohmann::ordered_json rows_response(const Api& api);
/// References to shared_responses() of these statuses, and of those that any request may get.
void add_responses(nlohmann::ordered_json& responses, std::initializer_list<unsigned> statuses);

}  // namespace daas
