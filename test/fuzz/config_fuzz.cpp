// Any configuration file and any arguments are a Config or an Error.
#include <fuzzer/FuzzedDataProvider.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <vector>

#include "config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  std::vector<std::string> words{"daas-indexer"};
  for (auto count = input.ConsumeIntegralInRange(0, 4); count > 0; --count) {
    words.push_back(input.ConsumeRandomLengthString(100));
  }
  const bool check = input.ConsumeBool();
  const auto text = input.ConsumeRemainingBytesAsString();
  // Reading a device would never end, and the fuzzer finds the name of one.
  if (text.find("/dev") != std::string::npos || text.find("/proc") != std::string::npos) return 0;
  for (const auto& word : words) {
    if (word.find("/dev") != std::string::npos || word.find("/proc") != std::string::npos) return 0;
  }
  const int file = memfd_create("daas-config", 0);
  if (write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return 0;
  words.push_back("--config");
  words.push_back("/proc/self/fd/" + std::to_string(file));
  std::vector<const char*> arguments;
  for (const auto& word : words) arguments.push_back(word.c_str());
  std::ostringstream out;
  try {
    daas::read_config(static_cast<int>(arguments.size()), arguments.data(), out, check);
  } catch (const daas::Error&) {
  }
  close(file);
  return 0;
}
