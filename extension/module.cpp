// What PostgreSQL finds in daas.so: a contents page.
//
//   SQL functions    sql_functions.cpp and its neighbours, declared in ../sql
//   output plugin    capture_plugin.hpp
#include "capture_plugin.hpp"

extern "C" {
#include "replication/output_plugin.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_output_plugin_init(OutputPluginCallbacks* callbacks);
}

void _PG_output_plugin_init(OutputPluginCallbacks* callbacks) {
  // No streaming and no two-phase callbacks: a transaction is sent when it has committed.
  callbacks->startup_cb = daas::capture_startup;
  callbacks->begin_cb = daas::capture_begin;
  callbacks->change_cb = daas::capture_change;
  callbacks->truncate_cb = daas::capture_truncate;
  callbacks->message_cb = daas::capture_message;
  callbacks->commit_cb = daas::capture_commit;
  callbacks->shutdown_cb = daas::capture_shutdown;
}
