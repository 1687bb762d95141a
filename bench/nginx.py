"""A private nginx that asks Solr for what the daemon asks it for, and hands on the answer as it is."""
import contextlib
import subprocess
from urllib.parse import quote

from stand import wait_for
from harness.waiting import free_port  # stand has made the harness importable

# What the daemon adds for itself: how fresh the searcher is, and a limit of time.
OWN_PARAMETERS = {"terms", "timeAllowed"}
ARGUMENTS = {"flight": "471108", "id": "815001"}  # their markers in the plan

CONFIG = """daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
worker_processes auto;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  upstream solr {{ server 127.0.0.1:{solr}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    keepalive_requests 100000000;
    location = /flights {{
      set $flight $arg_flight;
      set $id $arg_id;
      set $args "";
      proxy_method POST;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Content-Type application/x-www-form-urlencoded;
      proxy_set_header Authorization "";
      proxy_buffers 16 16k;
      proxy_set_body "{body}";
      proxy_pass http://solr/solr/{collection}/daas;
    }}
  }}
}}
"""


def body_of(plan):
    """The plan's form, with nginx's variables where the markers were."""
    pairs = [(name, value) for name, value in plan["parameters"] if name not in OWN_PARAMETERS]
    body = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    for name, marker in ARGUMENTS.items():
        assert body.count(marker) == 1, f"{marker} stands once in {body}"
        body = body.replace(marker, f"${{{name}}}")
    return body


@contextlib.contextmanager
def nginx(directory, solr, plan):
    """Its address, while it runs."""
    directory.mkdir()
    port = free_port()
    config = directory / "nginx.conf"
    config.write_text(CONFIG.format(directory=directory, port=port, solr=solr.port, body=body_of(plan), collection=plan["collection"]))
    with open(directory / "output.log", "wb") as log:
        # It must not outlive the measurement, however that ends.
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "nginx", "-p", directory, "-c", config], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)
    try:
        def runs():
            assert process.poll() is None, (directory / "output.log").read_text()
            return (directory / "nginx.pid").exists() and (directory / "nginx.pid").read_text().strip()
        wait_for(runs, 10, "nginx runs")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
