#include "decode/byte_reader.hpp"

#include "core/error.hpp"

namespace daas::decode {

void fail(const std::string& what) {
  throw Error(Remedy::kStop, "change event: " + what,
              "The output plugin and daas-indexer don't fit together: install the same version of "
              "both, then run: ALTER EXTENSION daas UPDATE; (of pgoutput: a PostgreSQL that daas is tested with)");
}

void fail_truncated(const char* what) {
  fail(std::string("the bytes end in the middle of ") + what);
}

}  // namespace daas::decode
