"""The plain loader: bodies encoded beforehand, sent by build/cmake/bench/plain-loader into a collection
that differs from the daemon's in one thing: its update chain has no versions."""
import io
import json
import re
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor

from stand import ROOT, clock, say

DOCUMENTS_A_BODY = 1000
CONFIGSET = "bench.plain"
COLLECTION = "bench-plain"
LOADER = ROOT / "build/cmake/bench/plain-loader"
VISIBLE = "softCommit=true&waitSearcher=true"
DURABLE_VISIBLE = "commit=true&openSearcher=true&waitSearcher=true"
TWINS = {"bigint": "l", "integer": "l", "text": "s", "timestamp with time zone": "us"}


def upload_configset(solr):
    """solr/configset with a default chain that neither compares versions nor tolerates errors."""
    config = (ROOT / "solr/configset/solrconfig.xml").read_text()
    chain = re.search(r'<updateRequestProcessorChain name="daas" default="true">.*?</updateRequestProcessorChain>',
                      config, re.S)
    plain = re.sub(r'\s*<processor class="solr.(Tolerant|DocBasedVersion)\w+">.*?</processor>', "", chain[0],
                   flags=re.S)
    assert plain.count("<processor") == 3, plain
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("solrconfig.xml", config.replace(chain[0], plain))
        for path in (ROOT / "solr/configset").iterdir():
            if path.name != "solrconfig.xml":
                files.write(path, path.name)
    answer = solr.session.post(f"{solr.url}/admin/configs", params={"action": "UPLOAD", "name": CONFIGSET},
                               data=archive.getvalue(), headers={"Content-Type": "application/octet-stream"},
                               timeout=60)
    assert answer.status_code == 200, answer.text


def create(solr):
    solr.get("/admin/collections", action="CREATE", name=COLLECTION, numShards=1, replicationFactor=1,
             **{"collection.configName": CONFIGSET})


def delete(solr):
    solr.get("/admin/collections", action="DELETE", name=COLLECTION)


def encode(connection, query, path):
    """Writes the documents of a query whose first column is the key, as the daemon makes them."""
    columns = [(column.name, TWINS[_type_name(connection, column)])
               for column in connection.execute(f"{query} LIMIT 0").description]
    # The twins of one row as JSON text, made by the server: NULLs have none.
    twin = {"l": '"{0}"', "s": '"{0}"', "us": '(extract(epoch FROM "{0}") * 1000000)::bigint - 946684800000000'}
    twins = ", ".join(f"{twin[suffix].format(name)} AS c_{name}_{suffix}" for name, suffix in columns)
    key = columns[0][0]
    command = (f"SELECT '{{\"id\":\"' || \"{key}\" || '\",\"_ver_\":1099511627777,\"_doc_\":'"
               f" || to_json(row_to_json(q)::text) || ',' || substr(json_strip_nulls(row_to_json(t))::text, 2)"
               f" FROM ({query}) q, LATERAL (SELECT {twins}) t")
    documents = []
    with open(path, "w", encoding="utf-8") as file, connection.transaction():
        connection.execute("SET LOCAL TimeZone = 'UTC'")
        with connection.cursor("documents") as cursor:
            cursor.itersize = DOCUMENTS_A_BODY
            for (document,) in cursor.execute(command):
                documents.append(document)
                if len(documents) == DOCUMENTS_A_BODY:
                    file.write("[" + ",".join(documents) + "]\n")
                    documents.clear()
        if documents:
            file.write("[" + ",".join(documents) + "]\n")


def _type_name(connection, column):
    return connection.execute("SELECT format_type(%s, NULL)", (column.type_code,)).fetchone()[0]


def send(solr, connections, bodies, commit):
    """Seconds from the first byte to the answer of the commit."""
    done = subprocess.run([LOADER, f"{solr.url}/{COLLECTION}/update?wt=json", commit, str(connections), bodies],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return float(done.stdout)


def best_connections(solr, bodies, commit, given=None, candidates=(1, 2, 3, 4)):
    """The number of connections with which it is fastest here; warms Solr up, too."""
    if given:
        return given
    create(solr)
    send(solr, 2, bodies, commit)
    seconds = {}
    for _ in range(2):
        for count in candidates:
            delete(solr)
            create(solr)
            took = send(solr, count, bodies, commit)
            seconds[count] = min(took, seconds.get(count, took))
    delete(solr)
    best = min(seconds, key=seconds.get)
    say("plain loader, seconds by connections: "
        + ", ".join(f"{count}: {took:.2f}" for count, took in seconds.items()) + f"; best: {best}")
    return best


def solr_facets(solr, collection, facets):
    """The count of live documents, and what else is asked for."""
    answer = solr.session.post(f"{solr.url}/{collection}/select", timeout=120, data={
        "q": "*:* -_deleted_:true", "rows": 0, "wt": "json", "json.facet": json.dumps(facets)})
    assert answer.status_code == 200, answer.text
    return answer.json()["facets"]


def check_same(solr, collection):
    """The plain collection and the daemon's have the same documents: count, texts, values of every twin."""
    def look(name):
        fields = solr.get(f"/{name}/admin/luke", numTerms=0)["fields"]
        facets = {field: {"type": "func", "func": f"countvals({field})"} for field in fields if field.startswith("c_")}
        facets |= {f"unique_{field}": f"unique({field})" for field in fields if field.startswith("c_")}
        return solr_facets(solr, name, facets)

    def texts(name):
        return {document["id"]: document["_doc_"] for document in
                solr.get(f"/{name}/select", q="id:*777", fl="id,_doc_", rows=1000)["response"]["docs"]}
    with ThreadPoolExecutor(2) as pool:
        facets, samples = list(pool.map(look, (COLLECTION, collection))), list(pool.map(texts, (COLLECTION, collection)))
    assert facets[0] == facets[1], f"documents differ: {facets}"
    assert samples[0] == samples[1] and samples[0], "document texts differ"
    say(f"checked: the same {facets[0]['count']} documents, {len(facets[0]) // 2} twins, in both collections")
