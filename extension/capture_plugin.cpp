#include "capture_plugin.hpp"

#include <cstring>

#include "capture_options.hpp"
#include "capture_table.hpp"
#include "change_json.hpp"
#include "change_writer.hpp"
#include "memory_scope.hpp"
#include "pg_boundary.hpp"

extern "C" {
#include "access/transam.h"
#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
}

namespace daas {
namespace {

using change_event::RecordType;

/// What lives as long as the decoding context.
struct Capture {
  TableCache* tables;
  ChangeWriter* writer;
  MemoryContext scratch;  ///< reset after each callback
  bool begun;             ///< the running transaction's begin record is written
  int quiet_changes;      ///< changes since the client was last given a sign of life
  int settings_level;     ///< of the settings that shutdown restores; 0 when there are none
};

Capture* capture_of(LogicalDecodingContext* ctx) {
  return static_cast<Capture*>(ctx->output_plugin_private);
}

/// The 64-bit id of a transaction whose WAL is being decoded. It lies at most 2^31 behind the next
/// id, since the slot holds back the wraparound horizon.
std::uint64_t full_xid(TransactionId xid) {
  const FullTransactionId next = ReadNextFullTransactionId();
  std::uint64_t epoch = EpochFromFullTransactionId(next);
  if (xid > XidFromFullTransactionId(next)) --epoch;
  return epoch << 32 | xid;
}

CapturedTransaction describe(const ReorderBufferTXN* txn) {
  return {full_xid(txn->xid),         txn->final_lsn, txn->end_lsn,
          txn->xact_time.commit_time, txn->origin_id, txn->origin_lsn};
}

/// Transactions without anything captured are not sent: begin waits for the first record.
void begin_once(Capture* capture, ReorderBufferTXN* txn) {
  if (capture->begun) return;
  capture->begun = true;
  capture->writer->begin(describe(txn));
}

void announce(Capture* capture, const CapturedTable* table, CapturedMember* member) {
  if (needs_announcement(capture->tables, table, member)) capture->writer->relation(*member);
}

/// A long transaction that is filtered out sends nothing: without this its client would time out.
void count_quiet_change(LogicalDecodingContext* ctx, Capture* capture) {
  constexpr int kQuietChanges = 100;
  if (++capture->quiet_changes < kQuietChanges) return;
  capture->quiet_changes = 0;
  OutputPluginUpdateProgress(ctx, false);
}

/// Text of converted values must not depend on who reads the slot.
struct PinnedSetting {
  const char* name;
  const char* value;
};
constexpr PinnedSetting kPinnedSettings[] = {
    {"DateStyle", "ISO, YMD"},
    {"IntervalStyle", "postgres"},
    {"TimeZone", "UTC"},
    {"bytea_output", "hex"},
    {"extra_float_digits", "1"},
    // Names in values, as of type regclass, are qualified.
    {"search_path", "pg_catalog"},
};

/// Within a transaction (a slot read by SQL) the settings are those of the session and are given
/// back at the end, by shutdown or by the abort. A walsender has no transaction here, and is all
/// ours.
void pin_settings(Capture* capture) {
  const bool borrowed = IsTransactionState();
  if (borrowed) capture->settings_level = NewGUCNestLevel();
  for (const PinnedSetting& setting : kPinnedSettings) {
    set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION,
                      borrowed ? GUC_ACTION_SAVE : GUC_ACTION_SET, true, ERROR, false);
  }
}

void check_encoding() {
  if (GetDatabaseEncoding() == PG_UTF8) return;
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
           errmsg("output plugin \"daas\" needs a database with encoding UTF8"),
           errdetail("This database's encoding is %s.", GetDatabaseEncodingName()),
           errhint("Create a database with ENCODING 'UTF8' TEMPLATE template0, and move the data "
                   "there with pg_dump.")));
}

RecordType record_type(ReorderBufferChangeType action) {
  switch (action) {
    case REORDER_BUFFER_CHANGE_INSERT:
      return RecordType::kInsert;
    case REORDER_BUFFER_CHANGE_UPDATE:
      return RecordType::kUpdate;
    case REORDER_BUFFER_CHANGE_DELETE:
      return RecordType::kDelete;
    default:
      elog(ERROR, "unexpected change of kind %d", static_cast<int>(action));
  }
  pg_unreachable();
}

void write_change(Capture* capture, CapturedTable* table, CapturedMember* member,
                  const ReorderBufferChange* change) {
  announce(capture, table, member);
  capture->writer->open_change(record_type(change->action), *member, change->lsn);
  const CapturedRow row = {table->values, table->nulls};
  if (ReorderBufferTupleBuf* old_tuple = change->data.tp.oldtuple) {
    heap_deform_tuple(&old_tuple->tuple, table->shape, table->values, table->nulls);
    capture->writer->old_image(*member, row);
  }
  if (ReorderBufferTupleBuf* new_tuple = change->data.tp.newtuple) {
    heap_deform_tuple(&new_tuple->tuple, table->shape, table->values, table->nulls);
    capture->writer->new_image(*member, row);
  }
  capture->writer->close_change(*member);
}

