#include "capture_table.hpp"

#include "memory_scope.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_publication.h"
#include "nodes/bitmapset.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
}

namespace daas {

class TableCache {
 public:
  MemoryContext context;
  const char* publication;
  bool publication_known;  ///< the two below are true at the current position
  Oid publication_oid;     ///< InvalidOid: there is none
  bool all_tables;
  HTAB* tables;         ///< CapturedTable by its oid
  HTAB* announcements;  ///< Announcement by the member's oid
  CapturedTable* last;  ///< most changes are of the same table as the one before
};

namespace {

/// The relation record that the reader has for an oid.
struct Announcement {
  Oid member;  ///< hash key
  Oid table;   ///< the table whose identity it describes
  change_event::IdentityCode identity;
  Bitmapset* columns;  ///< positions of identity columns
};

TableCache* live_cache = nullptr;

void forget_cache(void* cache) {
  if (live_cache == cache) live_cache = nullptr;
}

void invalidate(CapturedTable* table) {
  table->valid = false;
  live_cache->last = nullptr;
}

void invalidate_all() {
  if (live_cache == nullptr) return;
  HASH_SEQ_STATUS walk;
  hash_seq_init(&walk, live_cache->tables);
  while (auto* table = static_cast<CapturedTable*>(hash_seq_search(&walk))) invalidate(table);
}

void on_relation_change(Datum, Oid relation) {
  if (live_cache == nullptr) return;
  if (!OidIsValid(relation)) {
    invalidate_all();
    return;
  }
  HASH_SEQ_STATUS walk;
  hash_seq_init(&walk, live_cache->tables);
  while (auto* table = static_cast<CapturedTable*>(hash_seq_search(&walk))) {
    bool concerned = table->oid == relation;
    // A table above decides name, columns and membership, and its own parents change unseen by us.
    for (int i = 0; i < table->ancestor_count; ++i) concerned |= table->ancestors[i] == relation;
    if (concerned) invalidate(table);
  }
}

void on_catalog_change(Datum, int, uint32) {
  invalidate_all();
}

void on_publication_change(Datum, int, uint32) {
  if (live_cache != nullptr) live_cache->publication_known = false;
  invalidate_all();
}

void register_callbacks_once() {
  static bool registered = false;
  if (registered) return;
  CacheRegisterRelcacheCallback(on_relation_change, 0);
  CacheRegisterSyscacheCallback(PUBLICATIONOID, on_publication_change, 0);
  CacheRegisterSyscacheCallback(PUBLICATIONRELMAP, on_catalog_change, 0);
  CacheRegisterSyscacheCallback(PUBLICATIONNAMESPACEMAP, on_catalog_change, 0);
  CacheRegisterSyscacheCallback(NAMESPACEOID, on_catalog_change, 0);
  // Not TYPEOID: what we read of a type can't be altered while a column has it, and every temporary
  // table would invalidate everything.
  registered = true;
}

HTAB* create_hash(const char* name, Size entry_size, MemoryContext context) {
  HASHCTL control = {};
  control.keysize = sizeof(Oid);
  control.entrysize = entry_size;
  control.hcxt = context;
  return hash_create(name, 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void look_up_publication(TableCache* cache) {
  if (cache->publication_known) return;
  Publication* publication = GetPublicationByName(cache->publication, true);
  cache->publication_oid = publication == nullptr ? InvalidOid : publication->oid;
  cache->all_tables = publication != nullptr && publication->alltables;
  cache->publication_known = true;
}

bool is_member(const TableCache* cache, Oid relation) {
  if (cache->all_tables) return true;
  return list_member_oid(GetRelationPublications(relation), cache->publication_oid) ||
         list_member_oid(GetSchemaPublications(get_rel_namespace(relation)),
                         cache->publication_oid);
}

change_event::IdentityCode identity_of(Relation relation, const Bitmapset* key) {
  switch (relation->rd_rel->relreplident) {
    case REPLICA_IDENTITY_FULL:
      return change_event::IdentityCode::kFull;
    case REPLICA_IDENTITY_DEFAULT:
    case REPLICA_IDENTITY_INDEX:
      // No bitmap: no usable primary key, or the index is gone.
      return key == nullptr ? change_event::IdentityCode::kNothing
                            : change_event::IdentityCode::kKey;
    default:
      return change_event::IdentityCode::kNothing;
  }
}

/// The columns of a table's primary key, as RelationGetIdentityKeyBitmap() has them; null without
/// one.
Bitmapset* primary_key_of(Relation relation) {
  const Oid oid = RelationGetPrimaryKeyIndex(relation);
  if (!OidIsValid(oid)) return nullptr;
  Relation index = RelationIdGetRelation(oid);
  if (!RelationIsValid(index)) elog(ERROR, "could not open index %u", oid);
  Bitmapset* key = nullptr;
  for (int i = 0; i < index->rd_index->indnkeyatts; ++i) {
    key =
        bms_add_member(key, index->rd_index->indkey.values[i] - FirstLowInvalidHeapAttributeNumber);
  }
  RelationClose(index);
  return key;
}

bool contains(const Bitmapset* key, int position) {
  return position >= 0 && bms_is_member(position + 1 - FirstLowInvalidHeapAttributeNumber, key);
}

int position_of(TupleDesc shape, const char* name) {
  for (int i = 0; i < shape->natts; ++i) {
    Form_pg_attribute attribute = TupleDescAttr(shape, i);
    if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0) return i;
  }
  return -1;
}

/// Describes rows of `relation` as rows of `as`, which is the same table or one above it.
CapturedMember describe_member(Relation relation, Relation as, const Bitmapset* identity) {
  CapturedMember member = {};
  member.oid = RelationGetRelid(as);
  member.schema = get_namespace_name(RelationGetNamespace(as));
  if (member.schema == nullptr) elog(ERROR, "schema of table %u is gone", member.oid);
  member.name = pstrdup(RelationGetRelationName(as));
  member.identity = identity_of(relation, identity);
  const Bitmapset* key =
      member.identity == change_event::IdentityCode::kKey ? identity : primary_key_of(relation);

  TupleDesc source = RelationGetDescr(relation);
  TupleDesc shape = RelationGetDescr(as);
  member.columns =
      static_cast<CapturedColumn*>(palloc0(sizeof(CapturedColumn) * Max(shape->natts, 1)));
  for (int i = 0; i < shape->natts; ++i) {
    Form_pg_attribute attribute = TupleDescAttr(shape, i);
    if (attribute->attisdropped) continue;
    CapturedColumn& column = member.columns[member.column_count++];
    column.name = pstrdup(NameStr(attribute->attname));
    column.type = attribute->atttypid;
    column.typmod = attribute->atttypmod;
    column.varlena = attribute->attlen == -1;
    column.source = relation == as ? i : position_of(source, column.name);
    column.identity =
        member.identity == change_event::IdentityCode::kFull || contains(identity, column.source);
    column.key = contains(key, column.source);
    Oid output = InvalidOid;
    column.encoding = encoding_of(column.type, &output);
    if (column.encoding == ValueEncoding::kConverted) {
      fmgr_info_cxt(output, &column.output, CurrentMemoryContext);
    }
  }
  return member;
}

/// Fills an empty entry, in its own memory context.
void describe_table(TableCache* cache, CapturedTable* table, Relation relation) {
  // The ancestors are kept for tables outside of the publication too: they may join it.
  List* line = relation->rd_rel->relispartition ? get_partition_ancestors(table->oid) : NIL;
  table->ancestors = static_cast<Oid*>(palloc(sizeof(Oid) * Max(list_length(line), 1)));
  ListCell* cell;
  foreach (cell, line) table->ancestors[table->ancestor_count++] = lfirst_oid(cell);

  look_up_publication(cache);
  if (!OidIsValid(cache->publication_oid) || !is_publishable_relation(relation)) return;
  Bitmapset* identity = RelationGetIdentityKeyBitmap(relation);
  table->members =
      static_cast<CapturedMember*>(palloc(sizeof(CapturedMember) * (list_length(line) + 1)));
  if (is_member(cache, table->oid)) {
    table->members[table->member_count++] = describe_member(relation, relation, identity);
  }
  foreach (cell, line) {
    if (!is_member(cache, lfirst_oid(cell))) continue;
    Relation above = RelationIdGetRelation(lfirst_oid(cell));
    if (!RelationIsValid(above)) elog(ERROR, "could not open table %u", lfirst_oid(cell));
    table->members[table->member_count++] = describe_member(relation, above, identity);
    RelationClose(above);
  }
  if (table->member_count == 0) return;
  table->shape = CreateTupleDescCopyConstr(RelationGetDescr(relation));
  const int columns = Max(table->shape->natts, 1);
  table->values = static_cast<Datum*>(palloc(sizeof(Datum) * columns));
  table->nulls = static_cast<bool*>(palloc(sizeof(bool) * columns));
}

void read_table(TableCache* cache, CapturedTable* table, Relation relation) {
  if (table->context != nullptr) MemoryContextDelete(table->context);
  const Oid oid = table->oid;
  *table = {};
  table->oid = oid;
  table->context =
      AllocSetContextCreate(cache->context, "daas captured table", ALLOCSET_SMALL_SIZES);
  in_memory(table->context, [&] { describe_table(cache, table, relation); });
  table->valid = true;
}

Bitmapset* identity_columns(const CapturedMember* member) {
  Bitmapset* columns = nullptr;
  for (int i = 0; i < member->column_count; ++i) {
    if (member->columns[i].identity) columns = bms_add_member(columns, i);
  }
  return columns;
}

}  // namespace

TableCache* create_table_cache(MemoryContext context, const char* publication) {
  auto* cache = static_cast<TableCache*>(MemoryContextAllocZero(context, sizeof(TableCache)));
  cache->context = context;
  cache->publication = MemoryContextStrdup(context, publication);
  cache->tables = create_hash("daas captured tables", sizeof(CapturedTable), context);
  cache->announcements = create_hash("daas announcements", sizeof(Announcement), context);

  // The plugin's shutdown callback is not called after an error; a reset callback always is.
  auto* reset = static_cast<MemoryContextCallback*>(
      MemoryContextAllocZero(context, sizeof(MemoryContextCallback)));
  reset->func = forget_cache;
  reset->arg = cache;
  MemoryContextRegisterResetCallback(context, reset);
  live_cache = cache;
  register_callbacks_once();
  return cache;
}

CapturedTable* captured_table(TableCache* cache, Relation relation) {
  const Oid oid = RelationGetRelid(relation);
  if (likely(cache->last != nullptr && cache->last->oid == oid)) return cache->last;
  bool found;
  auto* table = static_cast<CapturedTable*>(hash_search(cache->tables, &oid, HASH_ENTER, &found));
  if (!found) {
    *table = {};
    table->oid = oid;
  }
  if (!table->valid) read_table(cache, table, relation);
  cache->last = table;
  return table;
}

bool needs_announcement(TableCache* cache, const CapturedTable* table, CapturedMember* member) {
  // Only partitions share a member.
  if (likely(member->announced && member->oid == table->oid)) return false;
  bool found;
  auto* said = static_cast<Announcement*>(
      hash_search(cache->announcements, &member->oid, HASH_ENTER, &found));
  if (found && member->announced && said->table == table->oid) return false;

  Bitmapset* columns = in_memory(cache->context, [&] { return identity_columns(member); });
  const bool fits = found && member->announced && said->identity == member->identity &&
                    bms_equal(said->columns, columns);
  if (found) bms_free(said->columns);
  said->table = table->oid;
  said->identity = member->identity;
  said->columns = columns;
  member->announced = true;
  return !fits;
}

}  // namespace daas
