// The writes of write_cases.py by @supabase/postgrest-js: node writes.mjs URL TOKEN. Prints {"name": {"data", "count", "error"}}.
import { PostgrestClient } from '@supabase/postgrest-js'

const client = new PostgrestClient(process.argv[2], { headers: { Authorization: `Bearer ${process.argv[3]}` } })
const t = () => client.from('w_js')
const row = (id, values) => ({ id, tenant: 'a', ...values })

const writes = {
  insert: () => t().insert(row(10, { name: 'ten' })),
  insert_select: () => t().insert(row(11, { name: 'e\'l"\\ü😀', tags: ['x', 'y z'], doc: { k: [1, null] }, price: 1.5 })).select(),
  insert_many: () => t().insert([row(12, { name: 'twelve', age: 1 }), row(13, { name: null, age: 2 })]).select('id, name, age'),
  insert_many_null: () => t().insert([row(14), row(15, { age: 3 })]).select('id, age'),
  insert_many_default: () => t().insert([row(17, { age: 3 }), row(16)], { defaultToNull: false }).select('id, age'),
  insert_count: () => t().insert([row(18), row(19)], { count: 'exact' }),
  insert_duplicate: () => t().insert(row(10)).select(),
  insert_foreign: () => t().insert({ id: 50, tenant: 'b' }),
  insert_check: () => t().insert(row(50, { age: 1000 })),
  insert_column: () => t().insert(row(50, { nope: 1 })),
  insert_half: () => t().insert([row(50), row(10)]),
  upsert: () => t().upsert([row(10, { name: 'ten again' }), row(20, { name: 'twenty' })]).select('id, name'),
  upsert_one: () => t().upsert(row(10, { age: 5 })),
  upsert_ignore: () => t().upsert([row(10, { name: 'no' }), row(21, { name: 'yes' })], { ignoreDuplicates: true }).select('id, name'),
  upsert_on_conflict: () => t().upsert(row(22, { name: 'yes', age: 9 }), { onConflict: 'name' }).select('id, name, age'),
  upsert_foreign: () => t().upsert(row(100, { name: 'mine' })).select(),
  update: () => t().update({ age: 8 }).eq('id', 1),
  update_select: () => t().update({ name: null, big: 9007199254740991, tags: [] }).in('id', [1, 2]).select('id, name, big, tags'),
  update_filters: () => t().update({ price: -0.5 }).or('age.gt.5,name.like.t%').not('id', 'eq', 3).select('id, price'),
  update_all_of_scope: () => t().update({ price: 1 }).not('id', 'is', null),
  update_single: () => t().update({ age: 9 }).eq('id', 3).select('id, age').single(),
  update_single_many: () => t().update({ age: 9 }).gt('id', 0).select().single(),
  update_none: () => t().update({ age: 9 }).eq('id', 100).select('id'),
  update_count: () => t().update({ age: 10 }, { count: 'exact' }).in('id', [1, 2, 100]),
  update_foreign: () => t().update({ tenant: 'b' }).eq('id', 1),
  update_without_filter: () => t().update({ age: 9 }),
  update_rollback: () => t().update({ age: 11 }).eq('id', 1).rollback(),
  delete: () => t().delete().eq('id', 12),
  delete_select: () => t().delete().in('id', [13, 14, 100]).select('id, age'),
  delete_overlaps: () => t().delete().overlaps('tags', ['x']).select('id'),
  delete_without_filter: () => t().delete(),
}

const results = {}
for (const [name, write] of Object.entries(writes)) {
  const { data, count, error } = await write()
  results[name] = { data, count, error: error && (error.code || error.message) }
}
console.log(JSON.stringify(results))