ChangeWriter* create_writer(LogicalDecodingContext* ctx, const CaptureOptions& options) {
  if (!options.json) return BinaryChangeWriter::create(ctx->context, ctx);
  return JsonChangeWriter::create(
      ctx->context, ctx,
      {options.include_transactions, options.include_types, options.message_prefix});
}

}  // namespace

void capture_startup(LogicalDecodingContext* ctx, OutputPluginOptions* options, bool is_init) {
  guarded("startup", [&] {
    options->output_type = OUTPUT_PLUGIN_BINARY_OUTPUT;
    check_encoding();
    // Creating a slot decodes nothing and takes no options.
    if (is_init) return;
    in_memory(ctx->context, [ctx, options] {
      auto* capture = static_cast<Capture*>(palloc0(sizeof(Capture)));
      const CaptureOptions parsed = parse_capture_options(ctx->output_plugin_options);
      capture->tables = create_table_cache(ctx->context, parsed.publication);
      capture->writer = create_writer(ctx, parsed);
      if (parsed.json) options->output_type = OUTPUT_PLUGIN_TEXTUAL_OUTPUT;
      capture->scratch = AllocSetContextCreate(ctx->context, "daas change", ALLOCSET_DEFAULT_SIZES);
      pin_settings(capture);
      ctx->output_plugin_private = capture;
    });
  });
}

void capture_begin(LogicalDecodingContext* ctx, ReorderBufferTXN*) {
  capture_of(ctx)->begun = false;
}

void capture_change(LogicalDecodingContext* ctx, ReorderBufferTXN* txn, Relation relation,
                    ReorderBufferChange* change) {
  guarded("change", [&] {
    Capture* capture = capture_of(ctx);
    in_memory(capture->scratch, [&] {
      CapturedTable* table = captured_table(capture->tables, relation);
      if (table->member_count == 0) {
        count_quiet_change(ctx, capture);
        return;
      }
      capture->quiet_changes = 0;
      begin_once(capture, txn);
      for (int i = 0; i < table->member_count; ++i) {
        write_change(capture, table, &table->members[i], change);
      }
    });
    MemoryContextReset(capture->scratch);
  });
}

void capture_truncate(LogicalDecodingContext* ctx, ReorderBufferTXN* txn, int count,
                      Relation relations[], ReorderBufferChange* change) {
  guarded("truncate", [&] {
    Capture* capture = capture_of(ctx);
    in_memory(capture->scratch, [&] {
      List* told = NIL;
      for (int i = 0; i < count; ++i) {
        // TRUNCATE of a partitioned table names its partitions too, and only they had rows.
        if (relations[i]->rd_rel->relkind == RELKIND_PARTITIONED_TABLE) continue;
        CapturedTable* table = captured_table(capture->tables, relations[i]);
        for (int j = 0; j < table->member_count; ++j) {
          CapturedMember* member = &table->members[j];
          if (list_member_oid(told, member->oid)) continue;
          told = lappend_oid(told, member->oid);
          begin_once(capture, txn);
          announce(capture, table, member);
          capture->writer->truncate(*member, change->lsn);
        }
      }
    });
    MemoryContextReset(capture->scratch);
  });
}

void capture_message(LogicalDecodingContext* ctx, ReorderBufferTXN* txn, XLogRecPtr lsn,
                     bool transactional, const char* prefix, Size size, const char* content) {
  guarded("message", [&] {
    // A message outside of transactions says nothing that is sure to have happened.
    if (!transactional) return;
    Capture* capture = capture_of(ctx);
    in_memory(capture->scratch, [&] {
      if (!capture->writer->wants_message(prefix, content, size)) return;
      begin_once(capture, txn);
      capture->writer->message(prefix, content, size, lsn);
    });
    MemoryContextReset(capture->scratch);
  });
}

void capture_commit(LogicalDecodingContext* ctx, ReorderBufferTXN* txn, XLogRecPtr) {
  guarded("commit", [&] {
    Capture* capture = capture_of(ctx);
    OutputPluginUpdateProgress(ctx, !capture->begun);
    capture->quiet_changes = 0;
    if (capture->begun) capture->writer->commit(describe(txn));
    capture->begun = false;
  });
}

void capture_shutdown(LogicalDecodingContext* ctx) {
  guarded("shutdown", [&] {
    Capture* capture = capture_of(ctx);
    if (capture != nullptr && capture->settings_level > 0) {
      AtEOXact_GUC(true, capture->settings_level);
    }
  });
}

}  // namespace daas
