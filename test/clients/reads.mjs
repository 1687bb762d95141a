// The reads of cases.py by @supabase/postgrest-js: node reads.mjs URL. Prints {"name": {"data", "count", "error"}}.
import { PostgrestClient } from '@supabase/postgrest-js'

const client = new PostgrestClient(process.argv[2])
const t = (columns = 'id', options) => client.from('t').select(columns, options)
const ordered = (query) => query.order('id')

const reads = {
  select_all: () => ordered(t('*')).limit(3),
  select_renamed: () => ordered(t('key:id, name')).limit(5),
  select_cast: () => ordered(t('id::text')).limit(5),
  eq: () => ordered(t().eq('name', 'a b')),
  eq_special: () => ordered(t().eq('name', 'a,b')),
  neq: () => ordered(t().neq('age', 7)),
  gt: () => ordered(t().gt('big', '9007199254740992')),
  gte: () => ordered(t().gte('price', 1.5)),
  lt: () => ordered(t().lt('age', 0)),
  lte: () => ordered(t().lte('at', '2024-01-01T00:00:00Z')),
  like: () => ordered(t().like('name', 'a%')),
  ilike: () => ordered(t().ilike('name', '%AB%')),
  like_all: () => ordered(t().likeAllOf('name', ['a%', '%b'])),
  like_any: () => ordered(t().likeAnyOf('name', ['a%', '%b'])),
  ilike_any: () => ordered(t().ilikeAnyOf('name', ['A%', '%B'])),
  match_regex: () => ordered(t().filter('name', 'match', '^a.b$')),
  is_null: () => ordered(t().is('name', null)),
  is_true: () => ordered(t().is('flag', true)),
  in: () => ordered(t().in('name', ['a,b', '(a)', 'abc', 'a b'])),
  not_in: () => ordered(t().not('age', 'in', '(0,1,2)')),
  contains: () => ordered(t().contains('nums', [1])),
  contained_by: () => ordered(t().containedBy('nums', [0, 1, -1])),
  overlaps: () => ordered(t().overlaps('nums', [1, 9007199254740993n])),
  match: () => ordered(t().match({ age: 7, flag: 'true' })),
  not: () => ordered(t().not('name', 'is', null)),
  or: () => ordered(t().or('age.eq.7,and(flag.is.true,age.lt.0)')),
  filter: () => ordered(t().filter('age', 'gte', 5)),
  order_desc: () => t().order('age', { ascending: false }).order('id').limit(20),
  order_nulls: () => t().order('age', { ascending: true, nullsFirst: true }).order('id').limit(60),
  limit: () => ordered(t()).limit(7),
  range: () => ordered(t()).range(10, 19),
  single: () => t('id, age').eq('id', 5).single(),
  maybe_single_none: () => t().eq('id', -5).maybeSingle(),
  single_none: () => t().eq('id', -5).single(),
  count: () => ordered(t('id', { count: 'exact' }).gt('age', 0)).limit(2),
  head: () => t('id', { count: 'exact', head: true }).gt('age', 0),
  csv: () => ordered(t('id,age,flag')).limit(5).csv(),
  error_column: () => t('nope'),
  error_value: () => t().eq('age', 'x'),
  error_table: () => client.from('none').select(),
  error_embed: () => t('id, other(*)'),
}

const results = {}
for (const [name, read] of Object.entries(reads)) {
  const { data, count, error } = await read()
  results[name] = { data, count, error: error && (error.code || error.message) }
}
console.log(JSON.stringify(results))
