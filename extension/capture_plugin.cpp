#include "capture_plugin.hpp"

namespace daas {
void capture_startup(LogicalDecodingContext*, OutputPluginOptions*, bool) {}
void capture_begin(LogicalDecodingContext*, ReorderBufferTXN*) {}
void capture_change(LogicalDecodingContext*, ReorderBufferTXN*, Relation, ReorderBufferChange*) {}
void capture_truncate(LogicalDecodingContext*, ReorderBufferTXN*, int, Relation[],
                      ReorderBufferChange*) {}
void capture_message(LogicalDecodingContext*, ReorderBufferTXN*, XLogRecPtr, bool, const char*,
                     Size, const char*) {}
void capture_commit(LogicalDecodingContext*, ReorderBufferTXN*, XLogRecPtr) {}
}  // namespace daas
