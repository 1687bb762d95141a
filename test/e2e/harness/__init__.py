"""Real PostgreSQL, real Solr, the real daemon, and how to look at them."""
