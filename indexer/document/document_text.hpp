// Reads back what DocumentWriter wrote. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace daas {

/// `_doc_` of a Solr document: the row as readers see it. Empty when there is none.
std::string document_text(std::string_view solr_document);

/// PostgreSQL's texts of some columns of a document text, whose members are the columns in their
/// order. Throws Error(kStop) when it is not one.
/// @param positions of the columns wanted
std::vector<std::string> column_texts(const std::string& document_text,
                                      const std::vector<std::size_t>& positions);

}  // namespace daas
