// What the plugin knows of the tables whose changes it sees: which members of the publication a row
// stands for, and how its columns are sent.
//
// All of it is read from the catalogs as of the change's position in the WAL and kept until an
// invalidation at a later position. The cache hangs below the decoding context. PostgreSQL's
// invalidation callbacks can be registered only once in a process and never unregistered, so they
// find the cache by a static pointer, which is unset when the context goes, also after an error.
#pragma once

#include "capture_encoding.hpp"
#include "core/change_event.hpp"

extern "C" {
#include "postgres.h"

#include "access/tupdesc.h"
#include "fmgr.h"
#include "utils/rel.h"
}

namespace daas {

/// What the JSON writer derives from a member.
struct JsonShape;

struct CapturedColumn {
  const char* name;
  Oid type;
  int32 typmod;
  int source;     ///< position in the decoded row, -1: the partition has no such column
  bool identity;  ///< part of the replica identity
  bool key;       ///< part of its index, or of the primary key if the identity is no index
  bool varlena;
  ValueEncoding encoding;
  mutable FmgrInfo output;  ///< for kConverted; the function keeps its own cache in it
};

/// A member of the publication as which rows are sent: the table itself or one above it.
struct CapturedMember {
  Oid oid;
  const char* schema;
  const char* name;
  change_event::IdentityCode identity;  ///< of the table that holds the row
  int column_count;
  CapturedColumn* columns;
  bool announced;           ///< its relation record was sent since it was read
  mutable JsonShape* json;  ///< null until it is needed; in the memory of `columns`
};

/// A table that holds rows.
struct CapturedTable {
  Oid oid;  ///< hash key
  bool valid;
  int member_count;  ///< 0: its changes are not sent
  CapturedMember* members;
  int ancestor_count;
  Oid* ancestors;
  TupleDesc shape;
  Datum* values;  ///< room for one row, reused
  bool* nulls;
  MemoryContext context;  ///< owns all of the above; null when there is nothing to own
};

class TableCache;

/// Makes the cache of a decoding context; it goes when `context` does.
TableCache* create_table_cache(MemoryContext context, const char* publication);

/// The table's entry, read anew if anything changed. Valid until the next call of PostgreSQL that
/// may process invalidations, i.e. until the callback returns.
CapturedTable* captured_table(TableCache* cache, Relation relation);

/// Whether the member's relation record must be sent before its next change: it is new, or the one
/// that the reader has is of another partition, with another replica identity. Marks it as sent.
bool needs_announcement(TableCache* cache, const CapturedTable* table, CapturedMember* member);

}  // namespace daas
