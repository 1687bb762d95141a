// The callbacks of the output plugin `daas`: a transaction's changes of the publication's tables,
// in WAL order, as the messages of docs/change_event.md.
//
// They run in a walsender or in a backend that reads a slot by SQL. All state hangs below
// ctx->context; see capture_table.hpp for the one exception, and how it is unset.
#pragma once

extern "C" {
#include "postgres.h"

#include "replication/logical.h"
#include "replication/output_plugin.h"
}

namespace daas {

void capture_startup(LogicalDecodingContext* ctx, OutputPluginOptions* options, bool is_init);
void capture_begin(LogicalDecodingContext* ctx, ReorderBufferTXN* txn);
void capture_change(LogicalDecodingContext* ctx, ReorderBufferTXN* txn, Relation relation,
                    ReorderBufferChange* change);
void capture_truncate(LogicalDecodingContext* ctx, ReorderBufferTXN* txn, int count,
                      Relation relations[], ReorderBufferChange* change);
void capture_message(LogicalDecodingContext* ctx, ReorderBufferTXN* txn, XLogRecPtr lsn,
                     bool transactional, const char* prefix, Size size, const char* content);
void capture_commit(LogicalDecodingContext* ctx, ReorderBufferTXN* txn, XLogRecPtr commit_lsn);
/// Not called after an error.
void capture_shutdown(LogicalDecodingContext* ctx);

}  // namespace daas
